"""Open sessions end at the next request when a role changes, an account is closed, or the password is replaced."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.models import Person
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.orgs import actions as orgs
from zhiqiao.orgs.actions import network
from zhiqiao.orgs.models import Grant

pytestmark = pytest.mark.django_db

NOW = timezone.now()
NEW = "xin-de-mi-ma-2027"


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def session(net):
    """An open session of the clerk, used once."""
    client = Client()
    client.force_login(net.clerk)
    assert _is_in(client)
    return client


def _is_in(client):
    return client.get(reverse("me")).status_code == 200


def _grant(net):
    orgs.grant(net.clerk, "leader", net.sibling, by=SYSTEM, at=NOW)


def _revoke(net):
    orgs.revoke(Grant.objects.get(person=net.clerk), by=SYSTEM, at=timezone.now(), reason="调离")


def _disable(net):
    accounts.disable(net.clerk, by=SYSTEM, at=NOW, reason="离职")


def _disable_and_enable(net):
    _disable(net)
    accounts.enable(net.clerk, by=SYSTEM, at=NOW, reason="返聘")


def _change_password(net):
    accounts.change_password(net.clerk, password=NEW, by=net.clerk, at=NOW)


CHANGES = [_grant, _revoke, _disable, _disable_and_enable, _change_password]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_a_change_ends_open_sessions_at_the_next_request(net, session, change):
    change(net)
    assert not _is_in(session)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_a_change_leaves_the_sessions_of_others_alone(net, change):
    other = Client()
    other.force_login(net.city_clerk)
    change(net)
    assert _is_in(other)


@pytest.mark.parametrize(
    "change", [_grant, _revoke, _disable_and_enable], ids=lambda change: change.__name__.strip("_")
)
def test_control_without_ending_sessions_they_would_live_on(net, session, change, monkeypatch):
    for module in (accounts, network):
        monkeypatch.setattr(module, "end_sessions", lambda person: None)
    change(net)
    assert _is_in(session)


def test_control_nothing_changed_nothing_ends(net, session):
    accounts.enable(net.clerk, by=SYSTEM, at=NOW, reason="本来就在用")
    assert _is_in(session)


def test_the_person_signs_in_again_and_has_her_new_role(net, session):
    _grant(net)
    assert not _is_in(session)
    session.post(reverse("login"), {"login": net.clerk.phone, "password": factories.PASSWORD})
    assert _is_in(session)
    assert "平川区科协及其下级" in session.get(reverse("me")).content.decode()


def test_one_s_own_session_survives_one_s_own_change_of_password(net, session):
    elsewhere = Client()
    elsewhere.force_login(net.clerk)
    session.post(reverse("password"), {"old": factories.PASSWORD, "new": NEW, "again": NEW})
    assert _is_in(session)
    assert not _is_in(elsewhere)


def test_disabling_by_an_administrator_ends_the_session(net, session):
    client = Client()
    client.force_login(factories.person(name="何管理", role="administrator", organisation=net.district))
    client.post(reverse("orgs:disable", args=(net.clerk.pk,)), {"reason": "离职"})
    assert not Person.objects.get(pk=net.clerk.pk).is_active
    assert not _is_in(session)
