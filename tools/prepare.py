#!/usr/bin/env python3
"""准备运行环境：虚拟环境、按摘要核对的依赖、前端构建。没有变化时什么也不做。

只用标准库，由系统自带的 Python 运行。每一步做完都在虚拟环境里记下一枚印记（输入的摘要），
下次印记相同就跳过；印记里有虚拟环境的位置，整个目录搬家后会重新建立。
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import debian
import frontend

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
PYTHON_NAMES = ("python3", "python3.13", "python3.12", "python3.11", "python3.14", "python")


class Unprepared(Exception):
    """准备不下去；消息说明缺什么、该怎么办。"""


class Stamps:
    """记住每一步上次用的是什么输入。"""

    def __init__(self, venv: Path):
        self.path = venv / "zhiqiao-stamps.json"
        try:
            self.known = json.loads(self.path.read_text(encoding="utf8"))
        except (OSError, ValueError):
            self.known = {}

    def __getitem__(self, step: str) -> str | None:
        return self.known.get(step)

    def __setitem__(self, step: str, mark: str) -> None:
        self.known[step] = mark
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.known, indent=1), encoding="utf8")
        fresh.replace(self.path)


def digest(*paths: Path) -> str:
    """给出这些文件内容的摘要；不存在的文件也算一种内容。"""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode())
        total.update(path.read_bytes() if path.is_file() else b"\0absent")
    return total.hexdigest()


def say(words: str) -> None:
    print(f"· {words}", flush=True)


def run(command: list, why: str) -> None:
    """运行一条命令；顺利时不出声，失败时连同它自己的输出一起说明是哪一步。"""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        print(done.stdout.decode("utf8", errors="replace")[-6000:], file=sys.stderr)
        raise Unprepared(f"{why}（退出码 {done.returncode}，原因见上面的输出）。")


def version_of(python: str) -> tuple[int, int] | None:
    ask = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else None


def find_python() -> str:
    """找到一个够新的 Python；环境变量 PYTHON 优先。"""
    wanted = os.environ.get("PYTHON")
    for name in (wanted,) if wanted else PYTHON_NAMES:
        python = shutil.which(name)
        if python and (version_of(python) or (0, 0)) >= OLDEST_PYTHON:
            return python
    raise Unprepared(
        f"没有找到 Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} 或更新的版本。"
        "Debian 12 自带 3.11：apt-get install python3 python3-venv；也可以用 PYTHON=/路径/python3 指定。"
    )


def make_venv(venv: Path) -> Path:
    """确保虚拟环境可用，返回其中的 Python。"""
    inner = venv / "bin" / "python"
    if inner.is_file() and (version_of(str(inner)) or (0, 0)) >= OLDEST_PYTHON:
        return inner
    python = find_python()
    if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        say("系统的 Python 没有带 venv，正在安装 python3-venv …")
        if not debian.install(["python3-venv"]):
            raise Unprepared(
                "系统的 Python 缺少 venv 模块。Debian 和 Ubuntu 上请先运行：apt-get install python3-venv"
            )
    say(f"建立虚拟环境 {venv.name} …")
    run([python, "-m", "venv", "--clear", venv], "虚拟环境没有建成")
    return inner


def install_python_packages(python: Path, venv: Path, stamps: Stamps, *, dev: bool) -> None:
    """装依赖（逐个核对摘要），再以可编辑方式装上智桥自己。"""
    dev = dev or (stamps["packages"] or "").startswith("dev ")
    kind = "dev" if dev else "run"
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if stamps["packages"] != (mark := f"{kind} {digest(lock)} {venv}"):
        say(f"安装{'开发与测试' if dev else '运行'}依赖（{lock.name}，约一分钟）…")
        run(
            [*pip, "install", "--quiet", "--require-hashes", "-r", lock],
            "依赖没有装全。请检查网络；使用内部镜像时先用 pip config 设置镜像地址，再运行一次",
        )
        stamps["packages"] = mark
    if stamps["self"] != (mark := f"{digest(ROOT / 'pyproject.toml')} {venv}"):
        own = [*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT]
        run(own, "智桥自身没有装上")
        stamps["self"] = mark


def build_frontend(python: Path, venv: Path, stamps: Stamps) -> None:
    """装前端依赖并构建；源文件、锁文件和结果都没变就跳过。"""
    lock_mark = f"{digest(ROOT / 'package.json', ROOT / 'package-lock.json', ROOT / '.npmrc')} {venv}"
    mark = f"{lock_mark} {digest(*frontend.sources(ROOT))}"
    if stamps["frontend"] == mark and frontend.is_built(ROOT):
        return
    node = frontend.find_node(venv) or fetch_node(python, venv)
    if stamps["node_modules"] != lock_mark or not frontend.is_installed(ROOT):
        say("安装前端依赖（package-lock.json）…")
        run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "前端依赖没有装上，请检查网络")
        stamps["node_modules"] = lock_mark
    say("构建前端 …")
    frontend.clear(ROOT)
    for entry in frontend.ENTRIES:
        vite = [node.node, "node_modules/vite/bin/vite.js", "build", "--mode", entry, "--logLevel", "error"]
        run(vite, f"前端 {entry} 没有构建成功")
    for line in frontend.report(ROOT):
        say(line)
    stamps["frontend"] = mark


def fetch_node(python: Path, venv: Path) -> frontend.Node:
    """系统没有合用的 Node 时，取 PyPI 上的那一份，放在虚拟环境里面。"""
    say("系统没有 Node 20.19 或更新的版本，改用 PyPI 提供的 Node（约 60 MB，只下载一次）…")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    lock = ROOT / "tools" / "requirements-node.lock"
    where = frontend.wheel_folder(venv)
    shutil.rmtree(where, ignore_errors=True)
    run(
        [*pip, "--no-deps", "--require-hashes", "--target", where, "-r", lock],
        "Node 没有下载成功，请检查网络",
    )
    if node := frontend.find_node(venv):
        return node
    raise Unprepared("下载的 Node 在这台机器上不能运行。请自行安装 Node 20.19 或更新的版本，再运行一次。")


def prepare(venv: Path, *, dev: bool) -> None:
    began = time.monotonic()
    python = make_venv(venv)
    stamps = Stamps(venv)
    before = dict(stamps.known)
    install_python_packages(python, venv, stamps, dev=dev)
    build_frontend(python, venv, stamps)
    if stamps.known != before:
        say(f"环境已就绪，用时 {time.monotonic() - began:.0f} 秒。")


def main() -> int:
    parser = argparse.ArgumentParser(description="准备智桥的运行环境")
    parser.add_argument("--dev", action="store_true", help="同时安装检查与测试的工具")
    parser.add_argument("--venv", default=".venv", help="虚拟环境的目录，默认 .venv")
    options = parser.parse_args()
    try:
        prepare((ROOT / options.venv).absolute(), dev=options.dev)
    except Unprepared as refusal:
        print(f"没有准备好：{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
