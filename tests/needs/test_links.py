"""签名链接：没有账号也能答复、查看、确认和评价；看一看什么都不会变，答过一次就不能再答。"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests import factories
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import InvitationState, Side, Stage, Visibility
from zhiqiao.needs.models import Invitation, Need, Rating

NAME = "青山精密轴承有限公司"


def page(response, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return response.content.decode()


def invited(net, stage: str = Stage.INVITING, **values) -> list[Invitation]:
    """一条需求和排好队的两位专家。"""
    experts = [factories.expert(organisation=net.society, name=name) for name in ("陆首选", "沈候补")]
    need = factories.need(enterprise=net.enterprise, stage=stage, experts=experts, **values)
    return list(need.invitations.order_by("rank"))


def state_of(invitation: Invitation) -> str:
    return Invitation.objects.get(pk=invitation.pk).state


def stage_of(need: Need) -> str:
    return Need.objects.get(pk=need.pk).stage


def test_looking_changes_nothing(client, net):
    first, _ = invited(net)
    entries = AuditEntry.objects.count()

    for _ in range(2):
        page(client.get(links.invitation_url(first)))
    client.head(links.invitation_url(first))

    assert AuditEntry.objects.count() == entries
    assert state_of(first) == InvitationState.SENT


def test_a_decline_brings_the_next_and_the_next_accepts(client, net):
    first, second = invited(net)
    assert state_of(second) == InvitationState.QUEUED
    assert page(client.get(links.invitation_url(second)), 404)

    form = {"act": "decline", "decline-reason": "far", "decline-note": "可以问问沈老师"}
    page(client.post(links.invitation_url(first), form, follow=True))
    assert (state_of(first), state_of(second)) == (InvitationState.DECLINED, InvitationState.SENT)

    thanks = page(
        client.post(links.invitation_url(second), {"act": "accept", "accept-note": "周三下午"}, follow=True)
    )
    assert "感谢您接受邀请" in thanks
    assert state_of(second) == InvitationState.ACCEPTED
    assert stage_of(first.need) == Stage.ARRANGING


def test_a_decline_needs_its_reason(client, net):
    first, _ = invited(net)
    shown = page(client.post(links.invitation_url(first), {"act": "decline"}))
    assert "请选择一项原因" in shown
    assert re.search(r'href="#id_decline-reason_0"', shown)
    assert state_of(first) == InvitationState.SENT


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"act": "accept"}, "您已接受这份邀请"),
        ({"act": "decline", "decline-reason": "busy"}, "您已婉拒这份邀请"),
    ],
)
def test_a_second_answer_is_refused_in_the_words_of_the_rule(client, net, before, words):
    first, _ = invited(net)
    url = links.invitation_url(first)
    client.post(url, before)
    state = state_of(first)

    again = page(client.post(url, {"act": "decline", "decline-reason": "other"}), 409)
    over = page(client.post(url, {"act": "accept"}), 409)

    assert words in again
    assert words in over
    assert state_of(first) == state


def test_an_answer_after_the_term_hears_that_others_were_asked(client, net):
    first, second = invited(net)
    actions.lapse_invitation(first, at=timezone.now() + timedelta(days=30))
    assert state_of(second) == InvitationState.SENT

    shown = page(client.get(links.invitation_url(first)))
    refused = page(client.post(links.invitation_url(first), {"act": "accept"}), 409)

    assert "答复期限已过" in shown
    assert "答复期限已过" in refused
    assert state_of(first) == InvitationState.LAPSED


def test_forged_and_foreign_links_open_nothing(client, net):
    first, _ = invited(net)
    token = links.sign(first)
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "x",
        signing.dumps("invitation:1"),
        links.sign(first.need),
    ]

    for wrong in forged:
        shown = page(client.get(reverse("needs:answer", args=(wrong,))), 404)
        assert "这个链接打不开" in shown
        assert first.need.title not in shown
        assert page(client.post(reverse("needs:answer", args=(wrong,)), {"act": "accept"}), 404)
        assert client.get(reverse("needs:link_calendar", args=(wrong,))).status_code == 404
    assert page(client.get(reverse("needs:follow", args=(token,))), 404)
    assert state_of(first) == InvitationState.SENT


def test_an_old_link_says_that_it_is_too_old(client, net, monkeypatch):
    first, _ = invited(net)
    url = links.invitation_url(first)
    monkeypatch.setattr(links, "MAX_AGE_SECONDS", -1)

    assert "已经过期" in page(client.get(url), 410)
    assert page(client.post(url, {"act": "accept"}), 410)
    assert state_of(first) == InvitationState.SENT


def test_an_answer_that_does_not_exist_is_a_bad_request(client, net):
    first, _ = invited(net)
    for act in ("", "withdraw", "supplement"):
        assert client.post(links.invitation_url(first), {"act": act}).status_code == 400


def test_pages_behind_a_link_stay_out_of_caches_and_of_other_sites(client, net):
    first, _ = invited(net)
    for url in (links.invitation_url(first), links.enterprise_url(first.need), "/l/i/x/"):
        response = client.get(url)
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    ("visibility", "before"),
    [(Visibility.PUBLIC, True), (Visibility.MASKED, False), (Visibility.STAFF, False)],
)
def test_expert_reads_the_name_of_the_enterprise_when_it_is_due(client, net, visibility, before):
    body = f"{NAME}遇到问题，请打 13800001111。"
    first, _ = invited(net, visibility=visibility, body=body)

    asked = page(client.get(links.invitation_url(first)))
    client.post(links.invitation_url(first), {"act": "accept"})
    accepted = page(client.get(links.invitation_url(first)))

    assert (NAME in asked) is before
    assert ("13800001111" in asked) is before
    assert NAME in accepted


def test_whoever_declined_never_learns_who_asked(client, net):
    first, second = invited(net, visibility=Visibility.STAFF)
    client.post(links.invitation_url(first), {"act": "decline", "decline-reason": "field"})
    client.post(links.invitation_url(second), {"act": "accept"})
    shown = page(client.get(links.invitation_url(first)))
    assert NAME not in shown
    assert "沈候补" not in shown


def test_both_sides_confirm_by_link_and_the_case_goes_on_to_rating(client, net):
    first, _ = invited(net, stage=Stage.CONFIRMING)
    enterprise, expert = links.enterprise_url(first.need), links.invitation_url(first)

    page(client.post(enterprise, {"act": "confirm", "confirm-agrees": "yes"}, follow=True))
    waiting = page(client.get(enterprise))
    assert "正在等专家一方答复" in waiting
    assert stage_of(first.need) == Stage.CONFIRMING

    page(client.post(expert, {"act": "confirm", "confirm-agrees": "yes"}, follow=True))
    assert stage_of(first.need) == Stage.RATING

    marks = {"act": "rate", "rate-score": "4", "rate-skill": "5", "rate-comment": "谢谢"}
    page(client.post(expert, {"act": "rate", "rate-score": "5"}, follow=True))
    page(client.post(enterprise, marks, follow=True))
    assert stage_of(first.need) == Stage.CLOSING
    given = {rating.side: (rating.score, rating.items) for rating in Rating.objects.all()}
    assert given == {Side.ENTERPRISE: (4, {"skill": 5}), Side.EXPERT: (5, {})}


def test_a_no_needs_words_and_sends_the_case_back(client, net):
    first, _ = invited(net, stage=Stage.CONFIRMING)
    url = links.enterprise_url(first.need)

    silent = page(client.post(url, {"act": "confirm", "confirm-agrees": "no"}))
    assert "请写明哪里与实际不符" in silent
    assert 'href="#id_confirm-note"' in silent
    assert stage_of(first.need) == Stage.CONFIRMING

    client.post(url, {"act": "confirm", "confirm-agrees": "no", "confirm-note": "还没有试验数据"})
    assert stage_of(first.need) == Stage.MET


def test_confirming_twice_is_refused(client, net):
    first, _ = invited(net, stage=Stage.CONFIRMING)
    url = links.enterprise_url(first.need)
    client.post(url, {"act": "confirm", "confirm-agrees": "yes"})
    assert "企业一方已经答复过" in page(client.post(url, {"act": "confirm", "confirm-agrees": "yes"}), 409)


def test_confirming_before_there_is_an_outcome_is_refused(client, net):
    first, _ = invited(net, stage=Stage.ARRANGING)
    refused = client.post(links.enterprise_url(first.need), {"act": "confirm", "confirm-agrees": "yes"})
    assert "待约定" in page(refused, 409)


def test_a_returned_need_is_completed_by_link(client, net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.RETURNED)
    url = links.enterprise_url(need)
    assert "请补充裂纹照片和材料牌号" in page(client.get(url))

    client.post(url, {"act": "supplement", "supplement-body": "材料 GCr15，照片已补。"})

    again = Need.objects.get(pk=need.pk)
    assert (again.stage, again.body) == (Stage.SUBMITTED, "材料 GCr15，照片已补。")


def test_withdrawing_by_link_needs_a_reason(client, net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    url = links.enterprise_url(need)
    assert "请写明撤回的原因" in page(client.post(url, {"act": "withdraw"}))
    page(client.post(url, {"act": "withdraw", "withdraw-note": "已另行解决"}, follow=True))
    assert stage_of(need) == Stage.WITHDRAWN


@pytest.mark.parametrize("side", [Side.ENTERPRISE, Side.EXPERT])
def test_the_meeting_comes_as_a_calendar_file(client, net, side):
    first, second = invited(net, stage=Stage.SCHEDULED)
    meeting = first.need.meetings.get()
    subject = first.need if side == Side.ENTERPRISE else first
    name = "needs:follow_calendar" if side == Side.ENTERPRISE else "needs:link_calendar"
    url = reverse(name, args=(links.sign(subject),))
    shown = page(
        client.get(
            links.enterprise_url(first.need) if side == Side.ENTERPRISE else links.invitation_url(first)
        )
    )

    file = client.get(url)

    event = Calendar.from_ical(file.content).walk("VEVENT")[0]
    assert "加入日历" in shown
    assert file["Content-Type"].startswith("text/calendar")
    assert event.decoded("dtstart") == meeting.starts_at.replace(microsecond=0)
    assert client.get(reverse("needs:link_calendar", args=(links.sign(second),))).status_code == 404


def test_whoever_was_replaced_takes_no_further_part(client, net):
    first, _ = invited(net, stage=Stage.ARRANGING)
    actions.rematch(first.need, by=net.clerk, at=timezone.now(), note="方向不合")
    other = factories.expert(organisation=net.society, name="另请的")
    need = Need.objects.get(pk=first.need_id)
    actions.invite_experts(need, [other], by=net.clerk, at=timezone.now())
    client.post(links.invitation_url(need.invitations.get(expert=other)), {"act": "accept"})

    shown = page(client.get(links.invitation_url(first)))

    assert "已改请其他专家" in shown
    assert "另请的" not in shown
    assert "方向不合" not in shown
