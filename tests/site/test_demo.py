"""The demo network: the published figures come out of records, and every record is what it says."""

import csv
from collections import Counter

import pytest
from django.db.models import Count, Max, Q
from stdnum.cn import uscc

from tests.demo_fixture import demo  # noqa: F401  (a fixture)
from zhiqiao.accounts.models import Person
from zhiqiao.directory.enums import EvidenceKind, ExpertKind
from zhiqiao.directory.models import Enterprise, Evidence, Expert
from zhiqiao.kit import audit
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.jobs.models import Job
from zhiqiao.needs import queries
from zhiqiao.needs.enums import (
    HANDLER_STAGES,
    SUCCESSES,
    ClosingKind,
    InvitationState,
    MeetingState,
    Result,
    Side,
    Stage,
)
from zhiqiao.needs.models import Attendance, Closing, Invitation, Need, Outcome, Programme
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.demo import DEMO_ACCOUNTS, DEMO_PASSWORD, PROGRAMME, compose, disable_all
from zhiqiao.site.demo.names import credit_code
from zhiqiao.site.demo.people import CITY_CLERK, DISTRICT_CLERK, ENTERPRISE_CONTACT, EXPERT, TOWN_CLERK
from zhiqiao.site.demo.places import CITIES, TOWNS, VILLAGES, counties, pairs
from zhiqiao.site.demo.texts import fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(demo) -> Programme:  # noqa: F811
    return Programme.objects.get(code=PROGRAMME)


def test_experts_of_the_campaign_are_the_published_1037(campaign):
    kinds = Counter(campaign.experts.values_list("kind", flat=True))
    assert kinds == {ExpertKind.ACADEMICIAN: 96, ExpertKind.OVERSEAS: 125, ExpertKind.SOCIETY: 816}
    assert sum(kinds.values()) == 1037


def test_needs_services_closings_and_successes_are_the_published_ones(campaign):
    needs = campaign.needs.filter(submitted_at__isnull=False)
    services = Attendance.objects.filter(meeting__need__in=needs, expert__isnull=False)
    closings = Closing.objects.filter(need__in=needs)
    successes = Outcome.objects.filter(need__in=needs, confirmed_at__isnull=False, result__in=SUCCESSES)
    assert needs.count() == 478
    assert services.filter(meeting__state=MeetingState.HELD).count() == services.count() == 520
    assert Counter(closings.values_list("kind", flat=True)) == {ClosingKind.COMPLETED: 393}
    assert successes.count() == 223
    assert successes.filter(need__closing__isnull=False, superseded_at__isnull=True).count() == 223


def test_the_campaign_keeps_to_its_period(campaign):
    last = campaign.needs.aggregate(submitted=Max("submitted_at"), closed=Max("closing__at"))
    held = Attendance.objects.filter(meeting__need__programmes=campaign).aggregate(
        at=Max("meeting__starts_at")
    )
    assert last["submitted"].date() <= campaign.ends_on
    assert last["closed"].date() <= campaign.ends_on
    assert held["at"].date() <= campaign.ends_on


def test_the_unsolved_have_reasons_and_the_open_stand_at_many_stages(campaign):
    current = Outcome.objects.filter(
        need__closing__isnull=False, need__programmes=campaign, superseded_at=None
    )
    results = Counter(current.values_list("result", flat=True))
    assert results[Result.PARTLY] + results[Result.UNSOLVED] == 170
    assert not current.filter(result=Result.UNSOLVED, reason="").exists()
    assert len(set(current.filter(result=Result.UNSOLVED).values_list("reason", flat=True))) == 6
    stages = Counter(campaign.needs.filter(closing__isnull=True).values_list("stage", flat=True))
    assert stages == {
        Stage.RETURNED: 3,
        Stage.MATCHING: 12,
        Stage.INVITING: 10,
        Stage.ARRANGING: 9,
        Stage.SCHEDULED: 11,
        Stage.MET: 16,
        Stage.CONFIRMING: 14,
        Stage.RATING: 6,
        Stage.CLOSING: 4,
    }


def test_history_is_in_the_order_of_time_and_the_audit_chain_is_sound(demo):  # noqa: F811
    for rows in (Transition.objects.order_by("pk"), AuditEntry.objects.order_by("pk")):
        instants = list(rows.values_list("at", flat=True))
        assert instants == sorted(instants)
        assert instants[-1] <= demo.at
    assert audit.verify() == []


def test_every_need_went_through_the_steps_that_lead_to_its_stage(demo):  # noqa: F811
    last: dict[int, str] = {}
    for subject, source, target in Transition.objects.order_by("pk").values_list(
        "subject_id", "source", "target"
    ):
        assert source == last.get(subject, Stage.DRAFT)
        last[subject] = target
    stages = dict(Need.objects.exclude(stage=Stage.DRAFT).values_list("pk", "stage"))
    assert last == stages


def test_invitations_include_refusals_and_silence(campaign):
    states = Counter(Invitation.objects.filter(need__programmes=campaign).values_list("state", flat=True))
    assert states[InvitationState.DECLINED] > 100
    assert states[InvitationState.LAPSED] > 20
    declined = Invitation.objects.filter(state=InvitationState.DECLINED)
    assert declined.filter(reason="").count() == 0
    accepted = Invitation.objects.filter(state=InvitationState.ACCEPTED).values_list("why", flat=True)
    assert all(any("研究方向相符" in sentence for sentence in why) for why in accepted)


def test_a_confirmed_outcome_was_agreed_by_every_side_that_took_part(demo):  # noqa: F811
    confirmed = Outcome.objects.filter(confirmed_at__isnull=False).annotate(
        yes=Count("confirmations", filter=Q(confirmations__agrees=True)),
        experts=Count("need__invitations", filter=Q(need__invitations__state="accepted"), distinct=True),
        enterprise=Count("confirmations", filter=Q(confirmations__side=Side.ENTERPRISE), distinct=True),
    )
    assert confirmed.count() > 393
    assert not confirmed.filter(enterprise=0).exists()
    assert not confirmed.filter(experts__gt=0, yes=0).exists()


def test_every_expert_has_evidence_in_her_own_field(demo):  # noqa: F811
    few = Expert.objects.annotate(n=Count("evidence", filter=~Q(evidence__kind=EvidenceKind.SERVICE))).filter(
        n__lt=3
    )
    assert few.count() == 0
    topics = {topic for field in fields() for each in field.problems for topic in each.topics}
    for expert in Expert.objects.all()[:200]:
        assert set(expert.keywords.split("、")) <= topics
    served = Evidence.objects.filter(kind=EvidenceKind.SERVICE).count()
    assert served > 300


def test_experts_who_served_know_the_problem(campaign):
    problems = {topic: each for field in fields() for each in field.problems for topic in each.topics}
    assert len(problems) > 400
    for row in Attendance.objects.filter(expert__isnull=False).select_related("expert", "meeting__need")[
        :120
    ]:
        known = set(row.expert.keywords.split("、"))
        text = row.meeting.summary
        assert any(topic in text for topic in known) or known & set(problems)


def test_need_texts_differ(demo):  # noqa: F811
    titles = Counter(Need.objects.values_list("title", flat=True))
    assert max(titles.values()) == 1
    bodies = Counter(Need.objects.values_list("body", flat=True))
    assert max(bodies.values()) <= 2
    assert sum(len(field.problems) for field in fields()) >= 120
    assert not Need.objects.filter(
        Q(body__contains="{") | Q(body__contains="[") | Q(target__contains="[")
    ).exists()


def test_credit_codes_have_right_check_digits(demo):  # noqa: F811
    codes = list(Enterprise.objects.values_list("credit_code", flat=True))
    assert len(set(codes)) == len(codes) >= 260
    assert all(uscc.is_valid(code) and organisation_code_is_right(code[8:17]) for code in codes)


def test_a_wrong_check_digit_would_be_seen():
    from random import Random

    code = credit_code(Random(3), "330108")
    wrong = code[:16] + ("1" if code[16] != "1" else "2")
    assert organisation_code_is_right(code[8:17])
    assert not organisation_code_is_right(wrong[8:17])


def organisation_code_is_right(code: str) -> bool:
    """GB 11714, computed the other way round: the weighted sum with the check digit is a multiple of 11."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2, 1)
    return sum(w * (10 if c == "X" else int(c)) for w, c in zip(weights, code, strict=True)) % 11 == 0


def test_the_network_reaches_from_the_province_to_the_village(demo):  # noqa: F811
    kinds = Counter(Organisation.objects.values_list("kind", flat=True))
    assert (kinds[Kind.PROVINCE], kinds[Kind.CITY], kinds[Kind.DISTRICT]) == (1, 11, 90)
    assert kinds[Kind.TOWN] == 12
    assert kinds[Kind.VILLAGE] == 15
    assert kinds[Kind.SOCIETY] >= 20
    for code, name in counties().items():
        assert Organisation.objects.get(kind=Kind.DISTRICT, code=code).short_name == f"{name}科协"


def test_places_are_the_published_ones(real_data):
    published = dict(_rows(real_data / "admin_divisions/cn_counties_gb2260_2026.csv", "code", "name"))
    zhejiang = {code: name for code, name in published.items() if code.startswith("33") and code != "330000"}
    cities = {code: name for code, (name, _) in CITIES.items()}
    assert {**cities, **counties()} == zhejiang
    assert (len(cities), len(counties())) == (11, 90)
    streets = dict(_rows(real_data / "admin_divisions/zj_streets_2025.csv", "street_code", "street"))
    for county, text in TOWNS.items():
        assert dict(pairs(text)) == {c: name for c, name in streets.items() if c.startswith(county)}
    villages = dict(_rows(real_data / "admin_divisions/zj_villages_nbs2020.csv", "village_code", "village"))
    for text in VILLAGES.values():
        for code, name in pairs(text):
            assert villages[code].startswith(name)


def test_nobody_in_the_demo_bears_the_name_of_a_real_academician(demo, real_data):  # noqa: F811
    real = {name for name, _ in _rows(real_data / "experts/cn_academicians_2020.csv", "name", "name")}
    assert len(real) > 1000
    assert set(Expert.objects.values_list("name", flat=True)) & real == set()
    assert set(Person.objects.values_list("name", flat=True)) & real == set()


def test_no_enterprise_of_the_demo_is_named_like_a_listed_company(demo, real_data):  # noqa: F811
    listed = [
        name
        for pair in _rows(real_data / "enterprises/a_share_companies_2026.csv", "short_name", "full_name")
        for name in pair
    ]
    assert len(listed) > 5000
    brands = {name[2:4] for name in Enterprise.objects.values_list("organisation__name", flat=True)}
    assert {brand for brand in brands for name in listed if brand in name[:6]} == set()


def _rows(path, key: str, value: str) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return [(row[key], row[value]) for row in csv.DictReader(file)]


def test_there_is_an_account_for_every_role(demo, client):  # noqa: F811
    assert [each.title for each in DEMO_ACCOUNTS] == [
        "系统管理员", "市经办人", "区县经办人", "镇街联络员", "分管领导",
        "审计员", "学会联络人", "企业联系人", "专家",
    ]  # fmt: skip
    for each in DEMO_ACCOUNTS:
        person = demo.person(each.login)
        assert person.is_demo
        assert person.name == each.name
        assert each.try_first
        assert set(person.grants.values_list("role", flat=True)) == ({each.role} if each.role else set())
        assert person.check_password(DEMO_PASSWORD)
    assert not Person.objects.filter(is_demo=False).exists()
    assert Expert.objects.get(person__phone=EXPERT.login).kind == ExpertKind.SOCIETY


def test_the_desks_are_laid(demo):  # noqa: F811
    clerk = demo.person(CITY_CLERK.login)
    waiting = queries.inbox(clerk).filter(programmes__isnull=True, stage__in=HANDLER_STAGES)
    late = waiting.filter(due_at__lt=demo.at)
    close_of_today = demo.at.replace(hour=16, minute=0)
    assert late.count() == 1
    assert waiting.filter(due_at__gte=demo.at, due_at__lte=close_of_today).count() >= 4
    recent = queries.register_of_needs(clerk).filter(programmes__isnull=True, submitted_at__year=2026)
    assert 24 <= recent.count() <= 32
    assert recent.filter(stage=Stage.INVITING).count() == 3
    assert recent.filter(stage=Stage.CONFIRMING).count() == 2


def test_each_account_finds_something_to_do(demo):  # noqa: F811
    district, town = demo.person(DISTRICT_CLERK.login), demo.person(TOWN_CLERK.login)
    assert queries.inbox(district).count() >= 10
    assert {need.organisation.code for need in queries.needs_for(district)} == {"330108"}
    assert queries.needs_for(town).filter(stage=Stage.SUBMITTED).count() == 2
    firm = queries.inbox(demo.person(ENTERPRISE_CONTACT.login))
    assert set(firm.values_list("stage", flat=True)) == {Stage.DRAFT, Stage.RETURNED, Stage.CONFIRMING}
    sent = Invitation.objects.filter(expert__person__phone=EXPERT.login, state=InvitationState.SENT)
    assert sent.count() == 1
    assert sent.get().due_at > demo.at


def test_nobody_is_told_about_years_gone_by(demo):  # noqa: F811
    jobs = Counter(Job.objects.values_list("name", flat=True))
    live = Invitation.objects.filter(state=InvitationState.SENT)
    assert jobs["needs.lapse_invitation"] == live.count() == live.filter(due_at__gt=demo.at).count()
    waiting = Transition.objects.filter(dispatched_at__isnull=True)
    assert jobs["kit.dispatch"] == waiting.count() > 0
    assert (demo.at - waiting.earliest("at").at).days <= 5
    assert set(jobs) == {"kit.dispatch", "needs.tell_invited", "needs.lapse_invitation"}


def test_a_database_with_organisations_is_refused(demo):  # noqa: F811
    with pytest.raises(Refused) as refused:
        compose(demo.at)
    assert refused.value.refusal.code == "demo.not_empty"
    assert "空库" in refused.value.refusal.message


def test_all_accounts_can_be_disabled_at_once(demo):  # noqa: F811
    count = Person.objects.filter(is_demo=True).count()
    assert disable_all(by=SYSTEM, at=demo.at) == count
    assert not Person.objects.filter(is_active=True).exists()
    assert disable_all(by=SYSTEM, at=demo.at) == 0
