"""The clocks of a case: what runs when, pauses, the ladder, substitutes, terms as data, and calendars that change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories
from zhiqiao.kit import audit, clock, jobs
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.clock import CHINA
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import Clock, Flow, Pause, terms, upkeep
from zhiqiao.kit.flow.terms import declare_term
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, links, story
from zhiqiao.needs.clocks import CLOCKS
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need, Programme
from zhiqiao.orgs.actions.deputies import appoint_deputy, end_deputy
from zhiqiao.orgs.models import Grant

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def fresh_rules():
    clock.forget()
    terms.forget()
    yield
    clock.forget()
    terms.forget()


@pytest.fixture
def net():
    return factories.network(at=MONDAY - timedelta(days=90))


def at(day, hour=17, minute=30, month=3):
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


def fresh(need):
    return Need.objects.select_related("enterprise__organisation", "organisation").get(pk=need.pk)


def dues(need):
    rows = Clock.objects.filter(subject_id=need.pk, stopped_at__isnull=True)
    return {row.name: row.due_at.astimezone(CHINA) for row in rows}


def told(**filters):
    rows = Delivery.objects.filter(notice="needs.clock", channel="site", **filters)
    return sorted(rows.values_list("person__name", "title"))


def refused(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal.code


def pause(net, need, **values):
    given = {
        "reason": "expert",
        "until": at(9),
        "note": "专家出差，约定9日答复。",
        "by": net.clerk,
        "at": MONDAY,
    }
    return actions.pause_clocks(need, **given | values)


# ── What runs ───────────────────────────────────────────────────────────────────────────────────────


def test_several_clocks_run_at_once_and_the_need_shows_the_earliest(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, at=MONDAY))
    assert dues(need) == {"arranging": at(9), "meeting": at(23)}
    assert need.due_at == at(9)


def test_what_runs_across_stages_goes_on_until_its_end(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.INVITING, at=MONDAY))
    assert dues(need) == {"answer": at(5), "contact": at(16)}
    for invitation in need.invitations.select_related("expert", "need"):
        actions.decline_invitation(invitation, reason="busy", by=links.expert_actor(invitation), at=at(4, 10))
    assert dues(fresh(need)) == {"triage": at(9), "contact": at(16)}
    assert Clock.objects.filter(subject_id=need.pk, name="contact").count() == 1


def test_a_stopped_clock_says_whether_it_was_kept(net):
    need = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))
    actions.accept(need, by=net.clerk, at=at(5, 10))
    row = Clock.objects.get(subject_id=need.pk, name="acceptance")
    assert (row.due_at, row.stopped_at, row.met) == (at(4), at(5, 10), False)
    assert NEED_FLOW.history(need).last().late


def test_every_stage_on_every_path_has_exactly_one_clock_of_its_own():
    """Walk the table, not cases: no step leads to a stage without its clock, or to one with two."""
    ends = {"rejected", "withdrawn", "archived"}
    for step in NEED_FLOW.steps.values():
        own = [name for name in step.starts if NEED_FLOW.clocks[name].is_of_stage]
        assert len(own) == (step.target not in ends), step.name
    assert {kind.name for kind in CLOCKS} == {
        name for step in NEED_FLOW.steps.values() for name in step.starts
    }


def test_the_minutes_of_a_meeting_count_from_its_end_and_move_with_it(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, at=MONDAY))
    meeting = actions.schedule_meeting(
        need, mode="phone", starts_at=at(5, 14, 0), by=net.clerk, at=MONDAY + timedelta(hours=1)
    )
    assert dues(need)["minutes"] == at(9)
    actions.move_meeting(meeting, starts_at=at(10, 9, 0), by=net.clerk, at=at(4, 9))
    assert dues(need)["minutes"] == at(12)
    assert fresh(need).due_at == at(12)


# ── Pauses ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_pause_stops_every_clock_and_moves_every_due_time(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, at=MONDAY))
    pause(net, need)
    assert (fresh(need).due_at, fresh(need).paused_until) == (None, at(9))
    ended = actions.resume_clocks(fresh(need), by=net.clerk, at=at(4, 10, 0))
    assert (ended.minutes, ended.how) == (2 * 7 * 60, "resumed")
    assert dues(need) == {"arranging": at(11), "meeting": at(25)}
    assert (fresh(need).due_at, fresh(need).paused_until) == (at(11), None)


def test_time_that_stood_still_is_not_time_worked(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=MONDAY))
    pause(net, need)
    actions.resume_clocks(fresh(need), by=net.clerk, at=at(4, 10, 0))
    expert = factories.expert(organisation=net.city, at=MONDAY)
    actions.invite_experts(fresh(need), [expert], by=net.clerk, at=at(5, 10, 0))
    step = NEED_FLOW.history(need).last()
    assert (step.waited_minutes, step.paused_minutes, step.late) == (7 * 60, 2 * 7 * 60, False)


def test_the_next_step_ends_a_pause(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=MONDAY))
    pause(net, need)
    expert = factories.expert(organisation=net.city, at=MONDAY)
    actions.invite_experts(fresh(need), [expert], by=net.clerk, at=at(3, 10, 0))
    assert Pause.objects.get().how == "step"
    assert (fresh(need).paused_until, dues(need)) == (None, {"answer": at(6), "contact": at(17)})


def test_a_pause_that_runs_out_ends_by_itself_at_its_limit_and_tells_the_clerks(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=MONDAY))
    pause(net, need, until=at(3))
    assert upkeep.end_pauses(at(3, 17, 0)) == 0
    assert upkeep.end_pauses(at(10)) == 1
    assert upkeep.end_pauses(at(10)) == 0
    kept = Pause.objects.get()
    assert (kept.ended_at, kept.how) == (at(3), "over")
    assert [name for name, _ in told(title__startswith="恢复计时")] == ["周经办", "李经办"]


def test_a_step_after_the_limit_does_not_lengthen_the_pause(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=MONDAY))
    pause(net, need, until=at(3))
    actions.report_outcome(
        fresh(need), result="unsolved", reason="no_expert", note="没有。", by=net.clerk, at=at(6, 10, 0)
    )
    assert (Pause.objects.get().ended_at, Pause.objects.get().how) == (at(3), "over")
    assert NEED_FLOW.history(need).last().paused_minutes == 6 * 60 + 30 + 7 * 60 - 30


@pytest.mark.parametrize(
    ("stage", "values", "code"),
    [
        (Stage.SUBMITTED, {}, "flow.not_pausable"),
        (Stage.CONFIRMING, {}, "flow.not_pausable"),
        (Stage.MET, {"note": " "}, "flow.pause_note"),
        (Stage.MET, {"until": at(17)}, "flow.pause_limit"),
        (Stage.MET, {"until": MONDAY}, "flow.pause_limit"),
    ],
)
def test_a_pause_needs_its_stage_its_evidence_and_its_limit(net, stage, values, code):
    need = fresh(factories.need(enterprise=net.enterprise, stage=stage, at=MONDAY))
    assert refused(lambda: pause(net, need, **values)) == code
    assert not Pause.objects.exists()


def test_only_the_handling_association_pauses_and_only_once(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MET, at=MONDAY))
    assert refused(lambda: pause(net, need, by=net.contact)) == "needs.not_handler"
    pause(net, need)
    assert refused(lambda: pause(net, fresh(need))) == "flow.paused"
    actions.resume_clocks(fresh(need), by=net.clerk, at=at(3, 10, 0))
    assert (
        refused(lambda: actions.resume_clocks(fresh(need), by=net.clerk, at=at(3, 11, 0)))
        == "flow.not_paused"
    )


def test_a_pause_stands_in_the_timeline_with_its_evidence_and_the_enterprise_is_told(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MET, at=MONDAY))
    proof = SimpleUploadedFile("约定.txt", "3月2日与陈工电话约定".encode())
    made = pause(net, need, reason="enterprise", note="等企业补寄样件。", file=proof)
    assert made.attachment.title == "暂停计时的依据"
    assert told(title__startswith="等您答复") == [("陈工", f"等您答复：{need.title}")]
    actions.resume_clocks(fresh(need), by=net.clerk, at=at(4, 10, 0))
    words = [event.what for event in story.tell(fresh(need)).events][-3:]
    assert words == ["上传材料", "暂停计时：等企业，最晚到 2026年3月9日 17:30", "恢复计时（停了 2 个工作日）"]


# ── The ladder ──────────────────────────────────────────────────────────────────────────────────────


def ring(*moments):
    """Ring more often than anybody would, and return what was told at each moment."""
    seen, found = set(told()), []
    for moment in moments:
        for _ in range(3):
            upkeep.ring(moment)
        now = set(told())
        found.append(sorted(now - seen))
        seen = now
    return found


def test_the_ladder_is_climbed_in_working_time_once_per_rung(net):
    boss = factories.person(name="高市领", role="leader", organisation=net.city, at=MONDAY)
    need = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))  # due on Wednesday 17:30
    found = ring(
        at(3, 8), at(3, 9), at(4), at(5, 9, 30), at(5, 10, 0), at(6, 17, 30), at(9, 9), at(12), at(13, 9)
    )
    clerks = ["周经办", "李经办"]
    warned = sorted((name, f"“受理”时限将到：{need.title}") for name in clerks)
    late = sorted((name, f"“受理”已逾期：{need.title}") for name in clerks)
    leader = [("王领导", f"“受理”逾期两个工作日：{need.title}")]
    above = [(boss.name, f"“受理”逾期五个工作日：{need.title}")]
    assert found == [[], warned, [], [], late, leader, [], above, []]


def test_nobody_is_told_while_it_stands_still_or_after_it_has_stopped(net):
    need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=MONDAY))
    pause(net, need, until=at(13))
    assert ring(at(12)) == [[]]
    stopped = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))
    actions.accept(stopped, by=net.clerk, at=at(3, 8))
    assert not [title for _, title in ring(at(5))[0] if "受理" in title]


def test_a_worker_that_was_away_tells_the_highest_rung_only_and_old_news_not_at_all(net):
    need = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))
    assert ring(at(9, 9)) == [[("王领导", f"“受理”逾期两个工作日：{need.title}")]]
    old = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))
    upkeep.ring(at(20, month=7))
    assert not [title for _, title in told() if title.endswith(old.title)]


def test_the_deputy_is_told_instead_and_may_act(net):
    stand_in = factories.person(name="代小代", at=MONDAY)
    held = Grant.objects.get(person=net.clerk)
    appoint_deputy(held, stand_in, since=at(3, 0, 0), until=at(7, 0, 0), by=SYSTEM, at=MONDAY, reason="休假")
    need = fresh(factories.need(enterprise=net.enterprise, at=MONDAY))
    assert [name for name, _ in ring(at(3, 9))[0]] == ["代小代", "周经办"]
    assert (
        Grant.objects.valid(at(3, 9))
        .filter(person=stand_in, role="clerk", organisation=net.district)
        .exists()
    )
    assert not Grant.objects.valid(at(8, 9)).filter(person=stand_in).exists()
    end_deputy(held.deputies.get(), by=SYSTEM, at=at(4, 12), reason="提前回来")
    assert not Grant.objects.valid(at(5, 9)).filter(person=stand_in).exists()
    assert [name for name, _ in ring(at(5, 10))[0]] == ["周经办", "李经办"]
    assert need.number


def test_a_deputy_is_neither_herself_nor_two_at_once_nor_appointed_by_anybody(net):
    held = Grant.objects.get(person=net.clerk)
    span = {"since": at(3, 0, 0), "until": at(7, 0, 0), "at": MONDAY}
    assert refused(lambda: appoint_deputy(held, net.clerk, by=SYSTEM, **span)) == "orgs.deputy_self"
    assert (
        refused(lambda: appoint_deputy(held, net.second_clerk, by=net.leader, **span)) == "scope.not_covered"
    )
    appoint_deputy(held, net.second_clerk, by=SYSTEM, **span)
    assert Grant.objects.filter(person=net.second_clerk).count() == 1  # she is a clerk there already
    assert refused(lambda: appoint_deputy(held, net.town_clerk, by=SYSTEM, **span)) == "orgs.deputy_twice"


# ── Emergencies, terms as data, calendars that change ───────────────────────────────────────────────


def test_in_an_emergency_nights_and_weekends_count(net):
    friday = at(6, 16, 0)
    need = fresh(factories.need(enterprise=net.enterprise, at=friday))
    assert dues(need) == {"acceptance": at(10)}
    actions.hurry_clocks(need, by=net.clerk, at=friday, reason="防汛抢险")
    assert dues(need) == {"acceptance": at(9, 0, 0)}
    actions.accept(fresh(need), by=net.clerk, at=at(7, 3, 0))
    assert dues(need)["triage"] == at(11, 0, 0)
    actions.hurry_clocks(fresh(need), on=False, by=net.clerk, at=at(7, 4, 0), reason="解除")
    assert dues(need)["triage"] == at(11)
    assert (
        refused(lambda: actions.hurry_clocks(fresh(need), by=net.leader, at=at(7), reason="x"))
        == "needs.not_handler"
    )


def term(net, **values):
    given = {
        "starts_on": date(2026, 3, 1),
        "amount": 5,
        "by": SYSTEM,
        "at": MONDAY,
        "source": "区发〔2026〕1号",
    }
    given |= {"place": net.district.path, "name": "acceptance"} | values
    return declare_term("need", given.pop("name"), **given)


def test_the_nearest_unit_sets_the_term_and_a_programme_goes_before(net):
    term(net, amount=4, place=net.city.path)
    assert dues(factories.need(enterprise=net.sibling_enterprise, at=MONDAY)) == {"acceptance": at(6)}
    term(net, amount=3)
    assert dues(factories.need(enterprise=net.enterprise, at=MONDAY)) == {"acceptance": at(5)}
    programme = Programme.objects.create(
        code="sq", name="双千", organisation=net.city, starts_on=date(2026, 1, 1)
    )
    term(net, amount=1, place=net.city.path, campaign=str(programme.pk))
    need = actions.ask(enterprise=net.enterprise, by=net.contact, at=MONDAY, title="裂纹", body="不明", contact_name="陈",
                       contact_phone="13800001111")  # fmt: skip
    need.programmes.add(programme)
    actions.submit(need, by=net.contact, at=MONDAY)
    assert dues(need) == {"acceptance": at(3)}
    term(net, amount=None, starts_on=date(2026, 3, 2))  # the district follows the city again
    assert dues(factories.need(enterprise=net.enterprise, at=MONDAY)) == {"acceptance": at(6)}


def test_a_term_that_starts_later_moves_open_clocks_on_its_day_and_leaves_what_is_closed(net):
    closed = factories.need(enterprise=net.enterprise, at=MONDAY)
    actions.accept(fresh(closed), by=net.clerk, at=MONDAY)
    judged = Clock.objects.filter(subject_id=closed.pk, name="acceptance").values().get()
    need = factories.need(enterprise=net.enterprise, at=MONDAY)
    term(net, starts_on=date(2026, 3, 4), amount=5)
    upkeep.recount(at(3, 9))
    assert dues(need) == {"acceptance": at(4)}
    upkeep.recount(at(4, 9))
    assert dues(need) == {"acceptance": at(9)}
    assert fresh(need).due_at == at(9)
    entry = AuditEntry.objects.get(verb="need.recount", subject_id=str(need.pk))
    assert (datetime.fromisoformat(entry.before["acceptance"]), datetime.fromisoformat(entry.after["acceptance"])) == (
        at(4), at(9),
    )  # fmt: skip
    assert Clock.objects.filter(subject_id=closed.pk, name="acceptance").values().get() == judged
    assert "受理由 2026年3月4日 17:30 改到 2026年3月9日 17:30" in story.tell(fresh(need)).events[-1].what
    assert audit.verify() == []


def test_a_term_may_spare_what_is_open(net):
    need = factories.need(enterprise=net.enterprise, at=MONDAY)
    term(net, starts_on=date(2026, 3, 3), amount=5, open_too=False)
    upkeep.recount(at(4, 9))
    assert dues(need) == {"acceptance": at(4)}
    assert dues(factories.need(enterprise=net.enterprise, at=at(3, 9))) == {"acceptance": at(10)}


def test_a_term_can_silence_the_warning_and_the_ladder(net):
    term(net, amount=2, warn_days=None, escalates=False)
    need = factories.need(enterprise=net.enterprise, at=MONDAY)
    assert Clock.objects.get(subject_id=need.pk).next_at is None
    assert ring(at(3, 9), at(20)) == [[], []]


def test_a_changed_calendar_moves_open_clocks_of_its_unit_through_the_job(net):
    here = factories.need(enterprise=net.enterprise, at=MONDAY)
    there = factories.need(enterprise=net.sibling_enterprise, at=MONDAY)
    jobs.run_ready(datetime.now(UTC) + timedelta(hours=1))
    clock.declare_day(
        date(2026, 3, 3), working=False, name="停电", by=SYSTEM, at=at(2, 12), place=net.district.path
    )
    jobs.run_ready(datetime.now(UTC) + timedelta(hours=1))
    assert (dues(here), dues(there)) == ({"acceptance": at(5)}, {"acceptance": at(4)})


def test_a_recount_works_in_batches_and_the_second_time_changes_nothing(net):
    needs = [factories.need(enterprise=net.enterprise, at=MONDAY) for _ in range(5)]
    clock.declare_day(date(2026, 3, 3), working=False, by=SYSTEM, at=at(2, 12), place=net.district.path)
    after, batches = 0, 0
    while after is not None:
        after, batches = upkeep.recount(at(2, 13), after, limit=2), batches + 1
    assert batches == 3
    assert {due for need in needs for due in dues(need).values()} == {at(5)}
    count = AuditEntry.objects.count()
    assert upkeep.recount(at(2, 13)) is None
    assert AuditEntry.objects.count() == count


def test_a_small_loop_with_terms_only_gets_a_clock_per_step():
    from zhiqiao.kit.clock import days
    from zhiqiao.kit.flow import Step

    flow = Flow(
        "little",
        "小流程",
        Stage,
        [Step("go", "走", ("draft",), "submitted", lambda b, s: True, within=days(3))],
    )
    try:
        assert flow.steps["go"].starts == ("go",)
        assert flow.clocks["go"].within == days(3)
    finally:
        Flow.registry.pop("little")
