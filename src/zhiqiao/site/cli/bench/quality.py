"""What the benches of quality share: peers asked in turn, means with intervals, ratios with intervals."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiqiao.site.cli.bench.report import Noise, percentile, say
from zhiqiao_match.index import Index
from zhiqiao_match.metrics import interval, mean_of, resampled_means
from zhiqiao_match.rescore import Closest, closest
from zhiqiao_match.score import SHORTLIST
from zhiqiao_match.segment import Item, Statistics
from zhiqiao_match.synonyms import with_other_names

ROUNDS_TOLD = 100
DIGITS = 4

Figures = Sequence[float | None]


@dataclass(frozen=True)
class Peer:
    """This is one way to answer. ``measure`` takes the number of a query and returns its figures, one per
    measure, None where the query cannot be judged."""

    code: str
    title: str
    measure: Callable[[int], Figures]
    is_timed: bool = True


@dataclass
class Outcome:
    """These are the figures of one peer: float64 (queries, measures), nan where not judged; times in ms."""

    peer: Peer
    figures: NDArray[np.float64]
    spent: list[float] = field(default_factory=list)

    def mean(self, measure: int) -> float:
        return mean_of(self.figures[:, measure])


class Library:
    """The engine as the product uses it: index, short list, second look. See docs/matching.md."""

    def __init__(self, texts: Sequence[str], needs: Sequence[str]) -> None:
        self.items = [Item(number, "", text) for number, text in enumerate(texts)]
        self.index = Index.build(self.items)
        self.asking: Statistics = Index.build(Item(n, "", text) for n, text in enumerate(needs)).statistics

    def among(self, text: str, title: str, numbers: Sequence[int]) -> Closest:
        """Rank the given texts."""
        items = [self.items[number] for number in numbers]
        return closest(text, items, title=title, library=self.index.statistics, asking=self.asking)

    def everywhere(self, text: str, title: str) -> Closest:
        """Rank the texts on the short list of the index."""
        hits = self.index.search(with_other_names(text, title), SHORTLIST, title=title)
        return self.among(text, title, hits.owners.tolist())


def ask_in_turn(peers: Sequence[Peer], queries: int, noise: Noise) -> list[Outcome]:
    """Ask every peer every query: query 1 to all, query 2 to all, another one first each time."""
    answers: list[list[Figures]] = [[] for _ in peers]
    spent: list[list[float]] = [[] for _ in peers]
    for number in range(queries):
        if number % ROUNDS_TOLD == 0:
            say(f"第 {number + 1} 个问题，共 {queries} 个")
            noise()
        for turn in range(len(peers)):
            at = (number + turn) % len(peers)
            began = time.perf_counter()
            answers[at].append(peers[at].measure(number))
            spent[at].append(1000 * (time.perf_counter() - began))
    noise()
    return [
        Outcome(peer, np.array([[np.nan if v is None else v for v in row] for row in found], float), times)
        for peer, found, times in zip(peers, answers, spent, strict=True)
    ]


def figures_of(outcome: Outcome, measures: Sequence[str], groups: Sequence[int]) -> dict[str, Any]:
    """Return the means by name, and under ``ci`` their 95 % intervals by groups of near-duplicate queries."""
    told: dict[str, Any] = {name: _number(outcome.mean(at)) for at, name in enumerate(measures)}
    drawn = resampled_means(outcome.figures, groups)
    told["ci"] = {name: _rounded(interval(drawn[:, at])) for at, name in enumerate(measures)}
    if outcome.peer.is_timed:
        told["p50_ms"] = round(percentile(outcome.spent, 50), 3)
    return told


def ratios_of(
    own: Outcome, other: Outcome, measures: Sequence[str], groups: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Return how many times the other's mean ours is, with the interval of the ratio over the same queries."""
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = resampled_means(own.figures, groups) / resampled_means(other.figures, groups)
    drawn[np.isinf(drawn)] = math.nan
    return {
        name: {"ratio": _number(_ratio(own.mean(at), other.mean(at))), "ci": _rounded(interval(drawn[:, at]))}
        for at, name in enumerate(measures)
    }


def written_with_interval(figures: Mapping[str, Any], name: str) -> str:
    """Write a mean with its interval for the table."""
    low, high = figures["ci"][name]
    if low is None:
        return "—"
    return f"{figures[name]:.3f}（{low:.3f}–{high:.3f}）"


def _ratio(own: float, other: float) -> float:
    return own / other if other > 0 else math.nan


def written_ratios(ratios: Mapping[str, dict[str, Any]] | None, measures: Sequence[str]) -> str:
    """Write the ratios of one peer for the table, "—" where there are none."""
    told = [ratios[name]["ratio"] for name in measures] if ratios else []
    return " / ".join("—" if value is None else f"{value:.2f}" for value in told) or "—"


def _rounded(pair: tuple[float, float]) -> list[float | None]:
    return [_number(value) for value in pair]


def _number(value: float) -> float | None:
    """Round; what is not a number is no value, for JSON has none."""
    return None if math.isnan(value) else round(value, DIGITS)
