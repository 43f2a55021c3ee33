"""The fair assignment: the worst item as high as possible, the loss bounded, and no claim that is not true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zhiqiao_match.test_assign import QUICK, everything, large, problems
from zhiqiao.site.cli.bench.fairflow import fairflow
from zhiqiao_match.assign import Infeasible, Problem, assign, fair, in_words, totals_of, violations

pytestmark = pytest.mark.anydb


@QUICK
@given(problems(), st.sampled_from([0.0, 0.01, 0.3]))
def test_the_worst_is_within_its_proof_and_the_loss_within_its_limit(problem: Problem, loss: float):
    possible = everything(problem)
    if not possible:
        with pytest.raises(Infeasible):
            fair(problem, loss=loss)
        return
    best = max(total for total, _ in possible)
    allowed = [chosen for total, chosen in possible if total >= best - loss * abs(best) - 1e-6]
    found = fair(problem, loss=loss)
    assert violations(problem, found.chosen) == []
    assert found.total >= best - loss * abs(best) - 1e-6
    assert found.worst >= assign(problem).worst - 1e-6
    assert found.worst_bound is not None
    assert max(float(totals_of(problem, chosen).min()) for chosen in allowed) <= found.worst_bound + 1e-6


def one_bad_item(seed: int = 2) -> Problem:
    """A table in which the largest sum leaves one item with those nobody else wants."""
    rng = np.random.default_rng(seed)
    scores = rng.random((40, 20))
    scores[:, 0] *= 0.6
    return Problem.make(scores, per_item=2, cap=1)


def test_the_worst_item_is_lifted_for_little():
    plain, even = assign(one_bad_item()), fair(one_bad_item(), loss=0.05)
    assert even.worst > plain.worst
    assert even.total >= 0.95 * plain.total
    assert "比只求总分最高的安排少" in in_words(even)


def test_going_deep_lifts_the_next_worst_too():
    problem = one_bad_item()
    even, deep = fair(problem, loss=0.05), fair(problem, loss=0.05, deep=True)
    sorted_even, sorted_deep = (np.sort(totals_of(problem, one.chosen)) for one in (even, deep))
    assert sorted_deep[0] >= sorted_even[0] - 1e-9
    assert sorted_deep[:5].sum() >= sorted_even[:5].sum()
    assert deep.total >= 0.95 * assign(problem).total


def test_without_any_loss_the_sum_stays_the_largest():
    problem = large(60, 30)
    assert fair(problem, loss=0.0).total == pytest.approx(assign(problem).total, rel=1e-7)


@pytest.mark.parametrize(("people", "items", "seed"), [(60, 100, 1), (130, 250, 2), (80, 100, 3)])
def test_no_worse_than_fairflow_in_the_worst_item_and_in_the_sum(people, items, seed):
    problem = large(people, items, seed)
    ours, theirs = fair(problem), fairflow(problem)
    assert theirs.finished
    assert ours.worst >= theirs.worst - 1e-6
    assert ours.total >= theirs.total - 1e-6


def test_fairflow_is_a_peer_worth_beating():
    """Control: it keeps the rules it knows and lifts the worst item itself."""
    problem = one_bad_item()
    theirs = fairflow(problem)
    assert theirs.worst > assign(problem).worst
    assert theirs.total <= assign(problem).total + 1e-9


def test_items_of_different_size_are_compared_by_their_average():
    problem = Problem.make([[1.0, 1.0], [1.0, 0.4], [0.4, 1.0], [0.9, 0.9]], per_item=[1, 3], cap=1)
    found = fair(problem, loss=1.0)
    assert violations(problem, found.chosen) == []
    assert found.worst_bound is None
