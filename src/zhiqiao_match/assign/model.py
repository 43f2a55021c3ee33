"""The nouns of assignment: people, items (needs, entries), what binds them, and an answer with its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Grid = NDArray[np.float64]
Mask = NDArray[np.bool_]
Row = NDArray[np.int64]
Pair = tuple[int, int]

FEWEST_CHANGES = "改动最少，其次总分最高"
"""The method of an answer made out of an earlier one."""

TOLERANCE = 1e-7
"""Relative difference below which a sum counts as having reached its bound; doubles carry about 1e-12."""


class BadProblem(ValueError):
    """The numbers contradict each other before anything is solved; the message says how, in Chinese."""


class Infeasible(Exception):
    """No assignment keeps all the rules.

    reasons : sentences in Chinese; where a rule of counting proves it, the first names who is short of whom.
    items, people : the row of the proof, empty if no short proof was found.
    """

    def __init__(
        self, reasons: Sequence[str], *, items: Sequence[int] = (), people: Sequence[int] = ()
    ) -> None:
        super().__init__("；".join(reasons))
        self.reasons = tuple(reasons)
        self.items, self.people = tuple(items), tuple(people)


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """This is a rule on who sits together on one item: at least so many, at most so many of a circle.

    title   : what a person calls the circle ("高级职称", "浙江大学").
    members : (people,) who belongs to it.
    least, most : how many of them each item has; `most` None = no upper limit.
    """

    title: str
    members: Mask
    least: int = 0
    most: int | None = None


def spread(labels: Sequence[str], most: int = 1) -> tuple[Mix, ...]:
    """This makes "at most `most` of one unit on one item" out of everybody's unit; "" = no unit, no rule."""
    units = np.asarray(labels, dtype=object)
    names = sorted({label for label in labels if label})
    circles = ((name, units == name) for name in names)
    return tuple(
        Mix(name, members.astype(bool), most=most) for name, members in circles if members.sum() > most
    )


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """This is everything an assignment has to respect. Build it with `Problem.make`.

    scores   : (people, items) how well a person fits an item, higher is better, any unit, finite.
    per_item : (items,) how many different people each item gets.
    cap, least : (people,) the most and the fewest items of each person.
    barred   : (people, items) pairs that must not be: conflicts of interest, refusals, striking out.
    must     : pairs that have to be.
    mixes    : rules on the composition of each item's people.
    """

    scores: Grid
    per_item: Row
    cap: Row
    least: Row
    barred: Mask
    must: tuple[Pair, ...] = ()
    mixes: tuple[Mix, ...] = ()

    @classmethod
    def make(
        cls,
        scores: ArrayLike,
        *,
        per_item: int | ArrayLike,
        cap: int | ArrayLike,
        least: int | ArrayLike = 0,
        barred: ArrayLike | None = None,
        must: Iterable[Pair] = (),
        mixes: Iterable[Mix] = (),
    ) -> Problem:
        """This fills single numbers out to rows and checks what can be checked at once.

        :raises BadProblem: wrong shapes, counts below zero, values that are no numbers, must against barred.
        """
        grid = np.ascontiguousarray(scores, dtype=np.float64)
        if grid.ndim != 2 or not grid.size:
            raise BadProblem("评分表至少要有一位专家和一个项目。")
        people, items = grid.shape
        wall = np.zeros(grid.shape, bool) if barred is None else np.array(barred, dtype=bool)
        if wall.shape != grid.shape:
            raise BadProblem(f"回避表是 {wall.shape}，评分表是 {grid.shape}，两者大小应当一样。")
        if not np.isfinite(grid[~wall]).all():
            raise BadProblem("评分里有不是数的格子；没有分数的一对请标成回避。")
        pairs = tuple(sorted({(int(person), int(item)) for person, item in must}))
        problem = cls(
            scores=np.where(wall, 0.0, grid),
            per_item=_counts(per_item, items, "每项人数"),
            cap=_counts(cap, people, "每人上限"),
            least=_counts(least, people, "每人下限"),
            barred=wall,
            must=pairs,
            mixes=tuple(mixes),
        )
        problem._check()
        return problem

    @property
    def shape(self) -> tuple[int, int]:
        """This returns (people, items)."""
        people, items = self.scores.shape
        return people, items

    def _check(self) -> None:
        if (over := np.flatnonzero(self.least > self.cap)).size:
            raise BadProblem(
                f"第 {over[0] + 1} 位的下限 {self.least[over[0]]} 大于上限 {self.cap[over[0]]}。"
            )
        for person, item in self.must:
            if not (0 <= person < self.shape[0] and 0 <= item < self.shape[1]):
                raise BadProblem(f"指定的一对（{person + 1}，{item + 1}）不在表里。")
            if self.barred[person, item]:
                raise BadProblem(f"第 {person + 1} 位对第 {item + 1} 项既是指定又要回避。")
        for mix in self.mixes:
            if mix.members.shape != (self.shape[0],):
                raise BadProblem(f"“{mix.title}”的名单应当正好对应 {self.shape[0]} 位专家。")


def _counts(value: int | ArrayLike, size: int, title: str) -> Row:
    row = np.asarray(value)
    if row.ndim == 0:
        row = np.full(size, row)
    if row.shape != (size,):
        raise BadProblem(f"{title}给了 {row.size} 个，应当是 {size} 个。")
    whole = row.astype(np.int64)
    if (whole != row).any() or (whole < 0).any():
        raise BadProblem(f"{title}应当是不小于 0 的整数。")
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """These are the dual prices that prove how much is possible at most (see `bound.bound_of`).

    item : (items,) what one more place of an item would be worth. person : (people,) likewise one more task.
    mixes : (mix, item, price) of the composition rules that bind.
    short : price of a place left empty; None where no place may stay empty.
    worth, floors : (items,) >= 0, price and height of the floor under an item's own sum; None = no floors.
    """

    item: Grid
    person: Grid
    mixes: tuple[tuple[int, int, float], ...] = ()
    short: float | None = None
    worth: Grid | None = None
    floors: Grid | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """This is an answer, and how good it can be at most.

    chosen    : per item, the people on it, best score first, ties by number.
    total     : sum of the scores. worst : the smallest sum of one item.
    bound     : no assignment that keeps the rules has a larger total.
    certified : total reaches bound up to TOLERANCE: proven best.
    worst_bound : no assignment that is allowed has a larger worst; None if that was not asked.
    short     : (items,) places that had to stay empty; all 0 unless that was allowed.
    prices    : the proof of `bound`, to be checked with `bound_of`; None where it came from branching.
    grain     : differences in the sum smaller than this count as none.
    """

    chosen: tuple[tuple[int, ...], ...]
    total: float
    worst: float
    bound: float
    short: Row
    seconds: float
    method: str
    prices: Prices | None = None
    worst_bound: float | None = None
    grain: float = TOLERANCE

    @property
    def certified(self) -> bool:
        """This says whether the total is proven to be the largest possible."""
        return self.gap <= self.grain

    @property
    def gap(self) -> float:
        """This returns by how much the total might still be improved at most."""
        return max(0.0, self.bound - self.total)

    def pairs(self) -> tuple[Pair, ...]:
        """This lists (person, item), by item."""
        return tuple((person, item) for item, people in enumerate(self.chosen) for person in people)

    def people_of(self, item: int) -> tuple[int, ...]:
        """This returns the people of one item, best first."""
        return self.chosen[item]


def totals_of(problem: Problem, chosen: Sequence[Sequence[int]]) -> Grid:
    """This returns (items,) the sum of the scores each item got."""
    return np.array(
        [float(problem.scores[list(people), item].sum()) for item, people in enumerate(chosen)], dtype=float
    )


def ordered(problem: Problem, pairs: Iterable[Pair]) -> tuple[tuple[int, ...], ...]:
    """This groups pairs by item, best score first, ties by number."""
    rows: list[list[int]] = [[] for _ in range(problem.shape[1])]
    for person, item in pairs:
        rows[item].append(int(person))
    scores = problem.scores
    return tuple(
        tuple(sorted(people, key=lambda person: (-scores[person, item], person)))
        for item, people in enumerate(rows)
    )


def violations(problem: Problem, chosen: Sequence[Sequence[int]], *, may_lack: bool = False) -> list[str]:
    """This lists every rule that an assignment breaks, in Chinese; empty = it keeps them all.

    Written apart from the solver, so that an error there cannot hide itself here.
    """
    found, load = [], np.zeros(problem.shape[0], np.int64)
    for item, people in enumerate(chosen):
        want = int(problem.per_item[item])
        if len(people) > want or (len(people) < want and not may_lack):
            found.append(f"第 {item + 1} 项要 {want} 位，排了 {len(people)} 位")
        if len(set(people)) < len(people):
            found.append(f"第 {item + 1} 项把同一个人排了两次")
        found += [
            f"第 {person + 1} 位应当回避第 {item + 1} 项" for person in people if problem.barred[person, item]
        ]
        for person in people:
            load[person] += 1
        for mix in problem.mixes:
            have = int(mix.members[list(people)].sum())
            if mix.most is not None and have > mix.most:
                found.append(f"第 {item + 1} 项的“{mix.title}”有 {have} 位，最多 {mix.most} 位")
            if have < min(mix.least, want) and not may_lack:
                found.append(f"第 {item + 1} 项的“{mix.title}”有 {have} 位，至少 {mix.least} 位")
    for person in np.flatnonzero(load > problem.cap).tolist():
        found.append(f"第 {person + 1} 位排了 {load[person]} 项，上限 {problem.cap[person]} 项")
    for person in np.flatnonzero(load < problem.least).tolist() if not may_lack else ():
        found.append(f"第 {person + 1} 位排了 {load[person]} 项，下限 {problem.least[person]} 项")
    placed = {(person, item) for item, people in enumerate(chosen) for person in people}
    return found + [
        f"指定的一对（{p + 1}，{i + 1}）没有排上" for p, i in problem.must if (p, i) not in placed
    ]
