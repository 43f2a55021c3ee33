"""我的需求：只看得到自己的，看得懂办到哪一步，轮到自己时答复就在最上面。"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.directory.models import Expert
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Side, Stage
from zhiqiao.needs.models import Confirmation, Need, Rating

CANARY = "金丝雀专用的需求名称"


def page(response, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return response.content.decode()


def url_of(need: Need) -> str:
    return reverse("needs:mine_detail", args=(need.pk,))


def stage_of(need: Need) -> str:
    return Need.objects.get(pk=need.pk).stage


def signed_in_expert(net, **values) -> Expert:
    person = factories.person(name="陆首选")
    return factories.expert(organisation=net.society, name="陆首选", person=person, **values)


def test_enterprise_sees_only_her_own_needs(net, as_person):
    own = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    others = [
        factories.need(enterprise=enterprise, stage=stage, title=CANARY)
        for enterprise in (net.sibling_enterprise, net.other_enterprise)
        for stage in (Stage.DRAFT, Stage.MATCHING, Stage.ARCHIVED)
    ]
    client = as_person(net.contact)

    listed = page(client.get(reverse("needs:mine")))

    assert own.title in listed
    assert CANARY not in listed
    assert page(client.get(url_of(own)))
    for need in others:
        assert client.get(url_of(need)).status_code == 404
        assert client.post(url_of(need), {"act": "withdraw", "withdraw-note": "x"}).status_code == 404


def test_list_says_where_each_need_stands_and_counts_what_waits(net, as_person):
    for stage in (Stage.MATCHING, Stage.CONFIRMING, Stage.ARCHIVED):
        factories.need(enterprise=net.enterprise, stage=stage)
    client, url = as_person(net.contact), reverse("needs:mine")

    listed = page(client.get(url))

    for words in ("正在找专家", "请您确认结果", "已办结归档"):
        assert words in listed
    assert re.search(r'等我办<span class="count">1</span>', listed)
    headlines = [case.standing.headline for case in client.get(url, {"show": "open"}).context["asked"]]
    assert headlines == ["请您确认结果", "正在找专家"]


@pytest.mark.parametrize(
    ("stage", "headline"),
    [
        (Stage.SUBMITTED, "等待受理"),
        (Stage.RETURNED, "需要您补充"),
        (Stage.MATCHING, "正在找专家"),
        (Stage.INVITING, "等专家答复"),
        (Stage.ARRANGING, "正在约时间"),
        (Stage.SCHEDULED, "对接已约定"),
        (Stage.MET, "对接已举行"),
        (Stage.CONFIRMING, "请您确认结果"),
        (Stage.RATING, "请您评价"),
        (Stage.CLOSING, "即将归档"),
        (Stage.ARCHIVED, "已办结归档"),
        (Stage.REJECTED, "没有受理"),
        (Stage.WITHDRAWN, "已撤回"),
    ],
)
def test_page_says_in_words_where_the_need_is(net, as_person, stage, headline):
    need = factories.need(enterprise=net.enterprise, stage=stage)
    assert f'<p class="notice-title">{headline}</p>' in page(as_person(net.contact).get(url_of(need)))


def test_enterprise_reads_the_story_without_who_was_asked_in_vain(net, as_person):
    first = factories.expert(organisation=net.society, name="婉拒的人")
    second = factories.expert(organisation=net.society, name="答应的人")
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[first, second])
    invitation = need.invitations.get(expert=first)
    actions.decline_invitation(
        invitation, reason="busy", by=links.expert_actor(invitation), at=timezone.now()
    )
    client = as_person(net.contact)
    assert "答应的人" not in page(client.get(url_of(need)))

    accepted = need.invitations.get(expert=second)
    actions.accept_invitation(accepted, by=links.expert_actor(accepted), at=timezone.now())

    shown = page(client.get(url_of(need)))
    assert "答应的人" in shown
    assert "婉拒的人" not in shown


def test_enterprise_confirms_and_rates_where_she_is_signed_in(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    invitation = need.invitations.get()
    client = as_person(net.contact)

    page(client.post(url_of(need), {"act": "confirm", "confirm-agrees": "yes"}, follow=True))
    outcome = need.outcomes.get()
    actions.answer_outcome(outcome, agrees=True, by=links.expert_actor(invitation), at=timezone.now())
    page(client.post(url_of(need), {"act": "rate", "rate-score": "5"}, follow=True))

    assert stage_of(need) == Stage.CLOSING
    assert set(Confirmation.objects.values_list("side", "by_name")) == {
        (Side.ENTERPRISE, "陈工"),
        (Side.EXPERT, links.expert_actor(invitation).name),
    }
    assert Rating.objects.get().score == 5


def test_staff_are_led_to_the_workbench_and_answer_for_nobody(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    for person in (net.clerk, net.town_clerk, net.leader):
        client = as_person(person)
        for answer in (
            client.get(url_of(need)),
            client.post(url_of(need), {"act": "confirm", "confirm-agrees": "yes"}),
        ):
            assert answer.url == reverse("needs:detail", args=(need.pk,))
    assert Confirmation.objects.count() == 0


def test_expert_with_an_account_answers_without_a_link(net, as_person):
    expert = signed_in_expert(net)
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.INVITING, experts=[expert], visibility="staff"
    )
    client = as_person(expert.person)

    listed = page(client.get(reverse("needs:mine")))
    asked = page(client.get(url_of(need)))
    page(client.post(url_of(need), {"act": "accept", "accept-note": "周三下午"}, follow=True))
    accepted = page(client.get(url_of(need)))

    assert "请您答复" in listed
    assert str(net.enterprise) not in listed + asked
    assert str(net.enterprise) in accepted
    assert stage_of(need) == Stage.ARRANGING


def test_expert_sees_no_needs_but_those_she_was_asked_about(net, as_person):
    expert = signed_in_expert(net)
    first = factories.expert(organisation=net.society)
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.INVITING, experts=[first, expert], title=CANARY
    )
    client = as_person(expert.person)

    assert CANARY not in page(client.get(reverse("needs:mine")))  # 还在候补，轮到时才知道
    assert client.get(url_of(need)).status_code == 404
    assert client.get(reverse("needs:ask")).status_code == 403


def test_contact_who_signs_in_elsewhere_is_a_stranger(client, net):
    need = factories.need(enterprise=net.enterprise)
    assert client.get(url_of(need)).url.startswith(reverse("login"))
    assert client.get(reverse("needs:mine")).url.startswith(reverse("login"))


@pytest.mark.parametrize("reader", ["contact", "expert"])
def test_number_of_queries_does_not_grow(net, as_person, reader):
    expert = signed_in_expert(net, task_cap=50)
    client = as_person(net.contact if reader == "contact" else expert.person)
    counts = []
    for size in (1, 9):
        while Need.objects.count() < size:
            factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING, experts=[expert])
        page(client.get(reverse("needs:mine")))
        with CaptureQueriesContext(connection) as queries:
            page(client.get(reverse("needs:mine")))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_whoever_may_read_a_need_without_being_a_party_looks_on(net, as_person):
    onlooker = factories.person(role="enterprise_contact", organisation=net.sibling)
    need = factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    Need.objects.filter(pk=need.pk).update(organisation=net.sibling)
    client = as_person(onlooker)

    shown = client.get(url_of(need))
    refused = client.post(url_of(need), {"act": "confirm", "confirm-agrees": "yes"})

    assert need.title in page(shown)
    assert shown.context["forms"] == {}
    assert "只有提出需求的企业和参与对接的专家可以确认结果" in page(refused, 409)
    assert Confirmation.objects.count() == 0
