"""Debian 软件包：有权限时自己装，没有就如实说缺什么。"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache


def may_install() -> bool:
    """只有管理员身份、系统里有 apt-get、又没有用 ZHIQIAO_NO_APT=1 关掉时才动系统。"""
    return os.geteuid() == 0 and bool(shutil.which("apt-get")) and not os.environ.get("ZHIQIAO_NO_APT")


@cache
def refresh() -> bool:
    """刷新软件包清单，每次运行只做一次。"""
    return _apt("update")


def install(packages: list[str]) -> bool:
    """装上这些软件包；不能装或装不上时返回 False。"""
    if not may_install():
        return False
    refresh()  # 清单刷新失败时旧清单也许仍然够用，由下一步见分晓
    return _apt("install", "--yes", "--no-install-recommends", *packages)


def _apt(*arguments: str) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    command = ["apt-get", "--quiet=2", "-o", "Dpkg::Use-Pty=0", *arguments]
    done = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        print((done.stdout + done.stderr)[-2000:], flush=True)
    return done.returncode == 0
