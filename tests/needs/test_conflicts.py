"""Conflicts of interest on the way to an invitation: checked before anybody is asked, decided by a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from zhiqiao.directory.actions import save_expert
from zhiqiao.directory.actions.conflicts import declare, withdraw_relation
from zhiqiao.directory.actions.identity import merge_experts, tell_apart
from zhiqiao.directory.conflicts import Status
from zhiqiao.directory.models import ConflictDecision, ConflictTerm, Enterprise, Relation
from zhiqiao.kit import audit
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, links
from zhiqiao.needs.capacity import conflicts_of
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.finder import find_for_need
from zhiqiao.needs.models import Invitation, Need

pytestmark = pytest.mark.django_db
AT = timezone.now()


@pytest.fixture
def need(net):
    return factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)


@pytest.fixture
def leader(net):
    return net.leader


def _kin(expert, enterprise, **values):
    return declare(expert, kind="kin", enterprise=enterprise, by=SYSTEM, at=AT, **values)


def _status(need, expert):
    return conflicts_of(need, [expert.pk], AT)[expert.pk].status


def _refused(act, *args, **values):
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    return refused.value.refusal


def _invite(need, *experts, by):
    return actions.invite_experts(Need.objects.get(pk=need.pk), experts, by=by, at=AT)


def test_a_declared_tie_stops_the_invitation_and_its_cause_is_not_told(net, need):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise, party="陈某的姐姐")
    refusal = _refused(_invite, need, expert, by=net.clerk)
    assert refusal.code == "needs.conflict"
    assert "亲属" not in refusal.message
    assert "陈某" not in refusal.message
    assert Invitation.objects.count() == 0


def test_the_leader_decides_and_then_she_is_invited(net, need, leader):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    actions.decide_conflict(need, expert, may_ask=True, reason="远亲，不参与经营", by=leader, at=AT)
    assert _status(need, expert) == Status.ALLOWED
    assert _invite(need, expert, by=net.clerk)[0].state == InvitationState.SENT
    assert audit.verify() == []


def test_a_decision_counts_for_its_need_and_for_what_was_known(net, need, leader):
    expert = factories.expert(organisation=net.district)
    tie = _kin(expert, net.enterprise)
    actions.decide_conflict(need, expert, may_ask=True, reason="远亲，不参与经营", by=leader, at=AT)
    other = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    assert _status(other, expert) == Status.OPEN
    declare(expert, kind="shares", enterprise=net.enterprise, by=SYSTEM, at=AT)
    assert _status(need, expert) == Status.OPEN
    withdraw_relation(Relation.objects.get(kind="shares"), by=SYSTEM, at=AT)
    assert _status(need, expert) == Status.ALLOWED
    withdraw_relation(tie, by=SYSTEM, at=AT)
    assert _status(need, expert) == Status.CLEAR


def test_the_latest_decision_counts(net, need, leader):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    for may_ask in (True, False):
        actions.decide_conflict(need, expert, may_ask=may_ask, reason="核实以后", by=leader, at=AT)
    assert _status(need, expert) == Status.BARRED
    assert ConflictDecision.objects.count() == 2


@pytest.mark.parametrize("who", ["clerk", "sibling_clerk", "auditor", "contact"])
def test_who_has_no_right_does_not_decide(net, need, who):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    decide = actions.decide_conflict
    refusal = _refused(decide, need, expert, may_ask=True, reason="没有问题", by=getattr(net, who), at=AT)
    assert refusal.code == "scope.not_covered"


def test_there_is_nothing_to_decide_where_nothing_was_found_and_a_reason_is_wanted(net, need, leader):
    expert = factories.expert(organisation=net.district)
    decide = actions.decide_conflict
    assert (
        _refused(decide, need, expert, may_ask=True, reason="没问题的", by=leader, at=AT).code
        == "directory.no_conflict"
    )
    _kin(expert, net.enterprise)
    assert (
        _refused(decide, need, expert, may_ask=True, reason=" ", by=leader, at=AT).code
        == "directory.reason_missing"
    )


def test_a_rule_that_bars_knows_no_exception(net, need, leader):
    ConflictTerm.objects.create(
        purpose="need", source="kinship", level="bar", years=0, starts_on=AT.date(), by_name="x", at=AT
    )
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    decide = actions.decide_conflict
    assert (
        _refused(decide, need, expert, may_ask=True, reason="例外一次", by=leader, at=AT).code
        == "directory.must_excuse"
    )


def test_an_expert_who_may_be_another_row_is_unknown_until_somebody_says(net, need):
    one, two = (factories.expert(organisation=net.district, name="何同舟") for _ in "ab")
    assert _status(need, one) == Status.OPEN
    tell_apart(one, two, by=net.clerk, at=AT, reason="两个学院")
    assert _status(need, one) == Status.CLEAR


def test_a_tie_declared_on_a_row_that_was_merged_is_found_on_the_survivor(net, need):
    one, two = (factories.expert(organisation=net.district, name="何同舟") for _ in "ab")
    _kin(two, net.enterprise)
    merge_experts(one, two, by=net.clerk, at=AT, reason="同一人")
    assert _status(need, one) == Status.OPEN


def test_employers_joint_works_and_rivals_are_read_from_the_libraries(net, need):
    Enterprise.objects.update(industry="C34")
    name = net.enterprise.organisation.name
    inside = factories.expert(organisation=net.district, unit=name, evidence=("主轴振动抑制方法",))
    author = factories.expert(organisation=net.district, evidence=("主轴振动抑制方法", f"为{name}作检测"))
    rival = factories.expert(organisation=net.district, unit=net.sibling_enterprise.organisation.name)
    free = factories.expert(organisation=net.district)
    need = Need.objects.get(pk=need.pk)
    found = conflicts_of(need, [one.pk for one in (inside, author, rival, free)], AT)
    sources = {pk: sorted({one.source for one in check.findings}) for pk, check in found.items()}
    assert sources == {inside.pk: ["employer"], author.pk: ["coauthor"], rival.pk: ["rival"], free.pk: []}
    assert len(found[author.pk].findings) == 2


def test_as_many_queries_for_many_experts_as_for_one(net, need, django_assert_num_queries):
    experts = [factories.expert(organisation=net.district) for _ in range(12)]
    for expert in experts:
        _kin(expert, net.enterprise)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for some in (experts[:1], experts):
        with CaptureQueriesContext(connection) as seen:
            conflicts_of(
                Need.objects.select_related("enterprise__organisation").get(pk=need.pk),
                [e.pk for e in some],
                AT,
            )
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 14


def test_the_finder_leaves_her_out_and_says_why_only_to_those_who_may_know(net, need, leader):
    expert = factories.expert(organisation=net.district, name="何同舟")
    _kin(expert, net.enterprise)
    assert expert.pk not in [one.expert.pk for one in find_for_need(need, net.clerk).candidates]
    (clerk,) = find_for_need(need, net.clerk).why_not("何同舟")
    (told,) = find_for_need(need, net.city_clerk).why_not("何同舟")
    administrator = factories.person(role="administrator", organisation=net.district)
    (knows,) = find_for_need(need, administrator).why_not("何同舟")
    assert "待核实" in clerk
    assert "亲属" not in clerk + told
    assert "亲属" in knows


def test_an_alternate_whose_tie_came_to_light_is_passed_over(net, need):
    first, second, third = (factories.expert(organisation=net.district) for _ in range(3))
    invited = _invite(need, first, second, third, by=net.clerk)
    _kin(second, net.enterprise)
    actions.decline_invitation(invited[0], reason="busy", by=links.expert_actor(invited[0]), at=AT)
    states = {one.expert_id: one.state for one in Invitation.objects.all()}
    assert states == {first.pk: "declined", second.pk: "cancelled", third.pk: "sent"}
    note = Invitation.objects.get(expert=second).note
    assert "轮到时未邀请" in note
    assert "亲属" not in note


def test_checking_tells_nobody_and_invites_nobody(net, need, leader, as_person):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    told = Delivery.objects.count()
    page = as_person(leader).get(f"/workbench/needs/{need.pk}/conflicts/?expert={expert.pk}").content.decode()
    assert "亲属（工作人员登记）" in page
    assert (Delivery.objects.count(), Invitation.objects.count()) == (told, 0)
    assert AuditEntry.objects.filter(verb="conflict.read", actor_key=str(leader.pk)).count() == 1


def test_the_page_hides_the_cause_from_a_clerk_and_takes_no_decision_from_her(net, need, as_person):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    url = f"/workbench/needs/{need.pk}/conflicts/?expert={expert.pk}"
    page = as_person(net.clerk).get(url).content.decode()
    assert "亲属（" not in page
    assert "待核实" in page
    posted = as_person(net.clerk).post(
        url, {"expert": expert.pk, f"e{expert.pk}-may_ask": "yes", f"e{expert.pk}-reason": "没有问题"}
    )
    assert posted.status_code == 403
    assert ConflictDecision.objects.count() == 0


def test_the_leader_decides_on_the_page(net, need, leader, as_person):
    expert = factories.expert(organisation=net.district)
    _kin(expert, net.enterprise)
    url = f"/workbench/needs/{need.pk}/conflicts/?expert={expert.pk}"
    short = {"expert": expert.pk, f"e{expert.pk}-may_ask": "yes", f"e{expert.pk}-reason": "好"}
    assert "至少写 4 字" in as_person(leader).post(url, short).content.decode()
    good = {**short, f"e{expert.pk}-reason": "远亲，不参与经营"}
    assert as_person(leader).post(url, good).status_code == 302
    assert ConflictDecision.objects.get().may_ask is True
    far = factories.expert(organisation=net.other_city, sharing="own")
    assert as_person(leader).post(url, {**good, "expert": far.pk}).status_code == 404


def test_an_expert_without_a_unit_is_completed_by_the_clerk(net, need):
    expert = factories.expert(organisation=net.district, unit="")
    refusal = _refused(_invite, need, expert, by=net.clerk)
    assert "没有登记单位" in refusal.message
    save_expert(expert, by=net.clerk, at=AT, changes={"unit": "临江大学"})
    assert _invite(need, expert, by=net.clerk)


def test_ties_of_long_ago_do_not_count(net, need):
    expert = factories.expert(organisation=net.district)
    ended = AT.date() - timedelta(days=1000)
    declare(expert, kind="employed", enterprise=net.enterprise, ends_on=ended, by=SYSTEM, at=AT)
    assert _status(need, expert) == Status.CLEAR
