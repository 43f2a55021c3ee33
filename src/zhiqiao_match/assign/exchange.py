"""Chains of exchanges that lift the worst-off items of a finished assignment.

An item gives up one person for a better one; whoever loses that person takes another, and so on until
somebody with room steps in. Nobody in the chain ends below where the lifted item stood, so every chain
makes the sorted list of sums lexicographically better.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zhiqiao_match.assign.model import Grid, Problem, totals_of

WIDTH = 25
STATES = 4000


@dataclass(frozen=True, slots=True)
class _Open:
    """An item that has lost a person and needs another; `before` is how that came about."""

    item: int
    lost: int
    before: _Open | None


class Exchange:
    """An assignment that can be changed chain by chain."""

    def __init__(self, problem: Problem, chosen: Sequence[Sequence[int]], *, floor: float) -> None:
        self.problem, self.floor = problem, floor
        self.chosen = [list(people) for people in chosen]
        self.totals: Grid = totals_of(problem, chosen)
        self.total = float(self.totals.sum())
        self.size = np.maximum(problem.per_item, 1)
        people, items = problem.shape
        self.on = np.zeros((people, items), bool)
        for item, row in enumerate(self.chosen):
            self.on[row, item] = True
        self.items_of = [set(np.flatnonzero(self.on[person]).tolist()) for person in range(people)]
        self.load = self.on.sum(axis=1)
        self.fixed = frozenset(problem.must)
        self.margin = 1e-9 * max(1.0, float(np.abs(problem.scores).max()))

    def level(self) -> Grid:
        """Return what items are compared by: the average score of their people."""
        level: Grid = self.totals / self.size
        return level

    def lift(self, item: int) -> bool:
        """Lift one item by one chain, if there is one that keeps the total above the floor."""
        line = self.totals[item] / self.size[item] + self.margin
        for lost in sorted(self.chosen[item], key=lambda person: self.problem.scores[person, item]):
            if (lost, item) not in self.fixed and self._lift_without(item, lost, line):
                return True
        return False

    def _lift_without(self, item: int, lost: int, line: float) -> bool:
        must_return = self.load[lost] <= self.problem.least[lost]
        queue, seen = deque([_Open(item, lost, None)]), {(item, lost)}
        while queue and len(seen) < STATES:
            gap = queue.popleft()
            taken = _items(gap)
            for person in self._fitting(gap, line, lost):
                room = self.load[person] < self.problem.cap[person]
                if person == lost or (room and not must_return):
                    if self._apply(gap, person):
                        return True
                    continue
                for other in sorted(self.items_of[person] - taken):
                    if (other, person) not in seen and (person, other) not in self.fixed:
                        seen.add((other, person))
                        queue.append(_Open(other, person, gap))
        return False

    def _fitting(self, gap: _Open, line: float, lost: int) -> list[int]:
        """Return the people with whom an open item would stand above the line: who began the chain, then the best."""
        problem, item = self.problem, gap.item
        scores = problem.scores[:, item]
        needed = line * self.size[item] - (self.totals[item] - scores[gap.lost])
        fits = np.flatnonzero((scores > needed) & ~problem.barred[:, item] & ~self.on[:, item])
        fits = fits[np.argsort(-scores[fits], kind="stable")]
        free = fits[self.load[fits] < problem.cap[fits]][:3]
        back = [lost] if lost in fits else []
        best = list(dict.fromkeys([*back, *free.tolist(), *fits[:WIDTH].tolist()]))
        return [person for person in best if self._keeps_mix(item, gap.lost, person)]

    def _keeps_mix(self, item: int, lost: int, person: int) -> bool:
        if not self.problem.mixes:
            return True
        people = [*(one for one in self.chosen[item] if one != lost), person]
        for mix in self.problem.mixes:
            have = int(mix.members[people].sum())
            if have < min(mix.least, len(people)) or (mix.most is not None and have > mix.most):
                return False
        return True

    def _apply(self, gap: _Open, person: int) -> bool:
        """Carry a chain out unless it costs more than may be lost."""
        moves, arriving, step = [], person, gap
        while True:
            moves.append((step.item, step.lost, arriving))
            arriving = step.lost
            if step.before is None:
                break
            step = step.before
        # 链是从最后一项往回记的：空出来的人正好补到前一项
        scores = self.problem.scores
        change = sum(float(scores[come, item] - scores[go, item]) for item, go, come in moves)
        if self.total + change < self.floor:
            return False
        for item, go, come in moves:
            self._swap(item, go, come)
        return True

    def _swap(self, item: int, go: int, come: int) -> None:
        scores = self.problem.scores
        self.chosen[item].remove(go)
        self.chosen[item].append(come)
        self.on[go, item], self.on[come, item] = False, True
        self.items_of[go].discard(item)
        self.items_of[come].add(item)
        self.load[go] -= 1
        self.load[come] += 1
        change = float(scores[come, item] - scores[go, item])
        self.totals[item] += change
        self.total += change


def _items(gap: _Open | None) -> set[int]:
    """Return the items a chain has touched."""
    items = set()
    while gap is not None:
        items.add(gap.item)
        gap = gap.before
    return items
