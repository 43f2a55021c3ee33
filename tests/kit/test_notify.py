"""Everybody concerned is told once, and a channel that is down delays but never loses."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from zhiqiao.accounts.models import Person
from zhiqiao.kit import jobs
from zhiqiao.kit.notify import Message, Recipient, channels, send
from zhiqiao.kit.notify.channels import channel
from zhiqiao.kit.notify.models import Delivery

pytestmark = pytest.mark.django_db
MESSAGE = Message("标题", "正文", "/workbench/")


def _person():
    return Person.objects.create(name="李工", phone="13800000001", email="li@example.cn")


def _send(name, to, key="k"):
    send(name, to, MESSAGE, notice="test", key=key, at=timezone.now(), address=channel(name).address_of(to))


def test_a_message_sent_twice_with_one_key_arrives_once():
    to = Recipient("李工", person=_person())
    _send("site", to), _send("site", to)
    jobs.run_ready()
    assert Delivery.objects.get().state == "sent"


def test_an_email_carries_the_words_and_the_link(settings):
    settings.SITE_URL = "https://example.cn"
    _send("email", Recipient("王某", email="wang@example.cn"))
    jobs.run_ready()
    assert [(m.to, m.subject, m.body) for m in mail.outbox] == [
        (["wang@example.cn"], "[智桥] 标题", "正文\n\nhttps://example.cn/workbench/")
    ]


@pytest.mark.parametrize("name", ["sms", "wecom"])
def test_the_development_adapters_write_a_file_one_can_read(name, settings, tmp_path):
    settings.OUTBOX_FOLDER = tmp_path
    person = _person()
    _send(name, Recipient("李工", person=person, phone="13800000001"))
    jobs.run_ready()
    (written,) = (tmp_path / name).iterdir()
    assert json.loads(written.read_text(encoding="utf-8"))["title"] == "标题"


@pytest.mark.parametrize("name", ["site", "email", "sms", "wecom"])
def test_no_channel_reaches_somebody_without_an_address(name):
    assert channel(name).address_of(Recipient("无名")) is None


def test_a_channel_that_is_down_delays_the_message(monkeypatch):
    def down(self, delivery):
        raise ConnectionError("短信平台没有应答")

    _send("sms", Recipient("王某", phone="13900000001"))
    with monkeypatch.context() as patch:
        patch.setattr(channels.SmsFileChannel, "send", down)
        jobs.run_ready()
    assert Delivery.objects.get().state == "waiting"
    jobs.run_ready(timezone.now() + timedelta(hours=2))
    assert Delivery.objects.get().state == "sent"
