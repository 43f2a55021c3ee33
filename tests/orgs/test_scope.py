"""The three questions of scope: may she, what may she see, who may. For every relation, and in time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.models import Person
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.models import Enterprise
from zhiqiao.kit.actors import SYSTEM, Actor
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs import queries, scope
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Organisation

pytestmark = pytest.mark.django_db

NOW = timezone.now()
RELATIONS = [
    ("district", True),
    ("town", True),
    ("city", False),
    ("sibling", False),
    ("other_city", False),
    ("other_district", False),
    ("society", False),
]


@pytest.fixture
def net():
    return factories.network(at=NOW - timedelta(days=30))


def _seen(person, at=None):
    return set(
        scope.visible(Organisation.objects.all(), person, OrgPerm.VIEW, at).values_list("name", flat=True)
    )


@pytest.mark.parametrize(("place", "expected"), RELATIONS)
def test_covers_own_and_below_and_nothing_else(net, place, expected):
    organisation = getattr(net, place)
    answer = scope.covers(net.clerk, NeedPerm.HANDLE, organisation)
    assert bool(answer) == expected
    if not expected:
        assert organisation.title in answer.message


@pytest.mark.parametrize(("place", "expected"), RELATIONS)
def test_visible_agrees_with_covers(net, place, expected):
    organisation = getattr(net, place)
    seen = scope.visible(Organisation.objects.all(), net.clerk, OrgPerm.VIEW)
    assert seen.filter(pk=organisation.pk).exists() == expected


@pytest.mark.parametrize(("place", "expected"), RELATIONS)
def test_holders_agrees_with_covers(net, place, expected):
    holders = scope.holders(NeedPerm.HANDLE, getattr(net, place))
    assert (net.clerk in holders) == expected


def test_a_permission_the_role_lacks_covers_nothing(net):
    assert not scope.covers(net.leader, NeedPerm.HANDLE, net.district)
    assert not scope.covers(net.town_clerk, DirectoryPerm.CONTACT, net.town)
    assert scope.covers(net.leader, NeedPerm.VIEW, net.district)


def test_enterprises_are_seen_through_the_place_they_stand_in(net):
    rows = scope.visible(Enterprise.objects.all(), net.clerk, DirectoryPerm.VIEW)
    assert list(rows) == [net.enterprise]


def test_a_model_that_does_not_say_how_it_is_reached_shows_nothing(net):
    assert list(scope.visible(Person.objects.all(), net.clerk, OrgPerm.VIEW)) == []


def test_visitors_and_links_see_nothing_and_the_operator_everything(net):
    for who in (AnonymousUser(), None, Actor("link", "need:1", "某企业")):
        assert _seen(who) == set()
        assert not scope.covers(who, OrgPerm.VIEW, net.district)
        assert not scope.may_somewhere(who, OrgPerm.VIEW)
    assert scope.covers(SYSTEM, OrgPerm.VIEW, net.district)
    assert len(_seen(SYSTEM)) == Organisation.objects.count()


def _with_grant(net, since, until):
    person = factories.person()
    factories.grant(
        person=person,
        role="clerk",
        organisation=net.district,
        at=NOW + since,
        until=None if until is None else NOW + until,
    )
    return person


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (timedelta(days=-2), None, True),
        (timedelta(days=-2), timedelta(days=2), True),
        (timedelta(days=-2), timedelta(days=-1), False),
        (timedelta(days=1), None, False),
        (timedelta(0), None, True),
        (timedelta(days=-2), timedelta(0), False),
    ],
    ids=["open", "limited", "expired", "future", "from this instant", "until this instant"],
)
def test_a_grant_holds_from_its_start_up_to_its_end(net, since, until, holds):
    person = _with_grant(net, since, until)
    assert bool(scope.covers(person, NeedPerm.HANDLE, net.district, NOW)) == holds
    assert bool(_seen(person, NOW)) == holds
    assert (person in scope.holders(NeedPerm.HANDLE, net.district, NOW)) == holds


def test_a_disabled_person_may_nothing_and_is_nobody_to_ask(net):
    accounts.disable(net.clerk, by=SYSTEM, at=NOW, reason="离职")
    person = Person.objects.get(pk=net.clerk.pk)
    assert not scope.covers(person, NeedPerm.HANDLE, net.district)
    assert _seen(person) == set()
    assert person not in scope.holders(NeedPerm.HANDLE, net.district)
    assert person not in scope.nearest_holders(NeedPerm.HANDLE, net.district)


def test_two_grants_add_up_and_one_inside_the_other_is_one_range(net):
    person = factories.person(role="clerk", organisation=net.town)
    factories.grant(person=person, role="clerk", organisation=net.district)
    factories.grant(person=person, role="leader", organisation=net.other_city)
    assert scope.roots_of(person, OrgPerm.VIEW) == [net.district, net.other_city]
    assert scope.roots_of(person, NeedPerm.HANDLE) == [net.district]
    expected = {net.district, net.town, net.enterprise.organisation, net.other_city, net.other_district}
    expected.add(net.other_enterprise.organisation)
    assert _seen(person) == {organisation.name for organisation in expected}


def test_nearest_holders_are_those_of_the_lowest_level_that_has_anybody(net):
    assert scope.nearest_holders(NeedPerm.HANDLE, net.town) == [net.clerk, net.second_clerk]
    assert scope.nearest_holders(NeedPerm.HANDLE, net.society) == [net.city_clerk]
    assert scope.nearest_holders(NeedPerm.HANDLE, net.province) == []


def test_many_questions_about_one_person_cost_one_query(net):
    person = Person.objects.get(pk=net.clerk.pk)
    with CaptureQueriesContext(connection) as captured:
        for place in (net.district, net.city, net.town, net.sibling):
            scope.covers(person, NeedPerm.HANDLE, place)
            scope.may_somewhere(person, OrgPerm.VIEW)
    assert len(captured) == 1


def test_a_person_is_told_in_words_what_she_may_see(net):
    sentences = scope.in_words(net.clerk)
    assert len(sentences) == 1
    assert sentences[0].startswith("青山区科协及其下级：经办人。可以看到并办理")
    person = _with_grant(net, timedelta(days=-2), timedelta(days=30))
    assert "有效期至" in scope.in_words(person)[0]


def test_people_whose_account_one_manages_have_no_role_outside(net):
    administrator = factories.person(name="何管理", role="administrator", organisation=net.district)
    factories.grant(person=net.second_clerk, role="leader", organisation=net.other_city)
    managed = set(queries.people_managed_by(administrator, timezone.now()))
    assert {net.clerk, net.town_clerk, net.leader, net.contact} <= managed
    assert managed.isdisjoint({net.second_clerk, net.city_clerk, net.sibling_clerk, net.neighbour})


def test_an_account_that_can_do_more_than_its_manager_is_out_of_reach(net):
    administrator = factories.person(name="何管理", role="administrator", organisation=net.district)
    auditor = factories.person(name="区审计", role="auditor", organisation=net.district)
    people = {person.pk: person for person in queries.people_managed_by(administrator, timezone.now())}
    assert queries.may_manage_account(administrator, people[net.clerk.pk])
    assert queries.may_manage_account(administrator, people[auditor.pk]).code == "orgs.beyond"
    assert queries.may_manage_account(administrator, people[administrator.pk]).code == "orgs.own_account"
