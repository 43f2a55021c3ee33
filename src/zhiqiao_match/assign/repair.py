"""What happens to a finished assignment: substitutes for everybody, and repairs that change as little as possible."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zhiqiao_match.assign.bound import weights_of
from zhiqiao_match.assign.model import FEWEST_CHANGES, Assignment, Pair, Problem, ordered
from zhiqiao_match.assign.solve import assign


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """This is an assignment made out of an earlier one: what stayed, what went, what came."""

    assignment: Assignment
    kept: tuple[Pair, ...]
    dropped: tuple[Pair, ...]
    added: tuple[Pair, ...]


def reassign(problem: Problem, earlier: Assignment | tuple[Pair, ...], *, may_lack: bool = False) -> Repair:
    """This solves a changed problem keeping as many of the earlier pairs as possible; then the sum counts.

    A pair kept is worth more than every gain elsewhere together, so the number kept is the largest possible.
    :raises Infeasible: as `assign`.
    """
    before = earlier.pairs() if isinstance(earlier, Assignment) else earlier
    weights = weights_of(problem)
    finite = weights[np.isfinite(weights)]
    span = float(finite.max() - finite.min()) if finite.size else 0.0
    worth = (span + 1e-3) * (int(problem.per_item.sum()) + 1)
    for person, item in before:
        weights[person, item] += worth
    found = assign(problem, may_lack=may_lack, weights=weights)
    now = set(found.pairs())
    old = set(before)
    found = replace(found, method=FEWEST_CHANGES, bound=found.bound - worth * len(now & old))
    return Repair(found, *(tuple(sorted(pairs)) for pairs in (now & old, old - now, now - old)))


def alternates(problem: Problem, found: Assignment, each: int) -> tuple[tuple[int, ...], ...]:
    """This names up to `each` substitutes per item, best first, who still have room when all are called at once.

    Every item gets its first substitute before any gets a second. Substitutes do not stand in the way of rules
    "at most so many of one circle" with those already chosen.
    """
    room = problem.cap.copy()
    wall = problem.barred.copy()
    for person, item in found.pairs():
        room[person] -= 1
        wall[person, item] = True
    for mix in problem.mixes:
        if mix.most is not None:
            have = np.array([int(mix.members[list(people)].sum()) for people in found.chosen])
            wall |= mix.members[:, None] & (have >= mix.most)[None, :]
    named: list[Pair] = []
    for _ in range(each):
        rest = Problem.make(
            problem.scores, per_item=np.minimum(problem.per_item, 1), cap=np.maximum(room, 0), barred=wall
        )
        pairs = assign(rest, may_lack=True).pairs()
        for person, item in pairs:
            room[person] -= 1
            wall[person, item] = True
        named += pairs
    return ordered(problem, named)
