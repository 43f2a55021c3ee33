"""往来测试共用的几样东西：一条有专家参与的需求、写一封信、发出去的信。"""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from django.core import mail
from django.utils import timezone

from tests import factories
from zhiqiao.kit import jobs
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Invitation, Message, Need
from zhiqiao.needs.talk_enums import Audience, Via

BODY = "套圈磨削的照片在附件里，请看第三张。"


def case(net: Any, **values: Any) -> tuple[Need, Invitation]:
    """一条专家已接受邀请的需求。企业联系人和专家都有邮箱。"""
    expert = factories.expert(organisation=net.society, name="陆教授", email="lu@example.cn")
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.ARRANGING, experts=[expert],
        at=timezone.now() - timedelta(hours=1), contact_email="contact@example.cn", **values,
    )  # fmt: skip
    invitation = need.invitations.select_related("expert__person", "need").get()
    invitation.need = need
    return need, invitation


def say(need: Need, by: Any, body: str = BODY, audience: str = Audience.ALL, **values: Any) -> Message:
    """说一句话。"""
    values = {"via": Via.PORTAL, "at": timezone.now()} | values
    return actions.write_message(need, body=body, audience=audience, by=by, **values)


def say_as_enterprise(need: Need, body: str = BODY, audience: str = Audience.ALL) -> Message:
    return say(need, links.enterprise_actor(need), body, audience)


def post_out() -> list[EmailMessage]:
    """把该发的都发出去，返回发出的邮件。"""
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    letters = [message_from_bytes(one.message().as_bytes(), policy=policy.default) for one in outbox()]
    mail.outbox = []
    return letters


def outbox() -> list[Any]:
    return list(getattr(mail, "outbox", []))


def to(letters: list[EmailMessage], address: str) -> list[EmailMessage]:
    """发给某个邮箱的信。"""
    return [one for one in letters if address in str(one["To"])]


def answer(letter: EmailMessage, *, body: str = "收到，周三可以。", **headers: str) -> EmailMessage:
    """像邮件程序那样回一封信：收件人是回信地址，主题随便改。"""
    made = EmailMessage()
    made["From"] = str(letter["To"])
    made["To"] = str(letter["Reply-To"])
    made["Subject"] = "完全无关的主题"
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        if value:
            made[name.replace("_", "-")] = value
    made.set_content(f"{body}\n\n在 2026年3月1日 12:00，智桥 写道：\n> 原来的信")
    return made
