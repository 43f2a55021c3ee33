"""一条需求在工作台上从受理走到归档：每一步都是一次真的请求。"""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit import clock, files
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.flow import Transition
from zhiqiao.needs import actions, desk, links
from zhiqiao.needs.enums import InvitationState, MeetingState, Result, Source, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Attendance, Need, Outcome
from zhiqiao.needs.views import steps

pytestmark = pytest.mark.django_db


def url(need, step, version=None):
    """一步的网址；给了版本号，就像页面是在那时打开的。"""
    path = reverse("needs:step", args=(need.pk, step))
    return path if version is None else f"{path}?version={version}"


def fresh(need):
    return Need.objects.select_related("enterprise__organisation", "organisation").get(pk=need.pk)


def take(client, need, step, **sent):
    """办一步；必须成功，返回之后的需求。"""
    response = client.post(url(need, step, fresh(need).version), sent)
    assert response.status_code == 302, response.context["form"].errors
    assert response.url == need.get_absolute_url()
    return fresh(need)


def refused(client, need, step, **sent):
    """办一步；必须办不成，返回表单里的话。"""
    response = client.post(url(need, step, fresh(need).version), sent)
    assert response.status_code == 200
    return "".join(str(words) for words in response.context["form"].errors.values())


def in_two_days(hour=14):
    day = clock.local_date(timezone.now()) + timedelta(days=2)
    return f"{day}T{hour:02d}:00"


def answer(need, outcome, *, agrees=True, note=""):
    """双方各自用自己的链接答复登记的结果。"""
    actions.answer_outcome(
        outcome, agrees=agrees, note=note, by=links.enterprise_actor(need), at=timezone.now()
    )
    if agrees:
        invitation = need.invitations.select_related("expert").get(state=InvitationState.ACCEPTED)
        actions.answer_outcome(outcome, agrees=True, by=links.expert_actor(invitation), at=timezone.now())


def test_a_case_goes_from_submitted_to_archived_by_requests(net, as_person):
    clerk = as_person(net.clerk)
    first, second = (factories.expert(organisation=net.city) for _ in range(2))
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)

    need = take(clerk, need, "accept", note="请留意企业电话")
    assert need.stage == Stage.MATCHING

    chosen = {f"rank_{first.pk}": "2", f"rank_{second.pk}": "1"}
    need = take(clerk, need, "invite", message="盼您指导", wanted="1", **chosen)
    assert need.stage == Stage.INVITING
    line = need.invitations.values_list("expert_id", "state", "message")
    assert list(line) == [
        (second.pk, InvitationState.SENT, "盼您指导"),
        (first.pk, InvitationState.QUEUED, "盼您指导"),
    ]

    third = factories.expert(organisation=net.city)
    need = take(clerk, need, "invite_more", **{f"rank_{third.pk}": "1"})
    assert list(need.invitations.values_list("expert_id", flat=True)) == [second.pk, first.pk, third.pk]

    invitation = need.invitations.select_related("expert").get(expert=second)
    actions.accept_invitation(invitation, by=links.expert_actor(invitation), at=timezone.now())
    assert fresh(need).stage == Stage.ARRANGING

    need = take(
        clerk, need, "schedule", mode="site", starts_at=in_two_days(), minutes_long="60", place="一号会议室"
    )
    assert need.stage == Stage.SCHEDULED
    assert f"{clock.local(need.meetings.get().starts_at):%Y-%m-%dT%H:%M}" == in_two_days()

    need = take(clerk, need, "move_meeting", starts_at=in_two_days(16), place="二号会议室")
    assert need.stage == Stage.SCHEDULED
    assert need.meetings.values_list("place", "sequence").get() == ("二号会议室", 1)

    need = take(
        clerk,
        need,
        "hold",
        experts=[second.pk],
        enterprise_people="陈工、刘总 赵工",
        summary="谈了三组试验。",
    )
    assert need.stage == Stage.MET
    present = Attendance.objects.filter(meeting__need=need).values_list("side", "name")
    assert set(present) == {
        ("expert", second.name), ("enterprise", "陈工"), ("enterprise", "刘总"), ("enterprise", "赵工"),
    }  # fmt: skip

    need = take(
        clerk, need, "report", result=Result.COOPERATION, note="签了技术服务合同", amount_yuan="120000.50"
    )
    assert need.stage == Stage.CONFIRMING
    outcome = Outcome.objects.get(need=need)
    assert (outcome.result, outcome.amount_fen, outcome.confirmed_at) == (Result.COOPERATION, 12000050, None)

    answer(need, outcome)
    actions.rate(fresh(need), score=5, by=links.enterprise_actor(need), at=timezone.now())
    assert fresh(need).stage == Stage.CLOSING

    need = take(clerk, need, "archive")
    assert need.stage == Stage.ARCHIVED
    taken = list(NEED_FLOW.history(need).values_list("step", flat=True))
    assert taken == [
        "submit", "accept", "invite", "engage", "schedule", "hold", "report", "confirm", "rate", "archive",
    ]  # fmt: skip


def test_the_ways_out_are_taken_by_requests(net, as_person):
    clerk = as_person(net.clerk)
    ways = (
        ("send_back", Stage.SUBMITTED, {"note": "请补充照片"}, Stage.RETURNED),
        ("reject", Stage.SUBMITTED, {"note": "不是技术需求"}, Stage.REJECTED),
        ("withdraw", Stage.MATCHING, {"note": "企业来电撤回"}, Stage.WITHDRAWN),
        ("rematch", Stage.MET, {"note": "方向不对"}, Stage.MATCHING),
    )
    for step, stage, sent, target in ways:
        need = factories.need(enterprise=net.enterprise, stage=stage)
        assert take(clerk, need, step, **sent).stage == target
        assert NEED_FLOW.history(need).last().note == sent["note"]


def test_a_cancelled_meeting_leaves_the_need_where_it_is_and_another_can_be_fixed(net, as_person):
    clerk = as_person(net.clerk)
    need = factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED)
    need = take(clerk, need, "cancel_meeting", reason="专家临时出差")
    assert (need.stage, need.meetings.get().state) == (Stage.SCHEDULED, MeetingState.CANCELLED)
    need = take(
        clerk,
        need,
        "schedule",
        mode="video",
        starts_at=in_two_days(),
        minutes_long="30",
        link="https://m.example/8",
    )
    assert need.meetings.filter(state=MeetingState.PLANNED).count() == 1


def test_a_disputed_outcome_is_reported_again(net, as_person):
    clerk = as_person(net.clerk)
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    answer(need, need.outcomes.get(), agrees=False, note="只解决了一半")
    assert fresh(need).stage == Stage.MET
    need = take(clerk, need, "report", result=Result.UNSOLVED, reason="technology", note="暂时做不到")
    assert need.stage == Stage.CONFIRMING
    assert need.outcomes.get(superseded_at__isnull=True).reason == "technology"


def test_proof_file_text_and_enterprise_are_added_without_moving_the_need(net, as_person):
    clerk = as_person(net.clerk)
    need = factories.need(enterprise=net.enterprise, stage=Stage.CLOSING, source=Source.IMPORT)
    paper = SimpleUploadedFile("合同.txt", "技术服务合同编号 2026-07".encode())
    take(clerk, need, "attach", file=paper, title="技术服务合同")
    assert files.attachments_of(need).get().title == "技术服务合同"
    take(clerk, need, "prove", level="2", note="合同登记编号 2026-07")
    assert need.outcomes.get().evidence_level == 2
    other = factories.enterprise(place=net.district, name="青山齿轮有限公司")
    take(clerk, need, "identify", enterprise="青山齿轮有限公司")
    changed = {"title": "套圈磨削裂纹", "body": "改过的内容", "kind": "process", "urgency": "urgent"}
    kept = {"visibility": need.visibility, "contact_name": "刘总", "contact_phone": "13800003333"}
    need = take(clerk, need, "revise", budget_yuan="30000", reason="与企业核对", **changed, **kept)
    assert (need.title, need.kind, need.budget_fen, need.enterprise) == (
        "套圈磨削裂纹",
        "process",
        3000000,
        other,
    )
    assert need.stage == Stage.CLOSING
    entry = AuditEntry.objects.get(verb="need.revise")
    assert (entry.before["body"] != entry.after["body"], entry.reason) == (True, "与企业核对")


def test_the_finders_reasons_stay_with_the_invitation(net, as_person):
    chosen = factories.expert(organisation=net.city, name="王守仁", evidence=("套圈磨削裂纹的成因",))
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    take(as_person(net.clerk), need, "invite", wanted="1", **{f"rank_{chosen.pk}": "1"})
    (reason, *_) = need.invitations.get().why
    assert "套圈磨削裂纹" in reason


# ── Two people, two clicks ──────────────────────────────────────────────────────────────────────────


def test_a_second_clerk_is_told_who_was_quicker_and_nothing_changes(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    seen = need.version
    take(as_person(net.clerk), need, "accept")
    before = (fresh(need).version, Transition.objects.count(), AuditEntry.objects.count())
    response = as_person(net.second_clerk).post(url(need, "accept", seen))
    assert response.status_code == 200
    (words,) = response.context["form"].non_field_errors()
    assert words.startswith("已由李经办办理“受理”")
    assert "待匹配" in words
    assert (fresh(need).version, Transition.objects.count(), AuditEntry.objects.count()) == before


def test_a_form_opened_before_the_need_went_round_once_is_refused(net, as_person):
    """同一个环节、不同的一轮：没有版本号就会办到新的一轮上去。"""
    expert = factories.expert(organisation=net.city)
    seen = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING).version
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET)
    take(as_person(net.clerk), need, "rematch", note="换一个方向")
    assert fresh(need).stage == Stage.MATCHING
    sent = {f"rank_{expert.pk}": "1", "wanted": "1"}
    response = as_person(net.second_clerk).post(url(need, "invite", seen), sent)
    (words,) = response.context["form"].non_field_errors()
    assert "重新匹配" in words
    assert fresh(need).stage == Stage.MATCHING
    control = as_person(net.second_clerk).post(url(need, "invite"), sent)
    assert (control.status_code, fresh(need).stage) == (302, Stage.INVITING)


def test_a_double_click_takes_the_step_once(net, as_person):
    clerk = as_person(net.clerk)
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    sent = {"_once": "a" * 32}
    answers = [clerk.post(url(need, "accept", need.version), sent) for _ in range(2)]
    assert [(one.status_code, one.url) for one in answers] == [(302, need.get_absolute_url())] * 2
    assert NEED_FLOW.history(need).filter(step="accept").count() == 1


# ── What the page says before and instead ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("step", "stage", "sent", "words"),
    [
        ("send_back", Stage.SUBMITTED, {"note": " "}, "请写明需要补充什么"),
        ("schedule", Stage.ARRANGING, {"mode": "site", "minutes_long": "60"}, "现场对接请填写地点"),
        ("schedule", Stage.ARRANGING, {"mode": "video", "minutes_long": "60"}, "视频对接请填写会议链接"),
        ("hold", Stage.SCHEDULED, {"summary": "谈过了"}, "请勾选到场的专家"),
        ("report", Stage.MET, {"result": "unsolved", "note": "没办成"}, "请选择原因"),
        ("report", Stage.MATCHING, {"result": "solved", "note": "办成了"}, "还没有登记过对接"),
        ("invite", Stage.MATCHING, {"wanted": "1"}, "请至少给一位专家写上次序"),
        ("identify", Stage.MATCHING, {"enterprise": "没有这家"}, "没有找到这家企业"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_words_and_nothing_happens(net, as_person, step, stage, sent, words):
    need = factories.need(enterprise=net.enterprise, stage=stage)
    sent = {"starts_at": in_two_days()} | sent if step == "schedule" else sent
    assert words in refused(as_person(net.clerk), need, step, **sent)
    assert (fresh(need).stage, fresh(need).version) == (need.stage, need.version)


def test_an_expert_who_cannot_be_asked_is_refused_with_the_reason(net, as_person):
    resting = factories.expert(
        organisation=net.city,
        name="赵明达",
        resting_until=clock.local_date(timezone.now()) + timedelta(days=9),
    )
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    sent = {f"rank_{resting.pk}": "1", "wanted": "1"}
    assert "赵明达请勿打扰至" in refused(as_person(net.clerk), need, "invite", **sent)
    assert not need.invitations.exists()


def test_every_page_opens_where_the_act_is_offered_and_says_what_it_leads_to(net, as_person):
    clerk = as_person(net.clerk)
    factories.expert(organisation=net.city)
    seen = set()
    for stage in Stage.values:
        need = fresh(factories.need(enterprise=net.enterprise, stage=stage, source=Source.IMPORT))
        laid = desk.lay(need, net.clerk, timezone.now() + timedelta(days=60))
        for act in (*laid.main, *laid.more):
            response = clerk.get(url(need, act.name))
            assert response.status_code == 200, (stage, act.name)
            seen.add(act.name)
            if act.is_step and act.name != "archive":
                assert response.context["closed"] == "", (stage, act.name)
                target = NEED_FLOW.stages(NEED_FLOW.steps[act.name].target).label
                assert f"需求转到“{target}”" in response.context["effects"][0]
    for name in ("pause", "resume", "hurry", "unhurry"):
        need = fresh(factories.need(enterprise=net.enterprise, stage=Stage.MET))
        if name == "resume":
            until = timezone.now() + timedelta(days=3)
            actions.pause_clocks(
                need, reason="expert", until=until, note="等答复", by=net.clerk, at=timezone.now()
            )
        if name == "unhurry":
            actions.hurry_clocks(need, reason="防汛", by=net.clerk, at=timezone.now())
        assert name in {
            act.name
            for act in (
                *desk.lay(need, net.clerk, timezone.now()).main,
                *desk.lay(need, net.clerk, timezone.now()).more,
            )
        }
        assert clerk.get(url(need, name)).context["closed"] == ""
        seen.add(name)
    assert seen == set(desk.ACTS) == set(steps.PAGES)


def test_a_step_of_another_stage_says_why_with_the_flows_own_words(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    response = as_person(net.clerk).get(url(need, "accept"))
    assert response.context["closed"] == str(NEED_FLOW.check(need, "accept", net.clerk))
    assert "已归档" in response.context["closed"]
    assert '<form class="form"' not in response.content.decode()


def test_a_step_of_somebody_else_says_whose_it_is(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SUBMITTED)
    response = as_person(net.town_clerk).get(url(need, "accept"))
    assert response.context["closed"] == "这一步由青山区科协经办人办理。"
    assert "青山区科协经办人" in refused(as_person(net.town_clerk), need, "accept")


def test_confirming_for_the_enterprise_is_not_offered(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    clerk = as_person(net.clerk)
    for step in ("confirm", "dispute", "rate", "engage", "submit", "exhaust"):
        assert clerk.get(url(need, step)).status_code == 404
        assert clerk.post(url(need, step), {}).status_code == 404
    page = clerk.get(need.get_absolute_url()).content.decode()
    assert "企业或受邀专家" in page
    assert "尚未答复" in page


def test_the_invitation_page_keeps_the_order_of_the_ticks_and_warns_of_a_full_desk(net, as_person):
    full = factories.expert(organisation=net.city, task_cap=0)
    free = factories.expert(organisation=net.city)
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    response = as_person(net.clerk).get(url(need, "invite"), {"expert": [full.pk, free.pk, "x", 10**20]})
    shown = [
        (one["expert"], one["place"].value(), bool(one["blocked"])) for one in response.context["chosen"]
    ]
    assert shown == [(full, 1, True), (free, 2, False)]


def test_experts_out_of_sight_cannot_be_invited_by_key(net, as_person):
    hidden = factories.expert(organisation=net.other_city, sharing="own")
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    sent = {f"rank_{hidden.pk}": "1", "wanted": "1"}
    assert "请至少给一位专家写上次序" in refused(as_person(net.clerk), need, "invite", **sent)
    assert not need.invitations.exists()


def test_what_was_typed_is_kept_until_the_step_is_taken(net, as_person):
    clerk = as_person(net.clerk)
    need = factories.need(enterprise=net.enterprise, stage=Stage.MET)
    page = clerk.get(url(need, "report")).content.decode()
    keep = reverse("draft", kwargs={"form": f"need-{need.pk}-report"})
    assert f'data-autosave="{keep}"' in page
    clerk.post(keep, {"note": "写到一半"})
    assert clerk.get(keep).json()["values"] == {"note": ["写到一半"]}
    take(clerk, need, "report", result=Result.SOLVED, note="写完了")
    assert clerk.get(keep).json()["values"] == {}


def test_a_clerk_goes_on_with_a_draft_of_her_own_office_where_it_is_written(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RETURNED)
    page = as_person(net.clerk).get(need.get_absolute_url())
    assert reverse("needs:draft", args=(need.pk,)) in page.content.decode()
    assert page.context["desk"].waiting == []
