"""The main line in a real browser, on real needs: from an Excel-like file to a confirmed, archived outcome.

A clerk imports the needs, takes one on, finds and invites; one expert declines by link, the next accepts; they
meet; the enterprise confirms "部分解决"; it is archived; the funnel has moved by one, and the number opens.
"""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.journeys.conftest import last_link_to, number_in
from zhiqiao.kit import audit, clock
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Need

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]
FIRST, SECOND = "13800009001", "13800009002"
CONTACT = "13700008888"


@pytest.fixture
def experts(net):
    """Three people whose evidence fits the first real need: explosion-proof lithium batteries."""
    return [
        factories.expert(
            organisation=net.city,
            name=name,
            phone=phone,
            keywords="锂离子电池 防爆 热失控",
            disciplines=["480"],
            evidence=[f"锂离子电池热失控与防爆结构研究({name})", "动力电池安全阀设计"],
        )
        for name, phone in (("苏防爆", FIRST), ("丁安全", SECOND), ("温电池", "13800009003"))
    ]


def test_a_real_need_goes_from_a_file_to_a_confirmed_outcome(someone, net, experts, real_data):
    needs_file = real_data / "tech_needs/tech_needs_bdci2019.jsonl"
    title = json.loads(needs_file.read_text(encoding="utf-8").splitlines()[0])["title"]

    leader = someone()
    leader.sign_in(net.leader)
    closed_before = _figure(leader, "closed")

    clerk = someone()
    page = clerk.sign_in(net.clerk)
    _import(clerk, needs_file)
    need = Need.objects.get(title=title)
    _complete(clerk, need)

    clerk.open(f"/workbench/needs/{need.pk}/")
    page.get_by_role("link", name="受理", exact=True).first.click()
    page.get_by_role("button", name="受理").click()
    clerk.heading(title)

    _invite(clerk, need)
    first = need.invitations.select_related("expert").order_by("rank")[0].expert
    second = need.invitations.select_related("expert").order_by("rank")[1].expert

    expert = someone(viewport={"width": 360, "height": 740})
    expert.open(last_link_to(first.phone))
    clerk_sees_no_click = need.invitations.get(expert=first)
    assert clerk_sees_no_click.state == "sent"
    expert.page.get_by_text("婉拒这次邀请").click()
    expert.page.get_by_label("近期没有时间").check()
    expert.page.get_by_role("button", name="婉拒").click()
    expect(expert.page.get_by_text("婉拒").first).to_be_visible()

    other = someone(viewport={"width": 360, "height": 740})
    other.open(last_link_to(second.phone))
    other.page.get_by_role("button", name="接受邀请").click()
    expect(other.page.get_by_text("接受").first).to_be_visible()

    _meet(clerk, need, second)
    _report_partly(clerk, need)

    enterprise = someone()
    enterprise.open(last_link_to(CONTACT))
    expect(enterprise.page.get_by_text("部分解决").first).to_be_visible()
    _agree(enterprise)
    other.open(last_link_to(second.phone))
    _agree(other)
    enterprise.open(last_link_to(CONTACT))
    enterprise.page.get_by_role("group", name="总体").get_by_label("5").check()
    enterprise.page.get_by_role("button", name="提交评价").click()

    clerk.open(f"/workbench/needs/{need.pk}/")
    page.get_by_role("link", name="归档").first.click()
    page.get_by_role("button", name="归档").click()
    expect(page.get_by_text("已归档").first).to_be_visible()

    need.refresh_from_db()
    assert need.stage == Stage.ARCHIVED
    assert need.outcomes.get().result == "partly"
    assert audit.verify() == []
    assert _figure(leader, "closed") == closed_before + 1
    expect(leader.page.get_by_role("link", name=title)).to_be_visible()


def _figure(leader, name):
    """Read a number on the dashboard, open it, and count what it lists."""
    leader.open("/dashboard/")
    tile = leader.page.locator(f"a[href^='/dashboard/figures/{name}/']").first
    value = number_in(tile.inner_text())
    tile.click()
    rows = leader.page.locator("tbody tr")
    assert rows.count() == value
    return value


def _import(clerk, path):
    page = clerk.open("/workbench/import/needs/")
    page.get_by_label("文件").set_input_files(path)
    page.get_by_role("button", name="检查这份文件").click()
    expect(page.get_by_text("新增 371").first).to_be_visible()
    expect(page.get_by_text("疑似重复").first).to_be_visible()
    assert not Need.objects.exists()
    page.get_by_role("button", name="导入", exact=True).click()
    clerk.heading("待办")
    assert Need.objects.filter(stage=Stage.SUBMITTED).count() == 371


def _complete(clerk, need):
    """The file names neither enterprise nor contact: the clerk telephones and adds them."""
    page = clerk.open(f"/workbench/needs/{need.pk}/do/revise/")
    page.get_by_label("联系人", exact=True).fill("方总工")
    page.get_by_label("联系电话").fill(CONTACT)
    page.get_by_label("为什么修改").fill("与企业电话核对")
    page.get_by_role("button").filter(has_text="保存").click()
    clerk.heading(need.title)


def _invite(clerk, need):
    page = clerk.open(f"/workbench/needs/{need.pk}/")
    finder = page.locator("#finder")
    for name in ("苏防爆", "丁安全"):
        finder.get_by_role("checkbox", name=f"选中 {name}").check()
    finder.get_by_role("button", name="邀请所选").click()
    page.get_by_label("给专家的话").fill("企业急需,盼您指导。")
    page.locator("main form").get_by_role("button").filter(has_text="邀请").click()
    clerk.heading(need.title)
    assert list(need.invitations.order_by("rank").values_list("state", flat=True)) == ["sent", "queued"]


def _meet(clerk, need, expert):
    page = clerk.open(f"/workbench/needs/{need.pk}/do/schedule/")
    starts = clock.local(timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT10:00")
    page.get_by_label("现场").check()
    page.get_by_label("开始时间").fill(starts)
    page.get_by_label("地点").fill("企业一号会议室")
    page.locator("main form button.primary").click()
    clerk.heading(need.title)
    page = clerk.open(f"/workbench/needs/{need.pk}/do/hold/")
    expect(page.get_by_label(expert.name)).to_be_checked()
    page.get_by_label("对接纪要").fill("看了样品,建议改安全阀结构,先做两组对比试验。")
    page.locator("main form button.primary").click()
    clerk.heading(need.title)


def _report_partly(clerk, need):
    page = clerk.open(f"/workbench/needs/{need.pk}/do/report/")
    page.get_by_label("部分解决").check()
    page.get_by_label("结果说明").fill("防爆结构已改好,循环寿命还要再试。")
    page.locator("main form button.primary").click()
    clerk.heading(need.title)
    need.refresh_from_db()
    assert need.stage == Stage.CONFIRMING


def _agree(someone):
    someone.page.locator("#confirm").get_by_role("radio").first.check()
    someone.page.get_by_role("button", name="提交答复").click()
    expect(someone.page.locator("#confirm")).to_have_count(0)
