"""A peer for fair assignment: FairFlow, written from its description.

Kobren, Saha & McCallum (2019), "Paper Matching with Local Fairness Constraints" (KDD). A height is aimed at;
items far below it take a person from items above it, directly or through an item in between, by one
minimum-cost flow; what lacks people afterwards is filled by another. The highest aim that leaves nobody far
below is found by halving. Flows are solved by the same library as our own engine, over all pairs as described,
with arrays built at once; lower limits of load are not part of this version.
"""

import time
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.assign import Problem

Grid = NDArray[np.float64]
Ids = NDArray[np.int64]
HALVINGS = 10
ROUNDS = 20
FILL = 100.0
"""What filling a place is worth besides its score, so that as many as possible are filled."""


@dataclass(frozen=True)
class Fairflow:
    """This is what FairFlow reached: the smallest sum of an item, the sum of all, seconds, and whether in time."""

    worst: float
    total: float
    seconds: float
    finished: bool


def fairflow(problem: Problem, *, seconds: float = 300.0) -> Fairflow:
    """Run the method from the best plain assignment; stops at the end of its time with the best found."""
    began = time.perf_counter()
    taken = np.zeros(problem.shape, bool)
    _filled(problem, taken)
    best = _measured(problem, taken)
    dearest = float(problem.scores.max())
    low, high = 0.0, float(_sums(problem, taken).max())
    for _ in range(HALVINGS):
        if time.perf_counter() - began > seconds:
            return Fairflow(*best, time.perf_counter() - began, False)
        aim = (low + high) / 2
        taken, reached = _aimed(problem, taken.copy(), aim, dearest)
        best = max(best, _measured(problem, taken))
        low, high = (aim, high) if reached else (low, aim)
    return Fairflow(*best, time.perf_counter() - began, True)


def _sums(problem: Problem, taken: NDArray[np.bool_]) -> Grid:
    sums: Grid = (problem.scores * taken).sum(axis=0)
    return sums


def _measured(problem: Problem, taken: NDArray[np.bool_]) -> tuple[float, float]:
    sums = _sums(problem, taken)
    return round(float(sums.min()), 9), float(sums.sum())


def _aimed(
    problem: Problem, taken: NDArray[np.bool_], aim: float, dearest: float
) -> tuple[NDArray[np.bool_], bool]:
    """Refine until nobody is far below the aim, nobody is above it, or nothing changes."""
    before = -1.0
    for _ in range(ROUNDS):
        sums = _sums(problem, taken)
        above = np.flatnonzero(sums >= aim)
        between = np.flatnonzero((sums < aim) & (sums >= aim - dearest))
        below = np.flatnonzero(sums < aim - dearest)
        if not len(below) or not len(above) or abs(float(sums.sum()) - before) < 1e-9:
            break
        before = float(sums.sum())
        for item in below:
            people = np.flatnonzero(taken[:, item])
            taken[people[np.argmin(problem.scores[people, item])], item] = False
        _handed_on(problem, taken, above, between, below, aim - dearest)
        _filled(problem, taken)
    return taken, not (_sums(problem, taken) < aim - dearest).any()


def _handed_on(
    problem: Problem, taken: NDArray[np.bool_], above: Ids, between: Ids, below: Ids, line: float
) -> None:
    """Let items above give one person each, to items below or through one item in between."""
    people, items = problem.shape
    scores, sums = problem.scores, _sums(problem, taken)
    source, sink, gate = people + items, people + items + 1, people + items + 2
    giver, given = np.nonzero(taken[:, above])
    arcs = [
        _arcs(np.full(len(above), source), people + above),
        _arcs(people + above[given], giver),
        _arcs(people + below, np.full(len(below), sink)),
        _arcs(gate + between, people + between),
    ]
    offered = np.unique(giver)
    free = ~taken & ~problem.barred
    into, gates = np.nonzero(free[np.ix_(offered, between)])
    arcs.append(_arcs(offered[into], gate + between[gates]))
    least = np.full(items, np.inf)
    np.minimum.at(least, between[gates], scores[offered[into], between[gates]])
    holder, held = np.nonzero(taken[:, between])
    held = between[held]
    stays = sums[held] + least[held] - scores[holder, held] >= line
    stays &= np.isfinite(least[held])
    arcs.append(_arcs(people + held[stays], holder[stays]))
    offered = np.unique(np.concatenate([offered, holder[stays]]))
    to, needy = np.nonzero(free[np.ix_(offered, below)])
    gain = scores[offered[to], below[needy]]
    lifts = sums[below[needy]] + gain >= line
    arcs.append(_arcs(offered[to], people + below[needy], -np.where(lifts, 1000.0, 1.0) * gain))
    tail, head, cost = (np.concatenate(parts) for parts in zip(*arcs, strict=True))
    flow = _flow(tail, head, cost, gate + items, source, sink, min(len(below), len(above)))
    _carry_out(taken, tail[flow], head[flow], people, items)


def _carry_out(taken: NDArray[np.bool_], tail: Ids, head: Ids, people: int, items: int) -> None:
    leaves = (tail >= people) & (tail < people + items) & (head < people)
    taken[head[leaves], tail[leaves] - people] = False
    direct = (tail < people) & (head >= people) & (head < people + items)
    taken[tail[direct], head[direct] - people] = True
    gated = (tail < people) & (head >= people + items + 2)
    taken[tail[gated], head[gated] - people - items - 2] = True


def _filled(problem: Problem, taken: NDArray[np.bool_]) -> None:
    """Fill what lacks people with the best who have room; if that is impossible, begin from nothing again."""
    people, items = problem.shape
    room = problem.cap - taken.sum(axis=1)
    lacking = problem.per_item - taken.sum(axis=0)
    person, item = np.nonzero(~(problem.barred | taken))
    source, sink = people + items, people + items + 1
    givers, takers = np.arange(people), np.arange(items)
    tail = np.concatenate([np.full(people, source), person, people + takers])
    head = np.concatenate([givers, people + item, np.full(items, sink)])
    cost = np.concatenate([np.zeros(people), -problem.scores[person, item] - FILL, np.zeros(items)])
    most = np.concatenate([room, np.ones(len(person)), lacking]).clip(min=0)
    flow = _flow(tail, head, cost, people + items + 2, source, sink, int(lacking.sum()), most)
    pairs = flow[people : people + len(person)]
    taken[person[pairs], item[pairs]] = True
    if (taken.sum(axis=0) < problem.per_item).any() and taken.any():
        taken[:] = False
        _filled(problem, taken)


def _arcs(tail: Ids, head: Ids, cost: Grid | None = None) -> tuple[Ids, Ids, Grid]:
    return tail, head, np.zeros(len(tail)) if cost is None else cost


def _flow(
    tail: Ids,
    head: Ids,
    cost: Grid,
    nodes: int,
    source: int,
    sink: int,
    amount: int,
    most: Grid | None = None,
) -> NDArray[np.bool_]:
    """Return the arcs that a cheapest flow of at most this amount uses; an arc carries 1 at most by default."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    count = len(tail)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, nodes
    lp.col_cost_ = cost - 1e-6 * (tail == source)
    lp.col_lower_, lp.col_upper_ = np.zeros(count), np.ones(count) if most is None else most.astype(float)
    lower, upper = np.zeros(nodes), np.zeros(nodes)
    lower[source], upper[sink] = -float(amount), float(amount)
    lp.row_lower_, lp.row_upper_ = lower, upper
    lp.a_matrix_.start_ = (2 * np.arange(count + 1)).astype(np.int32)
    lp.a_matrix_.index_ = np.stack([tail, head], axis=1).ravel().astype(np.int32)
    lp.a_matrix_.value_ = np.tile([-1.0, 1.0], count)
    highs.passModel(lp)
    highs.run()
    return np.asarray(highs.getSolution().col_value) > 0.5
