"""The network's screens: browsing it level by level, people and their roles, and what administrators may change."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.accounts.models import Person
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.privacy import masked
from zhiqiao.orgs import actions, roles
from zhiqiao.orgs.enums import Kind, OrgPerm
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.orgs.roles import Role, declare
from zhiqiao.orgs.rules import may_grant
from zhiqiao.orgs.scope import covers
from zhiqiao.site.roles import ROLES

pytestmark = pytest.mark.django_db

GOOD = "san-jie-qiao-2026"


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def administrator(net):
    return factories.person(name="何管理", role="administrator", organisation=net.district)


@pytest.fixture
def client(administrator):
    return _as(administrator)


def _as(person):
    client = Client()
    client.force_login(person)
    return client


def _url(name, *args):
    return reverse(f"orgs:{name}", args=args)


def _names(response):
    return [row.object.name for row in response.context["listing"].rows]


def _said(response):
    return [str(message) for message in response.context["messages"]]


# ── Browsing ────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_starts_at_the_top_of_one_s_part_of_the_network(net):
    assert _names(_as(net.clerk).get(_url("list"))) == ["青山区科协", "云栖街道科协"]
    top = _names(_as(net.city_clerk).get(_url("list")))
    assert top == ["临江市科协", "青山区科协", "平川区科协", "临江市机械工程学会"]


def test_levels_are_counted_and_open(net):
    client = _as(net.city_clerk)
    tabs = {tab["title"]: tab for tab in client.get(_url("list")).context["tabs"]}
    counts = {title: tab.get("count") for title, tab in tabs.items()}
    assert counts == {"从上往下": None, "市科协": 1, "区县科协": 2, "镇街科协": 1, "学会": 1, "企业": 2}
    assert _names(client.get(_url("list") + tabs["区县科协"]["url"])) == ["青山区科协", "平川区科协"]


def test_search_finds_within_scope_only(net):
    assert _names(_as(net.clerk).get(_url("list"), {"q": "有限公司"})) == ["青山精密轴承有限公司"]
    assert _names(_as(net.clerk).get(_url("list"), {"q": "望海"})) == []
    assert _names(_as(net.neighbour).get(_url("list"), {"q": "望海"})) == ["望海市科协"]


@pytest.mark.parametrize(
    ("place", "status"),
    [("district", 200), ("town", 200), ("city", 404), ("sibling", 404), ("other_city", 404)],
)
def test_the_page_is_there_for_own_and_below_only(net, place, status):
    assert _as(net.clerk).get(getattr(net, place).get_absolute_url()).status_code == status


def test_the_page_shows_what_stands_below_who_works_there_and_the_way_up(net):
    response = _as(net.city_clerk).get(net.district.get_absolute_url())
    page = response.content.decode()
    assert _names(response) == ["云栖街道科协"]
    assert [one.name for one in response.context["crumbs"]] == ["临江市科协"]
    assert [row["person"].name for row in response.context["people"]] == ["周经办", "李经办", "王领导"]
    assert "可以看到并办理本单位及下级的全部需求" in page
    assert net.clerk.phone not in page
    assert masked(net.clerk.phone) not in page


def test_only_administrators_see_masked_logins_and_buttons(net, client):
    page = client.get(net.district.get_absolute_url()).content.decode()
    assert masked(net.clerk.phone) in page
    assert net.clerk.phone not in page
    assert _url("disable", net.clerk.pk) in page
    assert (
        _url("disable", net.clerk.pk)
        not in _as(net.leader).get(net.district.get_absolute_url()).content.decode()
    )


def test_children_are_paged_by_key(net, client):
    rows = [Organisation(name=f"第{number:02}社区科协", kind=Kind.VILLAGE) for number in range(70)]
    actions.add_organisations(rows, parent=net.town, by=SYSTEM, at=timezone.now())
    seen, url = [], net.town.get_absolute_url()
    while url:
        listing = client.get(
            net.town.get_absolute_url() + url.removeprefix(net.town.get_absolute_url())
        ).context["listing"]
        seen += [row.object.name for row in listing.rows]
        url = listing.next_url
    assert len(seen) == len(set(seen)) == 71


def test_lists_cost_the_same_for_one_row_and_for_thirty(net, administrator, client):
    factories.enterprise(place=net.district)
    urls = (_url("list"), net.town.get_absolute_url(), net.district.get_absolute_url())

    def count(url):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    first = [count(url) for url in urls]
    for number in range(30):
        factories.organisation(name=f"第{number}社区科协", kind=Kind.VILLAGE, parent=net.town)
        factories.organisation(name=f"第{number}街道科协", kind=Kind.TOWN, parent=net.district)
        factories.person(role="clerk", organisation=net.district)
        factories.person(role="town_clerk", organisation=net.town)
    assert [count(url) for url in urls] == first


# ── Adding organisations ────────────────────────────────────────────────────────────────────────────


def test_a_child_is_added_below(net, client):
    response = client.post(
        _url("add", net.district.pk), {"name": "北山街道科协", "kind": "town", "code": "330106001"}
    )
    made = Organisation.objects.get(name="北山街道科协")
    assert response.url == made.get_absolute_url()
    assert (made.parent, made.kind, made.code) == (net.district, "town", "330106001")
    assert AuditEntry.objects.filter(verb="orgs.add", actor_name="何管理").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "city"}, "kind"),
        ({"kind": "enterprise"}, "kind"),
        ({"name": "云栖街道科协"}, "name"),
        ({"code": "330106001"}, "code"),
    ],
)
def test_a_child_that_does_not_fit_is_refused_with_the_reason(net, client, values, field):
    factories.organisation(name="别处的街道", kind=Kind.TOWN, parent=net.sibling, code="330106001")
    response = client.post(_url("add", net.district.pk), {"name": "北山街道科协", "kind": "town"} | values)
    assert field in response.context["form"].errors
    assert not Organisation.objects.filter(name="北山街道科协").exists()


@pytest.mark.parametrize("name", ["add", "grant", "person_new"])
def test_nobody_administers_outside_her_part(net, client, name):
    for place in (net.city, net.sibling, net.other_city):
        assert client.get(_url(name, place.pk)).status_code == 404
    assert client.get(_url(name, net.town.pk)).status_code == 200
    assert _as(net.clerk).get(_url(name, net.district.pk)).status_code == 403


# ── Roles ───────────────────────────────────────────────────────────────────────────────────────────


def _grant(client, organisation, person, role, **values):
    return client.post(_url("grant", organisation.pk), {"login": person.phone, "role": role} | values)


def test_a_known_account_gets_a_role_with_its_end(net, client):
    person = factories.person(name="借调来的")
    _grant(client, net.town, person, "town_clerk", until="2027-03-31")
    held = Grant.objects.get(person=person)
    assert (held.role, held.organisation) == ("town_clerk", net.town)
    assert clock.local(held.until).strftime("%Y-%m-%d %H:%M") == "2027-04-01 00:00"
    assert covers(person, OrgPerm.VIEW, net.town)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"login": "13700009999"}, "login"),
        ({"role": "town_clerk", "until": "2020-01-01"}, "until"),
        ({"role": ""}, "role"),
        ({"role": "auditor"}, "role"),
    ],
)
def test_a_grant_that_does_not_fit_is_refused(net, client, values, field):
    person = factories.person(name="某人")
    data = {"login": person.phone, "role": "clerk"} | values
    response = client.post(_url("grant", net.town.pk), data)
    assert field in response.context["form"].errors
    assert not Grant.objects.filter(person=person).exists()


def test_the_same_role_is_not_given_twice(net, client):
    response = _grant(client, net.district, net.clerk, "clerk")
    assert "已有这个角色" in response.context["form"].errors["role"][0]


def test_a_delegated_administrator_cannot_give_more_than_she_has(net, administrator, client):
    """An administrator does not hold the auditor's permission, so she cannot make one."""
    person = factories.person(name="想当审计")
    assert may_grant(administrator, "auditor", net.district).code == "orgs.more_than_held"
    beyond = dict(client.get(_url("grant", net.district.pk)).context["form"].beyond)
    assert list(beyond) == ["审计员"]
    _grant(client, net.district, person, "auditor")
    assert not Grant.objects.filter(person=person).exists()


def test_control_an_administrator_with_the_permission_can(net, administrator, client):
    factories.grant(person=administrator, role="auditor", organisation=net.district)
    client.force_login(administrator)  # a new role ends the session
    person = factories.person(name="想当审计")
    _grant(client, net.district, person, "auditor")
    assert Grant.objects.get(person=person).role == "auditor"


def test_holding_the_permission_elsewhere_does_not_help(net, administrator):
    factories.grant(person=administrator, role="auditor", organisation=net.other_city)
    administrator = Person.objects.get(pk=administrator.pk)
    assert may_grant(administrator, "auditor", net.district).code == "orgs.more_than_held"


def test_managing_alone_gives_nothing_away(net, monkeypatch):
    monkeypatch.setattr(roles, "_roles", {})
    declare(Role("registrar", "登记员", "只管账号。", frozenset({OrgPerm.MANAGE})), *ROLES)
    person = factories.person(role="registrar", organisation=net.district)
    assert may_grant(person, "registrar", net.district)
    assert [role.name for role in ROLES if may_grant(person, role.name, net.district)] == []


def test_a_role_is_taken_away_with_a_reason(net, client):
    held = Grant.objects.get(person=net.clerk)
    response = client.post(_url("revoke", held.pk), {"reason": "调离"}, follow=True)
    assert "已撤销李经办的“经办人”" in _said(response)[0]
    assert not covers(Person.objects.get(pk=net.clerk.pk), OrgPerm.VIEW, net.district)
    entry = AuditEntry.objects.get(verb="orgs.revoke")
    assert (entry.actor_name, entry.reason, entry.subject_id) == ("何管理", "调离", str(net.clerk.pk))


def test_a_role_with_an_end_can_be_taken_away_before_it(net, client):
    at = timezone.now()
    person = factories.person(name="借调来的")
    factories.grant(person=person, role="clerk", organisation=net.district, until=at + timedelta(days=30))
    client.post(_url("revoke", Grant.objects.get(person=person).pk), {"reason": "提前返回"})
    assert not covers(Person.objects.get(pk=person.pk), OrgPerm.VIEW, net.district)


def test_taking_away_without_a_reason_does_nothing(net, client):
    held = Grant.objects.get(person=net.clerk)
    response = client.post(_url("revoke", held.pk), {"reason": ""}, follow=True)
    assert "请写明理由" in _said(response)[0]
    held.refresh_from_db()
    assert held.until is None


def test_nobody_takes_away_her_own_role_or_one_outside_her_part(net, administrator, client):
    own = Grant.objects.get(person=administrator)
    response = client.post(_url("revoke", own.pk), {"reason": "不干了"}, follow=True)
    assert "不能撤销自己的授权" in _said(response)[0]
    for person in (net.city_clerk, net.sibling_clerk, net.neighbour):
        assert (
            client.post(_url("revoke", Grant.objects.get(person=person).pk), {"reason": "调离"}).status_code
            == 404
        )


def test_a_role_above_one_s_own_permissions_is_not_hers_to_take_away(net, client):
    auditor = factories.person(name="区审计", role="auditor", organisation=net.district)
    response = client.post(
        _url("revoke", Grant.objects.get(person=auditor).pk), {"reason": "碍事"}, follow=True
    )
    assert "您自己没有“审计员”的全部权限" in _said(response)[0]
    assert covers(auditor, OrgPerm.AUDIT, net.district)


# ── Accounts ────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_disabled_and_enabled_with_reasons(net, client):
    data = {"reason": "离职", "organisation": net.district.pk}
    assert client.post(_url("disable", net.clerk.pk), data).url == net.district.get_absolute_url()
    assert not Person.objects.get(pk=net.clerk.pk).is_active
    client.post(_url("enable", net.clerk.pk), {"reason": "返聘"})
    assert Person.objects.get(pk=net.clerk.pk).is_active
    entries = AuditEntry.objects.filter(
        verb__startswith="account.", subject_id=str(net.clerk.pk), actor_name="何管理"
    )
    assert list(entries.values_list("verb", "reason")) == [
        ("account.disable", "离职"),
        ("account.enable", "返聘"),
    ]


@pytest.mark.parametrize("name", ["disable", "enable", "new_link"])
def test_accounts_of_others_are_out_of_reach(net, administrator, client, name):
    for person in (net.city_clerk, net.sibling_clerk, net.neighbour, factories.person(name="没有角色")):
        assert client.post(_url(name, person.pk), {"reason": "随便"}).status_code == 404
    auditor = factories.person(name="区审计", role="auditor", organisation=net.district)
    for person in (administrator, auditor):
        client.post(_url(name, person.pk), {"reason": "随便"})
        assert Person.objects.get(pk=person.pk).is_active
    assert not AuditEntry.objects.filter(verb="account.link").exists()


def _new_person(client, organisation, **values):
    data = {"name": "新来的", "phone": "137 0000 1234", "role": "clerk"} | values
    return client.post(_url("person_new", organisation.pk), data, follow=True)


def _link_in(response):
    return re.search(r'value="https?://[^/"]+(/account/[^"]+)"', response.content.decode()).group(1)


def test_a_new_account_has_no_password_but_a_link_shown_once(net, client):
    response = _new_person(client, net.district)
    person = Person.objects.get(phone="13700001234")
    assert not person.has_usable_password()
    assert Grant.objects.get(person=person).role == "clerk"
    link = _link_in(response)
    assert link not in client.get(net.district.get_absolute_url()).content.decode()
    visitor = Client()
    assert "新来的" in visitor.get(link).content.decode()
    assert visitor.post(link, {"new": GOOD, "again": GOOD}).url == reverse("login")
    signed_in = visitor.post(reverse("login"), {"login": "13700001234", "password": GOOD})
    assert signed_in.status_code == 302
    assert visitor.get(reverse("me")).status_code == 200


def test_the_link_works_once(net, client):
    link = _link_in(_new_person(client, net.district))
    Client().post(link, {"new": GOOD, "again": GOOD})
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"new": GOOD + "-2", "again": GOOD + "-2"}).status_code == 410
    assert Person.objects.get(phone="13700001234").check_password(GOOD)


def test_a_changed_old_or_foreign_link_opens_nothing(net, client, settings):
    link = _link_in(_new_person(client, net.district))
    head, _, tail = link.rstrip("/").rpartition("-")
    assert Client().get(f"{head}-{tail[::-1]}/").status_code == 410
    other = _link_in(_new_person(client, net.district, phone="13700005678", name="另一位"))
    uid, token = link.split("/")[2], other.split("/")[3]
    assert Client().get(_url("set_password", uid, token)).status_code == 410
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert Client().get(link).status_code == 410


def test_the_link_of_a_disabled_account_opens_nothing(net, client):
    link = _link_in(_new_person(client, net.district))
    Person.objects.filter(phone="13700001234").update(is_active=False)
    assert Client().get(link).status_code == 410


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short-1", "short-1", "至少要 10 个字符"),
        ("48201957365", "48201957365", "全是数字"),
        ("13700001234a", "13700001234a", "与手机号太相似"),
        ("password1234", "password1234", "常见"),
        (GOOD, GOOD + "x", "不一样"),
    ],
)
def test_a_weak_password_is_refused_with_the_rule(net, client, new, again, words):
    link = _link_in(_new_person(client, net.district))
    page = Client().post(link, {"new": new, "again": again})
    assert words in str(page.context["form"].errors)
    assert not Person.objects.get(phone="13700001234").has_usable_password()


def test_somebody_who_has_an_account_is_sent_to_the_grant_page(net, client):
    response = _new_person(client, net.district, phone=net.town_clerk.phone)
    assert "给已有账号授权" in str(response.context["form"].errors)
    assert f"{_url('grant', net.district.pk)}?login={net.town_clerk.phone}" in response.content.decode()
    assert Person.objects.filter(name="新来的").count() == 0


def test_a_new_person_can_be_reached_somehow(net, client):
    response = _new_person(client, net.district, phone="")
    assert "二者至少一项" in str(response.context["form"].errors["phone"])


def test_a_forgotten_password_is_replaced_by_a_link_on_record(net, client):
    response = client.post(
        _url("new_link", net.clerk.pk), {"reason": "忘记密码", "organisation": net.district.pk}, follow=True
    )
    Client().post(_link_in(response), {"new": GOOD, "again": GOOD})
    assert Person.objects.get(pk=net.clerk.pk).check_password(GOOD)
    entries = AuditEntry.objects.filter(
        subject_id=str(net.clerk.pk), verb__in=("account.link", "account.password")
    )
    assert list(entries.values_list("verb", "actor_kind", "reason")) == [
        ("account.link", "person", "忘记密码"),
        ("account.password", "link", ""),
    ]
