"""The dashboard on a small network: who gets in, what an address may say, what leaves the system."""

from __future__ import annotations

import io
from collections import Counter
from statistics import median as plain_median

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.insights.reading import heading, links, rows_over_all_pages, tiles, total
from zhiqiao import insights
from zhiqiao.insights.board import median, minutes_words, share
from zhiqiao.insights.figures import FIGURES, FUNNEL, RATES
from zhiqiao.insights.lens import read_lens
from zhiqiao.kit import audit
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs import actions
from zhiqiao.needs import links as signed
from zhiqiao.needs.enums import Result, Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def net():
    return factories.network()


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def values(who, **filters: str) -> dict[str, object]:
    return {each["name"]: each["value"] for each in insights.kpi([], who, **filters)}


def test_an_empty_installation_has_a_dashboard_of_noughts(net):
    response = client_of(net.leader).get("/dashboard/")
    shown = tiles(response.content.decode())
    assert response.status_code == 200
    assert {title: link.number for title, link in shown.items() if title != "专家"} == dict.fromkeys(
        ("收到需求", "服务人次", "办结", "解决或合作", "在办", "已逾期"), 0
    )
    assert values(net.leader)["close_rate"] is None


def test_who_may_not_see_figures_is_turned_away(net):
    assert Client().get("/dashboard/").status_code == 302
    for person in (net.contact, net.auditor):
        assert client_of(person).get("/dashboard/").status_code == 403
        assert client_of(person).get("/dashboard/figures/received/").status_code == 403


def test_an_unknown_figure_is_not_found(net):
    assert client_of(net.leader).get("/dashboard/figures/happiness/").status_code == 404


def test_figures_follow_a_case_through_its_life(net):
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT)
    factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    factories.need(enterprise=net.enterprise, stage=Stage.INVITING)
    factories.need(enterprise=net.enterprise, stage=Stage.MET)
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, result=Result.SOLVED)
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, result=Result.UNSOLVED)
    factories.need(enterprise=net.enterprise, stage=Stage.REJECTED)
    found = values(net.leader)
    assert {name: found[name] for name in FUNNEL} == {
        "received": 6, "accepted": 4, "matched": 4, "engaged": 3, "met": 3, "closed": 2, "successes": 1,
    }  # fmt: skip
    assert (found["services"], found["confirmed"], found["closed_without_success"]) == (3, 2, 1)
    assert (found["turned_away"], found["open"]) == (1, 3)
    assert found["received"] == found["closed"] + found["turned_away"] + found["open"]
    assert found["success_rate_of_closed"] == 50.0


def test_closed_is_not_solved(net):
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, result=Result.PARTLY)
    found = values(net.leader)
    assert (found["closed"], found["successes"], found["closed_without_success"]) == (1, 0, 1)


def test_an_outcome_counts_when_it_is_confirmed_and_not_when_it_is_reported(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING, result=Result.SOLVED)
    assert values(net.leader)["successes"] == 0
    outcome = need.outcomes.get()
    at = timezone.now()
    actions.answer_outcome(outcome, agrees=False, by=signed.enterprise_actor(need), at=at, note="还没有验证")
    assert values(net.leader)["successes"] == 0


def test_what_lies_outside_is_never_counted(net):
    for enterprise in (net.enterprise, net.sibling_enterprise, net.other_enterprise):
        factories.need(
            enterprise=enterprise, stage=Stage.ARCHIVED, result=Result.SOLVED, title=f"{enterprise}的需求"
        )
    counts = {
        "district": values(net.leader)["closed"],
        "sibling": values(net.sibling_clerk)["closed"],
        "city": values(net.city_clerk)["closed"],
        "neighbour": values(net.neighbour)["closed"],
        "operator": values(None)["closed"],
    }
    assert counts == {"district": 1, "sibling": 1, "city": 2, "neighbour": 1, "operator": 3}
    for name in FIGURES:
        if name == "experts":  # shared with the whole network
            continue
        html = client_of(net.leader).get(f"/dashboard/figures/{name}/").content.decode()
        assert "平川电机" not in html
        assert "渔浦食品" not in html
    assert "平川电机" in client_of(net.city_clerk).get("/dashboard/figures/closed/").content.decode()


def test_a_place_outside_the_area_in_the_address_is_refused_in_words(net):
    factories.need(enterprise=net.other_enterprise)
    html = client_of(net.leader).get(f"/dashboard/?place={net.other_district.pk}").content.decode()
    assert "您的范围里没有网址中的这个地区" in html
    assert tiles(html)["收到需求"].number == 0


def test_the_town_sees_its_own_needs_with_who_handles_them(net):
    factories.need(enterprise=net.enterprise)
    factories.need(enterprise=net.sibling_enterprise)
    client = client_of(net.town_clerk)
    html = client.get("/dashboard/").content.decode()
    assert tiles(html)["收到需求"].number == 1
    for link in links(html):
        if link.number is not None:
            assert heading(client.get(link.href).content.decode()) == link.number


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=昨天", "开始日期“昨天”看不懂"),
        ("as_of=2026-02-30", "截至日期“2026-02-30”看不懂"),
        ("from=2026-05-02&to=2026-05-01", "开始日期晚于结束日期"),
        ("programme=nothing", "没有代码为“nothing”的专项行动"),
        ("industry=Z99", "没有“Z99”这个条件"),
        ("place=99999999999999999999", "您的范围里没有"),
        ("basis=<script>", "没有“&lt;script&gt;”这个条件"),
    ],
)
def test_an_address_that_cannot_be_read_is_explained_and_never_an_error(net, query, words):
    response = client_of(net.leader).get(f"/dashboard/?{query}")
    assert response.status_code == 200
    assert words in response.content.decode()


def test_what_is_overdue_now_cannot_be_shown_for_an_earlier_day(net):
    factories.need(enterprise=net.enterprise)
    html = client_of(net.leader).get("/dashboard/figures/overdue/?as_of=2025-01-01").content.decode()
    assert heading(html) is None
    assert "这个数字不能回看" in html
    assert total(html) == 0


def test_today_as_the_day_to_look_back_to_is_the_present(net):
    today = timezone.localdate()
    assert read_lens({"as_of": str(today)}, net.leader).lens.as_of is None


def test_filters_stay_in_the_addresses_of_the_numbers(net):
    html = client_of(net.leader).get("/dashboard/?from=2026-01-01&industry=C35").content.decode()
    assert all("from=2026-01-01" in link.href and "industry=C35" in link.href for link in links(html)
               if "/steps/" not in link.href and "trend" not in link.href and "to=" not in link.href)  # fmt: skip


def test_export_asks_what_for_and_hands_out_exactly_the_rows(net):
    for number in range(3):
        factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, title=f"=1+{number} 公式样的标题")
    factories.need(enterprise=net.sibling_enterprise, stage=Stage.ARCHIVED)
    client = client_of(net.clerk)
    asked = client.get("/dashboard/figures/closed/export/")
    assert asked.status_code == 200
    assert "导出用途" in asked.content.decode()
    refused = client.post("/dashboard/figures/closed/export/", {"reason": " "})
    assert "请写明导出用途" in refused.content.decode()
    response = client.post("/dashboard/figures/closed/export/", {"reason": "季度汇总"})
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    keys = rows_over_all_pages(client, "/dashboard/figures/closed/")
    assert len(rows) == 1 + len(keys) == 4
    assert rows[0][:3] == ("编号", "需求", "企业")
    assert all(cell.data_type == "s" for (cell,) in sheet.iter_rows(min_col=2, max_col=2))
    entry = AuditEntry.objects.get(verb="insights.export")
    assert (entry.after["figure"], entry.after["count"], entry.reason) == ("closed", 3, "季度汇总")
    assert audit.verify() == []


def test_every_figure_can_be_exported(net):
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    client = client_of(net.clerk)
    for name in FIGURES:
        response = client.post(f"/dashboard/figures/{name}/export/", {"reason": "检查"})
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        assert sheet.max_row - 1 == len(rows_over_all_pages(client, f"/dashboard/figures/{name}/")), name


def test_who_may_look_may_not_therefore_export(net):
    client = client_of(net.leader)
    assert client.get("/dashboard/figures/closed/export/").status_code == 403
    assert client.post("/dashboard/figures/closed/export/", {"reason": "看看"}).status_code == 403
    assert "导出" not in client.get("/dashboard/figures/closed/").content.decode()
    assert AuditEntry.objects.filter(verb="insights.export").count() == 0


def test_an_export_reaches_no_further_than_the_right_to_export(net):
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    factories.need(enterprise=net.sibling_enterprise, stage=Stage.ARCHIVED)
    factories.grant(person=net.clerk, role="leader", organisation=net.city)
    client = client_of(net.clerk)
    assert len(rows_over_all_pages(client, "/dashboard/figures/closed/")) == 2
    response = client.post("/dashboard/figures/closed/export/", {"reason": "本区汇总"})
    assert openpyxl.load_workbook(io.BytesIO(response.content)).active.max_row == 2


def test_unknown_names_are_refused_by_the_command_line():
    with pytest.raises(KeyError):
        insights.kpi(["happiness"], None)
    with pytest.raises(KeyError):
        insights.kpi([], None, programme="nothing")
    with pytest.raises(KeyError):
        insights.kpi([], None, colour="red")
    with pytest.raises(ValueError, match="看不懂"):
        insights.kpi([], None, as_of="昨天")


def test_every_figure_and_rate_is_defined_in_a_sentence():
    names = [*FIGURES, *RATES]
    assert len(names) == len(set(names))
    for each in (*FIGURES.values(), *RATES.values()):
        assert each.definition.endswith("。")
        assert each.title
    for rate in RATES.values():
        assert {rate.numerator, rate.denominator} <= set(FIGURES)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_the_median_of_a_tally_is_the_median_of_its_values(numbers):
    assert median(Counter(numbers)) == plain_median(numbers)


def test_a_share_of_few_is_not_shown():
    assert share(3, 9) == ""
    assert share(5, 10) == "50.0%"
    assert share(None, 20) == ""


def test_lengths_of_working_time_read_as_people_say_them():
    assert [minutes_words(minutes) for minutes in (0, 40, 90, 420, 1050)] == [
        "0 分钟", "40 分钟", "1.5 小时", "1.0 天", "2.5 天",
    ]  # fmt: skip
