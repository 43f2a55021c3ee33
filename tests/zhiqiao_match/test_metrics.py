import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiqiao_match.metrics import average_precision, gain, mean, ndcg, recall, reciprocal_rank

pytestmark = pytest.mark.anydb


def test_gain_is_exponential():
    assert [gain(level) for level in range(4)] == [0, 1, 3, 7]


def test_ndcg_of_a_hand_worked_example():
    # ranked gains 3, 0, 1: 3/1 + 0 + 1/2 = 3.5; best order 3, 1, 0: 3 + 1/1.58496 = 3.63093
    assert ndcg([3, 0, 1]) == pytest.approx(3.5 / 3.6309297535714573)


def test_ndcg_cuts_at_k_and_knows_what_was_missed():
    # at 2 of a pool with gains 7, 3, 1: found 1, 3 → 1 + 3/1.58496; best 7 + 3/1.58496
    found = 1 + 3 / math.log2(3)
    assert ndcg([1, 3, 7], 2) == pytest.approx(found / (7 + 3 / math.log2(3)))
    assert ndcg([1, 3], 2, ideal=[7, 3, 1]) == pytest.approx(found / (7 + 3 / math.log2(3)))


def test_average_precision_of_a_hand_worked_example():
    assert average_precision([True, False, True]) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert average_precision([True, False, True], total=4) == pytest.approx((1 / 1 + 2 / 3) / 4)


def test_recall_and_reciprocal_rank_of_hand_worked_examples():
    assert recall([False, True, True], 2) == 0.5
    assert recall([False, True, True], 2, total=4) == 0.25
    assert reciprocal_rank([False, False, True, True]) == pytest.approx(1 / 3)


def test_rankings_without_anything_relevant_are_not_judged():
    assert ndcg([0, 0]) is None
    assert average_precision([False]) is None
    assert recall([], 5) is None
    assert reciprocal_rank([False]) is None
    assert mean([None, 0.5, 1.0, None]) == 0.75
    assert math.isnan(mean([None]))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_the_best_order_has_one_and_every_order_lies_between(levels):
    gains = [gain(level) for level in levels]
    value = ndcg(gains)
    if any(levels):
        assert ndcg(sorted(gains, reverse=True)) == pytest.approx(1)
        assert value is not None
        assert 0 <= value <= 1 + 1e-12
    else:
        assert value is None
