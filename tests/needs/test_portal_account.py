"""登录、我的、通知、密码：每个人都进得来，读得懂自己能做什么；顶部的每一项自己都打得开。"""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.notify.core import autodiscover, dispatch
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs.enums import Stage
from zhiqiao.orgs.roles import role

ROLES = ("contact", "clerk", "city_clerk", "town_clerk", "leader", "auditor")


def page(response, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return response.content.decode()


def signing_in(net, password: str = factories.PASSWORD) -> dict[str, str]:
    return {"login": net.contact.phone, "password": password}


@pytest.mark.parametrize("who", ROLES)
def test_every_entry_on_top_of_the_portal_opens(net, as_person, who):
    client = as_person(getattr(net, who))
    entries = client.get(reverse("home")).context["menu"]
    assert [client.get(entry["url"]).status_code for entry in entries] == [200] * len(entries)


def test_a_society_and_an_expert_find_their_way_too(net, as_person):
    society = factories.person(role="society_clerk", organisation=net.society)
    expert = factories.expert(organisation=net.society, person=factories.person())
    for person in (society, expert.person):
        client = as_person(person)
        entries = client.get(reverse("home")).context["menu"]
        assert [client.get(entry["url"]).status_code for entry in entries] == [200] * len(entries)


def test_a_person_reads_what_she_may_do_in_the_words_of_her_role(net, as_person):
    shown = page(as_person(net.contact).get(reverse("me")))
    assert role("enterprise_contact").sentence in shown
    stranger = page(as_person(factories.person(name="新来的")).get(reverse("me")))
    assert "还没有授权" in stranger


def test_signing_in_says_the_same_of_a_wrong_password_and_an_unknown_account(client, net):
    wrong = page(client.post(reverse("login"), signing_in(net, "bu-dui-de-mi-ma")))
    unknown = page(client.post(reverse("login"), {"login": "13999999999", "password": "x"}))
    assert "<title>错误：登录" in wrong
    for words in (wrong, unknown):
        assert "手机号、邮箱或密码不对" in words


def test_after_five_wrong_passwords_the_page_says_how_long_to_wait(client, net):
    for _ in range(5):
        last = client.post(reverse("login"), signing_in(net, "bu-dui-de-mi-ma"))
    assert "10 分钟" in page(last, 429)


def test_notices_are_listed_opened_and_marked_read(net, as_person):
    factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    autodiscover()
    for transition in Transition.objects.all():
        dispatch(transition.pk)
    client, url = as_person(net.contact), reverse("notices")
    notice = Delivery.objects.get(person=net.contact, channel="site")

    listed = page(client.get(url))
    client.post(url)

    assert notice.title in listed
    assert "未读" in listed
    assert "未读" not in page(client.get(url))
    assert client.get(reverse("notice", args=(notice.pk,)), follow=True).status_code == 200
    assert as_person(net.clerk).get(reverse("notice", args=(notice.pk,))).status_code == 404


def test_the_password_is_changed_with_the_old_one_only(net, as_person):
    client, url = as_person(net.contact), reverse("password")
    new = "xin-de-mi-ma-2026"

    refused = page(client.post(url, {"old": "bu-dui", "new": new, "again": new}))
    assert "现在的密码不对" in refused

    client.post(url, {"old": factories.PASSWORD, "new": new, "again": new})
    assert page(client.get(reverse("me")))
    net.contact.refresh_from_db()
    assert net.contact.check_password(new)
