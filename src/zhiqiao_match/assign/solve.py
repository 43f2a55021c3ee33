"""The largest sum, with its proof; and, where there is none, who is short of whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from zhiqiao_match.assign.bound import chunks, weights_of
from zhiqiao_match.assign.master import Index, Master, Optimum, now
from zhiqiao_match.assign.model import (
    TOLERANCE,
    Assignment,
    Grid,
    Pair,
    Prices,
    Problem,
    ordered,
    totals_of,
    violations,
)
from zhiqiao_match.assign.witness import impossible

BRANCH_SECONDS = 20.0
TINY = 1e-300
USUAL = (2.0**-4, 2.0**7)
"""Largest scores between these are solved as they are; the solver's tolerances are meant for such numbers."""


def assign(
    problem: Problem, *, may_lack: bool = False, weights: Grid | None = None, seconds: float = BRANCH_SECONDS
) -> Assignment:
    """This finds the assignment with the largest sum and proves it, or says how far off it may be.

    may_lack : fill as many places as possible instead of refusing; the best sum among the fullest.
    weights  : another objective over the same rules, (people, items), -inf where barred; default the scores.
    seconds  : time for branching, needed only where rules of composition cross each other.
    :raises Infeasible: the rules cannot all be kept (without `may_lack`).
    """
    scaled, unit = in_units(problem)
    grid = weights if weights is None else weights * unit
    found, _ = assign_with(scaled, may_lack=may_lack, weights=grid, seconds=seconds)
    return out_of_units(problem, found, unit)


def assign_with(
    problem: Problem, *, may_lack: bool = False, weights: Grid | None = None, seconds: float = BRANCH_SECONDS
) -> tuple[Assignment, Master]:
    """This is `assign` without change of units; it also hands out the linear programme, to go on from there."""
    started = now()
    grid = weights_of(problem) if weights is None else weights
    master, best, fewest = relaxed(problem, grid)
    if fewest > 1e-6 and not may_lack:
        raise impossible(problem)
    values, empty, bound = best.values, best.empty, best.bound
    prices: Prices | None = best.prices
    if not best.is_whole:
        values, empty, bound = _branched(problem, master, best, seconds)
        prices = None
        if empty > 1e-6 and not may_lack:
            raise impossible(problem)
    taken = np.flatnonzero(values > 0.5)
    pairs = zip(master.people[taken].tolist(), master.items[taken].tolist(), strict=True)
    bound += master.short_price * empty
    found = answer(problem, pairs, bound=bound, started=started, method="总分最高", prices=prices)
    return found, master


def in_units(problem: Problem) -> tuple[Problem, float]:
    """This returns the problem in units in which its scores are about 1, and the factor, a power of two."""
    largest = float(np.abs(problem.scores).max())
    if largest == 0 or USUAL[0] <= largest <= USUAL[1]:
        return problem, 1.0
    unit = 2.0 ** -np.floor(np.log2(largest))
    return replace(problem, scores=problem.scores * unit), float(unit)


def out_of_units(problem: Problem, found: Assignment, unit: float) -> Assignment:
    """This returns an answer in the units of its problem."""
    if unit == 1.0:
        return found
    totals, prices = totals_of(problem, found.chosen), found.prices
    if prices is not None:
        prices = replace(
            prices,
            item=prices.item / unit,
            person=prices.person / unit,
            mixes=tuple((mix, item, price / unit) for mix, item, price in prices.mixes),
            short=None if prices.short is None else prices.short / unit,
            floors=None if prices.floors is None else prices.floors / unit,
        )
    return replace(
        found,
        total=float(totals.sum()),
        worst=float(totals.min()),
        bound=found.bound / unit,
        prices=prices,
        worst_bound=None if found.worst_bound is None else found.worst_bound / unit,
        grain=found.grain / unit,
    )


def relaxed(problem: Problem, grid: Grid) -> tuple[Master, Optimum, float]:
    """This solves the relaxation with as few places left empty as possible; returns also how many stay empty.

    An empty place costs more than any gain inside the table at first; where one stays empty all the same, the
    smallest number that must is worked out, and the price raised until the answer keeps to it.
    """
    finite = grid[np.isfinite(grid)]
    span = float(finite.max() - finite.min()) if finite.size else 1.0
    reach = max(1.0, abs(float(finite.max()))) if finite.size else 1.0
    master = Master(problem, short_price=4 * span + reach, weights=grid)
    best = master.optimise()
    if best.empty <= 1e-6:
        return master, best, 0.0
    fewest = fullest(problem).empty
    while best.empty > fewest + 1e-6:
        master.make_short_dearer(master.short_price * 30)
        best = master.optimise()
    return master, best, fewest


def fullest(problem: Problem) -> Optimum:
    """This leaves as few places empty as possible, scores aside."""
    return Master(problem, short_price=1.0, weights=np.where(problem.barred, -np.inf, 0.0)).optimise()


def _branched(problem: Problem, master: Master, best: Optimum, seconds: float) -> tuple[Grid, float, float]:
    """Return whole values, the places left empty, and the bound where the relaxation splits some pairs.

    Branching runs on the pairs looked at. A pair whose reduced cost is below -(bound - total) cannot be part
    of a better answer; once all others are looked at too, the branching is exact (reduced-cost fixing).
    """
    deadline = now() + seconds
    values, empty, proven = _whole(master, deadline)
    total = float(master.weights[master.people, master.items] @ values) - master.short_price * empty
    people, items = _within(master, best, best.bound - total)
    if len(people):
        master.add(people, items)
        values, empty, proven = _whole(master, deadline)
    return values, empty, min(best.bound, proven)


def _whole(master: Master, deadline: float) -> tuple[Grid, float, float]:
    while True:
        values, empty, proven = master.branch(deadline - now())
        broken = master.broken(values)
        if not broken:
            return values, empty, proven
        for mix, item in broken:
            master.add_rule(mix, item)


def _within(master: Master, best: Optimum, gap: float) -> tuple[Index, Index]:
    """Return the pairs not yet looked at that could still belong to an answer better by up to `gap`."""
    people, items = [], []
    for first, part in chunks(master.weights, best.prices, master.problem):
        rows, columns = np.nonzero(part >= -gap - TOLERANCE)
        fresh = ~master.have[first + rows, columns]
        people.append(first + rows[fresh])
        items.append(columns[fresh])
    return np.concatenate(people), np.concatenate(items)


def answer(
    problem: Problem,
    pairs: Iterable[Pair],
    *,
    bound: float,
    started: float,
    method: str,
    prices: Prices | None = None,
    worst_bound: float | None = None,
) -> Assignment:
    """This dresses pairs as an answer and checks once more, apart from the solver, that every rule is kept."""
    chosen = ordered(problem, pairs)
    if broken := violations(problem, chosen, may_lack=True):
        raise RuntimeError(f"求解结果违反了规则：{broken[0]}")
    totals = totals_of(problem, chosen)
    return Assignment(
        chosen=chosen,
        total=float(totals.sum()),
        worst=float(totals.min()),
        bound=bound,
        short=problem.per_item - np.array([len(people) for people in chosen], np.int64),
        seconds=now() - started,
        method=method,
        prices=prices,
        worst_bound=worst_bound,
        grain=TOLERANCE * max(float(np.abs(problem.scores).max()), abs(bound), TINY),
    )
