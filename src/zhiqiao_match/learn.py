"""Learning the shares of the parts from closed cases; the outcome is a proposal, and a person decides.

A *case* is one need with the people who were asked, how their parts stood then, and what became of it. The
shares are moved so that better outcomes come before worse ones of the same case, as far as there are cases to
support it:

  few cases     the present shares are a prior worth twenty cases, so ten cases move little;
  popularity    who was shown further up was asked more often for that reason alone. A pair in which the
                one further down did better counts more, by the inverse of how seldom that place is looked at;
  honesty       the effect told is of shares learned without the cases it is measured on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.metrics import interval, mean_of, ndcg, resampled_means
from zhiqiao_match.model import PART_TITLES, Weights

FEWEST_CASES = 30
PRIOR_CASES = 20.0
FOLDS = 5
STEEPNESS = 10.0
LEAST_EVIDENCE = 0.3
HIGHEST_PROPENSITY_WEIGHT = 5.0
_STEPS = 400
_PACE = 0.02
_SLACK = 0.02

PARTS = tuple(PART_TITLES)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """This is one closed case.

    values : float64 (people, parts), 0..1, in the order of `PART_TITLES`, as they stood when people were asked.
    gains  : float64 (people,), >= 0: 0 = declined, more = better; 3 = the problem was solved.
    places : int64 (people,), >= 1: where each stood in the list; 1 where that is not known.
    """

    values: NDArray[np.float64]
    gains: NDArray[np.float64]
    places: NDArray[np.int64]

    def __post_init__(self) -> None:
        people = len(self.gains)
        if self.values.shape != (people, len(PARTS)) or self.places.shape != (people,):
            raise ValueError(f"shapes do not agree: {self.values.shape}, {people}, {self.places.shape}")
        if (self.places < 1).any() or (self.gains < 0).any():
            raise ValueError("places begin at 1, and gains are not negative")


@dataclass(frozen=True, slots=True)
class Proposal:
    """This is what was learned, with its effect.

    before, after : mean NDCG@10 over the cases with the present shares, and with shares learned without the
    case itself.     low, high : 95 % interval of the difference.
    """

    weights: Weights
    cases: int
    before: float
    after: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """This says in Chinese what to make of it."""
        told = f"在 {self.cases} 件办结的事上，排序质量由 {self.before:.3f} 变为 {self.after:.3f}"
        margin = f"（差值的 95% 区间 {self.low:+.3f} 至 {self.high:+.3f}）"
        if self.low > 0:
            return f"{told}{margin}，变好是可信的。"
        if self.high < 0:
            return f"{told}{margin}，反而变差，建议不采用。"
        return f"{told}{margin}，分不清是变好还是碰巧，建议再积累一些。"


def propose(cases: Sequence[Case], present: Weights, *, version: str) -> Proposal | None:
    """This proposes new shares, or nothing while fewer than thirty cases can be judged.

    The same cases in the same order give the same proposal.
    """
    judged = [case for case in cases if len(set(case.gains.tolist())) > 1]
    if len(judged) < FEWEST_CASES:
        return None
    start = np.array([present.shares[code] for code in PARTS])
    start /= start.sum()
    folds = [[case for at, case in enumerate(judged) if at % FOLDS != fold] for fold in range(FOLDS)]
    learned = [fit(others, start) for others in folds]
    both = np.array(
        [[_quality(case, start), _quality(case, learned[at % FOLDS])] for at, case in enumerate(judged)]
    )
    low, high = interval(resampled_means(both[:, 1:] - both[:, :1], range(len(both)))[:, 0])
    shares = dict(zip(PARTS, np.round(fit(judged, start), 3).tolist(), strict=True))
    before, after = mean_of(both[:, 0]), mean_of(both[:, 1])
    return Proposal(replace(present, version=version, **shares), len(judged), before, after, low, high)


def fit(cases: Sequence[Case], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """This learns shares from pairs within cases, float64 (parts,), >= 0, sum 1, evidence at least .3.

    Minimises, over the simplex, the mean logistic loss of each case's pairs, summed over cases, plus the prior.
    A part that never differs within a case keeps its share, relative to the others.
    Source: pairwise logistic loss, Burges et al. (2005), "Learning to Rank using Gradient Descent"; inverse
    propensity of places, Joachims, Swaminathan & Schnabel (2017), "Unbiased Learning-to-Rank with Biased
    Feedback"; projected gradient onto the simplex, Duchi et al. (2008).
    """
    if not cases:
        return start.copy()
    pairs = [_pairs(case) for case in cases]
    differences = np.concatenate([found for found, _ in pairs])
    importance = np.concatenate([weights for _, weights in pairs])
    shares = start.copy()
    for _ in range(_STEPS):
        wrong = 1 / (1 + np.exp(np.clip(STEEPNESS * differences @ shares, -50, 50)))
        slope = -STEEPNESS * (importance * wrong) @ differences
        slope += PRIOR_CASES * (shares - start) / (start + _SLACK)
        shares = _projected(shares - _PACE * slope / (len(cases) + PRIOR_CASES))
    return shares


def _pairs(case: Case) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """This returns the differences of better minus worse, (pairs, parts), and their weights, which add up to 1."""
    better, worse = np.nonzero(case.gains[:, None] > case.gains[None, :])
    seldom = np.minimum(np.log2(case.places + 1.0), HIGHEST_PROPENSITY_WEIGHT)
    weights = seldom[better]
    return case.values[better] - case.values[worse], weights / weights.sum()


def _projected(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """This returns the nearest shares that are not negative, add up to 1 and leave the evidence its least."""
    found = _on_simplex(shares, 1.0)
    if found[0] >= LEAST_EVIDENCE:
        return found
    return np.concatenate([[LEAST_EVIDENCE], _on_simplex(shares[1:], 1 - LEAST_EVIDENCE)])


def _on_simplex(values: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    ordered = np.sort(values)[::-1]
    excess = (np.cumsum(ordered) - total) / np.arange(1, len(values) + 1)
    last = int(np.flatnonzero(ordered > excess)[-1])
    projected: NDArray[np.float64] = np.maximum(values - excess[last], 0.0)
    return projected


def _quality(case: Case, shares: NDArray[np.float64]) -> float:
    order = np.argsort(-(case.values @ shares), kind="stable")
    value = ndcg(case.gains[order].tolist())
    return math.nan if value is None else value
