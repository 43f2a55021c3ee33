"""保密的四层：谁看得到什么；承诺和同意之前不露详情；谁看过都有记录；打印有水印。"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.needs import talking
from tests.needs.talking import say
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, links, queries, secrecy
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Need, Pledge
from zhiqiao.needs.talk_enums import Audience, Via

CANARY = "保密金丝雀8263"
NAME = "青山精密轴承有限公司"


@pytest.fixture
def case(net):
    """一条保密需求，专家已接受邀请。"""
    return talking.case(
        net, visibility=Visibility.SECRET, title=f"{CANARY}标题", body=f"{CANARY}正文，套圈磨削裂纹。",
        target=f"{CANARY}指标",
    )  # fmt: skip


def paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("承诺.txt", "本人承诺保密。".encode())


def sign(invitation, by, *, approves: bool = True) -> Pledge:
    now = timezone.now()
    return actions.enter_pledge(
        invitation, paper=paper(), signed_at=now - timedelta(hours=1), approves=approves, by=by, at=now
    )


def seen(client, invitation) -> str:
    return client.get(links.invitation_url(invitation)).content.decode()


def test_an_expert_reads_the_details_after_her_pledge_and_the_consent(client, net, case):
    need, invitation = case
    say(need, links.enterprise_actor(need), f"{CANARY}来信", Audience.ALL)
    before = seen(client, invitation)
    assert CANARY not in before
    assert NAME not in before
    assert secrecy.HIDDEN in before

    sign(invitation, net.clerk, approves=False)
    assert CANARY not in seen(client, invitation)

    pledge = sign(invitation, net.clerk)
    after = seen(client, invitation)
    for part in ("标题", "正文", "指标", "来信"):
        assert f"{CANARY}{part}" in after
    assert NAME in after

    actions.withdraw_pledge(pledge, by=net.clerk, at=timezone.now(), note="项目调整")
    assert CANARY not in seen(client, invitation)


def test_control_without_the_tier_the_same_page_shows_all(client, net):
    _need, invitation = talking.case(net, title=f"{CANARY}标题", body=f"{CANARY}正文")
    assert f"{CANARY}正文" in seen(client, invitation)


def test_the_workbench_gives_an_expert_nothing_she_may_not_read_even_if_she_is_staff_elsewhere(
    as_person, net
):
    account = factories.person(name="两种身份", role="clerk", organisation=net.other_city)
    expert = factories.expert(organisation=net.society, name="两种身份", person=account)
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.SCHEDULED, experts=[expert], visibility=Visibility.SECRET,
        title=f"{CANARY}标题",
    )  # fmt: skip
    reader = as_person(account)
    for name in ("sheet", "calendar", "talk", "finder", "team"):
        assert reader.get(reverse(f"needs:{name}", args=(need.pk,))).status_code == 404, name
    assert CANARY not in reader.get(reverse("needs:register")).content.decode()
    assert CANARY in as_person(net.clerk).get(reverse("needs:register")).content.decode()  # the control
    page = reader.get(reverse("needs:mine_detail", args=(need.pk,)))
    assert CANARY not in page.content.decode()
    invitation = need.invitations.select_related("expert", "need").get()
    assert reader.get(f"{links.invitation_url(invitation)}meeting.ics").status_code == 404
    assert (
        as_person(net.clerk).get(reverse("needs:calendar", args=(need.pk,))).status_code == 200
    )  # the control


def test_one_experts_pledge_opens_nothing_to_another(client, net):
    experts = [
        factories.expert(organisation=net.society, name=name, keywords=words)
        for name, words in (("陆教授", "轴承"), ("沈教授", "磨削"))
    ]
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.INVITING, experts=experts, visibility=Visibility.SECRET,
        title=f"{CANARY}标题",
    )  # fmt: skip
    first, second = need.invitations.select_related("expert", "need__organisation").order_by("rank")
    sign(first, net.clerk)
    actions.decline_invitation(first, by=links.expert_actor(first), at=timezone.now(), reason="far")
    assert CANARY not in seen(client, second)


def test_no_letter_about_a_confidential_case_tells_what_it_is(net):
    expert = factories.expert(organisation=net.society, name="陆教授", email="lu@example.cn")
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.CONFIRMING, experts=[expert], visibility=Visibility.SECRET,
        title=f"{CANARY}标题", body=f"{CANARY}正文", contact_email="kehu@example.cn", contact_phone="13700000000",
    )  # fmt: skip
    say(need, links.enterprise_actor(need), f"{CANARY}来信", Audience.ALL)
    letters = talking.post_out()
    assert len(talking.to(letters, "lu@example.cn")) >= 3
    assert [str(one["Subject"]) for one in letters if CANARY in str(one["Subject"]) + one.get_content()] == []


def test_staff_who_do_not_handle_it_do_not_find_it(as_person, net, case):
    need, _ = case
    assert queries.needs_for(net.clerk).filter(pk=need.pk).exists()
    assert queries.needs_for(net.contact).filter(pk=need.pk).exists()
    for person in (net.leader, net.auditor):
        assert not queries.needs_for(person).filter(pk=need.pk).exists()
        assert as_person(person).get(need.get_absolute_url()).status_code == 404
        page = as_person(person).get(reverse("needs:register")).content.decode()
        assert CANARY not in page
    Need.objects.filter(pk=need.pk).update(visibility=Visibility.STAFF)
    assert queries.needs_for(net.leader).filter(pk=need.pk).exists()  # the control


def test_only_handlers_are_told_of_a_confidential_note(net, case):
    need, _ = case
    with pytest.raises(Refused) as refused:
        say(need, net.clerk, "@王领导 请看", Audience.STAFF, via=Via.WORKBENCH)
    assert refused.value.refusal.code == "talk.nobody"
    actions.follow(need, on=True, by=net.leader, at=timezone.now())
    say(need, net.clerk, f"{CANARY}备注", Audience.STAFF, via=Via.WORKBENCH)
    talking.post_out()
    assert not net.leader.deliveries.filter(notice="needs.talk").exists()


def test_every_look_is_kept_once_in_ten_minutes_and_shown_to_the_handler(client, as_person, net, case):
    need, invitation = case
    sign(invitation, net.clerk)
    seen(client, invitation)
    seen(client, invitation)
    clerk = as_person(net.clerk)
    clerk.get(reverse("needs:sheet", args=(need.pk,)))
    page = clerk.get(need.get_absolute_url()).content.decode()
    assert [(look.who, look.where) for look in secrecy.looks(need)] == [
        ("李经办", "需求页"), ("李经办", "打印办理单"), ("陆教授（专家）", "门户"),
    ]  # fmt: skip
    assert "谁看过详情" in page
    assert "陆教授（专家）" in page


def test_looks_at_an_open_need_are_not_kept(as_person, net):
    need, _ = talking.case(net)
    as_person(net.clerk).get(need.get_absolute_url())
    assert secrecy.looks(need) == []


def test_a_printed_page_says_across_it_who_took_it(as_person, net, case):
    need, _ = case
    page = as_person(net.clerk).get(reverse("needs:sheet", args=(need.pk,))).content.decode()
    assert 'class="watermark"' in page
    assert "保密 李经办" in page


def test_the_handler_enters_and_withdraws_a_pledge_on_its_page(as_person, net, case):
    _need, invitation = case
    url = reverse("needs:pledge", args=(invitation.pk,))
    clerk = as_person(net.clerk)
    early = timezone.localtime() - timedelta(hours=1)
    form = {"paper": paper(), "signed_at": f"{early:%Y-%m-%d %H:%M}", "approves": "on"}
    assert clerk.post(url, form).status_code == 302
    pledge = Pledge.objects.get()
    assert (pledge.opens, pledge.approved_by) == (True, "李经办")
    page = clerk.get(url).content.decode()
    assert "保密承诺" in page
    assert clerk.post(url, {"go": "withdraw", "note": "项目调整"}).status_code == 302
    assert not Pledge.objects.get().opens
    for other in (net.sibling_clerk, net.neighbour):
        assert as_person(other).get(url).status_code == 404
    late = timezone.localtime() + timedelta(hours=2)
    again = clerk.post(url, form | {"paper": paper(), "signed_at": f"{late:%Y-%m-%d %H:%M}"})
    assert "签署时间不能晚于现在" in again.content.decode()


def test_the_network_tier_is_read_by_whoever_has_signed_in_and_never_names_the_enterprise(
    client, as_person, net
):
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.MATCHING, visibility=Visibility.NETWORK, title=f"{CANARY}标题",
        body=f"{NAME}的磨削裂纹，电话 13800001111。",
    )  # fmt: skip
    url = reverse("needs:published_detail", args=(need.pk,))
    account = factories.person(name="专家本人")
    factories.expert(organisation=net.society, name="专家本人", person=account)
    assert client.get(url).status_code == 404
    assert CANARY not in client.get(reverse("needs:published")).content.decode()
    assert as_person(net.contact).get(url).status_code == 404
    for reader in (net.neighbour, account):
        page = as_person(reader).get(url).content.decode()
        assert f"{CANARY}标题" in page
        assert NAME not in page
        assert "13800001111" not in page
