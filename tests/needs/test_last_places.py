"""Many clerks at the same instant ask for fewer free places of experts: each place is given once.

By default a tenth of the crowd; ``ZHIQIAO_LONG=1`` lets 500 ask for 50 places. The control takes the lock away
and shows that the same crowd then takes more places than there are.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from tests import factories
from zhiqiao.directory.models import Expert
from zhiqiao.kit import audit
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions
from zhiqiao.needs.actions import invite
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.models import Invitation, Need

pytestmark = pytest.mark.django_db(transaction=True)

LONG = os.environ.get("ZHIQIAO_LONG") == "1"
CROWD, PLACES, AT_ONCE = (500, 50, 50) if LONG else (50, 5, 10)
CAP = 5


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def experts(net):
    """So many experts that their limits together make ``PLACES``."""
    return [factories.expert(organisation=net.district, task_cap=CAP) for _ in range(PLACES // CAP)]


def _needs(net):
    at = timezone.now()
    first = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, at=at)
    copies = [Need.objects.get(pk=first.pk) for _ in range(CROWD - 1)]
    for number, copy in enumerate(copies):
        copy.pk, copy.number, copy.title = None, f"XQ-T-{number}", f"需求{number}"
    Need.objects.bulk_create(copies)
    return list(Need.objects.order_by("pk").values_list("pk", flat=True))


def _crowd(net, needs, experts):
    """Each of the crowd asks one expert for a need of her own; return how the requests ended."""
    gate = Barrier(AT_ONCE)

    def ask(number):
        try:
            need = Need.objects.select_related("organisation", "enterprise__organisation").get(
                pk=needs[number]
            )
            expert = Expert.objects.get(pk=experts[number % len(experts)].pk)
            if number < AT_ONCE:
                gate.wait(30)
            actions.invite_experts(need, [expert], by=net.clerk, at=timezone.now())
        except Refused as refused:
            return refused.refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(ask, range(CROWD)))


def test_every_place_is_given_and_none_twice(net, experts):
    ends = _crowd(net, _needs(net), experts)
    assert ends == {"done": PLACES, "needs.full": CROWD - PLACES}
    sent = Counter(Invitation.objects.filter(state=InvitationState.SENT).values_list("expert_id", flat=True))
    assert sent == dict.fromkeys((expert.pk for expert in experts), CAP)
    assert audit.verify() == []


@pytest.mark.postgresql_only
def test_control_without_the_lock_a_place_is_given_twice(net, experts, monkeypatch):
    monkeypatch.setattr(invite, "_hold", lambda need, experts=(): Need.objects.get(pk=need.pk))
    ends = _crowd(net, _needs(net), experts)
    assert ends["done"] > PLACES


@pytest.mark.sqlite_only
def test_control_without_the_transaction_a_place_is_given_twice(net, experts, monkeypatch):
    """SQLite lets one writer in from her first look to her last word; here everybody looks and writes freely."""
    monkeypatch.setattr(actions, "invite_experts", actions.invite_experts.__wrapped__)
    ends = _crowd(net, _needs(net), experts)
    assert ends["done"] > PLACES
