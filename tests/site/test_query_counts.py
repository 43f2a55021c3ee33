"""Every list asks the database as often for a hundred rows as for a few, and not more than 25 times."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.site import matrix
from tests.site.browser import Browser
from tests.site.routes import all_routes
from tests.site.world import Seat
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import Enterprise, Expert, ResearchOutput
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.needs import actions as cases
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Need, Programme
from zhiqiao.orgs import actions as orgs
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.policy import POLICY

pytestmark = pytest.mark.django_db

MOST_QUERIES = 25
BUDGET = {
    "/dashboard/": 35,  # a page of some two hundred numbers, each counted in the database
    "/workbench/search/?q=轴承": 40,  # five libraries: each looked up, counted, ranked and read
    "/workbench/search/?q=谁懂轴承套圈磨削为什么开裂": 40,
    "/workbench/search/suggest/?q=轴承": 35,
}
FEW, MANY = 1, 34
"""How many of each kind, times three stages of needs: 3 rows and more than 100."""

SEARCHES = (
    "/find/?q=轴承套圈磨削裂纹",
    "/workbench/search/?q=轴承",
    "/workbench/search/?q=谁懂轴承套圈磨削为什么开裂",
    "/workbench/search/suggest/?q=轴承",
    "/workbench/experts/?q=轴承",
    "/workbench/outputs/?q=轴承",
    "/workbench/enterprises/?q=有限公司",
    "/needs/?q=轴承",
    "/needs/suggest/?q=轴承",
    "/workbench/needs/?q=轴承&cols=title,stage,due_at",
)
NO_LIST = ("login", "logout", "styleguide", "health", "password")


@dataclass
class District:
    """One district that grows: its people, and one enterprise and one expert who have a part in half of the cases."""

    net: factories.Network
    asking: Enterprise
    asked: Expert
    seats: list[Seat] = field(default_factory=list)
    size: int = 0

    def grow(self, to: int) -> None:
        """Add to every table until there are so many of each kind."""
        towns = orgs.add_organisations(
            [Organisation(name=f"街道{n}", kind=Kind.TOWN) for n in range(self.size, to)],
            parent=self.net.district, by=SYSTEM, at=timezone.now(),
        )  # fmt: skip
        for number, town in enumerate(towns, start=self.size):
            self._add_one_of_each(number, town)
        self.size = to

    def _add_one_of_each(self, number: int, town: Organisation) -> None:
        now = timezone.now()
        expert = factories.expert(organisation=town, sharing=Sharing.PUBLIC, consented_at=now, place=town)
        output = ResearchOutput(title=f"轴承成果{number}", organisation=town, sharing=Sharing.PUBLIC)
        directory.save_output(output, by=SYSTEM, at=now)
        factories.person(role="town_clerk", organisation=town)
        enterprise = self.asking if number % 2 == 0 else factories.enterprise(place=town)
        programme = Programme.objects.create(
            code=f"p{number}", name=f"行动{number}", organisation=self.net.district, starts_on=now.date()
        )
        for stage in (Stage.SUBMITTED, Stage.SCHEDULED, Stage.ARCHIVED):
            need = factories.need(
                enterprise=enterprise, stage=stage, organisation=town, visibility=Visibility.PUBLIC,
                experts=[self.asked if number % 2 == 0 else expert], result="solved",
            )  # fmt: skip
            need.programmes.add(programme)
        card = cases.draft_card(Need.objects.get(pk=need.pk), by=SYSTEM, at=now)  # of the one that is closed
        cases.release_card(card, by=SYSTEM, at=now)
        cases.save_reply(self.net.district, title=f"问候{number}", body="您好", by=SYSTEM, at=now)
        cases.receive_letter(f"From: a{number}@example.com\r\n\r\n{need.number}".encode(), at=now)
        for seat in self.seats:
            if seat.person is not None:
                self._tell(seat, number)

    def _tell(self, seat: Seat, number: int) -> None:
        now, who = timezone.now(), str(seat.person.pk)
        Delivery.objects.create(
            person=seat.person, channel="site", notice="test", unique_key=f"{who}:{number}", title="提醒",
            body="正文", url="/", created_at=now,
        )  # fmt: skip
        ImportRun.objects.create(
            ledger="needs", file_name="台账.xlsx", sha256="0" * 64, size=1, state="done", counts={},
            actor_kind="person", actor_key=who, actor_name="某人", at=now,
        )  # fmt: skip


BY_KIND = {"/workbench/audit/": 4}
"""Pages that ask once for each kind of subject they show; a long page may show more kinds than a short one."""


@pytest.fixture
def district(db) -> District:
    net = factories.network()
    account = factories.person(name="专家本人")
    made = District(
        net,
        factories.enterprise(place=net.town),
        factories.expert(organisation=net.district, person=account, task_cap=999),
    )
    manager = factories.person(role="administrator", organisation=net.district)
    factories.grant(person=manager, role="auditor", organisation=net.district)
    contact = factories.person(role="enterprise_contact", organisation=made.asking.organisation)
    made.seats = [
        Seat("administrator and auditor", manager),
        Seat("contact", contact),
        Seat("liaison", factories.person(role="town_clerk", organisation=net.district)),
        Seat("expert", account),
        Seat("anonymous", None),
    ]
    matrix.open_sessions(made.seats)
    return made


def lists() -> Iterator[str]:
    """Yield every page without parameters, the records behind every figure, and some searches."""
    from zhiqiao.insights.figures import FIGURES

    for route in all_routes():
        if "GET" in POLICY[route.name] and not route.parameters and route.name not in NO_LIST:
            yield route.url({})
    yield from (f"/dashboard/figures/{name}/" for name in FIGURES)
    yield from SEARCHES


def count(seat: Seat, url: str) -> int | None:
    """Return how many queries a page takes once what it keeps is warm; None if the reader may not open it."""
    browser = Browser(seat.session)
    response = browser.get(url)
    if response.status_code != 200:
        assert response.status_code in (302, 403, 404), (str(seat), url, response.crash)
        return None
    return min(_queries_of(browser, url) for _ in range(2))


def _queries_of(browser: Browser, url: str) -> int:
    """Count once; once a minute the session notes that its owner is still there, so the caller asks twice."""
    with CaptureQueriesContext(connection) as asked:
        browser.get(url)
    return len(asked)


def _counts(district: District) -> dict[tuple[str, str], int]:
    with connection.cursor() as cursor:  # else the planner goes by what earlier tests left behind
        cursor.execute("ANALYZE")
    found = {(seat.name, url): count(seat, url) for seat in district.seats for url in lists()}
    return {key: number for key, number in found.items() if number is not None}


def test_a_hundred_rows_take_as_many_queries_as_a_few(district, capsys):
    district.grow(FEW)
    few = _counts(district)
    district.grow(MANY)
    assert Need.objects.count() == MANY * 3
    many = _counts(district)
    with capsys.disabled():
        top = sorted(many.items(), key=lambda item: -item[1])[:4]
        print(f"\n查询次数：{len(many)} 个列表页，最多的是 " + "、".join(f"{url} {n}" for (_, url), n in top))
    grown = {key: (few.get(key, 0), many[key]) for key in many}
    assert {k: (a, b) for k, (a, b) in grown.items() if not 0 <= b - a <= BY_KIND.get(k[1], 0)} == {}
    assert {key: number for key, number in many.items() if number > BUDGET.get(key[1], MOST_QUERIES)} == {}
    assert len(many) > 50


def test_control_a_list_that_asks_for_each_row_is_found(district, monkeypatch):
    from zhiqiao.needs import registers
    from zhiqiao.needs.enums import Stage
    from zhiqiao.needs.queries import needs_for

    monkeypatch.setattr(registers, "rows_for", lambda who: needs_for(who).exclude(stage=Stage.DRAFT))
    manager, url = district.seats[0], "/workbench/needs/"
    district.grow(FEW)
    few = count(manager, url)
    district.grow(4)
    assert count(manager, url) > few
