"""The screens on which it is decided who is who, when somebody is away, and what she declares."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from zhiqiao.directory.actions.conflicts import declare
from zhiqiao.directory.actions.identity import merge_experts
from zhiqiao.directory.models import Distinction, Expert, Leave, Merge, Relation
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
AT = timezone.now()


@pytest.fixture
def net():
    return factories.network()


def _as(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def twins(net):
    return [factories.expert(organisation=net.district, name="何同舟") for _ in "ab"]


def _page(client, url):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_a_pair_is_listed_compared_and_merged(net, twins):
    one, two = twins
    client = _as(net.clerk)
    assert f"/workbench/experts/{one.pk}/identity/?with={two.pk}" in _page(client, "/workbench/experts/same/")
    url = f"/workbench/experts/{one.pk}/identity/"
    page = _page(client, f"{url}?with={two.pk}")
    assert one.phone not in page
    sent = {"act": "merge", "with": two.pk, "merge-keep": two.pk, "merge-reason": "电话核实"}
    assert client.post(url, sent).headers["Location"] == two.get_absolute_url()
    assert Expert.objects.get(pk=one.pk).merged_into == two
    assert client.get(one.get_absolute_url()).headers["Location"] == two.get_absolute_url()
    assert client.get(url).status_code == 404


def test_a_merge_without_a_choice_is_asked_back(net, twins):
    one, two = twins
    url = f"/workbench/experts/{one.pk}/identity/"
    page = _as(net.clerk).post(url, {"act": "merge", "with": two.pk, "merge-reason": "电话核实"})
    assert "请选择保留哪一条记录" in page.content.decode()
    assert Merge.objects.count() == 0


def test_told_apart_and_taken_back(net, twins):
    one, two = twins
    client, url = _as(net.clerk), f"/workbench/experts/{one.pk}/identity/"
    client.post(url, {"act": "apart", "with": two.pk, "apart-reason": "两个学院"})
    assert "两个学院" in _page(client, url)
    assert "没有需要判断的" in _page(client, "/workbench/experts/same/")
    client.post(url, {"act": "unapart", "distinction": Distinction.objects.get().pk})
    assert Distinction.objects.get().revoked_at is not None


def test_a_merge_is_split_on_the_page_of_who_remained(net, twins):
    one, two = twins
    merge = merge_experts(one, two, by=net.clerk, at=AT, reason="电话核实")
    client, url = _as(net.clerk), f"/workbench/experts/{one.pk}/identity/"
    assert "拆开还原" in _page(client, url)
    act = f"split{merge.pk}"
    client.post(url, {"act": act, f"{act}-reason": "又核实了一次，是两个人"})
    assert Expert.objects.get(pk=two.pk).merged_into is None
    assert "已拆开" in _page(client, url)


def test_a_row_of_another_city_is_out_of_reach_on_both_sides(net, twins):
    far = factories.expert(organisation=net.other_city, name="何同舟", sharing="network")
    url = f"/workbench/experts/{twins[0].pk}/identity/"
    client = _as(net.clerk)
    assert client.get(f"{url}?with={far.pk}").status_code == 404
    assert client.get(f"/workbench/experts/{far.pk}/identity/").status_code == 404
    sent = {"act": "merge", "with": far.pk, "merge-keep": far.pk, "merge-reason": "电话核实"}
    assert client.post(url, sent).status_code == 404
    hidden = factories.expert(organisation=net.other_city, sharing="own")
    gone = factories.expert(organisation=net.other_city, sharing="own")
    merge_experts(hidden, gone, by=SYSTEM, at=AT, reason="电话核实")
    assert client.get(gone.get_absolute_url()).status_code == 404


def test_the_list_of_pairs_asks_as_often_for_many_as_for_few(net, django_assert_max_num_queries):
    for number in range(40):
        for _ in "ab":
            factories.expert(organisation=net.district, name=f"同名{number}")
    client = _as(net.clerk)
    with django_assert_max_num_queries(20):
        assert _page(client, "/workbench/experts/same/").count("比较</a>") == 40


# ── Leave and ties ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def account(net):
    return factories.person(name="何同舟")


@pytest.fixture
def herself(net, account):
    return factories.expert(organisation=net.district, name="何同舟", person=account)


def test_she_enters_and_cancels_her_leave(herself, account):
    today = clock.local_date(AT)
    client = _as(account)
    wrong = {"act": "add", "starts_on": today, "ends_on": today - timedelta(1)}
    assert "结束日期早于开始日期" in client.post("/my/leave/", wrong).content.decode()
    client.post(
        "/my/leave/", {"act": "add", "starts_on": today, "ends_on": today + timedelta(9), "note": "出国访问"}
    )
    assert "出国访问" in _page(client, "/my/leave/")
    client.post("/my/leave/", {"act": "cancel", "leave": Leave.objects.get().pk})
    assert Leave.objects.get().cancelled_at is not None
    assert "登记休假" in _page(client, "/my/availability/")


def test_her_unit_enters_it_for_her_and_nobody_else(net, herself):
    today = clock.local_date(AT)
    url = f"/workbench/experts/{herself.pk}/leave/"
    sent = {"act": "add", "starts_on": today, "ends_on": today}
    assert _as(net.clerk).post(url, sent).status_code == 302
    assert _as(net.sibling_clerk).post(url, sent).status_code == 404
    assert Leave.objects.get().by_name == net.clerk.name


def test_her_register_row_says_that_she_is_away(net, herself):
    today = clock.local_date(AT)
    Leave.objects.create(expert=herself, starts_on=today, ends_on=today, by_name="x", at=AT)
    assert "休假" in _page(_as(net.clerk), "/workbench/experts/")


def test_she_declares_a_tie_to_an_enterprise_of_the_library(net, herself, account):
    client = _as(account)
    sent = {"act": "add", "kind": "shares", "party": net.enterprise.organisation.name}
    assert client.post("/my/ties/", sent).status_code == 302
    made = Relation.objects.get()
    assert (made.enterprise, made.is_own_word, made.by_name) == (net.enterprise, True, account.name)
    assert "持股" in _page(client, "/my/ties/")
    client.post("/my/ties/", {"act": "withdraw", "relation": made.pk})
    made.refresh_from_db()
    assert made.withdrawn_at is not None


@pytest.mark.parametrize(
    ("who", "status"), [("clerk", 403), ("leader", 200), ("town_clerk", 403), ("neighbour", 403)]
)
def test_ties_are_read_only_by_who_decides_and_each_reading_is_recorded(net, herself, who, status):
    declare(herself, kind="kin", party="渔浦食品有限公司 何某", by=SYSTEM, at=AT)
    response = _as(getattr(net, who)).get(f"/workbench/experts/{herself.pk}/ties/")
    assert response.status_code == status
    assert ("何某" in response.content.decode()) == (status == 200)
    assert AuditEntry.objects.filter(verb="expert.ties").count() == (status == 200)


def test_a_leader_elsewhere_does_not_read_the_ties_of_an_expert_shared_with_her(net, herself):
    declare(herself, kind="kin", party="何某", by=SYSTEM, at=AT)
    leader = factories.person(role="leader", organisation=net.other_city)
    assert _as(leader).get(f"/workbench/experts/{herself.pk}/ties/").status_code == 404


def test_somebody_who_is_no_expert_has_nothing_to_declare(net):
    assert _as(net.clerk).get("/my/ties/").status_code == 404
    assert _as(net.clerk).get("/my/leave/").status_code == 404
