"""The weights of the ranking: a proposal, who decides, what is in force, and the page."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.directory import ranking
from zhiqiao.directory.actions.ranking import decide_weights, propose_weights
from zhiqiao.directory.models import RankingWeights
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao_match import Weights
from zhiqiao_match.learn import Proposal

PAGE = reverse("directory:ranking")


@pytest.fixture
def net(db):
    return factories.network()


@pytest.fixture
def top(net):
    return factories.person(name="省管理", role="administrator", organisation=net.province)


def proposed(version: str = "20260101", **shares: float) -> RankingWeights:
    weights = replace(Weights(), version=version, **shares)
    proposal = Proposal(weights, 40, 0.61, 0.66, 0.01, 0.09)
    return propose_weights(proposal, by=SYSTEM, at=timezone.now())


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_without_a_decision_the_engines_own_weights_hold(db):
    proposed(region=0.2)
    assert ranking.in_force() == Weights()


def test_an_accepted_version_is_in_force_and_the_decision_is_audited(top):
    row = decide_weights(proposed(region=0.2), accept=True, reason="效果可信", by=top, at=timezone.now())
    assert ranking.in_force() == replace(Weights(), version="20260101", region=0.2)
    assert (row.is_accepted, row.decided_by) == (True, "省管理")
    entry = AuditEntry.objects.filter(verb="ranking.decide").get()
    assert entry.reason == "效果可信"


def test_a_declined_version_changes_nothing_and_cannot_be_decided_again(top):
    row = decide_weights(proposed(), accept=False, reason="样本太少", by=top, at=timezone.now())
    assert ranking.in_force() == Weights()
    with pytest.raises(Refused, match="已经有了决定"):
        decide_weights(row, accept=True, reason="再想想", by=top, at=timezone.now())


def test_only_the_top_of_the_network_decides_and_gives_a_reason(net, top):
    row = proposed()
    below = factories.person(role="administrator", organisation=net.city)
    for person, reason, words in (
        (below, "好", "最上级科协"),
        (net.clerk, "好", "最上级科协"),
        (top, " ", "理由"),
    ):
        with pytest.raises(Refused, match=words):
            decide_weights(row, accept=True, reason=reason, by=person, at=timezone.now())
    row.refresh_from_db()
    assert row.is_accepted is None


def test_a_newer_proposal_takes_the_place_of_an_open_one(db):
    first, second = proposed("20260101"), proposed("20260201")
    first.refresh_from_db()
    assert (first.is_accepted, first.reason) == (False, "有了更新的建议")
    assert second.is_accepted is None


def test_an_earlier_version_can_be_returned_to(top):
    first = decide_weights(
        proposed("20260101", load=0.2), accept=True, reason="好", by=top, at=timezone.now()
    )
    decide_weights(proposed("20260201"), accept=True, reason="更好", by=top, at=timezone.now())
    assert ranking.in_force().version == "20260201"
    decide_weights(first, accept=True, reason="退回上一版", by=top, at=timezone.now())
    assert ranking.in_force().version == "20260101"


def test_the_page_shows_the_effect_and_takes_the_decision(net, top):
    proposed(region=0.2)
    shown = signed_in(top).get(PAGE).content.decode()
    assert "排序质量由 0.610 变为 0.660" in shown
    assert "变好是可信的" in shown
    client = signed_in(top)
    refused = client.post(PAGE, {"version": "20260101", "act": "accept", "reason": ""})
    assert "请写明理由" in refused.content.decode()
    done = client.post(PAGE, {"version": "20260101", "act": "accept", "reason": "采用"}, follow=True)
    assert "已采用 20260101" in done.content.decode()
    assert ranking.in_force().version == "20260101"


def test_the_page_leads_back_to_an_earlier_version(top):
    for version in ("20260101", "20260201"):
        decide_weights(proposed(version), accept=True, reason="好", by=top, at=timezone.now())
    client = signed_in(top)
    assert '?version=20260101"' in client.get(PAGE).content.decode()
    shown = client.get(f"{PAGE}?version=20260101").content.decode()
    assert "换回 20260101" in shown
    client.post(f"{PAGE}?version=20260101", {"version": "20260101", "act": "accept", "reason": "退回"})
    assert ranking.in_force().version == "20260101"
    assert "换回 nonsense" not in client.get(f"{PAGE}?version=nonsense").content.decode()


def test_everybody_on_the_staff_reads_the_weights_and_is_not_offered_a_decision(net):
    proposed()
    shown = signed_in(net.clerk).get(PAGE).content.decode()
    assert "由最上级科协的系统管理员决定" in shown
    assert 'value="accept"' not in shown
    assert signed_in(net.contact).get(PAGE).status_code in (403, 404)


def test_an_administrator_below_the_top_is_told_who_decides(net):
    proposed()
    below = factories.person(role="administrator", organisation=net.city)
    answer = signed_in(below).post(PAGE, {"version": "20260101", "act": "accept", "reason": "好"})
    assert "由最上级科协的系统管理员决定" in answer.content.decode()
    assert ranking.in_force() == Weights()


def test_an_unknown_version_is_not_found(top):
    assert signed_in(top).post(PAGE, {"version": "x", "act": "accept", "reason": "好"}).status_code == 404
