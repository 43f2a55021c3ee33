"""Capacity: who may be asked, how often, and a colleague named in one's place."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.directory.actions.leave import cancel_leave, take_leave
from zhiqiao.directory.capacity import Terms, Wanted, titled
from zhiqiao.directory.models import CapacityTerm, Expert, Leave
from zhiqiao.directory.queries import available
from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, links
from zhiqiao.needs.actions import Named
from zhiqiao.needs.capacity import standings
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.finder import find_for_need
from zhiqiao.needs.models import Invitation, Need, Substitute

pytestmark = pytest.mark.django_db
AT = timezone.now()
TODAY = clock.local_date(AT)


@pytest.fixture
def need(net):
    return factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)


def _invite(net, need, *experts, at=AT):
    return actions.invite_experts(Need.objects.get(pk=need.pk), experts, by=net.clerk, at=at)


def _refused(act, *args, **values):
    with pytest.raises(Refused) as refused:
        act(*args, **values)
    return refused.value.refusal.code


def _away(expert, first=0, last=9):
    return take_leave(
        expert, starts_on=TODAY + timedelta(first), ends_on=TODAY + timedelta(last), by=SYSTEM, at=AT
    )


def _asked(net, expert, times, state="declined", reason="far", at=AT):
    for _ in range(times):
        other = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
        Invitation.objects.create(
            need=other,
            expert=expert,
            rank=1,
            state=state,
            reason=reason,
            created_at=at,
            sent_at=at,
            answered_at=at,
        )


# ── Leave ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("first", "last", "away"), [(0, 0, True), (-5, 3, True), (1, 3, False)])
def test_who_is_on_leave_is_not_asked_not_offered_and_not_available(net, need, first, last, away):
    expert = factories.expert(organisation=net.district, name="何同舟")
    _away(expert, first, last)
    assert (expert not in Expert.objects.filter(available(AT))) == away
    assert (expert.pk not in [c.expert.pk for c in find_for_need(need, net.clerk).candidates]) == away
    if away:
        assert "休假至" in find_for_need(need, net.clerk).why_not("何同舟")[0]
        assert _refused(_invite, net, need, expert) == "directory.on_leave"
    else:
        assert _invite(net, need, expert)


def test_a_leave_that_is_cancelled_or_over_counts_no_longer(net, need):
    expert = factories.expert(organisation=net.district)
    cancel_leave(_away(expert), by=net.clerk, at=AT)
    Leave.objects.create(
        expert=expert, starts_on=TODAY - timedelta(9), ends_on=TODAY - timedelta(1), by_name="x", at=AT
    )
    assert _invite(net, need, expert)
    assert audit.verify() == []


def test_a_leave_is_entered_by_herself_or_her_unit_and_in_order(net):
    account = factories.person()
    expert = factories.expert(organisation=net.district, person=account)
    days = {"starts_on": TODAY, "ends_on": TODAY + timedelta(1), "at": AT}
    assert take_leave(expert, by=account, **days)
    assert _refused(take_leave, expert, by=net.neighbour, **days) == "scope.not_covered"
    wrong = {**days, "ends_on": TODAY - timedelta(1)}
    assert _refused(take_leave, expert, by=account, **wrong) == "directory.leave_days"
    past = {"starts_on": TODAY - timedelta(9), "ends_on": TODAY - timedelta(1), "at": AT}
    assert _refused(take_leave, expert, by=account, **past) == "directory.leave_over"


def test_an_alternate_on_leave_when_her_turn_comes_is_passed_over(net, need):
    first, second, third = (factories.expert(organisation=net.district) for _ in range(3))
    invited = _invite(net, need, first, second, third)
    _away(second)
    actions.decline_invitation(invited[0], reason="far", by=links.expert_actor(invited[0]), at=AT)
    states = {one.expert_id: one.state for one in Invitation.objects.all()}
    assert states == {first.pk: "declined", second.pk: "cancelled", third.pk: "sent"}


def test_with_nobody_left_who_may_be_asked_the_need_goes_back_to_matching(net, need):
    first, second = (factories.expert(organisation=net.district) for _ in range(2))
    invited = _invite(net, need, first, second)
    _away(second)
    actions.decline_invitation(invited[0], reason="far", by=links.expert_actor(invited[0]), at=AT)
    need.refresh_from_db()
    assert need.stage == Stage.MATCHING


# ── Requests ────────────────────────────────────────────────────────────────────────────────────────


def test_after_too_many_requests_in_a_quarter_she_is_left_in_peace(net, need):
    expert = factories.expert(organisation=net.district, name="何同舟")
    _asked(net, expert, 11)
    assert standings([expert.pk], AT)[expert.pk].requests == 11
    _asked(net, expert, 1)
    assert _refused(_invite, net, need, expert) == "directory.asked_often"
    assert "近 90 天已受邀 12 次" in find_for_need(need, net.clerk).why_not("何同舟")[0]
    assert _invite(net, need, expert, at=AT + timedelta(days=91))


def test_who_takes_on_much_is_asked_more_often_and_an_association_sets_its_own_terms(net, need):
    expert = factories.expert(organisation=net.district, task_cap=7)
    _asked(net, expert, 13)
    assert Terms().limit(7) == 14
    CapacityTerm.objects.create(starts_on=TODAY, quarter_requests=3, by_name="x", at=AT)
    assert Terms(quarter_requests=3).limit(7) == 14
    assert _invite(net, need, expert)
    quiet = factories.expert(organisation=net.district, task_cap=1)
    _asked(net, quiet, 3)
    other = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    assert _refused(_invite, net, other, quiet) == "directory.asked_often"


def test_the_cool_off_after_no_time_holds_for_the_invitation_itself(net, need):
    expert = factories.expert(organisation=net.district)
    _asked(net, expert, 1, reason="busy")
    assert _refused(_invite, net, need, expert) == "directory.cool_off"
    assert _invite(net, need, expert, at=AT + timedelta(days=30))


def test_the_ranking_is_told_how_often_she_says_yes_and_what_is_not_her_field(net):
    expert = factories.expert(organisation=net.district)
    _asked(net, expert, 2, state="accepted", reason="")
    _asked(net, expert, 1, state="lapsed", reason="")
    _asked(net, expert, 1, reason="field")
    _asked(net, expert, 1, reason="field", at=AT - timedelta(days=800))
    known = standings([expert.pk], AT)[expert.pk]
    assert (known.answered, known.accepted, len(known.not_mine)) == (5, 2, 1)


# ── Hard filters ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "levels"),
    [
        ("教授", ["senior"]), ("副教授", ["vice"]), ("研究员", ["senior"]), ("助理研究员", ["middle"]),
        ("正高级工程师", ["senior"]), ("教授级高级工程师", ["senior"]), ("高级工程师", ["vice"]), ("工程师", ["middle"]),
        ("助理工程师", []), ("院士", ["top"]), ("讲师", ["middle"]), ("", []),
    ],
)  # fmt: skip
def test_titles_are_of_one_level(net, title, levels):
    expert = factories.expert(organisation=net.district, title=title)
    found = [
        level
        for level in ("top", "senior", "vice", "middle")
        if expert in Expert.objects.filter(titled((level,)))
    ]
    assert found == levels


def test_filters_narrow_the_answer_and_why_not_still_answers(net, need):
    here = factories.expert(organisation=net.district, name="甲", title="副教授", place=net.town)
    there = factories.expert(organisation=net.sibling, name="乙", disciplines=("520",))

    def found(**wanted):
        return {one.expert for one in find_for_need(need, net.city_clerk, wanted=Wanted(**wanted)).candidates}

    assert found() == {here, there}
    assert found(region=net.district) == {here}
    assert found(region=net.sibling) == {there}
    assert found(disciplines=("520",)) == {there}
    assert found(levels=("vice",)) == {here}
    assert found(kinds=("academician",)) == set()
    answer = find_for_need(need, net.city_clerk, wanted=Wanted(region=net.sibling)).why_not("甲")
    assert len(answer) == 1


def test_the_page_of_candidates_takes_the_filters_from_its_address(net, need, as_person):
    factories.expert(organisation=net.district, name="甲副教授", title="副教授")
    factories.expert(organisation=net.district, name="乙教授", title="教授")
    client, url = as_person(net.clerk), f"/workbench/needs/{need.pk}/finder/"
    narrowed = client.get(f"{url}?level=vice&free=on&region={net.district.pk}").content.decode()
    assert ("甲副教授" in narrowed, "乙教授" in narrowed) == (True, False)
    nonsense = client.get(f"{url}?level=x&region=0&discipline=999").content.decode()
    assert ("甲副教授" in nonsense, "乙教授" in nonsense) == (True, True)


# ── A colleague named in one's place ────────────────────────────────────────────────────────────────


def _decline(net, need, **named):
    expert = factories.expert(organisation=net.district)
    (invitation,) = _invite(net, need, expert)
    actions.decline_invitation(
        invitation, reason="field", substitute=Named(**named), by=links.expert_actor(invitation), at=AT
    )
    return invitation


def test_a_colleague_is_a_proposal_to_the_clerk_and_nobody_is_invented_or_asked(net, need):
    people = Expert.objects.count()
    _decline(net, need, name="王五", unit="望海大学", note="做过同类课题")
    row = Substitute.objects.get()
    assert (row.name, row.unit, row.state, row.expert) == ("王五", "望海大学", "open", None)
    assert Expert.objects.count() == people + 1
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("contact", ["13812345678", "wang@example.cn", "0571-8700 1234"])
def test_a_contact_of_somebody_else_is_not_taken_and_the_answer_is_not_lost(net, need, contact):
    expert = factories.expert(organisation=net.district)
    (invitation,) = _invite(net, need, expert)
    code = _refused(
        actions.decline_invitation, invitation, reason="field", substitute=Named("王五", note=contact),
        by=links.expert_actor(invitation), at=AT,
    )  # fmt: skip
    assert code == "needs.substitute_contact"
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.SENT


def test_the_clerk_takes_up_a_colleague_of_the_library(net, need, as_person):
    _decline(net, need, name="王五")
    known = factories.expert(organisation=net.city, name="王五")
    client, url = as_person(net.clerk), f"/workbench/needs/{need.pk}/substitutes/"
    row = Substitute.objects.get()
    answer = client.post(url, {"substitute": row.pk, "expert": known.pk})
    assert answer.headers["Location"] == f"/workbench/needs/{need.pk}/step/invite/?expert={known.pk}" or (
        f"expert={known.pk}" in answer.headers["Location"]
    )
    row.refresh_from_db()
    assert (row.state, row.expert, row.by_name) == ("taken", known, net.clerk.name)
    client.post(url, {"substitute": row.pk})
    row.refresh_from_db()
    assert row.state == "taken"


def test_who_does_not_handle_the_need_does_not_settle_a_proposal(net, need, as_person):
    _decline(net, need, name="王五")
    row = Substitute.objects.get()
    assert _refused(actions.leave_substitute, row, by=net.leader, at=AT) == "needs.not_handler"
    stranger = factories.expert(organisation=net.city, name="赵六")
    assert _refused(actions.take_substitute, row, stranger, by=net.clerk, at=AT) == "needs.substitute_name"
    other = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    url = f"/workbench/needs/{other.pk}/substitutes/"
    assert as_person(net.clerk).post(url, {"substitute": row.pk}).status_code == 404


def test_she_names_a_colleague_behind_her_link(net, need, client):
    expert = factories.expert(organisation=net.district)
    (invitation,) = _invite(net, need, expert)
    url = reverse("needs:answer", args=(links.sign(invitation),))
    sent = {
        "act": "decline",
        "decline-reason": "field",
        "decline-colleague": "王五",
        "decline-colleague_unit": "望海大学",
    }
    assert client.post(url, sent).status_code == 302
    assert Substitute.objects.get().unit == "望海大学"


def test_a_leave_day_is_a_day_of_the_association_not_of_greenwich(net, need):
    expert = factories.expert(organisation=net.district)
    Leave.objects.create(
        expert=expert, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2), by_name="x", at=AT
    )
    night = clock.midnight(date(2026, 3, 2)) + timedelta(minutes=30)
    known = standings([expert.pk], night)
    assert known[expert.pk].leave is not None
