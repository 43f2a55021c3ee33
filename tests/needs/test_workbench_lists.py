"""工作台的待办和登记册：顺序、计数、筛选、批量受理，多少条都是一样多的查询。"""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit import clock
from zhiqiao.kit.web.register import Text
from zhiqiao.needs import queries, registers
from zhiqiao.needs.enums import Result, Source, Stage
from zhiqiao.needs.models import Need, Programme

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


def queries_of(client, url):
    client.get(url)  # 会话的“最近一次”等一次性写入不算在内
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
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
