"""科协帮测试共用的夹具：一小片网络，和以某人身份登录的浏览器。

pytest 读到这里时 Django 还没有装载，所以模型一律在夹具里面才引入。
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.factories import Network
    from zhiqiao.accounts.models import Person


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
