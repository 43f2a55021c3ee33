"""工作台上的一条需求：前前后后说得清，看不到别人的，多少位专家都是一样多的查询。"""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit.files import attach, store
from zhiqiao.needs import links
from zhiqiao.needs.actions import accept_invitation, decline_invitation
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Need
from zhiqiao.needs.views import steps

pytestmark = pytest.mark.django_db

INBOX = "/workbench/"
REGISTER = "/workbench/needs/"


def queries_of(client, url):
    client.get(url)  # 会话的“最近一次”等一次性写入不算在内
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# ── 需求页 ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_tells_the_whole_story_in_the_order_of_time(net, as_person):
    at = timezone.now() - timedelta(days=3)
    first, second = (factories.expert(organisation=net.city, name=name) for name in ("王守仁", "李清源"))
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[first, second], at=at)
    asked = list(need.invitations.select_related("expert"))
    decline_invitation(
        asked[0], reason="busy", note="出国", by=links.expert_actor(asked[0]), at=at + timedelta(hours=1)
    )
    asked[1].refresh_from_db()
    accept_invitation(asked[1], by=links.expert_actor(asked[1]), at=at + timedelta(hours=2))
    response = as_person(net.clerk).get(need.get_absolute_url())
    told = [(event.what, event.who) for event in response.context["story"].events]
    assert told == [
        ("建立需求（企业自报）", "陈工"),
        ("提交", "陈工"),
        ("受理", "李经办"),
        ("邀请专家", "李经办"),
        ("王守仁婉拒：近期没有时间", "王守仁（专家）"),
        ("自动改邀李清源", "智桥自动办理"),
        ("专家接受邀请", "李清源（专家）"),
    ]
    whens = [event.when for event in response.context["story"].events]
    assert all(a <= b for a, b in pairwise(whens))


def test_the_step_bar_shows_what_was_skipped(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.REJECTED)
    bar = as_person(net.clerk).get(need.get_absolute_url()).context["bar"]
    assert [(stop["title"], stop["state"]) for stop in bar[:4]] == [
        ("提出", "done"), ("受理", "done"), ("匹配", "skipped"), ("邀请", "skipped"),
    ]  # fmt: skip
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING)
    bar = as_person(net.clerk).get(need.get_absolute_url()).context["bar"]
    assert [stop["state"] for stop in bar] == ["done", "done", "done", "now", *["todo"] * 4]
    assert "还剩" in bar[3]["due_words"]


def test_a_reader_who_may_not_act_is_told_who_can(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    laid = as_person(net.leader).get(need.get_absolute_url()).context["desk"]
    assert laid.main == []
    assert ("受理、退回补正、不予受理、撤回", "这一步由青山区科协经办人办理。") in laid.waiting


def test_whoever_asked_is_sent_to_her_own_page(net, as_person):
    need = factories.need(enterprise=net.enterprise)
    response = as_person(net.contact).get(need.get_absolute_url())
    assert (response.status_code, response.url) == (302, reverse("needs:mine_detail", args=(need.pk,)))


def test_the_finder_answers_as_part_and_as_page_and_says_why_not(net, as_person):
    fit = factories.expert(organisation=net.city, name="王守仁", evidence=("套圈磨削裂纹的成因",))
    other = factories.expert(
        organisation=net.city, name="周以宁", keywords="水稻育种", evidence=("水稻抗倒伏品种选育",)
    )
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    client, url = as_person(net.clerk), reverse("needs:finder", args=(need.pk,))
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    page = client.get(url).content.decode()
    assert ("<html" in part, "<html" in page) == (False, True)
    assert f'value="{fit.pk}"' in part
    asked = client.get(url, {"name": "周以宁", "expert": fit.pk})
    assert len(asked.context["why_not"]) == 1
    listed_too = [one["pick"]["value"] for one in asked.context["candidates"]]
    assert (other.pk in listed_too) != (other in list(asked.context["people"]))
    assert [one["pick"]["checked"] for one in asked.context["candidates"] if one["name"] == "王守仁"] == [
        True
    ]


def test_the_finder_does_not_name_experts_out_of_sight(net, as_person):
    hidden = factories.expert(
        organisation=net.other_city, name="潜望者", sharing="own", evidence=("套圈磨削裂纹的成因",)
    )
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    url = reverse("needs:finder", args=(need.pk,))
    response = as_person(net.clerk).get(url, {"name": "潜望者"})
    assert list(response.context["people"]) == []
    assert f'value="{hidden.pk}"' not in response.content.decode()
    control = as_person(net.neighbour)
    theirs = factories.need(enterprise=net.other_enterprise, stage=Stage.MATCHING)
    assert list(control.get(reverse("needs:finder", args=(theirs.pk,))).context["candidates"]) != []


def test_the_sheet_holds_the_whole_case(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    page = as_person(net.clerk).get(reverse("needs:sheet", args=(need.pk,))).content.decode()
    parts = (
        need.number,
        need.title,
        need.body,
        "部分解决",
        "磨削烧伤",
        "企业同意",
        "专家同意",
        "归档",
        "5 分",
    )
    assert [words for words in parts if words not in page] == []


# ── 越过范围 ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def canary(net):
    """别处的一条需求：各种东西都有，名字里有金丝雀。"""
    need = factories.need(enterprise=net.other_enterprise, stage=Stage.SCHEDULED, title="金丝雀七九三")
    paper = attach(need, store(_text("金丝雀材料"), by=net.neighbour, at=timezone.now(), name="金丝雀.txt"),
                   by=net.neighbour, at=timezone.now())  # fmt: skip
    return need, paper


def _text(words):
    from io import BytesIO

    return BytesIO(words.encode())


def _status(client, url):
    """取一页并把它读完：没读完的文件会一直开着。"""
    response = client.get(url)
    b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code


def _urls(need, paper):
    one = [reverse(f"needs:{name}", args=(need.pk,)) for name in ("detail", "finder", "sheet", "calendar")]
    one.append(reverse("needs:file", args=(need.pk, paper.pk)))
    return one, [reverse("needs:step", args=(need.pk, step)) for step in steps.PAGES]


def test_every_page_of_a_need_out_of_scope_is_not_found(net, as_person, canary):
    need, paper = canary
    before = Need.objects.values().get(pk=need.pk)
    reads, acts = _urls(need, paper)
    for person in (net.clerk, net.city_clerk, net.town_clerk):
        client = as_person(person)
        got = {url: _status(client, url) for url in (*reads, *acts)}
        got |= {
            f"POST {url}": client.post(url, {"note": "越权", "reason": "越权"}).status_code for url in acts
        }
        allowed = {403, 404} if person == net.town_clerk else {404}  # 没有受理权限的，在门口就被拦下
        assert set(got.values()) <= allowed, got
    assert Need.objects.values().get(pk=need.pk) == before
    control = as_person(net.neighbour)
    assert {_status(control, url) for url in (*reads, *acts)} == {200}


def test_a_canary_of_another_city_shows_nowhere(net, as_person, canary):
    client = as_person(net.city_clerk)
    for url in (
        INBOX,
        REGISTER,
        f"{REGISTER}?q=金丝雀",
        "/workbench/search/?q=金丝雀",
        "/workbench/needs/export/",
    ):
        page = client.get(url).content.decode()
        assert "七九三" not in page, url
    control = as_person(net.neighbour)
    assert "七九三" in control.get(REGISTER).content.decode()


def test_a_file_is_handed_out_through_its_own_need_only(net, as_person, canary):
    need, paper = canary
    client = as_person(net.neighbour)
    response = client.get(reverse("needs:file", args=(need.pk, paper.pk)))
    assert b"".join(response.streaming_content).decode() == "金丝雀材料"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    sibling = factories.need(enterprise=net.other_enterprise)
    assert client.get(reverse("needs:file", args=(sibling.pk, paper.pk))).status_code == 404


# ── 查询数 ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_need_costs_the_same_with_one_invitation_and_with_thirty(net, as_person):
    client = as_person(net.clerk)
    short = factories.need(
        enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[factories.expert(organisation=net.city)]
    )
    experts = [factories.expert(organisation=net.city) for _ in range(30)]
    long = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=experts)
    for name in ("detail", "sheet"):
        counts = [queries_of(client, reverse(f"needs:{name}", args=(need.pk,))) for need in (short, long)]
        assert counts[0] == counts[1], name
