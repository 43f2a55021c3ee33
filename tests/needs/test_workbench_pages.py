"""工作台的待办、登记册、需求页：看得到该看的，看不到别人的，多少条都是一样多的查询。"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit import clock
from zhiqiao.kit.files import attach, store
from zhiqiao.kit.web.register import Text
from zhiqiao.needs import links, queries, registers
from zhiqiao.needs.actions import accept_invitation, decline_invitation
from zhiqiao.needs.enums import Result, Source, Stage
from zhiqiao.needs.models import Need, Programme
from zhiqiao.needs.views import steps

pytestmark = pytest.mark.django_db

INBOX = "/workbench/"
REGISTER = "/workbench/needs/"


def due(need, at):
    Need.objects.filter(pk=need.pk).update(due_at=at)
    return need


def listed(response):
    return [row["need"].pk for row in response.context["work"]]


def found(client, **conditions):
    response = client.get(REGISTER, conditions)
    assert response.context["listing"].notices == []
    return {row.object.pk for row in response.context["listing"].rows}


def queries_of(client, url, **headers):
    client.get(url, headers=headers)  # 会话的“最近一次”等一次性写入不算在内
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url, headers=headers).status_code == 200
    return len(captured)


# ── 待办 ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_inbox_is_ordered_by_due_time_with_the_undated_last(net, as_person):
    now = timezone.now()
    late = due(factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED), now - timedelta(days=1))
    undated = factories.need(enterprise=net.enterprise, stage=Stage.DRAFT, source=Source.VISIT)
    later = due(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING), now + timedelta(days=9))
    soon = due(factories.need(enterprise=net.enterprise, stage=Stage.MET), now + timedelta(days=3))
    response = as_person(net.clerk).get(INBOX)
    assert listed(response) == [late.pk, soon.pk, later.pk, undated.pk]


def test_each_counter_of_the_inbox_opens_exactly_its_rows(net, as_person):
    now = timezone.now()
    monday = clock.midnight(clock.local_date(now)) + timedelta(days=7 - clock.local(now).weekday())
    for at in (now - timedelta(minutes=5), now + timedelta(minutes=1), monday, monday - timedelta(seconds=1)):
        due(factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED), at)
    client = as_person(net.clerk)
    for tab in client.get(INBOX).context["tabs"]:
        opened = client.get(f"{INBOX}{tab['url']}" if tab["url"].startswith("?") else tab["url"])
        assert len(listed(opened)) == tab["count"], tab
    counted = {tab["title"]: tab["count"] for tab in client.get(INBOX).context["tabs"]}
    assert (counted["全部"], counted["已逾期"]) == (4, 1)
    assert counted["今天要办"] <= counted["本周"] <= 2


def test_due_spans_follow_the_calendar_day_and_week_in_china(net):
    friday = datetime(2026, 11, 20, 23, 30, tzinfo=clock.CHINA)
    ends = {
        "late": friday - timedelta(minutes=1),
        "today": friday + timedelta(minutes=29),
        "week": friday + timedelta(days=2),
        "": friday + timedelta(days=2, minutes=30),
    }
    made = {
        name: due(factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED), at).pk
        for name, at in ends.items()
    }
    inside = {
        name: set(Need.objects.filter(span).values_list("pk", flat=True))
        for name, span in queries.due_spans(friday).items()
    }
    assert inside == {
        "late": {made["late"]}, "today": {made["today"]}, "week": {made["today"], made["week"]},
    }  # fmt: skip


def test_staff_are_not_asked_to_answer_for_an_enterprise(net, as_person):
    own = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    draft = factories.need(enterprise=net.enterprise, stage=Stage.DRAFT)
    visited = factories.need(enterprise=net.enterprise, stage=Stage.DRAFT, source=Source.VISIT)
    rating = factories.need(enterprise=net.enterprise, stage=Stage.RATING)
    over = due(
        factories.need(enterprise=net.enterprise, stage=Stage.RATING), timezone.now() - timedelta(days=1)
    )
    assert set(listed(as_person(net.clerk).get(INBOX))) == {visited.pk, over.pk}
    assert set(listed(as_person(net.town_clerk).get(INBOX))) == {visited.pk}
    contact = {own.pk, draft.pk, visited.pk, rating.pk, over.pk}
    assert set(listed(as_person(net.contact).get(INBOX))) == contact
    assert listed(as_person(net.sibling_clerk).get(INBOX)) == []


def test_a_line_offers_the_next_steps_as_links(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    response = as_person(net.clerk).get(INBOX)
    (row,) = response.context["work"]
    assert [act.name for act in row["acts"]] == ["accept", "send_back"]
    assert reverse("needs:step", args=(need.pk, "accept")) in response.content.decode()


def test_an_empty_inbox_names_what_to_do_next(net, as_person):
    page = as_person(net.clerk).get(INBOX).content.decode()
    assert "待办都办完了" in page
    assert f'href="{REGISTER}"' in page


# ── 批量受理 ────────────────────────────────────────────────────────────────────────────────────────


def test_bulk_acceptance_takes_what_can_go_and_reports_the_rest_with_reasons(net, as_person):
    here = [factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED) for _ in range(2)]
    moved = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    above = factories.need(enterprise=net.sibling_enterprise, stage=Stage.SUBMITTED)
    client = as_person(net.clerk)
    picked = [str(need.pk) for need in (*here, moved, above)]
    response = client.post(reverse("needs:bulk"), {"pick": picked, "back": INBOX}, follow=True)
    assert response.redirect_chain == [(INBOX, 302)]
    stages = dict(Need.objects.values_list("pk", "stage"))
    assert [stages[need.pk] for need in here] == [Stage.MATCHING] * 2
    assert stages[above.pk] == Stage.SUBMITTED
    good, bad = (str(message) for message in response.context["messages"])
    assert good == "已受理 2 条需求，请为它们邀请专家。"
    assert bad.startswith("1 条没有受理")
    assert moved.number in bad
    assert "已由李经办办理“受理”" in bad
    assert above.number not in bad


def test_bulk_acceptance_of_everything_the_filters_find(net, as_person):
    needs = [factories.need(enterprise=net.enterprise, title=f"轴承难题{n}") for n in range(3)]
    other = factories.need(enterprise=net.enterprise, title="焊缝检测")
    sent = {"all": "1", "state": "q=轴承难题", "back": "https://elsewhere.example/"}
    response = as_person(net.clerk).post(reverse("needs:bulk"), sent)
    assert response.url == INBOX
    stages = dict(Need.objects.values_list("pk", "stage"))
    assert [stages[need.pk] for need in (*needs, other)] == [Stage.MATCHING] * 3 + [Stage.SUBMITTED]


def test_bulk_acceptance_without_a_tick_says_so(net, as_person):
    response = as_person(net.clerk).post(reverse("needs:bulk"), {}, follow=True)
    (words,) = response.context["messages"]
    assert str(words) == "没有勾选需求，请先勾选再受理。"


# ── 登记册 ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_register_shows_what_was_submitted_within_scope(net, as_person):
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT)
    own = factories.need(enterprise=net.enterprise)
    sibling = factories.need(enterprise=net.sibling_enterprise)
    elsewhere = factories.need(enterprise=net.other_enterprise)
    assert found(as_person(net.clerk)) == {own.pk}
    assert found(as_person(net.town_clerk)) == {own.pk}
    assert found(as_person(net.city_clerk)) == {own.pk, sibling.pk}
    assert found(as_person(net.neighbour)) == {elsewhere.pk}


def test_every_filter_of_the_register_keeps_its_rows_and_no_others(net, as_person):
    industry = factories.enterprise(place=net.sibling, name="平川纺织有限公司", industry="C17")
    factories.need(enterprise=net.enterprise, title="其他")
    plain = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, kind="digital", title="机床联网")
    woven = factories.need(enterprise=industry, urgency="urgent", source=Source.VISIT)
    late = due(
        factories.need(enterprise=net.enterprise, at=timezone.now() - timedelta(days=40)), timezone.now()
    )
    solved = factories.need(enterprise=net.sibling_enterprise, stage=Stage.ARCHIVED, result=Result.SOLVED)
    programme = Programme.objects.create(
        code="shuangqian", name="双千行动", organisation=net.city, starts_on="2026-01-01"
    )
    solved.programmes.add(programme)
    day = clock.local_date(timezone.now()) - timedelta(days=40)
    client = as_person(net.city_clerk)
    expected = {
        ("stage", Stage.MATCHING): {plain.pk},
        ("kind", "digital"): {plain.pk},
        ("organisation", str(net.sibling.pk)): {woven.pk, solved.pk},
        ("industry", "C17"): {woven.pk},
        ("programme", str(programme.pk)): {solved.pk},
        ("result", Result.SOLVED): {solved.pk},
        ("overdue", "1"): {late.pk},
        ("urgency", "urgent"): {woven.pk},
        ("source", Source.VISIT): {woven.pk},
        ("submitted_to", str(day)): {late.pk},
        ("q", "联网"): {plain.pk},
    }
    assert {pair: found(client, **{pair[0]: pair[1]}) for pair in expected} == expected
    named = {each.names[-1] if each.kind == "dates" else each.name for each in registers.NEEDS.filters}
    assert named == {name for name, _ in expected}, "每个筛选条件都要在这里有一行"
    assert found(client, organisation=str(net.city.pk)) == found(client), "选市就包括它的区县"


def test_the_search_text_finds_numbers_and_enterprises(net, as_person):
    need = factories.need(enterprise=net.enterprise)
    factories.need(enterprise=net.sibling_enterprise)
    client = as_person(net.city_clerk)
    (text,) = (each for each in registers.NEEDS.filters if isinstance(each, Text))
    assert found(client, **{text.name: need.number}) == {need.pk}
    assert found(client, **{text.name: "青山精密"}) == {need.pk}


def test_every_column_of_the_register_can_be_shown(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RATING, budget_fen=1_000_000)
    cols = ",".join(column.key for column in registers.NEEDS.columns)
    page = as_person(net.clerk).get(REGISTER, {"cols": cols}).content.decode()
    shown = (
        need.number,
        need.title,
        str(need.enterprise),
        "待评价",
        "技术攻关",
        "部分解决",
        "10,000",
        "企业自报",
    )
    assert [words for words in shown if words not in page] == []


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
        ("王守仁婉拒：近期没有时间", "王守仁(专家)"),
        ("自动改邀李清源", "智桥自动办理"),
        ("专家接受邀请", "李清源(专家)"),
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


def test_the_lists_cost_the_same_for_one_row_and_for_thirty(net, as_person):
    client = as_person(net.clerk)
    cols = "?cols=" + ",".join(column.key for column in registers.NEEDS.columns)
    urls = (INBOX, REGISTER + cols)
    kinds = (Stage.SUBMITTED, Stage.SCHEDULED, Stage.MET)
    for stage in kinds:
        factories.need(enterprise=net.enterprise, stage=stage)
    few = [queries_of(client, url) for url in urls]
    for number in range(27):
        factories.need(enterprise=net.enterprise, stage=kinds[number % 3])
    many = [queries_of(client, url) for url in urls]
    assert len(client.get(INBOX).context["work"]) == 30
    assert many == few


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
