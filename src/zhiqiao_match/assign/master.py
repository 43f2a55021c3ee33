"""The linear programme over the pairs looked at so far. The only file that speaks to the solver library.

Rows: one per item (its places), one per person (her load), and composition rules as they come to bind.
Columns: places left empty (dear), then pairs. Pairs and rules are added as their prices ask for them
(column generation, Dantzig & Wolfe 1960; Gilmore & Gomory 1961), so that two million pairs cost as little
as twenty thousand.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.assign.bound import chunks, fixed_part, weights_of
from zhiqiao_match.assign.model import Grid, Mask, Prices, Problem

EPSILON = 1e-9
FIRST_COLUMNS = 15
NEW_PER_ITEM = 20
SAMPLED = 30
EMPTY, BELOW = -1, -2
"""Kinds of columns that are no pairs: places left empty, and what an item lacks to its floor."""

FEW_NODES = 50
"""How far a partial search branches: counted, not timed, so that the answer is the same on a slow machine."""

BELOW_PRICE = 1e4
"""What lacking one unit to a floor costs, in units of the sum."""

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """This is the best of the relaxed problem: values of the pairs looked at, prices, and the bound they prove."""

    people: Index
    items: Index
    values: Grid
    empty: float
    prices: Prices
    bound: float

    @property
    def is_whole(self) -> bool:
        """This says whether no pair is split."""
        return bool((np.abs(self.values - np.rint(self.values)) < 1e-6).all())


class OutOfWork(Exception):
    """The work allowed is used up before an answer was reached."""


class Master:
    """A linear programme that grows until its prices prove it complete.

    weights : objective, (people, items), -inf where a pair must not be; default the scores.
    limits  : (people, items) how far a pair may go, 0..1; default all the way.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        short_price: float,
        weights: Grid | None = None,
        limits: Grid | None = None,
    ) -> None:
        self.problem, self.short_price = problem, short_price
        self.weights = weights_of(problem) if weights is None else weights
        people, items = problem.shape
        self.limits = limits
        self.have: Mask = np.zeros((people, items), bool)
        self.people: Index = np.empty(0, np.int64)
        self.items: Index = np.empty(0, np.int64)
        self.rows: list[tuple[int, int]] = []
        self.floor_of = np.full(items, -1, np.int64)
        self.floors = np.full(items, -np.inf)
        self.row_of = np.full((len(problem.mixes), items), -1, np.int64)
        self.lean = np.flatnonzero(problem.least)
        self.steps: int | None = None
        self.until = math.inf
        self.highs = _highs()
        self._start()

    def _start(self) -> None:
        problem, (people, items) = self.problem, self.problem.shape
        lp = highspy.HighsLp()
        rows = np.concatenate([np.arange(items), items + self.lean])
        lp.num_col_, lp.num_row_ = len(rows), items + people
        lp.col_cost_ = np.full(len(rows), self.short_price)
        lp.col_lower_ = np.zeros(len(rows))
        lp.col_upper_ = np.concatenate([problem.per_item, problem.least[self.lean]]).astype(float)
        lp.row_lower_ = np.concatenate([problem.per_item, problem.least]).astype(float)
        lp.row_upper_ = np.concatenate([problem.per_item, problem.cap]).astype(float)
        lp.a_matrix_.start_ = np.arange(len(rows) + 1, dtype=np.int32)
        lp.a_matrix_.index_ = rows.astype(np.int32)
        lp.a_matrix_.value_ = np.ones(len(rows))
        self.highs.passModel(lp)
        self.dear = list(range(len(rows)))
        self.kinds: Index = np.full(len(rows), EMPTY, np.int64)
        for number, mix in enumerate(problem.mixes):
            if mix.least:
                for item in range(items):
                    self.add_rule(number, item)
        self.add(*self._first_pairs())

    def _first_pairs(self) -> tuple[Index, Index]:
        """Return the best pairs of every item, and of everybody with a lower limit, and whatever must be."""
        people, items = self.problem.shape
        depth = min(people, max(FIRST_COLUMNS, 4 * int(self.problem.per_item.max(initial=0))))
        wanted = self.have.copy()
        best = _largest(self.weights, depth)
        wanted[best, np.arange(items)[None, :]] = True
        if len(self.lean):
            width = min(items, max(FIRST_COLUMNS, 4 * int(self.problem.least.max())))
            mine = _largest(np.ascontiguousarray(self.weights[self.lean].T), width)
            wanted[self.lean[None, :], mine] = True
        for pair in self.problem.must:
            wanted[pair] = True
        wanted &= np.isfinite(self.weights)
        reach = np.minimum(self.problem.cap, wanted.sum(axis=1)).sum()
        if reach < 0.8 * min(self.problem.cap.sum(), 1.2 * self.problem.per_item.sum()):
            wanted |= self._sample(min(people, SAMPLED))
        first = np.nonzero(wanted)
        return first[0], first[1]

    def _sample(self, depth: int) -> Mask:
        """Return pairs across the whole table, for when the favourites of all items are the same few people.

        With some pairs of everybody the first prices already tell who is worth what; without, each round
        would only reach the next few people.
        """
        people, items = self.problem.shape
        chance = np.random.default_rng(0)
        sample = np.zeros((people, items), bool)
        for item in range(items):
            sample[chance.choice(people, depth, replace=False), item] = True
        return sample & np.isfinite(self.weights)

    def add(self, people: Index, items: Index) -> None:
        """Look at more pairs; those already looked at must not come again."""
        count = len(people)
        if not count:
            return
        self.have[people, items] = True
        tall = self.problem.shape[1]
        entries = [items, tall + people]
        owners = [np.arange(count), np.arange(count)]
        values = [np.ones(2 * count)]
        for mix in np.flatnonzero((self.row_of >= 0).any(axis=1)) if len(self.row_of) else ():
            row = self.row_of[mix, items]
            inside = np.flatnonzero((row >= 0) & self.problem.mixes[mix].members[people])
            entries.append(row[inside])
            owners.append(inside)
            values.append(np.ones(len(inside)))
        floors = np.flatnonzero(self.floor_of[items] >= 0)
        if len(floors):
            entries.append(self.floor_of[items[floors]])
            owners.append(floors)
            values.append(self.weights[people[floors], items[floors]])
        row_ids, column_ids = np.concatenate(entries), np.concatenate(owners)
        order = np.argsort(column_ids, kind="stable")
        starts = np.searchsorted(column_ids[order], np.arange(count)).astype(np.int32)
        lower = np.zeros(count)
        musts = set(self.problem.must)
        if musts:
            lower[[(p, i) in musts for p, i in zip(people.tolist(), items.tolist(), strict=True)]] = 1.0
        self.highs.addCols(
            count, -self.weights[people, items], lower, self._upper(people, items),
            len(order), starts, row_ids[order].astype(np.int32), np.concatenate(values)[order],
        )  # fmt: skip
        self.kinds = np.concatenate([self.kinds, np.arange(len(self.people), len(self.people) + count)])
        self.people = np.concatenate([self.people, people])
        self.items = np.concatenate([self.items, items])

    def _upper(self, people: Index, items: Index) -> Grid:
        """Return how far pairs may go: 1, or their limit where there are limits."""
        return np.ones(len(people)) if self.limits is None else self.limits[people, items]

    def add_rule(self, mix: int, item: int) -> None:
        """Watch one composition rule at one item."""
        rule, places = self.problem.mixes[mix], int(self.problem.per_item[item])
        inside = np.flatnonzero((self.items == item) & rule.members[self.people])
        columns = np.flatnonzero(np.isin(self.kinds, inside)) if len(inside) else np.empty(0, np.int64)
        most = float(places if rule.most is None else rule.most)
        least = float(min(rule.least, places))
        self.highs.addRow(least, most, len(columns), columns.astype(np.int32), np.ones(len(columns)))
        row = self._next_row()
        self.row_of[mix, item] = row
        self.rows.append((mix, item))
        if least:
            self.highs.addCol(self.short_price, 0.0, least, 1, np.array([row], np.int32), np.ones(1))
            self.dear.append(len(self.kinds))
            self.kinds = np.append(self.kinds, EMPTY)

    def set_floor(self, item: int, floor: float) -> None:
        """Keep an item's own sum from falling below a floor, at almost any price; -inf takes the floor away."""
        self.floors[item] = floor
        if self.floor_of[item] >= 0:
            self.highs.changeRowBounds(int(self.floor_of[item]), floor, highspy.kHighsInf)
            return
        inside = self.items == item
        columns = np.flatnonzero(self.kinds >= 0)[inside].astype(np.int32)
        worth = self.weights[self.people[inside], item]
        self.highs.addRow(floor, highspy.kHighsInf, len(columns), columns, worth)
        row = self._next_row()
        self.floor_of[item] = row
        self.rows.append((-1, item))
        below = np.array([row], np.int32)
        self.highs.addCol(BELOW_PRICE, 0.0, highspy.kHighsInf, 1, below, np.ones(1))
        self.kinds = np.append(self.kinds, BELOW)

    def _next_row(self) -> int:
        return sum(self.problem.shape) + len(self.rows)

    def make_short_dearer(self, price: float) -> None:
        """Raise the price of places left empty."""
        self.short_price = price
        for column in self.dear:
            self.highs.changeColCost(column, price)

    def reweigh(self, weights: Grid) -> None:
        """Go on with another objective over the same pairs and rules."""
        self.weights = weights
        columns = np.flatnonzero(self.kinds >= 0)
        costs = -weights[self.people, self.items][self.kinds[columns]]
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def optimise(self) -> Optimum:
        """Solve; add the pairs and rules the prices ask for; stop when they prove that none is missing."""
        while True:
            values, empty, prices = self._solve()
            people, items, beyond = self._missing(prices)
            self.add(people, items)
            broken = self.broken(values)
            for mix, item in broken:
                self.add_rule(mix, item)
            if not len(people) and not broken:
                bound = fixed_part(self.problem, prices) + beyond
                return Optimum(self.people, self.items, values, empty, prices, bound)

    def allow(self, steps: int, seconds: float) -> None:
        """Limit the work still to be done: simplex steps, counted so that it is the same anywhere, and time."""
        self.steps, self.until = steps, now() + seconds

    def _solve(self) -> tuple[Grid, float, Prices]:
        if self.steps is not None:
            self.highs.setOptionValue("simplex_iteration_limit", max(1, self.steps))
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(0.1, self.until - now()))
        self.highs.run()
        status = self.highs.getModelStatus()
        if self.steps is not None:
            self.steps -= int(self.highs.getInfo().simplex_iteration_count)
            if status in (highspy.HighsModelStatus.kIterationLimit, highspy.HighsModelStatus.kTimeLimit):
                raise OutOfWork
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"求解器没有得出结果：{self.highs.modelStatusToString(status)}")
        solution = self.highs.getSolution()
        columns, duals = np.asarray(solution.col_value), -np.asarray(solution.row_dual)
        people, items = self.problem.shape
        rules = duals[items + people :]
        binding = [row for row in np.flatnonzero(rules).tolist() if self.rows[row][0] >= 0]
        mixes = tuple((*self.rows[row], float(rules[row])) for row in binding)
        worth = floors = None
        if (floored := np.flatnonzero(self.floor_of >= 0)).size:
            worth, floors = np.zeros(items), np.where(np.isfinite(self.floors), self.floors, 0.0)
            worth[floored] = np.maximum(0.0, -duals[self.floor_of[floored]])
        prices = Prices(duals[:items], duals[items : items + people], mixes, self.short_price, worth, floors)
        return columns[self.kinds >= 0], float(columns[self.kinds == EMPTY].sum()), prices

    def _missing(self, prices: Prices) -> tuple[Index, Index, float]:
        """Return the pairs worth looking at, the best few of each item, and what all pairs gain at these prices."""
        found_people, found_items, beyond = [], [], 0.0
        scale = EPSILON * max(1.0, float(np.abs(prices.item).max(initial=0.0)))
        for first, part in chunks(self.weights, prices, self.problem):
            rows, columns = np.nonzero(part > 0)
            gain = part[rows, columns]
            beyond += float((gain * self._upper(first + rows, columns)).sum())
            fresh = (gain > scale) & ~self.have[first + rows, columns]
            if self.limits is not None:
                fresh &= self.limits[first + rows, columns] > 0
            rows, columns, gain = first + rows[fresh], columns[fresh], gain[fresh]
            order = np.lexsort((rows, -gain, columns))
            rows, columns = rows[order], columns[order]
            place = np.arange(len(columns)) - np.searchsorted(columns, columns)
            found_people.append(rows[place < NEW_PER_ITEM])
            found_items.append(columns[place < NEW_PER_ITEM])
        for person, item in self.problem.must:
            beyond += min(0.0, _worth(self.problem, self.weights, prices, person, item))
        return np.concatenate(found_people), np.concatenate(found_items), beyond

    def broken(self, values: Grid) -> list[tuple[int, int]]:
        """Return the composition rules that are broken and not yet watched."""
        if not self.problem.mixes:
            return []
        used = np.flatnonzero(values > 1e-7)
        broken = []
        for number, mix in enumerate(self.problem.mixes):
            if mix.most is None:
                continue
            inside = used[mix.members[self.people[used]]]
            have = np.bincount(self.items[inside], values[inside], minlength=self.problem.shape[1])
            over = np.flatnonzero((have > mix.most + 1e-6) & (self.row_of[number] < 0))
            broken += [(number, int(item)) for item in over]
        return broken

    def branch(self, seconds: float, *, free: Mask | None = None) -> tuple[Grid, float, float]:
        """Solve over whole numbers among the pairs looked at.

        free : which of them may still change; the others stay as the last relaxation had them.
        Returns the values, the places left empty, and the solver's bound (empty places at their price).
        """
        columns = np.flatnonzero(self.kinds >= 0).astype(np.int32)
        lower, upper = self._limits(columns)
        if free is not None:
            at = np.rint(np.asarray(self.highs.getSolution().col_value)[columns])
            low, high = np.where(free, lower, at), np.where(free, upper, at)
            self.highs.changeColsBounds(len(columns), columns, low, high)
        self._set_whole(columns, True)
        for name, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-9), ("presolve", "choose")):
            self.highs.setOptionValue(name, value)
        self.highs.setOptionValue("mip_max_nodes", highspy.kHighsIInf if free is None else FEW_NODES)
        self.highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(0.5, seconds))
        self.highs.run()
        found, info = np.asarray(self.highs.getSolution().col_value), self.highs.getInfo()
        proven = -float(info.mip_dual_bound)
        solvable = np.isfinite(info.objective_function_value) and len(found) == len(self.kinds)
        self._set_whole(columns, False)
        self.highs.changeColsBounds(len(columns), columns, lower, upper)
        self.highs.setOptionValue("time_limit", highspy.kHighsInf)
        self.highs.setOptionValue("presolve", "off")
        if not solvable:
            return np.zeros(len(columns)), math.inf, proven
        return np.rint(found[self.kinds >= 0]), float(np.rint(found[self.kinds == EMPTY]).sum()), proven

    def _limits(self, columns: NDArray[np.int32]) -> tuple[Grid, Grid]:
        musts = set(self.problem.must)
        pairs = zip(self.people.tolist(), self.items.tolist(), strict=True)
        lower = np.fromiter((float(pair in musts) for pair in pairs), float, len(columns))
        return lower, self._upper(self.people, self.items)

    def _set_whole(self, columns: NDArray[np.int32], whole: bool) -> None:
        kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        self.highs.changeColsIntegrality(len(columns), columns, np.full(len(columns), int(kind), np.uint8))


def _worth(problem: Problem, weights: Grid, prices: Prices, person: int, item: int) -> float:
    worth = float(weights[person, item] - prices.item[item] - prices.person[person])
    return worth - sum(p for m, i, p in prices.mixes if i == item and problem.mixes[m].members[person])


def _largest(grid: Grid, depth: int) -> Index:
    """Return (depth, columns): the row numbers of the largest values of every column, in any order."""
    if depth >= grid.shape[0]:
        return np.repeat(np.arange(grid.shape[0])[:, None], grid.shape[1], axis=1)
    return np.argpartition(-grid, depth - 1, axis=0)[:depth]


def _highs() -> highspy.Highs:
    highs = highspy.Highs()
    for name, value in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("solver", "simplex")):
        highs.setOptionValue(name, value)
    return highs


def now() -> float:
    """This reads the clock that measures durations, in seconds."""
    return time.perf_counter()
