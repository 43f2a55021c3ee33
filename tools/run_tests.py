#!/usr/bin/env python3
"""跑全部测试：先 SQLite，再 PostgreSQL，最后重复两轮各自的总结行。

缺什么就先装（有权限时），装不了就说明缺什么、因此少跑了哪些。ZHIQIAO_REQUIRE_ALL=1 时少跑即失败。
多余的参数原样交给 pytest，例如：tools/run_tests.py tests/needs -k triage
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import browser
import debian
import postgres

ROOT = Path(__file__).resolve().parent.parent
WORKERS = os.environ.get("ZHIQIAO_TEST_WORKERS", "2")
SUMMARY = re.compile(r"^(?:=+ )?(?:\d+ [a-z]+|no tests ran)\b.* in [\d.]+s\b")
COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Piece:
    """测试要用、而 Python 包管理器装不来的一样东西。"""

    title: str
    package: str
    is_here: Callable[[], bool]
    without: str


def has_browser() -> bool:
    return bool(browser.find_chromium())


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True)
    return bool(found.stdout.strip())


def has_pango() -> bool:
    return bool(find_library("pango-1.0") and find_library("pangoft2-1.0"))


def driver_runs() -> bool:
    """Playwright 自带的程序在最小的系统上缺一个运行库，会让每个浏览器测试都莫名其妙地断开。"""
    driver = find_spec("playwright")
    node = Path(driver.origin).parent / "driver" / "node" if driver and driver.origin else Path("absent")
    return node.exists() and subprocess.run([node, "--version"], capture_output=True).returncode == 0


PIECES = (
    Piece("PostgreSQL 服务器", "postgresql", lambda: bool(postgres.find_bin()), "PostgreSQL 一整轮"),
    Piece("Chromium 浏览器", "chromium", has_browser, "全部浏览器旅程、无障碍检查与截图"),
    Piece("Playwright 的运行库", "libatomic1", driver_runs, "全部浏览器旅程、无障碍检查与截图"),
    Piece("PDF 排版库（Pango）", "libpangoft2-1.0-0", has_pango, "归档包里 PDF 的测试"),
    Piece("中文字体", "fonts-noto-cjk", has_chinese_font, "（不少跑，但截图里的汉字会是方框）"),
)


@dataclass
class Round:
    """一轮测试的结果。"""

    title: str
    exit_code: int
    summary: str


def find_missing() -> list[Piece]:
    return [piece for piece in PIECES if not piece.is_here()]


def fetch_missing() -> list[Piece]:
    """装上缺的东西，返回仍然缺的。"""
    missing = find_missing()
    if missing and debian.may_install():
        print(f"· 正在安装测试要用的软件包：{' '.join(p.package for p in missing)} …", flush=True)
        debian.install([piece.package for piece in missing])
        missing = find_missing()
    for piece in missing:
        print(
            f"! 缺少{piece.title}，因此少跑：{piece.without}。安装：apt-get install {piece.package}",
            flush=True,
        )
    return missing


def run_pytest(title: str, arguments: list[str], database_url: str | None) -> Round:
    """跑一轮 pytest：输出原样显示，同时记下最后的总结行。"""
    print(f"\n━━ {title} ━━", flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database_url:
        environment["DATABASE_URL"] = database_url
    colour = "yes" if sys.stdout.isatty() else "no"
    command = [sys.executable, "-m", "pytest", f"--color={colour}", "-n", WORKERS, "--dist", "loadscope"]
    command.append("--durations=20")  # 总时间超了，从这里找
    process = subprocess.Popen(
        [*command, *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    summary = ""
    try:
        for raw in process.stdout:
            sys.stdout.buffer.write(raw)
            sys.stdout.flush()
            line = raw.decode("utf8", errors="replace").rstrip()
            if SUMMARY.match(COLOUR.sub("", line)):
                summary = line
        return Round(title, process.wait(), summary or "没有总结行：pytest 没有正常结束")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def run_rounds(options: argparse.Namespace, rest: list[str], missing: list[Piece]) -> list[Round]:
    rounds = []
    if options.database in ("both", "sqlite"):
        rounds.append(run_pytest("SQLite", rest, None))
    if options.database in ("both", "postgresql") and not any(p.package == "postgresql" for p in missing):
        only_dependent = ["-m", "not anydb"] if rounds and "-m" not in rest else []
        with postgres.running() as cluster:
            rounds.append(run_pytest("PostgreSQL", [*only_dependent, *rest], cluster.url))
    return rounds


def report(rounds: list[Round], missing: list[Piece], seconds: float) -> int:
    """重复各轮总结行，返回整体的退出码。"""
    strict = bool(os.environ.get("ZHIQIAO_REQUIRE_ALL"))
    print(f"\n━━ 总结（共 {seconds / 60:.1f} 分钟）━━")
    for piece in missing:
        print(f"! 缺少{piece.title}，少跑了：{piece.without}")
    if not rounds:
        print("一轮也没有跑。")
    for one in rounds:
        verdict = "通过" if one.exit_code == 0 else f"失败（退出码 {one.exit_code}）"
        print(f"{one.title}：{verdict}\n{one.summary}")
    sys.stdout.flush()
    failed = any(one.exit_code for one in rounds) or not rounds
    return 1 if failed or (strict and missing) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="跑全部测试；其余参数交给 pytest")
    parser.add_argument("--database", choices=("both", "sqlite", "postgresql"), default="both")
    options, rest = parser.parse_known_args()
    began = time.monotonic()
    missing = fetch_missing()
    try:
        rounds = run_rounds(options, rest, missing)
    except postgres.NoCluster as reason:
        print(f"临时数据库没有起来：{reason}", file=sys.stderr)
        return 1
    return report(rounds, missing, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
