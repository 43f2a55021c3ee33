"""Who sees the whole network is spared the question where each row lies; the answer must not change by that."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from zhiqiao.accounts.models import Person
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.enums import NeedPerm, Stage
from zhiqiao.needs.models import Closing, Need
from zhiqiao.orgs import scope
from zhiqiao.orgs.actions import add_organisation
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def top(net):
    return Organisation.objects.get(parent__isnull=True)


@pytest.fixture
def head(top):
    """Somebody at the top of the tree."""
    return factories.person(role="clerk", organisation=top)


def again(person):
    """The same person at her next request."""
    return Person.objects.get(pk=person.pk)


def seen(rows, person):
    return set(scope.visible(rows, again(person), NeedPerm.VIEW).values_list("pk", flat=True))


def test_the_top_sees_every_row_without_asking_where_it_lies(net, head):
    needs = {factories.need(enterprise=one).pk for one in (net.enterprise, net.other_enterprise)}

    with CaptureQueriesContext(connection) as captured:
        assert seen(Need.objects.all(), head) == needs
    assert "orgs_organisation" not in captured[-1]["sql"]
    assert scope.sees_all(again(head), NeedPerm.VIEW)


def test_a_second_tree_is_not_hers(net, head):
    own = factories.need(enterprise=net.enterprise)
    add_organisation(name="邻省科协", kind=Kind.PROVINCE, parent=None, by=SYSTEM, at=timezone.now())
    other = Organisation.objects.filter(parent__isnull=True).exclude(pk=own.organisation.pk).last()
    foreign = factories.need(enterprise=net.other_enterprise)
    Need.objects.filter(pk=foreign.pk).update(organisation=other)
    net.other_enterprise.__class__.objects.filter(pk=net.other_enterprise.pk).update(organisation=other)

    assert not scope.sees_all(again(head), NeedPerm.VIEW)
    assert seen(Need.objects.all(), head) == {own.pk}


def test_nobody_below_the_top_sees_all(net):
    assert not scope.sees_all(net.clerk, NeedPerm.VIEW)
    assert not scope.sees_all(net.city_clerk, NeedPerm.VIEW)
    assert scope.sees_all(SYSTEM, NeedPerm.VIEW)


def test_a_permission_she_does_not_hold_opens_nothing(net, head):
    factories.need(enterprise=net.enterprise)

    assert not scope.sees_all(again(head), "needs.no_such_permission")
    assert not scope.visible(Need.objects.all(), again(head), "needs.no_such_permission").exists()


def test_rows_reached_in_two_ways_come_once_and_by_either(net):
    asked_here = factories.need(enterprise=net.enterprise)
    handled_here = factories.need(enterprise=net.other_enterprise)
    both = factories.need(enterprise=net.enterprise)
    factories.need(enterprise=net.sibling_enterprise)
    Need.objects.filter(pk=asked_here.pk).update(organisation=net.other_district)
    Need.objects.filter(pk=handled_here.pk).update(organisation=net.district)

    rows = scope.visible(Need.objects.all(), net.clerk, NeedPerm.VIEW)
    assert sorted(rows.values_list("pk", flat=True)) == [asked_here.pk, handled_here.pk, both.pk]
    assert rows.count() == 3


def test_what_hangs_on_a_need_follows_it(net, head):
    done = [
        factories.need(enterprise=one, stage=Stage.ARCHIVED) for one in (net.enterprise, net.other_enterprise)
    ]
    closings = {need.closing.pk for need in done}

    assert seen(Closing.objects.all(), head) == closings
    assert seen(Closing.objects.all(), net.clerk) == {done[0].closing.pk}
