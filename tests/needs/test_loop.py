"""A need on its way from question to archived case: every step, every refusal, every record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from zhiqiao.directory.enums import EvidenceKind
from zhiqiao.directory.models import Expert
from zhiqiao.directory.search import EXPERTS
from zhiqiao.kit import audit, clock, jobs
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.search import search
from zhiqiao.needs import actions, links, queries
from zhiqiao.needs.actions.outcome import waiting_for
from zhiqiao.needs.enums import InvitationState, Result, Side, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Attendance, Need

pytestmark = pytest.mark.django_db


@pytest.fixture
def net():
    return factories.network()


def _experts(net, count):
    return [factories.expert(organisation=net.city) for _ in range(count)]


def _refused(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.refusal.code


def _fresh(need):
    return Need.objects.select_related("enterprise__organisation", "organisation").get(pk=need.pk)


def _states(need):
    return list(need.invitations.order_by("rank").values_list("state", flat=True))


def test_the_main_line_leaves_one_transition_per_step(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=_experts(net, 1))
    steps = list(NEED_FLOW.history(need).values_list("step", "source", "target"))
    assert steps == [
        ("submit", "draft", "submitted"),
        ("accept", "submitted", "matching"),
        ("invite", "matching", "inviting"),
        ("engage", "inviting", "arranging"),
        ("schedule", "arranging", "scheduled"),
        ("hold", "scheduled", "met"),
        ("report", "met", "confirming"),
        ("confirm", "confirming", "rating"),
        ("rate", "rating", "closing"),
        ("archive", "closing", "archived"),
    ]
    assert audit.verify() == []


def test_closing_and_outcome_are_two_records(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, result=Result.PARTLY)
    assert (need.closing.kind, need.outcomes.get().result) == ("completed", "partly")
    rejected = factories.need(enterprise=net.enterprise, stage=Stage.REJECTED)
    assert (rejected.closing.kind, rejected.outcomes.count()) == ("rejected", 0)


def test_a_town_enterprises_need_goes_to_its_district(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    assert need.organisation == net.district


def test_numbers_follow_each_other_within_the_year(net):
    at = timezone.now()
    numbers = [factories.need(enterprise=net.enterprise, at=at).number for _ in range(3)]
    year = clock.local_date(at).year
    assert numbers == [f"XQ-{year}-{n:04d}" for n in (1, 2, 3)]


def test_submitting_says_what_is_missing(net):
    need = actions.ask(enterprise=net.enterprise, by=net.contact, at=timezone.now(), title="轴承")
    with pytest.raises(Refused, match="需求内容、联系人、联系电话或邮箱"):
        actions.submit(need, by=net.contact, at=timezone.now())
    assert _fresh(need).stage == Stage.DRAFT


def test_a_returned_need_keeps_its_number_when_handed_in_again(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RETURNED)
    number = need.number
    actions.submit(need, by=net.contact, at=timezone.now())
    assert (need.number, need.stage) == (number, Stage.SUBMITTED)


def test_returning_and_rejecting_need_a_reason(net):
    need = factories.need(enterprise=net.enterprise)
    for act in (actions.send_back, actions.reject):
        assert (
            _refused(lambda act=act: act(need, by=net.clerk, at=timezone.now(), note=" "))
            == "needs.note_missing"
        )


@pytest.mark.parametrize("who", ["contact", "town_clerk", "leader", "auditor", "sibling_clerk", "neighbour"])
def test_only_the_handling_associations_clerks_accept(net, who):
    need = factories.need(enterprise=net.enterprise)
    assert (
        _refused(lambda: actions.accept(need, by=getattr(net, who), at=timezone.now())) == "needs.not_handler"
    )
    assert not NEED_FLOW.history(need).filter(step="accept").exists()


def test_the_second_clerk_is_told_who_did_it_and_when(net):
    need = factories.need(enterprise=net.enterprise)
    stale, now = _fresh(need), timezone.now()
    actions.accept(need, by=net.clerk, at=now)
    with pytest.raises(Refused) as refused:
        actions.accept(stale, by=net.second_clerk, at=now)
    assert refused.value.refusal.code == "flow.moved_on"
    assert refused.value.refusal.message.startswith(f"已由李经办办理“受理”（{clock.exact(now)}）")


def test_a_decline_brings_the_next_alternate(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 3))
    assert _states(need) == ["sent", "queued", "queued"]
    first = need.invitations.select_related("expert").order_by("rank")[0]
    actions.decline_invitation(first, reason="busy", by=links.expert_actor(first), at=timezone.now())
    assert _states(need) == ["declined", "sent", "queued"]
    assert _fresh(need).stage == Stage.INVITING


def test_a_decline_needs_a_reason(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING)
    first = need.invitations.select_related("expert").get()
    by = links.expert_actor(first)
    assert _refused(lambda: actions.decline_invitation(first, reason="", by=by, at=timezone.now())) == (
        "needs.reason_missing"
    )


def test_silence_brings_the_next_alternate_and_the_end_of_the_list_goes_back_to_matching(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 2))
    for expected in (["lapsed", "sent"], ["lapsed", "lapsed"]):
        waiting = need.invitations.get(state=InvitationState.SENT)
        assert not actions.lapse_invitation(waiting, at=waiting.due_at - timedelta(seconds=1))
        assert actions.lapse_invitation(waiting, at=waiting.due_at)
        assert not actions.lapse_invitation(waiting, at=waiting.due_at)
        assert _states(need) == expected
    assert _fresh(need).stage == Stage.MATCHING
    assert NEED_FLOW.history(need).last().actor_name == SYSTEM.name


def test_the_worker_ends_the_waiting_by_itself(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 2))
    past = timezone.now() - timedelta(minutes=1)
    need.invitations.filter(state="sent").update(due_at=past)
    jobs.run_ready(timezone.now() + timedelta(days=10))
    assert _states(need) == ["lapsed", "sent"]


def test_the_first_yes_calls_the_others_off(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    invitations = actions.invite_experts(need, _experts(net, 3), by=net.clerk, at=timezone.now(), wanted=2)
    second = invitations[1]
    actions.accept_invitation(second, by=links.expert_actor(second), at=timezone.now())
    assert _states(need) == ["cancelled", "accepted", "cancelled"]
    assert _fresh(need).stage == Stage.ARRANGING


def test_an_invitation_is_answered_once_and_only_by_its_expert(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 2))
    first, second = need.invitations.select_related("expert", "need").order_by("rank")
    now = timezone.now()
    assert _refused(lambda: actions.accept_invitation(first, by=links.expert_actor(second), at=now)) == (
        "needs.not_yours"
    )
    assert _refused(lambda: actions.accept_invitation(first, by=net.clerk, at=now)) == "needs.not_yours"
    actions.accept_invitation(first, by=links.expert_actor(first), at=now)
    by = links.expert_actor(first)
    assert _refused(lambda: actions.accept_invitation(first, by=by, at=now)) == "needs.answered"


def test_an_expert_at_her_limit_or_resting_is_not_asked(net):
    busy = factories.expert(organisation=net.city, task_cap=1)
    factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[busy])
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    now = timezone.now()
    assert _refused(lambda: actions.invite_experts(need, [busy], by=net.clerk, at=now)) == "needs.full"
    resting = factories.expert(organisation=net.city, resting_until=clock.local_date(now))
    assert _refused(lambda: actions.invite_experts(need, [resting], by=net.clerk, at=now)) == "needs.resting"
    assert _fresh(need).stage == Stage.MATCHING


def test_nobody_is_asked_twice_about_one_need(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 1))
    first = need.invitations.select_related("expert").get()
    actions.decline_invitation(first, reason="busy", by=links.expert_actor(first), at=timezone.now())
    need = _fresh(need)
    assert (
        _refused(lambda: actions.invite_experts(need, [first.expert], by=net.clerk, at=timezone.now()))
        == "needs.asked_before"
    )


def test_each_expert_counts_once_per_meeting(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET)
    assert Attendance.objects.filter(meeting__need=need, expert__isnull=False).count() == 1
    meeting = need.meetings.get()
    with pytest.raises(Refused):
        actions.hold_meeting(
            meeting,
            summary="再登记一次",
            experts=[row.expert for row in Attendance.objects.filter(expert__isnull=False)],
            by=net.clerk,
            at=timezone.now(),
        )
    assert Attendance.objects.filter(meeting__need=need, expert__isnull=False).count() == 1


def test_a_meeting_needs_its_place_or_link(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING)
    now = timezone.now()
    for mode, code in (("site", "needs.place_missing"), ("video", "needs.link_missing")):
        assert (
            _refused(
                lambda mode=mode: actions.schedule_meeting(
                    need, mode=mode, starts_at=now, by=net.clerk, at=now
                )
            )
            == code
        )


def test_no_success_without_a_meeting(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    now = timezone.now()
    assert (
        _refused(lambda: actions.report_outcome(need, result="solved", note="好了", by=net.clerk, at=now))
        == "needs.not_met"
    )
    actions.report_outcome(
        need, result="unsolved", reason="no_expert", note="省内没有这个方向的专家", by=net.clerk, at=now
    )
    assert need.stage == Stage.CONFIRMING


def test_unsolved_needs_a_reason(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET)
    assert (
        _refused(
            lambda: actions.report_outcome(
                need, result="unsolved", note="没成", by=net.clerk, at=timezone.now()
            )
        )
        == "needs.reason_missing"
    )


def test_silence_of_one_side_is_not_yes(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    outcome = need.outcomes.get()
    actions.answer_outcome(outcome, agrees=True, by=links.enterprise_actor(need), at=timezone.now())
    assert waiting_for(outcome, need) == (Side.EXPERT,)
    assert _fresh(need).stage == Stage.CONFIRMING
    outcome.refresh_from_db()
    assert outcome.confirmed_at is None


def test_a_no_sends_the_case_back_and_a_new_report_replaces_the_old(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    outcome = need.outcomes.get()
    actions.answer_outcome(
        outcome, agrees=False, note="还没有验收", by=links.enterprise_actor(need), at=timezone.now()
    )
    need = _fresh(need)
    assert need.stage == Stage.MET
    actions.report_outcome(need, result="partly", note="只解决了一半", by=net.clerk, at=timezone.now())
    assert [o.superseded_at is None for o in need.outcomes.order_by("id")] == [False, True]
    assert (
        _refused(
            lambda: actions.answer_outcome(
                outcome, agrees=True, by=links.enterprise_actor(need), at=timezone.now()
            )
        )
        == "needs.superseded"
    )


def test_a_stranger_confirms_nothing(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    outcome = need.outcomes.get()
    for who in (net.neighbour, net.leader, net.clerk, net.city_clerk, net.town_clerk):
        assert (
            _refused(lambda who=who: actions.answer_outcome(outcome, agrees=True, by=who, at=timezone.now()))
            == "needs.not_party"
        )


def test_control_the_enterprises_own_contact_confirms(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    actions.answer_outcome(need.outcomes.get(), agrees=True, by=net.contact, at=timezone.now())
    assert waiting_for(need.outcomes.get(), need) == (Side.EXPERT,)


def test_both_sides_yes_gives_the_outcome_its_evidence_level(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RATING)
    outcome = need.outcomes.get()
    assert (outcome.evidence_level, outcome.confirmed_at is not None) == (1, True)


def test_archiving_waits_for_the_enterprises_rating_or_the_end_of_its_time(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RATING)
    assert _refused(lambda: actions.archive(need, by=net.clerk, at=timezone.now())) == "needs.rating_open"
    actions.archive(need, by=net.clerk, at=need.due_at)
    assert need.stage == Stage.ARCHIVED


def test_an_archived_case_becomes_evidence_of_the_expert(net):
    (expert,) = _experts(net, 1)
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[expert])
    expert.refresh_from_db()
    (service,) = expert.evidence.filter(kind=EvidenceKind.SERVICE)
    assert service.title == need.title
    assert [key for key, _ in search(EXPERTS, need.title, Expert.objects.all(), 5)] == [expert.pk]


def test_withdrawing_closes_the_case_and_calls_invitations_off(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING)
    actions.withdraw(need, by=net.contact, at=timezone.now(), note="已另行解决")
    assert (need.closing.kind, _states(need)) == ("withdrawn", ["cancelled"])


def test_every_step_starts_the_clock_of_the_next(net):
    at = timezone.now()
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED, at=at)
    assert need.due_at == clock.due(at, clock.days(2)).at
    later = need.due_at + timedelta(days=3)
    actions.accept(need, by=net.clerk, at=later)
    step = NEED_FLOW.history(need).last()
    assert (step.late, step.waited_minutes) == (True, clock.working_minutes(at, later))


def test_everybody_concerned_is_told_and_nobody_twice(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=_experts(net, 1))
    jobs.run_ready()
    told = Delivery.objects.filter(notice="needs.to_handler", channel="site").values_list("person", flat=True)
    assert set(told) == {net.clerk.pk, net.second_clerk.pk}
    invitation = Delivery.objects.get(notice="needs.invitation", channel="sms")
    assert links.invitation_of(invitation.url.split("/")[-2]).need_id == need.pk
    before = Delivery.objects.count()
    Transition.objects.update(dispatched_at=None)
    for transition in Transition.objects.all():
        jobs.enqueue("kit.dispatch", at=timezone.now(), transition_id=transition.pk)
    jobs.run_ready()
    assert Delivery.objects.count() == before


def test_the_inbox_shows_each_person_her_own_next_steps(net):
    waiting = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    asked = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    elsewhere = factories.need(enterprise=net.other_enterprise, stage=Stage.SUBMITTED)
    assert list(queries.inbox(net.clerk)) == [waiting]
    assert list(queries.inbox(net.contact)) == [asked]
    assert list(queries.inbox(net.neighbour)) == [elsewhere]


def test_an_invited_expert_with_an_account_sees_the_need_and_no_other(net):
    person = factories.person(name="赵教授")
    expert = factories.expert(organisation=net.city, person=person)
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[expert])
    factories.need(enterprise=net.enterprise)
    assert list(queries.needs_for(person)) == [need]


def test_matching_anew_releases_the_expert_who_was_engaged(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED, experts=_experts(net, 1))
    expert = need.invitations.get().expert
    assert queries.open_tasks([expert.pk]) == {expert.pk: 1}
    actions.rematch(need, by=net.clerk, at=timezone.now(), note="专家出国,联系不上")
    assert (need.stage, _states(need), need.meetings.get().state) == (
        Stage.MATCHING,
        ["cancelled"],
        "cancelled",
    )
    assert queries.open_tasks([expert.pk]) == {}
