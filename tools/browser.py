"""测试与截图用的浏览器：系统的 Chromium，只看得见本机。"""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # 除本机以外一律解析不到：页面若向别的主机要东西，会留下失败的请求。
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
HOW_TO_GET = "apt-get install chromium，或用 ZHIQIAO_CHROMIUM 指定"


def find_chromium() -> str | None:
    """浏览器的位置：ZHIQIAO_CHROMIUM 优先，否则在 PATH 里找。"""
    named = os.environ.get("ZHIQIAO_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)
