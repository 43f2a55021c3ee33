#!/usr/bin/env python3
"""给每个主要页面截图：1280 与 360 像素各一张，放在 shots/（git 不管这个目录）。

自己起一份带演示数据的智桥（临时的数据目录，用完就删），用每个演示账号登录，从首页开始沿链接走，
每种页面看一次。顺便报告：打不开的页面、浏览器里的报错、窄屏上横向溢出。有问题时退出码为 1。
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, Error, Page, sync_playwright

import browser
import debian
from postgres import die_politely, free_port

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = {1280: 900, 360: 740}
START_SECONDS = 300
MOST_PAGES = 40
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LEAVE_OUT = re.compile(r"\.(?:xlsx|csv|json|ics|jsonl)$|/(?:export|template|logout|static)/?")


@dataclass
class Visit:
    """看过的一个页面，和看到的毛病。"""

    who: str
    path: str
    faults: list[str] = field(default_factory=list)


@contextmanager
def site(home: Path) -> Iterator[str]:
    """带演示数据的智桥；给出它的地址。"""
    port = free_port()
    environment = {**os.environ, "ZHIQIAO_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    log = (home / "output.txt").open("wb")
    command = [str(Path(sys.executable).parent / "zhiqiao"), "run", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, cwd=home, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process, home / "output.txt")
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # 网站与后台任务是它的子进程，一起停
        process.wait()
        log.close()


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    """等到网站答话；它先退出了或太久不答就说明原因。"""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - 自己刚起的本机网站
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("网站没有起来：\n" + log.read_text(encoding="utf8", errors="replace")[-3000:])


def accounts() -> list[tuple[str, str, str]]:
    """演示账号：（角色，登录名，密码）。"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhiqiao.site.settings")
    import django

    django.setup()
    from zhiqiao.site import demo

    return [(account.title, account.login, account.password) for account in demo.DEMO_ACCOUNTS]


def sign_in(page: Page, address: str, login: str, password: str) -> None:
    page.goto(f"{address}/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    if urlsplit(page.url).path == "/login/":
        raise SystemExit(f"演示账号 {login} 登录不了。")


def pattern(path: str) -> str:
    """同一种页面只看一次：数字和长串的令牌都算同一种。"""
    return re.sub(r"[\w:-]{20,}", "T", re.sub(r"\d+", "N", path))


def walk(
    page: Page, address: str, who: str, starts: list[str], seen: set[str], folder: Path
) -> Iterator[Visit]:
    """从起点出发，每种页面看一次并截图。"""
    queue = list(starts)
    count = 0
    while queue and count < MOST_PAGES:
        path = queue.pop(0)
        if (kind := pattern(path)) in seen:
            continue
        seen.add(kind)
        count += 1
        visit = Visit(who, path)
        look(page, address + path, visit, folder / f"{count:02}-{slug(kind)}")
        yield visit
        queue += links(page, address)


def slug(path: str) -> str:
    return re.sub(r"[^\w-]+", "-", path).strip("-") or "home"


def links(page: Page, address: str) -> list[str]:
    """页面上指向本站页面的链接，不带查询串。"""
    found = page.eval_on_selector_all("a[href]", "nodes => nodes.map(node => node.href)")
    inside = (urlsplit(urljoin(page.url, link)) for link in found if link.startswith(address))
    paths = dict.fromkeys(link.path for link in inside)
    return [path for path in paths if not LEAVE_OUT.search(path)]


def look(page: Page, address: str, visit: Visit, name: Path) -> None:
    """打开一个页面，两种宽度各截一张，记下毛病。"""
    heard: list[str] = []
    page.on("console", listener := lambda line: line.type == "error" and heard.append(line.text))
    page.on("pageerror", crash := lambda error: heard.append(str(error)))
    try:
        page.set_viewport_size({"width": 1280, "height": WIDTHS[1280]})
        response = page.goto(address, wait_until="networkidle")
        if response and response.status >= 400:
            visit.faults.append(f"状态 {response.status}")
        name.parent.mkdir(parents=True, exist_ok=True)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            overflow = page.evaluate(OVERFLOW)
            if overflow > 0:
                visit.faults.append(f"{width}：横向溢出 {overflow} 像素")
            page.screenshot(path=f"{name}-{width}.png", full_page=True)
    except Error as error:
        visit.faults.append(str(error).splitlines()[0])
    finally:
        page.remove_listener("console", listener)
        page.remove_listener("pageerror", crash)
    visit.faults += dict.fromkeys(heard)


def shoot(chromium: Browser, address: str, folder: Path, scheme: str) -> list[Visit]:
    """不登录看一遍，再用每个演示账号各看一遍。"""
    visits = []
    for role, login, password in [("公众", "", ""), *accounts()]:
        context = chromium.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        starts = ["/", "/login/", "/styleguide/"]
        if login:
            sign_in(page, address, login, password)
            starts = [urlsplit(page.url).path, "/"]
        who = f"{role}-{login}" if login else role
        for visit in walk(page, address, who, starts, set(), folder / who):
            print(
                f"{'✗' if visit.faults else '✓'} {visit.who} {visit.path} {'；'.join(visit.faults)}",
                flush=True,
            )
            visits.append(visit)
        context.close()
    return visits


def main() -> int:
    parser = argparse.ArgumentParser(description="给每个主要页面截图")
    parser.add_argument("--dark", action="store_true", help="深色模式")
    parser.add_argument("--out", default="shots", help="放在哪里，默认 shots/")
    options = parser.parse_args()
    if not browser.find_chromium() and not debian.install(["chromium", "fonts-noto-cjk"]):
        print(f"没有找到 Chromium：{browser.HOW_TO_GET}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, die_politely)
    folder = (ROOT / options.out).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="zq-shots-") as home, site(Path(home)) as address:
        os.environ["ZHIQIAO_HOME"] = home
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser.find_chromium(), args=browser.FLAGS)
            visits = shoot(chromium, address, folder, "dark" if options.dark else "light")
            chromium.close()
    faulty = [visit for visit in visits if visit.faults]
    print(f"\n看了 {len(visits)} 个页面，{len(faulty)} 个有问题；截图在 {os.path.relpath(folder, ROOT)}/。")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
