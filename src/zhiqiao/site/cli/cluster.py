"""A PostgreSQL server of one's own, for a bench or a test: started on a free port, deleted afterwards.

A database that already runs on the machine is never touched.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROLE = DATABASE = "zhiqiao"
OLDEST_MAJOR = 13
ROOMY = 2 * 1024**3  # bytes; smaller memory disks are left alone

SETTINGS = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
# What is deleted afterwards need not survive a power cut; never use these on a real database.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Commits reach the disk, as they must where times are compared with an engine that syncs too.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class NoCluster(Exception):
    """The server did not start; the message says why, in Chinese."""


def find_bin() -> Path | None:
    """Return the folder of the server programs: the newest at Debian's place, else what PATH has."""
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
    """Return who runs it: the server refuses root, so then postgres or nobody. :raises NoCluster:"""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoCluster("当前是 root，而系统里没有 postgres 或 nobody 用户可以用来运行数据库。")


def make_home(account: pwd.struct_passwd, *, durable: bool) -> Path:
    """Make a private folder with a short path (a socket's path has at most 107 bytes), in memory if it may."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder of a random name in it
    roomy = (
        not durable
        and memory.is_dir()
        and os.access(memory, os.W_OK)
        and shutil.disk_usage(memory).free > ROOMY
    )
    home = Path(tempfile.mkdtemp(prefix="zq-pg-", dir=memory if roomy else "/tmp"))  # noqa: S108 - as above
    os.chown(home, account.pw_uid, account.pw_gid)
    return home


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """This is a temporary server that listens on a free port of the loopback address.

    durable : commits are written through to the disk; otherwise the data lie in memory where there is room.
    """

    def __init__(self, bin_folder: Path, *, durable: bool = False) -> None:
        self.bin = bin_folder
        self.account = owner()
        self.settings = SETTINGS | (DURABLE if durable else THROWAWAY)
        self.home = make_home(self.account, durable=durable)
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

    def _as_account(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def start(self) -> None:
        """Create the data and start the server. :raises NoCluster:"""
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
                if attempt == 2:  # somebody took the port in between
                    raise

    def _serve(self, where: tuple[str, str]) -> None:
        settings = self.settings | {
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
        """Stop the server and delete everything; harmless if it never started."""
        try:
            if (self.data / "postmaster.pid").exists():
                self._run("pg_ctl", "--pgdata", str(self.data), "--mode", "immediate", "--wait", "stop")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def running(*, durable: bool = False) -> Iterator[Cluster]:
    """Give a server and delete it on leaving. :raises NoCluster: no server program, or it does not start."""
    bin_folder = find_bin()
    if not bin_folder:
        raise NoCluster("没有找到 PostgreSQL 的服务器程序。")
    cluster = Cluster(bin_folder, durable=durable)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
