"""The published figures of 双千行动, read off the dashboard as the leader sees it, and opened one by one."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.demo_fixture import demo  # noqa: F401  (a fixture)
from tests.insights.reading import heading, links, rows_over_all_pages, tiles, total
from zhiqiao import insights
from zhiqiao.insights import tables
from zhiqiao.insights.board import Board
from zhiqiao.insights.figures import FIGURES
from zhiqiao.insights.lens import HAPPENED, read_lens
from zhiqiao.kit.flow import Transition
from zhiqiao.needs.models import Need
from zhiqiao.orgs.models import Grant
from zhiqiao.site.demo.people import CITY_CLERK, DISTRICT_CLERK, LEADER

pytestmark = pytest.mark.django_db

PUBLISHED = {"专家": 1037, "收到需求": 478, "服务人次": 520, "办结": 393, "解决或合作": 223, "在办": 85}
DASHBOARD = "/dashboard/?programme=shuangqian"


@pytest.fixture
def leader(demo) -> Client:  # noqa: F811
    client = Client()
    client.force_login(demo.person(LEADER.login))
    return client


@pytest.fixture
def board(demo) -> Board:  # noqa: F811
    reading = read_lens({"programme": "shuangqian"}, demo.person(LEADER.login), now=demo.at)
    assert reading.problems == []
    return Board(reading.lens)


def test_the_leader_reads_the_published_figures(leader):
    shown = tiles(leader.get(DASHBOARD).content.decode())
    assert {title: shown[title].number for title in PUBLISHED} == PUBLISHED


def test_experts_add_up_by_kind(leader, board):
    kinds = {each["title"]: each["count"] for each in board.expert_kinds()}
    assert kinds == {"院士": 96, "海智专家": 125, "学会专家": 816}
    assert sum(kinds.values()) == PUBLISHED["专家"]
    for each in board.expert_kinds():
        assert len(rows_over_all_pages(leader, each["href"])) == each["count"]


@pytest.mark.parametrize(("title", "count"), PUBLISHED.items())
def test_every_headline_figure_opens_exactly_its_records(leader, title, count):
    link = tiles(leader.get(DASHBOARD).content.decode())[title]
    keys = rows_over_all_pages(leader, link.href)
    assert len(keys) == len(set(keys)) == count == link.number
    assert heading(leader.get(link.href).content.decode()) == count


def test_every_other_number_on_the_page_opens_as_many_records(leader):
    shown = links(leader.get(DASHBOARD).content.decode())
    numbers = {link.href: link.number for link in shown if link.number is not None}
    assert len(numbers) > 150
    for href, number in numbers.items():
        html = leader.get(href).content.decode()
        assert (heading(html), total(html)) == (number, number), href


def test_no_number_in_a_table_is_dead(leader):
    html = leader.get(DASHBOARD).content.decode()
    cells = re.findall(r'<td class="num[^"]*"[^>]*>(.*?)</td>', html, re.DOTALL)
    dead = [cell for cell in cells if re.fullmatch(r"[\d,]+", cell.strip())]
    assert len(cells) > 150
    assert dead == []


def test_rates_are_the_published_ones(leader, board):
    words = {rate["name"]: rate["words"] for rate in board.rates()}
    assert words == {
        "close_rate": "82.2%",
        "success_rate": "46.7%",
        "success_rate_of_closed": "56.7%",
        "services_per_need": "1.09",
    }
    html = leader.get(DASHBOARD).content.decode()
    assert all(f'rate-value">{shown}</strong>' in html for shown in words.values())


def test_the_closed_are_successes_and_the_170_others_with_reasons(board):
    reasons = {each["title"]: each["count"] for each in board.reasons()}
    assert board.count("closed_without_success") == 170 == sum(reasons.values())
    assert reasons["部分解决"] == 58
    assert reasons["没有合适的专家"] == 19
    assert board.count("successes") + 170 == board.count("closed")


def test_open_needs_add_up_by_stage_and_by_age(board):
    assert sum(each["count"] for each in board.stages()) == 85
    assert sum(each["count"] for each in board.ages()) == 85


def test_every_part_of_the_city_adds_up_to_the_city(board):
    places = tables.places(board)
    assert [place["title"] for place in places][:4] == [
        "上城区科协",
        "拱墅区科协",
        "西湖区科协",
        "滨江区科协",
    ]
    for index, name in enumerate(tables.PLACE_FIGURES):
        assert sum(place["numbers"][index]["count"] for place in places) == board.count(name)
    industries = tables.industries(board)
    for index, name in enumerate(tables.INDUSTRY_FIGURES):
        assert sum(row["numbers"][index]["count"] for row in industries) == board.count(name)


def test_the_months_add_up_to_the_campaign(board):
    months = tables.trend(board)
    assert [months[0]["title"], months[-1]["title"], len(months)] == ["2020-03", "2021-12", 22]
    for index, name in enumerate(tables.TREND_FIGURES):
        assert sum(month["numbers"][index]["count"] for month in months) == board.count(name)


def test_a_district_clerk_sees_her_district_only(demo):  # noqa: F811
    client = Client()
    client.force_login(demo.person(DISTRICT_CLERK.login))
    shown = tiles(client.get(DASHBOARD).content.decode())
    inside = Need.objects.filter(programmes__code="shuangqian", organisation__code="330108")
    keys = {int(key) for key in rows_over_all_pages(client, shown["收到需求"].href)}
    assert keys == set(inside.values_list("pk", flat=True))
    assert 0 < len(keys) < 478


def test_the_districts_add_up_to_the_city(demo):  # noqa: F811
    city = insights.kpi([], demo.person(CITY_CLERK.login), programme="shuangqian")
    grants = Need.objects.filter(programmes__code="shuangqian").values_list("organisation_id", flat=True)
    clerks = [
        grant.person
        for grant in Grant.objects.filter(role="clerk", organisation__in=set(grants)).select_related("person")
    ]
    assert len(clerks) == 13
    sums: Counter[str] = Counter()
    for clerk in clerks:
        for each in insights.kpi([], clerk, programme="shuangqian"):
            if each["name"] in FIGURES and each["name"] != "experts":
                sums[each["name"]] += each["value"]
    assert sums == {each["name"]: each["value"] for each in city if each["name"] in sums}
    assert sums["received"] == 478


def test_the_figures_of_the_end_of_the_campaign_can_be_shown_again(leader):
    shown = tiles(leader.get(f"{DASHBOARD}&as_of=2021-12-31").content.decode())
    assert {title: shown[title].number for title in PUBLISHED} == PUBLISHED
    assert shown["已逾期"].number is None
    for title in ("收到需求", "服务人次", "办结", "解决或合作"):
        assert len(rows_over_all_pages(leader, shown[title].href)) == PUBLISHED[title]


def test_an_earlier_day_counts_only_what_had_happened_by_then(leader, demo):  # noqa: F811
    shown = tiles(leader.get(f"{DASHBOARD}&as_of=2020-12-31").content.decode())
    until = datetime(2020, 12, 31, 16, tzinfo=UTC)  # midnight in China
    taken = Transition.objects.filter(at__lt=until)
    mine = set(Need.objects.filter(programmes__code="shuangqian").values_list("pk", flat=True))
    ended = {pk for pk in taken.filter(step="archive").values_list("subject_id", flat=True) if pk in mine}
    begun = {
        pk for pk, at in Need.objects.filter(pk__in=mine).values_list("pk", "submitted_at") if at < until
    }
    good = taken.filter(step="confirm", data__result__in=("solved", "cooperation"))
    solved = {pk for pk in good.values_list("subject_id", flat=True) if pk in mine}
    numbers = {title: shown[title].number for title in ("收到需求", "办结", "解决或合作", "在办")}
    assert numbers == {
        "收到需求": len(begun),
        "办结": len(ended),
        "解决或合作": len(solved),
        "在办": len(begun - ended),
    }
    assert 0 < len(ended) < 393


def test_a_period_means_its_needs_or_what_happened_in_it(demo):  # noqa: F811
    who = demo.person(LEADER.login)
    spring = {"programme": "shuangqian", "from": "2021-01-01", "to": "2021-06-30"}
    cohort = {each["name"]: each["value"] for each in insights.kpi([], who, **spring)}
    happened = {each["name"]: each["value"] for each in insights.kpi([], who, basis=HAPPENED, **spring)}
    assert cohort["received"] == happened["received"]
    assert cohort["closed"] != happened["closed"]
    rest = {"programme": "shuangqian", "basis": HAPPENED}
    halves = [
        insights.kpi(["closed"], who, **rest, **span)[0]["value"]
        for span in (
            {"to": "2020-12-31"},
            {"from": "2021-01-01", "to": "2021-06-30"},
            {"from": "2021-07-01"},
        )
    ]
    assert sum(halves) == 393
    assert halves[1] == happened["closed"]


def test_the_time_of_a_step_is_the_median_of_its_records(board):
    steps = {row["title"]: row for row in board.steps()}
    waits = list(
        Transition.objects.filter(
            step="accept",
            subject_id__in=Need.objects.filter(programmes__code="shuangqian").values("pk"),
        ).values_list("waited_minutes", "late")
    )
    accepted = steps["受理"]
    assert accepted["taken"]["count"] == len(waits)
    assert accepted["late"]["count"] == sum(late for _, late in waits)
    assert board._waits()["accept"].median == median(minutes for minutes, _ in waits)


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_the_number_of_queries_does_not_grow_with_the_records(leader):
    leader.get(DASHBOARD)  # the calendar and the like are read once per process
    counts = [
        queries_of(leader, address)
        for address in (f"{DASHBOARD}&industry=C39", f"{DASHBOARD}&industry=C35", DASHBOARD)
    ]
    assert counts[0] == counts[1] == counts[2] <= 50


@pytest.mark.parametrize("name", FIGURES)
def test_a_list_takes_as_many_queries_for_one_page_as_for_another(leader, name):
    leader.get(DASHBOARD)
    few = queries_of(leader, f"/dashboard/figures/{name}/?programme=shuangqian&from=2020-04-01&to=2020-04-20")
    many = queries_of(leader, f"/dashboard/figures/{name}/?programme=shuangqian")
    assert many <= few + 1  # a page without rows spares the query for what hangs on them
    assert many <= 14


def test_the_command_line_counts_the_same(demo, leader):  # noqa: F811
    everything = {each["name"]: each for each in insights.kpi([], None, programme="shuangqian")}
    shown = tiles(leader.get(DASHBOARD).content.decode())
    for title, name in (("专家", "experts"), ("收到需求", "received"), ("办结", "closed")):
        assert everything[name]["value"] == shown[title].number
    assert everything["close_rate"]["value"] == 82.2
    assert everything["close_rate"]["numerator"] == {"name": "closed", "value": 393}
    assert everything["services_per_need"]["value"] == 1.09


def test_shortcuts_and_dates_use_days_of_china(demo):  # noqa: F811
    who = demo.person(LEADER.login)
    first = Need.objects.filter(programmes__code="shuangqian").earliest("submitted_at")
    day = (first.submitted_at + timedelta(hours=8)).date()
    lens = read_lens({"from": str(day), "to": str(day)}, who, now=demo.at).lens
    assert first in FIGURES["received"].rows(lens)
    assert first not in FIGURES["received"].rows(lens.with_(first=day + timedelta(days=1), last=None))
    assert lens.words()[0] == ("时间", f"{date.isoformat(day)} 当天")
