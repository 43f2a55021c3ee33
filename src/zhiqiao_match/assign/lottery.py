"""Assignment by chance within limits, so that nobody can be sure of getting a certain item.

Who trades favours has to know where he will sit. Here no pair comes about with a probability above a limit;
under these limits the expected sum is as large as it can be (Jecmen et al. 2020, "Mitigating Manipulation in
Peer Review via Randomized Reviewer Assignments"). One assignment is then drawn so that every pair has exactly
its probability and every count stays right (Gandhi et al. 2006, "Dependent Rounding").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zhiqiao_match.assign.bound import weights_of
from zhiqiao_match.assign.chance import Chance
from zhiqiao_match.assign.master import Index, Master, now
from zhiqiao_match.assign.model import Assignment, BadProblem, Grid, Infeasible, Problem
from zhiqiao_match.assign.solve import answer, assign

EDGE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Lottery:
    """This is the probability of every pair, and what is expected of a draw.

    expected : expected sum. best : largest sum without limits; the difference is the price of chance.
    """

    problem: Problem
    people: Index
    items: Index
    probability: Grid
    expected: float
    best: float

    def draw(self, seed: str) -> Assignment:
        """Return one assignment; the same seed gives the same one, on every machine."""
        started = now()
        values = _rounded(self, Chance(seed))
        taken = np.flatnonzero(values > 0.5)
        pairs = list(zip(self.people[taken].tolist(), self.items[taken].tolist(), strict=True))
        return answer(self.problem, pairs, bound=self.best, started=started, method="限定概率的随机分配")


def lottery(problem: Problem, limit: float | ArrayLike) -> Lottery:
    """This works out the probabilities of all pairs, none above its limit, with the largest expected sum.

    limit : one number, or (people, items); 0..1.
    :raises BadProblem: the problem has rules of composition, which hold on average only, or pairs that must be.
    :raises Infeasible: under these limits the places cannot be filled.
    """
    limits = np.broadcast_to(np.asarray(limit, dtype=float), problem.shape)
    if ((limits < 0) | (limits > 1)).any():
        raise BadProblem("概率上限应当在 0 和 1 之间。")
    if problem.mixes or problem.must:
        raise BadProblem("随机分配不能与人员构成规则或指定人选同时使用，请先去掉其中一种。")
    best = assign(problem).total
    master = Master(problem, short_price=_dear(problem), limits=limits)
    found = master.optimise()
    if found.empty > 1e-6:
        reach = np.where(problem.barred, 0.0, limits).sum(axis=0)
        low = np.flatnonzero(reach < problem.per_item)
        if len(low):
            words = f"第 {low[0] + 1} 项可选的人在这个概率上限下凑不满 {problem.per_item[low[0]]} 位，请提高上限。"
        else:
            words = "在这个概率上限下不能排满所有项目，请提高上限。"
        raise Infeasible([words], items=low.tolist())
    used = found.values > EDGE
    return Lottery(
        problem, found.people[used], found.items[used], found.values[used],
        float(found.values @ master.weights[found.people, found.items]), best,
    )  # fmt: skip


def _dear(problem: Problem) -> float:
    weights = weights_of(problem)
    finite = weights[np.isfinite(weights)]
    return float((finite.max() - finite.min() + np.abs(finite).max() + 1.0) * sum(problem.shape))


def _rounded(given: Lottery, chance: Chance) -> Grid:
    """Shift probability along cycles and paths until every pair is certain or out.

    Every place of an item is filled, so a path can only end at people; their loads stay between the whole
    numbers around what they were.
    """
    values = given.probability.copy()
    at_person: list[set[int]] = [set() for _ in range(given.problem.shape[0])]
    at_item: list[set[int]] = [set() for _ in range(given.problem.shape[1])]
    for edge in np.flatnonzero((values > EDGE) & (values < 1 - EDGE)).tolist():
        at_person[given.people[edge]].add(edge)
        at_item[given.items[edge]].add(edge)
    for person in range(len(at_person)):
        while at_person[person]:
            line = _line(given, at_person, at_item, person)
            for edge in _shift(values, line, chance):
                at_person[given.people[edge]].discard(edge)
                at_item[given.items[edge]].discard(edge)
    return np.rint(values)


def _line(given: Lottery, at_person: list[set[int]], at_item: list[set[int]], start: int) -> list[int]:
    """Return the edges of a cycle, or of a path that cannot go on at either end.

    The walk always takes the smallest edge it has not just used, so that it is the same anywhere.
    """
    places: list[tuple[int, int]] = [(0, start)]
    edges: list[int] = []
    for _ in range(2):
        while True:
            side, number = places[-1]
            here = at_item[number] if side else at_person[number]
            onward = min((edge for edge in here if not edges or edge != edges[-1]), default=None)
            if onward is None:
                break
            nxt = (0, int(given.people[onward])) if side else (1, int(given.items[onward]))
            edges.append(onward)
            if nxt in places:
                return edges[places.index(nxt) :]
            places.append(nxt)
        places.reverse()
        edges.reverse()
    return edges


def _shift(values: Grid, line: list[int], chance: Chance) -> list[int]:
    """Move probability along a line, up and down in turn, as far as it goes. Returns the edges now settled."""
    up, down = np.array(line[::2]), np.array(line[1::2], dtype=np.int64)
    forth = min((1 - values[up]).min(), values[down].min(initial=1.0))
    back = min(values[up].min(), (1 - values[down]).min(initial=1.0))
    step = forth if chance.number() < back / (forth + back) else -back
    values[up] += step
    values[down] -= step
    return [edge for edge in line if values[edge] < 1e-7 or values[edge] > 1 - 1e-7]
