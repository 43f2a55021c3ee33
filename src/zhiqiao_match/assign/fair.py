"""The fair assignment: the worst-off item as high as possible, for at most a little of the sum.

Chains of exchanges lift the worst item of the best plain assignment. How high it could get at most is asked of
the relaxation: floors are put under the items that need one and moved up until the best sum that keeps them is
the smallest allowed. Where chains do not reach that height, the assignment is rounded from the relaxation. At
the end the sum is made as large as the height reached allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from zhiqiao_match.assign.bound import weights_of
from zhiqiao_match.assign.exchange import Exchange
from zhiqiao_match.assign.master import Master, Optimum, OutOfWork, now
from zhiqiao_match.assign.model import TOLERANCE, Assignment, Grid, Pair, Problem, ordered, totals_of
from zhiqiao_match.assign.solve import answer, assign, assign_with, in_units, out_of_units

LOSS = 0.01
NEWTON_STEPS = 30
PATIENCE = 40
HALVINGS = 6
SECONDS = 60.0
STEPS = 15_000
Chosen = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Aim:
    """What is allowed and what time is left.

    floor : smallest sum. deadline : clock reading after which to search no more. grain : heights closer than this
    count as the same.
    """

    floor: float
    deadline: float
    grain: float


def fair(problem: Problem, *, loss: float = LOSS, deep: bool = False, seconds: float = SECONDS) -> Assignment:
    """This raises the worst-off item as far as it can while the sum loses at most `loss` of the best sum.

    loss    : share of the best sum that may be given up, 0..1.
    deep    : go on with the second worst and so on (lexicographic max-min) until the loss is used up.
    seconds : an upper limit; the search is bounded by counts, so that the same table gives the same answer.
    Items are compared by the average score of their people. `bound` is that of the plain sum; `worst_bound`
    a height of the worst item's sum that no allowed assignment exceeds.
    :raises Infeasible: as `assign`.
    """
    scaled, unit = in_units(problem)
    return out_of_units(problem, _fair(scaled, loss, deep, seconds), unit)


def _fair(problem: Problem, loss: float, deep: bool, seconds: float) -> Assignment:
    started = now()
    plain, master = assign_with(problem)
    grain = 1e-7 * max(1e-6, float(np.abs(problem.scores).max()))
    aim = _Aim(plain.total - loss * abs(plain.total), started + seconds, grain)
    size = np.maximum(problem.per_item, 1)
    ceiling = float((_alone(problem) / size).min())
    best = _lifted(problem, plain.chosen, aim)
    if _level(problem, best) < ceiling - TOLERANCE:
        master.allow(STEPS, aim.deadline - now())
        try:
            height, optimum = _height(master, ceiling, aim.floor)
        except OutOfWork:
            pass  # 上界停在“单独一项最多能得多少”，说明里照实说
        else:
            ceiling = min(ceiling, height)
            best = _rounded(problem, master, optimum, best, ceiling, aim)
    if _level(problem, best) > _level(problem, plain.chosen) + TOLERANCE:
        master.allow(STEPS, aim.deadline - now())
        best = _restored(problem, master, best, aim)
    if deep:
        best = _lifted(problem, best, aim, patience=PATIENCE)
    pairs = [(person, item) for item, people in enumerate(best) for person in people]
    method = f"先让最差的一项尽量高，总分最多让出 {loss:.0%}"
    worst_bound = ceiling * float(size.min()) if size.min() == size.max() else None
    return answer(
        problem, pairs, bound=plain.bound, started=started, method=method, prices=plain.prices,
        worst_bound=worst_bound,
    )  # fmt: skip


def _alone(problem: Problem) -> Grid:
    """Return what each item could get if it were alone: no assignment gives it more."""
    free = ~problem.barred & (problem.cap > 0)[:, None]
    ranked = -np.sort(-np.where(free, problem.scores, 0.0), axis=0)
    places = np.arange(len(ranked))[:, None] < problem.per_item
    alone: Grid = np.where(places, ranked, 0.0).sum(axis=0)
    return alone


def _level(problem: Problem, chosen: Chosen) -> float:
    return float((totals_of(problem, chosen) / np.maximum(problem.per_item, 1)).min())


def _lifted(problem: Problem, chosen: Chosen, aim: _Aim, *, patience: int = 1) -> Chosen:
    """Lift the worst items until so many of them in turn cannot be lifted any more."""
    state = Exchange(problem, chosen, floor=aim.floor)
    stuck: set[int] = set()
    while len(stuck) < patience and now() < aim.deadline:
        level = state.level()
        level[list(stuck)] = np.inf
        worst = int(np.argmin(level))
        if not np.isfinite(level[worst]):
            break
        if not state.lift(worst):
            stuck.add(worst)
    return ordered(problem, [(p, i) for i, people in enumerate(state.chosen) for p in people])


def _height(master: Master, ceiling: float, floor: float) -> tuple[float, Optimum]:
    """Return the greatest height of all items in the relaxation, and the relaxation there.

    The best sum is a concave function of the height; Newton's steps from above meet the smallest allowed sum.
    """
    height, slack = ceiling, TOLERANCE * max(1.0, abs(floor))
    for _ in range(NEWTON_STEPS):
        optimum = _floored(master, height)
        prices = optimum.prices
        slope = 0.0 if prices.worth is None else float(prices.worth @ master.problem.per_item)
        if optimum.bound >= floor - slack or slope <= 0:
            break
        height -= (floor - optimum.bound) / slope
    return height, optimum


def _floored(master: Master, height: float) -> Optimum:
    """Solve with every item at least at this height; floors are put only under items that need one."""
    floors = height * master.problem.per_item
    for item in np.flatnonzero(master.floor_of >= 0).tolist():
        master.set_floor(item, float(floors[item]))
    while True:
        optimum = master.optimise()
        gains = optimum.values * master.weights[optimum.people, optimum.items]
        totals = np.bincount(optimum.items, gains, minlength=len(floors))
        low = np.flatnonzero((totals < floors - 1e-7) & (master.floor_of < 0))
        if not len(low):
            return optimum
        for item in low.tolist():
            master.set_floor(item, float(floors[item]))


def _rounded(
    problem: Problem, master: Master, optimum: Optimum, best: Chosen, ceiling: float, aim: _Aim
) -> Chosen:
    """Come down from the height of the relaxation until something whole is found; keep the best seen.

    First the best assignment at the prices of the floors, lifted by chains, then heights between that and the
    ceiling, by halving.
    """
    rank = partial(_rank, problem, aim=aim)
    if optimum.prices.worth is not None:
        priced = assign(problem, weights=weights_of(problem) * (1.0 + optimum.prices.worth))
        best = max(best, _lifted(problem, priced.chosen, aim), key=rank)
    high = ceiling
    for _ in range(HALVINGS):
        low = _level(problem, best)
        if high - low < 1e-3 * max(abs(high), aim.grain) or now() > aim.deadline:
            break
        middle = (low + high) / 2
        found = _whole_at(problem, master, middle, aim)
        if found is None or not rank(found)[0]:
            high = middle
            continue
        best = max(best, _lifted(problem, found, aim), key=rank)
    return best


def _rank(problem: Problem, chosen: Chosen, *, aim: _Aim) -> tuple[bool, int, float]:
    total = float(totals_of(problem, chosen).sum())
    allowed = total >= aim.floor - TOLERANCE * max(1.0, abs(aim.floor))
    return allowed, round(_level(problem, chosen) / aim.grain), total


def _restored(problem: Problem, master: Master, best: Chosen, aim: _Aim) -> Chosen:
    """Make the sum as large as it gets while no item falls below the worst of this assignment."""
    found = _whole_at(problem, master, _level(problem, best) - aim.grain / 4, aim)
    return best if found is None else max(best, found, key=partial(_rank, problem, aim=aim))


def _whole_at(problem: Problem, master: Master, height: float, aim: _Aim) -> Chosen | None:
    """Return an assignment with a large sum and every item at this height at least, None if none was found.

    What the relaxation leaves whole stays; the items it splits are settled by branching.
    """
    while True:
        try:
            optimum = _floored(master, height)
        except OutOfWork:
            return None
        values, empty = optimum.values, optimum.empty
        split = np.abs(values - np.rint(values)) > 1e-6
        if empty <= 1e-6 and split.any():
            loose = np.isin(optimum.items, optimum.items[split])
            values, empty, _ = master.branch(aim.deadline - now(), free=loose)
        if empty > 1e-6:
            return None
        taken = np.flatnonzero(values > 0.5)
        pairs: list[Pair] = list(
            zip(master.people[taken].tolist(), master.items[taken].tolist(), strict=True)
        )
        found = ordered(problem, pairs)
        low = np.flatnonzero(totals_of(problem, found) < height * problem.per_item - aim.grain)
        if not len(low):
            return found
        if (master.floor_of[low] >= 0).all() or now() > aim.deadline:
            return None
        for item in low.tolist():
            master.set_floor(item, height * float(problem.per_item[item]))
