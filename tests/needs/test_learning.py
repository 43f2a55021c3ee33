"""What closed needs teach: who counts as a case, and that nobody's own case foretells itself."""

import pytest
from django.utils import timezone

from tests import factories
from zhiqiao.directory.models import RankingWeights
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs import learning
from zhiqiao.needs.enums import DeclineReason, InvitationState, Result, Stage
from zhiqiao.needs.models import Invitation
from zhiqiao_match import learn
from zhiqiao_match.learn import PARTS


@pytest.fixture
def closed(net):
    """One closed need: one expert helped, one declined as not her field, one had no time."""
    helped, declined, busy = (factories.expert(organisation=net.society) for _ in range(3))
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[helped], result=Result.SOLVED
    )
    for expert, reason in ((declined, DeclineReason.FIELD), (busy, DeclineReason.BUSY)):
        Invitation.objects.create(
            need=need,
            expert=expert,
            rank=2,
            state=InvitationState.DECLINED,
            reason=reason,
            created_at=timezone.now(),
            sent_at=timezone.now(),
            answered_at=timezone.now(),
        )
    return need, helped, declined, busy


def test_a_closed_need_is_a_case_without_those_who_had_no_time(closed):
    (case,) = learning.closed_cases()
    assert case.gains.tolist() == [learning.SOLVED, 0.0]
    assert case.places.tolist() == [1, 2]


def test_the_record_of_a_case_does_not_foretell_it(closed):
    (case,) = learning.closed_cases()
    outcome, reply = PARTS.index("outcome"), PARTS.index("reply")
    assert case.values[0, outcome] == case.values[1, outcome]
    assert case.values[0, reply] == case.values[1, reply]


def test_a_need_whose_outcome_is_not_confirmed_teaches_nothing(net):
    factories.need(enterprise=net.enterprise, stage=Stage.MET)
    assert learning.closed_cases() == []


def test_too_few_cases_propose_nothing(closed):
    assert learning.learn_weights(by=SYSTEM, at=timezone.now()) is None
    assert not RankingWeights.objects.exists()


def test_enough_cases_propose_a_version_once_a_day(closed, monkeypatch):
    monkeypatch.setattr(learn, "FEWEST_CASES", 1)
    at = timezone.now()
    row = learning.learn_weights(by=SYSTEM, at=at)
    assert row is not None
    assert (row.cases, row.is_accepted, row.based_on) == (1, None, "2026-2")
    assert learning.learn_weights(by=SYSTEM, at=at) is None
    assert RankingWeights.objects.count() == 1
