"""How good is a ranking: NDCG, average precision, recall, reciprocal rank.

Each function takes the judged relevance of the answers *in the order of the ranking* (number 0 is the
first answer) and returns 0..1, higher is better, or None where the ranking cannot be judged because
nothing is relevant. `mean` leaves those out, as the published figures do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000


def gain(level: float) -> float:
    """This returns the exponential gain 2**level - 1 of a grade; grade 0 gains nothing.

    Source: Burges et al. (2005), "Learning to Rank using Gradient Descent".
    """
    return math.pow(2.0, level) - 1.0


def dcg(gains: Sequence[float], k: int) -> float:
    """This sums the first k gains, each divided by log2(rank + 1), rank from 1."""
    return sum(value / math.log2(rank + 1) for rank, value in enumerate(gains[:k], start=1))


def ndcg(gains: Sequence[float], k: int = 10, *, ideal: Sequence[float] | None = None) -> float | None:
    """This returns the discounted cumulative gain at k, divided by that of the best possible order.

    gains : gain of each answer, >= 0, in ranking order (see `gain` for grades).
    ideal : gains of everything judged, any order; the gains themselves if the whole pool is ranked.
    Example: gains 0, 3, 1 → (3/log2 3 + 1/2) / (3 + 1/log2 3) = .659.
    Source: Järvelin & Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques".
    """
    best = dcg(sorted(gains if ideal is None else ideal, reverse=True), k)
    return dcg(gains, k) / best if best > 0 else None


def average_precision(relevant: Sequence[bool], *, total: int | None = None) -> float | None:
    """This averages the precision at every relevant answer; relevant things not found count 0.

    total : how many relevant things there are; those in the ranking if not given.
    Example: yes, no, yes → (1/1 + 2/3) / 2 = .833.
    Source: Voorhees & Harman (2005), TREC: Experiment and Evaluation in Information Retrieval.
    """
    number = sum(relevant) if total is None else total
    if not number:
        return None
    ranks = [rank for rank, is_relevant in enumerate(relevant, start=1) if is_relevant]
    return sum(found / rank for found, rank in enumerate(ranks, start=1)) / number


def recall(relevant: Sequence[bool], k: int, *, total: int | None = None) -> float | None:
    """This returns the share of relevant things among the first k answers; `total` as above.

    Example: no, yes, yes at k = 2 → 1/2.
    """
    number = sum(relevant) if total is None else total
    return sum(relevant[:k]) / number if number else None


def reciprocal_rank(relevant: Sequence[bool]) -> float | None:
    """This returns 1 / rank of the first relevant answer, None if there is none.

    Example: no, no, yes → 1/3.
    """
    return next((1.0 / rank for rank, hit in enumerate(relevant, start=1) if hit), None)


def gini(exposures: Sequence[float]) -> float:
    """This says how unequally something is spread, 0..1: 0 = everybody the same, near 1 = one has all.

    exposures : how often each was shown or chosen, >= 0; those never shown belong in it. nan if nobody was.
    Example: 0, 0, 0, 4 → .75.
    Source: Gini (1912); as a measure of exposure: Singh & Joachims (2018), "Fairness of Exposure in Rankings".
    """
    ordered, total = sorted(exposures), math.fsum(exposures)
    if total <= 0:
        return math.nan
    weighed = math.fsum(rank * value for rank, value in enumerate(ordered, start=1))
    return 2 * weighed / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)


def mean(values: Iterable[float | None]) -> float:
    """This averages the rankings that can be judged; nan if none can.

    mean of `average_precision` = MAP, mean of `reciprocal_rank` = MRR.
    """
    judged = [value for value in values if value is not None]
    return math.fsum(judged) / len(judged) if judged else math.nan


def mean_of(values: NDArray[np.float64]) -> float:
    """This averages what is not nan; nan if all is."""
    judged = values[~np.isnan(values)]
    return float(judged.mean()) if len(judged) else math.nan


def resampled_means(
    values: NDArray[np.float64], groups: Sequence[int], *, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """This draws whole groups of queries again and again, and returns the mean of each column every time.

    values : float64 (queries, columns), nan where a query is not judged.     groups : the group of each row;
    near-duplicate queries are one group, since as single draws they would make an interval too narrow.
    Returns float64 (resamples, columns), nan where nothing judged was drawn. All columns are drawn alike, so
    that differences and ratios of columns can be taken row by row. The same arguments give the same answer.
    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; for groups: Davison & Hinkley
    (1997), Bootstrap Methods and their Application, §3.8.
    """
    if not len(values):
        return np.full((resamples, *values.shape[1:]), math.nan)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    size = int(member.max()) + 1
    judged = ~np.isnan(values)
    sums, counts = np.zeros((size, values.shape[1])), np.zeros((size, values.shape[1]))
    np.add.at(sums, member, np.where(judged, values, 0.0))
    np.add.at(counts, member, judged)
    drawn = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), resamples)
    total = drawn @ counts
    means: NDArray[np.float64] = np.divide(
        drawn @ sums, total, out=np.full(total.shape, math.nan), where=total > 0
    )
    return means


def interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    """This returns the 95 % interval of resampled figures, float64 (n,); nan are left out, nan if all are."""
    kept = samples[~np.isnan(samples)]
    if not len(kept):
        return math.nan, math.nan
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)
