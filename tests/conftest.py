"""所有测试共用的环境：临时的数据目录、断开的外网、浏览器、真实数据。

单个应用自己的夹具放在 tests/<应用>/conftest.py，造数据的函数放在 tests/factories.py。
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests import network
from tools import browser

ROOT = Path(__file__).resolve().parent.parent


def _temporary_home() -> Path:
    """一个进程一个数据目录；有内存盘就用内存盘，数据库的落盘等待因此可以忽略。"""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="zq-test-", dir=place))


# 必须早于 Django 读取设置：测试绝不碰开发者自己的数据。
HOME = _temporary_home()
(HOME / "static").mkdir()
atexit.register(shutil.rmtree, HOME, ignore_errors=True)  # 收集就失败时走不到 pytest_unconfigure
os.environ["ZHIQIAO_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "zhiqiao.site.settings"
# Playwright 的同步接口内部有事件循环，Django 会误以为在异步环境里访问数据库。
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

REQUIRE_ALL = bool(os.environ.get("ZHIQIAO_REQUIRE_ALL"))
REAL_DATA = Path(os.environ.get("ZHIQIAO_TEST_DATA") or ROOT.parent / "shared" / "data")
# 这些文件共用一件造起来很贵的东西（演示网络、十万行的表、十万个组织），整组交给一个进程。
TOGETHER = {
    "tests/insights/test_published_figures.py": "demo",
    "tests/site/test_demo.py": "demo",
    "tests/site/test_demo_again.py": "demo",
    "tests/kit/test_sheets_big.py": "sheets",
    "tests/orgs/test_tree.py": "tree",
    "tests/orgs/test_whole_network.py": "tree",
}
NO_REAL_DATA = "没有真实数据（real data absent）"


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    network.block()
    # 真正的口令摘要故意很慢；测试里换成快的，argon2 由 accounts 的测试单独检查。
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # 用文件而不是内存：多线程、多进程和 WAL 的行为与真实运行时相同。
        database.setdefault("TEST", {})["NAME"] = str(HOME / "test.sqlite3")


def pytest_unconfigure(config: pytest.Config) -> None:
    network.unblock()
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """只对另一种数据库有意义的测试不收集，而不是跳过：跳过意味着少跑了什么。"""
    from django.db import connection

    foreign = {"sqlite": "postgresql_only", "postgresql": "sqlite_only"}[connection.vendor]
    left_out = [item for item in items if item.get_closest_marker(foreign)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """逐个测试分给空着的进程；只有共用一件贵东西的文件整份交给同一个进程，免得每个进程各造一遍。"""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.partition("::")[0], nodeid)

    return Scheduling(config, log)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """字节串不进名字：里面常有打包的时刻，两个进程收集到的名字会因此对不上。"""
    return argname if isinstance(val, bytes) else None


def _may_be_left_out(reason: str) -> bool:
    """唯一可以少跑的理由：真实数据的目录确实不在。"""
    return NO_REAL_DATA in reason and not REAL_DATA.exists()


def _turn_skip_into_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not REQUIRE_ALL or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not _may_be_left_out(reason):
        report.outcome = "failed"
        report.longrepr = f"要求一项不少（ZHIQIAO_REQUIRE_ALL），这一项却没有跑：{reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _turn_skip_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _turn_skip_into_failure(report)
    return report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """真实数据的目录；位置由 ZHIQIAO_TEST_DATA 指定，默认在仓库旁边。"""
    if not REAL_DATA.is_dir():
        pytest.skip(
            f"{NO_REAL_DATA}：目录 {os.path.relpath(REAL_DATA, ROOT)} 不存在，可用 ZHIQIAO_TEST_DATA 指定"
        )
    return REAL_DATA


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """用系统的 Chromium，不用 Playwright 自己下载的那一份。"""
    chromium = browser.find_chromium()
    if not chromium:
        pytest.skip(f"没有找到 Chromium（chromium absent）：{browser.HOW_TO_GET}")
    return browser_type_launch_args | {"executable_path": chromium, "args": browser.FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """浏览器说中文、在中国时区，与使用者一致。"""
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
