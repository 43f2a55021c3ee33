"""往来的一条线：企业在链接里写信，专家用邮件回，经办人在工作台回、做归档包；新页面在手机宽度下也过无障碍检查。"""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.needs import talking
from zhiqiao.kit import jobs, paper
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Message, Package
from zhiqiao.needs.talk_enums import Audience, Via

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setattr(paper, "why_no_pdf", lambda: "（测试）不做 PDF")


def test_one_conversation_from_link_mail_and_workbench(someone, net):
    need, _ = talking.case(net)

    enterprise = someone(viewport=PHONE)
    enterprise.open(links.enterprise_url(need))
    enterprise.page.get_by_label("想说的话").fill("套圈的照片拍好了，请专家看看。")
    enterprise.page.get_by_role("button", name="发送").click()
    expect(enterprise.page.locator("#talk")).to_contain_text("套圈的照片拍好了")

    letter = talking.to(talking.post_out(), "lu@example.cn")[-1]
    raw = talking.answer(letter, body="像是磨削烧伤，先降磨削深度。").as_bytes()
    actions.receive_letter(raw, at=timezone.now())

    clerk = someone()
    clerk.sign_in(net.clerk)
    clerk.open(need.get_absolute_url())
    expect(clerk.page.get_by_role("region", name="往来")).to_contain_text("像是磨削烧伤")
    clerk.page.get_by_role("link", name="写信或备注").click()
    clerk.page.get_by_label("内部备注，企业和专家看不到").check()
    clerk.page.get_by_role("textbox", name="内容").fill("@周经办 请约时间")
    clerk.page.get_by_role("button", name="发送").click()
    expect(clerk.page.get_by_text("备注已保存，企业和专家看不到")).to_be_visible()

    enterprise.open(links.enterprise_url(need))
    expect(enterprise.page.locator("#talk")).to_contain_text("像是磨削烧伤")
    expect(enterprise.page.locator("#talk")).not_to_contain_text("请约时间")

    clerk.open(need.get_absolute_url())
    clerk.page.get_by_role("button", name="制作归档包").click()
    expect(clerk.page.get_by_text("排队中")).to_be_visible()
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    assert Package.objects.get().state == Package.State.DONE
    expect(clerk.page.get_by_role("link", name="下载")).to_be_visible()  # the page asked again by itself


@pytest.fixture
def addresses(net):
    """新页面各一个，都有内容。"""
    need, invitation = talking.case(net, visibility=Visibility.SECRET)
    now = timezone.now()
    talking.say_as_enterprise(need)
    talking.say(need, net.clerk, "备注一句", Audience.STAFF, via=Via.WORKBENCH)
    letter = actions.receive_letter(f"From: a@example.com\r\n\r\n{need.number}".encode(), at=now)
    reply = actions.save_reply(net.district, title="问候", body="您好", by=net.clerk, at=now)
    package = actions.ask_for_package(need, by=net.clerk, at=now)
    closed = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    card = actions.draft_card(closed, by=net.clerk, at=now)
    actions.release_card(card, by=net.clerk, at=now)
    draft = actions.draft_card(
        factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED), by=net.clerk, at=now
    )
    message = Message.objects.filter(via=Via.PORTAL).first()
    own = [
        need.get_absolute_url(), reverse("needs:talk", args=(need.pk,)), reverse("needs:talk_move", args=(message.pk,)),
        reverse("needs:letters"), letter.get_absolute_url(), reverse("needs:saved_replies"), reply.get_absolute_url(),
        package.get_absolute_url(), reverse("needs:package_layout", args=(net.district.pk,)),
        reverse("needs:pledge", args=(invitation.pk,)), reverse("needs:sheet", args=(need.pk,)),
        reverse("needs:solution_cards"), card.get_absolute_url(), draft.get_absolute_url(),
    ]  # fmt: skip
    open_to_all = [
        reverse("needs:solutions"),
        card.public_url,
        links.enterprise_url(need),
        links.invitation_url(invitation),
    ]
    return own, open_to_all


def test_the_new_pages_are_accessible_on_a_phone(someone, net, addresses):
    own, open_to_all = addresses
    clerk, anybody = someone(viewport=PHONE), someone(viewport=PHONE)
    clerk.sign_in(net.clerk)
    faults = []
    for reader, paths in ((clerk, own), (anybody, open_to_all)):
        for path in paths:
            reader.open(path)
            faults += [f"{path}: {fault}" for fault in _faults(reader.page)]
    assert faults == []


def _faults(page):
    for violation in Axe().run(page, options=RULES).response["violations"]:
        yield f"axe {violation['id']} at {[node['target'][0] for node in violation['nodes'][:2]]}"
    wide, inner = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if wide > inner:
        yield f"scrolls sideways: {wide} > {inner}"
