import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiqiao_match.metrics import (
    average_precision,
    gain,
    gini,
    interval,
    mean,
    ndcg,
    recall,
    reciprocal_rank,
    resampled_means,
)

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


def test_intervals_are_wider_where_values_come_in_groups():
    values = np.repeat(np.arange(10.0), 5)[:, None]
    alone = interval(resampled_means(values, range(50))[:, 0])
    grouped = interval(resampled_means(values, [at // 5 for at in range(50)])[:, 0])
    assert grouped[0] < alone[0] < 4.5 < alone[1] < grouped[1]
    assert interval(resampled_means(values, range(50))[:, 0]) == alone


def test_an_interval_covers_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        low, high = interval(resampled_means(chance.normal(size=(60, 1)), range(60), resamples=300)[:, 0])
        held += low <= 0 <= high
    assert 0.88 < held / 200 < 0.99


def test_columns_are_drawn_alike_and_what_is_not_judged_is_left_out():
    values = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
    means = resampled_means(values, range(3))
    assert np.allclose(means[:, 1], 2 * means[:, 0])
    assert np.unique(resampled_means(np.array([[1.0], [np.nan]]), [0, 0])).tolist() == [1.0]


def test_an_interval_of_nothing_is_not_a_number():
    assert all(math.isnan(end) for end in interval(resampled_means(np.empty((0, 1)), [])[:, 0]))
    assert all(math.isnan(end) for end in interval(resampled_means(np.full((3, 1), np.nan), [0, 1, 2])[:, 0]))


def test_gini_of_hand_worked_examples():
    assert gini([0, 0, 0, 4]) == pytest.approx(0.75)
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert math.isnan(gini([0, 0]))
    assert math.isnan(gini([]))
