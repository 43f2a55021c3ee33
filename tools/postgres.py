#!/usr/bin/env python3
"""私有的 PostgreSQL：为测试和压测临时建一个，用完就删，不碰机器上已有的数据库。

命令行用法：tools/postgres.py 命令 参数…
命令运行期间环境变量 DATABASE_URL 指向这个数据库；退出码就是命令的退出码。
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROLE = DATABASE = "zhiqiao"
OLDEST_MAJOR = 13
ROOMY = 2 * 1024**3  # 内存盘至少有这么多字节才放数据库

# 数据用完就删，所以不必落盘；这几项绝不能用在真正的数据库上。
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class NoCluster(Exception):
    """数据库没有起来；消息说明原因。"""


def find_bin() -> Path | None:
    """服务器程序所在的目录：Debian 的固定位置里最新的一版，否则看 PATH。"""
    debian = Path("/usr/lib/postgresql")
    majors = sorted(
        (p for p in debian.glob("*") if p.name.isdigit()), key=lambda p: int(p.name), reverse=True
    )
    for major in majors:
        if int(major.name) >= OLDEST_MAJOR and (major / "bin" / "postgres").exists():
            return major / "bin"
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def owner() -> pwd.struct_passwd:
    """谁来运行：服务器拒绝以 root 运行，这时换成 postgres 或 nobody。"""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoCluster("当前是 root，而系统里没有 postgres 或 nobody 用户可以用来运行数据库。")


def make_home(account: pwd.struct_passwd) -> Path:
    """建一个只属于该用户的短路径目录（套接字路径不能超过 107 个字节），优先用内存盘。"""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp 在其中建立随机名字的私有目录
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOMY
    home = Path(tempfile.mkdtemp(prefix="zq-pg-", dir=memory if roomy else "/tmp"))  # noqa: S108 - 同上
    os.chown(home, account.pw_uid, account.pw_gid)
    return home


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """一个临时的数据库服务器，监听本机回环地址的一个空闲端口。"""

    def __init__(self, bin_folder: Path):
        self.bin = bin_folder
        self.account = owner()
        self.home = make_home(self.account)
        self.data = self.home / "data"
        self.password = secrets.token_urlsafe(12)
        self.port = 0

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def _run(self, program: str, *arguments: str) -> None:
        environment = {"HOME": str(self.home), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        log = self.home / "output.txt"
        with log.open("ab") as output:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                cwd=self.home,
                env=environment | {"PGPASSWORD": self.password},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **self._as_account(),
            )
        if done.returncode:
            raise NoCluster(f"{program} 失败：\n{log.read_text(encoding='utf8', errors='replace')[-2000:]}")

    def _as_account(self) -> dict:
        if os.geteuid() != 0:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def start(self) -> None:
        secret = self.home / "password"
        secret.write_text(self.password, encoding="utf8")
        os.chown(secret, self.account.pw_uid, self.account.pw_gid)
        where = ("--pgdata", str(self.data))
        access = ("--username", ROLE, "--pwfile", str(secret), "--auth", "scram-sha-256")
        self._run("initdb", *where, *access, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
        for attempt in range(3):
            self.port = free_port()
            try:
                return self._serve(where)
            except NoCluster:
                if attempt == 2:  # 端口在选定与使用之间可能被别人占走，换一个再试
                    raise

    def _serve(self, where: tuple[str, str]) -> None:
        settings = THROWAWAY_SETTINGS | {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.home),
        }
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.data / "postgresql.auto.conf").write_text(lines, encoding="utf8")
        self._run(
            "pg_ctl", *where, "--wait", "--timeout", "60", "--log", str(self.home / "server.log"), "start"
        )
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", ROLE, DATABASE)

    def stop(self) -> None:
        """停掉服务器并删掉一切；没有起来过也可以调用。"""
        try:
            if (self.data / "postmaster.pid").exists():
                self._run("pg_ctl", "--pgdata", str(self.data), "--mode", "immediate", "--wait", "stop")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


def die_politely(*_: object) -> None:
    """收到终止信号时照常退出，让 finally 有机会收拾。"""
    sys.exit(143)


@contextmanager
def running() -> Iterator[Cluster]:
    """临时数据库，离开时停掉并删除。没有服务器程序或起不来时抛出 NoCluster。"""
    bin_folder = find_bin()
    if not bin_folder:
        raise NoCluster("没有找到 PostgreSQL 的服务器程序。")
    signal.signal(signal.SIGTERM, die_politely)
    signal.signal(signal.SIGHUP, die_politely)
    cluster = Cluster(bin_folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    try:
        with running() as cluster:
            return subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": cluster.url}).returncode
    except NoCluster as reason:
        print(f"临时数据库没有起来：{reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
