"""科协帮测试共用的夹具：一小片网络，和以某人身份登录的浏览器。

pytest 读到这里时 Django 还没有装载，所以模型一律在夹具里面才引入。
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.factories import Network
    from zhiqiao.accounts.models import Person


@pytest.fixture(scope="session", autouse=True)
def _static_folder() -> None:
    """测试不收集静态文件；有这个目录，发静态文件的中间件就不会为它不在而警告。"""
    from django.conf import settings

    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def net(db: None) -> Network:
    """一个省、两个市、三个区县，每级有人。"""
    from tests import factories

    return factories.network()


@pytest.fixture
def as_person() -> Callable[[Person], Client]:
    """以某人身份登录。"""
    from django.test import Client

    def sign_in(person: Person) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return sign_in
