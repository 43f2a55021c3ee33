"""一条需求一份往来：谁能写、谁能看、提醒谁；内部备注不出工作台；移错了能移回。"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.needs import talking
from tests.needs.talking import BODY, say, say_as_enterprise
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, links, party, story, talk, talk_links
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Message, SavedReply
from zhiqiao.needs.talk_enums import Audience, TalkRole, Via

CANARY = "内部金丝雀7319"


def read_by(invitation) -> list[str]:
    case = party.case_of_invitation(invitation, timezone.now())
    return [line.body for line in talk.lines_for_party(case, talk_links.party_file(case))]


def read_by_enterprise(need) -> list[str]:
    case = party.case_of(need, links.enterprise_actor(need), timezone.now())
    return [line.body for line in talk.lines_for_party(case, talk_links.party_file(case))]


def test_each_party_reads_what_is_meant_for_her(net):
    need, invitation = talking.case(net)
    say_as_enterprise(need, "给大家")
    say_as_enterprise(need, "只给受理单位", Audience.ENTERPRISE)
    say(need, net.clerk, "回企业", Audience.ENTERPRISE, via=Via.WORKBENCH)
    say(need, net.clerk, CANARY, Audience.STAFF, via=Via.WORKBENCH)
    expert = links.expert_actor(invitation)
    say(need, expert, "专家答")

    assert read_by(invitation) == ["给大家", "专家答"]
    assert read_by_enterprise(need) == ["给大家", "只给受理单位", "回企业", "专家答"]
    assert [one.body for one in talk.for_staff(need)] == [
        "给大家",
        "只给受理单位",
        "回企业",
        CANARY,
        "专家答",
    ]


def test_an_expert_reads_nothing_said_before_she_accepted_nor_after_she_is_released(net):
    expert = factories.expert(organisation=net.society, name="陆教授")
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[expert])
    invitation = need.invitations.select_related("expert", "need").get()
    say_as_enterprise(need, "接受之前")
    assert read_by(invitation) == []

    actions.accept_invitation(invitation, by=links.expert_actor(invitation), at=timezone.now())
    invitation.refresh_from_db()
    need.refresh_from_db()
    say_as_enterprise(need, "接受之后")
    assert read_by(invitation) == ["接受之后"]

    actions.rematch(need, by=net.clerk, at=timezone.now(), note="方向不合")
    invitation = need.invitations.select_related("expert", "need").get()
    say_as_enterprise(need, "改请之后")
    assert read_by(invitation) == []


def test_who_may_not_write_is_told_why(net):
    need, invitation = talking.case(net)
    for by, audience, code in (
        (net.town_clerk, Audience.ENTERPRISE, "talk.not_handler"),
        (net.auditor, Audience.STAFF, "talk.not_staff"),
        (net.neighbour, Audience.STAFF, "talk.not_staff"),
        (net.neighbour, Audience.ALL, "talk.stranger"),
        (links.enterprise_actor(need), Audience.STAFF, "talk.not_staff"),
        (links.expert_actor(invitation), Audience.ENTERPRISE, "talk.audience"),
    ):
        with pytest.raises(Refused) as refused:
            say(need, by, audience=audience)
        assert refused.value.refusal.code == code, (str(by), audience)
    assert not Message.objects.exists()
    say(need, net.town_clerk, audience=Audience.STAFF)
    say(need, net.leader, audience=Audience.STAFF)


def test_a_message_tells_the_other_side_and_not_its_author(net):
    need, _ = talking.case(net)
    message = say_as_enterprise(need)
    talking.post_out()
    told = Delivery.objects.filter(notice="needs.talk").values_list("channel", "address")
    # the contact wrote it; her colleague with an account, the expert and both clerks are told
    assert sorted(told) == [("email", "lu@example.cn"), ("site", ""), ("site", ""), ("site", "")]
    assert set(
        Delivery.objects.filter(notice="needs.talk", channel="site").values_list("person__name", flat=True)
    ) == {"陈工", "李经办", "周经办"}
    assert message.author_name == "陈工"


def test_a_note_reaches_mentioned_colleagues_and_followers_and_nobody_else(net):
    need, _ = talking.case(net)
    talking.post_out()
    actions.follow(need, on=True, by=net.leader, at=timezone.now())
    say(need, net.clerk, f"请@周经办看 {CANARY}", Audience.STAFF, via=Via.WORKBENCH)
    letters = talking.post_out()
    told = Delivery.objects.filter(notice="needs.talk").values_list("person__name", "channel")
    assert sorted(told) == [("周经办", "site"), ("王领导", "site")]
    assert [one for one in letters if CANARY in str(one)] == []


def test_a_follower_who_lost_her_grant_is_told_no_more(net):
    need, _ = talking.case(net)
    actions.follow(need, on=True, by=net.leader, at=timezone.now())
    net.leader.grants.all().delete()
    say(need, net.clerk, CANARY, Audience.STAFF, via=Via.WORKBENCH)
    talking.post_out()
    assert not Delivery.objects.filter(notice="needs.talk").exists()


def test_nobody_is_mentioned_who_may_not_see_the_case(net):
    need, _ = talking.case(net)
    with pytest.raises(Refused) as refused:
        say(need, net.clerk, "@吴望海 请看", Audience.STAFF, via=Via.WORKBENCH)
    assert refused.value.refusal.code == "talk.nobody"
    say(need, net.clerk, "邮箱 someone@例子 不算提醒", Audience.STAFF, via=Via.WORKBENCH)


def test_internal_notes_never_leave_the_workbench(client, as_person, net):
    need, invitation = talking.case(net)
    say(need, net.clerk, CANARY, Audience.STAFF, via=Via.WORKBENCH)
    say(need, net.clerk, "看得到的", Audience.ALL, via=Via.WORKBENCH)
    contact = as_person(net.contact)
    shown = {
        "企业链接": client.get(links.enterprise_url(need)),
        "专家链接": client.get(links.invitation_url(invitation)),
        "企业账号": contact.get(reverse("needs:mine_detail", args=(need.pk,))),
    }
    for where, page in shown.items():
        text = page.content.decode()
        assert "看得到的" in text, where  # the control: this page does show the conversation
        assert CANARY not in text, where
    assert contact.get(reverse("needs:talk", args=(need.pk,))).status_code in (403, 404)
    letters = talking.post_out()
    assert any("看得到的" in one.get_content() for one in letters)
    assert not any(CANARY in one.get_content() for one in letters)
    staff = as_person(net.clerk).get(need.get_absolute_url()).content.decode()
    assert CANARY in staff
    paper = as_person(net.clerk).get(reverse("needs:sheet", args=(need.pk,))).content.decode()
    assert CANARY not in paper


def test_the_conversation_stands_in_the_one_timeline(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    say(need, net.clerk, "收到", Audience.ENTERPRISE, via=Via.WORKBENCH)
    told = [(one.what, one.who) for one in story.tell(need).events if one.step == "talk"]
    assert told == [("企业来信", "陈工"), ("写信给企业", "李经办")]


def test_a_party_writes_from_her_page_with_a_file_and_staff_open_it(client, as_person, net):
    need, invitation = talking.case(net)
    form = {
        "act": "talk", "talk-body": BODY,
        "talk-papers": SimpleUploadedFile("说明.txt", "裂纹说明".encode()),
    }  # fmt: skip
    assert client.post(links.enterprise_url(need), form).status_code == 302
    message = Message.objects.get()
    assert (message.body, message.via, message.audience) == (BODY, Via.LINK, Audience.ALL)
    line = talk.lines_for_staff(need, talk_links.workbench_file, handles=True)[0]
    opened = as_person(net.clerk).get(line.files[0]["url"])
    assert b"".join(opened.streaming_content).decode() == "裂纹说明"
    assert as_person(net.neighbour).get(line.files[0]["url"]).status_code == 404
    case = party.case_of_invitation(invitation, timezone.now())
    url = talk.lines_for_party(case, talk_links.party_file(case))[0].files[0]["url"]
    assert b"".join(client.get(url).streaming_content).decode() == "裂纹说明"
    assert client.get(url[:-3] + "x/").status_code == 404


def test_a_file_link_closes_when_the_message_is_no_longer_hers_to_read(client, net):
    need, invitation = talking.case(net)
    say(need, links.enterprise_actor(need), uploads=[SimpleUploadedFile("说明.txt", b"abc")])
    case = party.case_of_invitation(invitation, timezone.now())
    url = talk.lines_for_party(case, talk_links.party_file(case))[0].files[0]["url"]
    assert b"".join(client.get(url).streaming_content) == b"abc"
    actions.rematch(need, by=net.clerk, at=timezone.now(), note="方向不合")
    assert client.get(url).status_code == 404


def test_an_empty_message_is_not_taken_and_what_was_typed_stays(client, net):
    need, _ = talking.case(net)
    page = client.post(links.enterprise_url(need), {"act": "talk", "talk-body": "  "})
    assert "请写几句话，或者带上附件" in page.content.decode()
    assert not Message.objects.exists()


def test_a_program_that_writes_without_end_is_stopped(net):
    need, _ = talking.case(net)
    for number in range(30):
        say_as_enterprise(need, f"第{number}条")
    with pytest.raises(Refused) as refused:
        say_as_enterprise(need)
    assert refused.value.refusal.code == "talk.too_many"


def test_staff_write_on_the_page_with_a_saved_reply(as_person, net):
    need, invitation = talking.case(net)
    reply = actions.save_reply(
        net.city,
        title="请补充",
        body="{企业}您好，请补充{编号}的图纸。",
        by=net.city_clerk,
        at=timezone.now(),
    )
    clerk, url = as_person(net.clerk), reverse("needs:talk", args=(need.pk,))
    page = clerk.get(f"{url}?use={reply.pk}").content.decode()
    assert f"青山精密轴承有限公司您好，请补充{need.number}的图纸。" in page
    assert clerk.post(url, {"to": f"invitation-{invitation.pk}", "body": "请看"}).status_code == 302
    message = Message.objects.get()
    assert (message.audience, message.addressee.name) == (Audience.ONE, "陆教授")
    assert read_by_enterprise(need) == []
    assert read_by(invitation) == ["请看"]


def test_saved_replies_belong_to_their_unit(as_person, net):
    url = reverse("needs:saved_replies")
    clerk = as_person(net.clerk)
    form = {"organisation": net.district.pk, "title": "问候", "body": "您好"}
    assert clerk.post(url, form).status_code == 302
    reply = SavedReply.objects.get()
    assert as_person(net.sibling_clerk).get(reply.get_absolute_url()).status_code == 404
    assert clerk.post(url, form | {"organisation": net.city.pk}).status_code == 200  # not hers to fill
    assert clerk.post(reply.get_absolute_url(), {"go": "delete"}).status_code == 302
    assert not SavedReply.objects.exists()


def test_a_message_in_the_wrong_case_is_moved_and_moved_back_and_both_remember(as_person, net):
    need, invitation = talking.case(net)
    expert = invitation.expert
    other = factories.need(enterprise=net.enterprise, stage=Stage.ARRANGING, experts=[expert])
    message = say(need, links.expert_actor(invitation), "这是说另一件事的")
    clerk = as_person(net.clerk)

    form = {"number": other.number, "reason": "说的是另一条"}
    assert clerk.post(reverse("needs:talk_move", args=(message.pk,)), form).status_code == 302
    message.refresh_from_db()
    assert (message.need_id, message.audience, message.author.need_id) == (other.pk, Audience.ALL, other.pk)
    here = [line.body for line in talk.lines_for_staff(need, talk_links.workbench_file, handles=True)]
    there = [line.note for line in talk.lines_for_staff(other, talk_links.workbench_file, handles=True)]
    assert here == [f"原来在这里的一条来信已移到“{other.title}”：说的是另一条"]
    assert there == [f"从“{need.title}”移来，李经办：说的是另一条"]

    assert clerk.post(reverse("needs:talk_undo", args=(message.pk,))).status_code == 302
    message.refresh_from_db()
    assert (message.need_id, message.author.need_id, message.role) == (need.pk, need.pk, TalkRole.EXPERT)
    for one in (need, other):
        notes = [line.body for line in talk.lines_for_staff(one, talk_links.workbench_file, handles=True)]
        assert f"一条来信曾误移到“{other.title}”，已移回“{need.title}”。" in notes
    again = clerk.post(reverse("needs:talk_undo", args=(message.pk,)), follow=True)
    assert "没有移动过，或者已经移回" in again.content.decode()


def test_a_message_moved_to_strangers_is_read_there_by_staff_alone(net):
    need, _ = talking.case(net)
    other = factories.need(enterprise=factories.enterprise(place=net.town), stage=Stage.SUBMITTED)
    message = say_as_enterprise(need, CANARY)
    actions.move_message(message, other, by=net.clerk, at=timezone.now(), reason="放错了")
    assert read_by_enterprise(other) == []
    assert read_by_enterprise(need) == []
    assert [one.body for one in talk.for_staff(other)] == [CANARY]


def test_a_message_is_not_moved_into_a_case_of_somebody_else(as_person, net):
    need, _ = talking.case(net)
    far = factories.need(enterprise=net.sibling_enterprise, stage=Stage.SUBMITTED)
    message = say_as_enterprise(need)
    page = as_person(net.clerk).post(
        reverse("needs:talk_move", args=(message.pk,)), {"number": far.number, "reason": "放错了"}
    )
    assert "在您经办的范围里没有这个编号" in page.content.decode()
    assert Message.objects.get().need_id == need.pk
