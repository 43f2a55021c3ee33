"""How good is a ranking: NDCG, average precision, recall, reciprocal rank.

Each function takes the judged relevance of the answers *in the order of the ranking* (number 0 is the
first answer) and returns 0..1, higher is better, or None where the ranking cannot be judged because
nothing is relevant. `mean` leaves those out, as the published figures do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


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


def mean(values: Iterable[float | None]) -> float:
    """This averages the rankings that can be judged; nan if none can.

    mean of `average_precision` = MAP, mean of `reciprocal_rank` = MRR.
    """
    judged = [value for value in values if value is not None]
    return math.fsum(judged) / len(judged) if judged else math.nan
