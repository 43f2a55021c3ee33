"""回信进它的需求：真的 SMTP 服务、真的收信箱；主题无关、转给别的单位、群发、循环、退信、认领。"""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.needs import talking
from tests.needs.talking import answer, say, say_as_enterprise, to
from zhiqiao.kit import files, jobs, mail
from zhiqiao.kit.mail.receiver import receiver
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, links, talk, talk_tokens
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Letter, Message, Need
from zhiqiao.needs.talk_enums import Audience, LetterState, Via
from zhiqiao.site.cli import mailing


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "mail"


@pytest.fixture
def smtp(settings):
    """真的收信服务，听本机一个空闲端口。"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = receiver(settings.MAIL_FOLDER, host="127.0.0.1", port=port, accepts=talk_tokens.is_ours)
    server.start()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        yield client
    server.stop()


def take(letter) -> Letter:
    """收下一封信，像后台任务那样。"""
    return actions.receive_letter(letter.as_bytes(), at=timezone.now())


def read_box() -> None:
    """把收信箱里的信读完，走后台任务。"""
    jobs.enqueue("needs.read_mail", at=timezone.now())
    jobs.run_ready(timezone.now() + timedelta(minutes=1))


def test_a_reply_over_smtp_lands_in_its_case_whatever_the_subject_says(net, smtp):
    need, _ = talking.case(net)
    factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)  # so that landing here is no accident
    say_as_enterprise(need, "请专家看看")
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    reply = answer(letter, body="像是磨削烧伤。")
    reply.add_attachment("对比数据".encode(), maintype="text", subtype="plain", filename="数据.txt")
    reply.add_attachment(b"MZ\x90\0", maintype="application", subtype="octet-stream", filename="a.exe")

    smtp.send_message(reply)
    read_box()

    message = Message.objects.filter(via=Via.MAIL).get()
    assert (message.need_id, message.author_name, message.audience) == (need.pk, "陆教授", Audience.ALL)
    assert message.body == "像是磨削烧伤。"
    assert "原来的信" in message.quoted
    assert [one.title for one in files.attachments_of(message)] == ["数据.txt"]
    got = message.letter
    assert [one["name"] for one in got.left_out] == ["a.exe"]
    assert (got.state, got.from_address) == (LetterState.THREADED, "lu@example.cn")
    assert list((settings.MAIL_FOLDER / "new").iterdir()) == []


def test_letters_go_out_over_smtp_and_the_answer_comes_back(net, settings, tmp_path, smtp):
    """发和收都走真的 SMTP：发出去的信落进对方的信箱，对方的程序回信，信进需求。"""
    theirs = tmp_path / "theirs"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = receiver(theirs, host="127.0.0.1", port=port, accepts=lambda address: True)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_SSL = "127.0.0.1", port, False
    need, _ = talking.case(net)
    say_as_enterprise(need, "请专家看看")
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    server.stop()
    got = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in (theirs / "new").iterdir()
    ]
    letter = next(one for one in to(got, "lu@example.cn") if "请专家看看" in one.get_content())
    smtp.send_message(answer(letter, body="看过了。"))
    read_box()
    assert Message.objects.filter(via=Via.MAIL).get().body == "看过了。"


def test_the_command_receives_and_reads(net, settings, monkeypatch):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(mailing, "PAUSE_SECONDS", 60.0)  # reading is left to this thread
    stopping = threading.Event()
    server = threading.Thread(target=mailing.serve, args=("127.0.0.1", port, stopping))
    server.start()
    try:
        _send(port, answer(letter, body="命令收到的"))
    finally:
        stopping.set()
        server.join(timeout=20)
    monkeypatch.setattr(mailing, "close_old_connections", lambda: None)  # the test's own connection stays
    assert mailing.read_box() == 1
    assert Message.objects.filter(via=Via.MAIL).get().body == "命令收到的"


def _send(port: int, letter) -> None:
    """等服务起来，再发。"""
    deadline = time.monotonic() + 15
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client.send_message(letter)
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_the_receiver_relays_nothing(smtp):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail("a@example.cn", ["victim@example.com"], b"Subject: x\r\n\r\nx")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail("a@example.cn", ["root@localhost"], b"Subject: x\r\n\r\nx")


def test_the_bare_address_and_a_reply_without_plus_find_the_case_by_references(net, settings):
    settings.MAIL_PLUS = False
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    assert str(letter["Reply-To"]) == "reply@localhost"
    take(answer(letter, In_Reply_To=str(letter["Message-ID"])))
    assert Message.objects.filter(via=Via.MAIL).get().need_id == need.pk


def test_a_reply_that_lost_every_header_finds_the_case_by_the_words_it_quotes(net, settings):
    settings.MAIL_PLUS = False
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    reply = answer(letter, body=f"收到。\n\n----- 原始邮件 -----\n{letter.get_content()}")
    take(reply)
    message = Message.objects.filter(via=Via.MAIL).get()
    assert (message.need_id, message.body) == (need.pk, "收到。")


def test_a_step_notice_can_be_answered_too(net):
    need = factories.need(
        enterprise=net.enterprise,
        stage=Stage.MATCHING,
        contact_phone="13700000000",
        contact_email="kehu@example.cn",
    )
    letter = to(talking.post_out(), "kehu@example.cn")[-1]
    take(answer(letter, body="补充一点：材料是GCr15。"))
    message = Message.objects.get()
    assert (message.need_id, message.audience, message.author_name) == (need.pk, Audience.ENTERPRISE, "陈工")


def test_a_changed_token_opens_nothing(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    address = str(letter["Reply-To"])
    place = address.index("+zq") + 6
    forged = address[:place] + ("a" if address[place] != "a" else "b") + address[place + 1 :]
    got = take(answer(letter, To=forged, In_Reply_To="", References=""))
    assert (got.state, got.why) == (LetterState.UNCLAIMED, "信里没有识别码，认不出是哪条需求")
    assert not Message.objects.filter(via=Via.MAIL).exists()


def test_the_token_survives_another_unit_and_the_former_clerk_writes_no_more(net):
    need, _ = talking.case(net)
    net.clerk.email = "li@example.cn"
    net.clerk.save()
    say_as_enterprise(need)
    letters = talking.post_out()
    expert_letter, clerk_letter = to(letters, "lu@example.cn")[-1], to(letters, "li@example.cn")[-1]
    take(answer(clerk_letter, body="先这样办"))
    assert Message.objects.filter(via=Via.MAIL).get().author_name == "李经办"

    net.enterprise.organisation.parent = net.sibling
    type(net.enterprise.organisation).objects.filter(pk=net.enterprise.organisation_id).update(
        path=net.sibling.path + "00zzz"
    )
    Need.objects.filter(pk=need.pk).update(organisation=net.sibling)
    take(answer(expert_letter, body="转过去也能收到"))
    assert Message.objects.filter(via=Via.MAIL).last().need_id == need.pk
    got = take(answer(clerk_letter, body="我还想说一句"))
    assert (got.state, got.organisation) == (LetterState.UNCLAIMED, net.sibling)


def test_an_answer_is_never_read_by_more_than_what_it_answers(net):
    need, invitation = talking.case(net)
    net.clerk.email = "li@example.cn"
    net.clerk.save()
    say(need, links.expert_actor(invitation), "悄悄问", Audience.ONE,
        addressee=need.participants.filter(invitation=invitation).first()
        or actions.talk.talk_people.expert(invitation, need, at=timezone.now()))  # fmt: skip
    letter = to(talking.post_out(), "li@example.cn")[-1]
    take(answer(letter, body="悄悄答"))
    message = Message.objects.filter(via=Via.MAIL).get()
    assert (message.audience, message.addressee.name) == (Audience.ONE, "陆教授")


def test_an_answer_to_a_note_stays_a_note(net):
    need, _ = talking.case(net)
    net.leader.email = "wang@example.cn"
    net.leader.save()
    say(need, net.clerk, "@王领导 请定", Audience.STAFF, via=Via.WORKBENCH)
    letter = to(talking.post_out(), "wang@example.cn")[-1]
    take(answer(letter, body="同意"))
    assert Message.objects.filter(via=Via.MAIL).get().audience == Audience.STAFF


def test_staff_are_believed_from_their_own_address_only(net):
    need, _ = talking.case(net)
    net.clerk.email = "li@example.cn"
    net.clerk.save()
    say_as_enterprise(need)
    letter = to(talking.post_out(), "li@example.cn")[-1]
    got = take(answer(letter, From="somebody@example.com"))
    assert got.state == LetterState.UNCLAIMED
    assert "不是从本人的邮箱寄来的" in got.why


def test_a_party_who_answers_from_another_address_is_shown_as_such(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    take(answer(letter, From="assistant@example.com"))
    line = talk.lines_for_staff(need, lambda *_: "", handles=True)[-1]
    assert line.note == "邮件来信，寄自另一个邮箱 a***@example.com"


@pytest.mark.parametrize(
    ("headers", "state"),
    [
        ({"Auto_Submitted": "auto-replied"}, LetterState.AUTOMATIC),
        ({"Subject": "自动回复：我在休假"}, LetterState.AUTOMATIC),
        ({"X_Zhiqiao_Notice": "1"}, LetterState.AUTOMATIC),
        ({"From": "MAILER-DAEMON@example.cn"}, LetterState.BOUNCED),
        ({"Precedence": "bulk"}, LetterState.UNCLAIMED),
        ({}, LetterState.THREADED),
    ],
)
def test_what_machines_write_is_no_answer_and_starts_none(net, headers, state):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    told = Delivery.objects.filter(notice="needs.talk").count()
    got = take(answer(letter, **headers))
    assert (got.state, got.need_id) == (state, need.pk)
    talking.post_out()
    said = Message.objects.filter(via=Via.MAIL).count()
    assert said == (1 if state == LetterState.THREADED else 0)
    assert (Delivery.objects.filter(notice="needs.talk").count() > told) == bool(said)


def test_our_own_letters_are_marked_so_that_no_program_answers_them(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    assert (letter["Auto-Submitted"], letter["X-Zhiqiao-Notice"]) == ("auto-generated", "1")
    assert take(letter).state == LetterState.AUTOMATIC


def test_two_programs_that_answer_each_other_are_stopped(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    states = [take(answer(letter, body=f"第{n}封", Message_ID=f"<{n}@x>")).state for n in range(22)]
    assert states == [LetterState.THREADED] * 20 + [LetterState.UNCLAIMED] * 2


def test_the_same_letter_by_two_ways_is_one_letter(net):
    need, _ = talking.case(net)
    say_as_enterprise(need)
    letter = to(talking.post_out(), "lu@example.cn")[-1]
    reply = answer(letter, Message_ID="<1@x>").as_bytes()
    at = timezone.now()
    first = actions.receive_letter(reply, at=at)
    assert actions.receive_letter(reply, at=at) == first
    assert actions.receive_letter(b"Received: by another way\r\n" + reply, at=at) == first
    assert Message.objects.filter(via=Via.MAIL).count() == 1


def unknown(subject: str = "有个问题", address: str = "new@example.com") -> Letter:
    raw = f"From: 新来的 <{address}>\r\nTo: reply@localhost\r\nSubject: x\r\n\r\n{subject}"
    return actions.receive_letter(raw.encode(), at=timezone.now())


def test_an_unknown_letter_goes_to_the_tray_of_whom_it_concerns(net, as_person):
    need, _ = talking.case(net)
    far = unknown()
    near = unknown(f"关于 {need.number}，想补充")
    known = unknown("没写编号", "contact@example.cn")
    assert (far.organisation, near.organisation, known.organisation) == (
        net.province,
        net.district,
        net.district,
    )
    clerk, neighbour = as_person(net.clerk), as_person(net.neighbour)
    page = clerk.get(reverse("needs:letters")).content.decode()
    assert page.count(f'href="{near.get_absolute_url()}"') >= 1
    assert f'href="{far.get_absolute_url()}"' not in page
    assert neighbour.get(near.get_absolute_url()).status_code == 404
    talking.post_out()
    told = Delivery.objects.filter(notice="needs.letter").values_list("person__name", flat=True)
    assert set(told) == {"李经办", "周经办"}  # nobody works at the province


def test_a_letter_is_claimed_once_and_read_by_its_own_side_only(net, as_person):
    need, invitation = talking.case(net)
    letter = unknown(f"关于 {need.number}，想补充")
    clerk = as_person(net.clerk)
    page = clerk.get(letter.get_absolute_url()).content.decode()
    assert f'value="{need.number}"' in page  # proposed by the number in the text
    form = {"go": "claim", "number": need.number, "role": "enterprise"}
    assert clerk.post(letter.get_absolute_url(), form).status_code == 302
    message = Message.objects.get()
    assert (message.need_id, message.audience, message.author_name) == (
        need.pk,
        Audience.ENTERPRISE,
        "新来的",
    )
    again = clerk.post(letter.get_absolute_url(), form)
    assert "这封信已经由李经办处理" in again.content.decode()
    assert Message.objects.count() == 1
    assert invitation.pk  # the expert reads nothing of it: audience above


def test_a_letter_is_not_claimed_for_a_case_of_another_unit(net, as_person):
    far = factories.need(enterprise=net.sibling_enterprise, stage=Stage.SUBMITTED)
    need, _ = talking.case(net)
    letter = unknown(f"关于 {need.number}")
    page = as_person(net.clerk).post(
        letter.get_absolute_url(), {"go": "claim", "number": far.number, "role": "guest"}
    )
    assert "在您经办的范围里没有这个编号" in page.content.decode()
    assert Letter.objects.get(pk=letter.pk).state == LetterState.UNCLAIMED


def test_a_letter_is_passed_on_or_left_alone(net, as_person):
    need, _ = talking.case(net)
    letter = unknown("问题", "someone@example.com")
    Letter.objects.filter(pk=letter.pk).update(organisation=net.city)
    city = as_person(net.city_clerk)
    form = {"go": "pass", "organisation": net.district.pk}
    assert city.post(letter.get_absolute_url(), form).status_code == 302
    clerk = as_person(net.clerk)
    assert clerk.get(letter.get_absolute_url()).status_code == 200
    outside = {"go": "pass", "organisation": net.sibling.pk}
    assert clerk.post(letter.get_absolute_url(), outside).status_code == 200
    assert clerk.post(letter.get_absolute_url(), {"go": "discard", "reason": "广告"}).status_code == 302
    assert Letter.objects.get(pk=letter.pk).state == LetterState.DISCARDED
    assert need.messages.count() == 0


def test_a_letter_that_cannot_be_taken_apart_waits_in_the_tray(net, monkeypatch):
    def torn(raw: bytes):
        raise mail.Unreadable("torn")

    monkeypatch.setattr(mail, "read", torn)
    got = actions.receive_letter(b"x", at=timezone.now())
    assert (got.state, got.organisation) == (LetterState.UNCLAIMED, net.province)
