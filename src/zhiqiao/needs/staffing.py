"""Several needs staffed at once: the finder says who fits, the engine says who goes where.

Nothing is stored. What is asked, who was struck out and what stood on the page before are in the address;
the same address gives the same proposal as long as the library does not change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from zhiqiao.directory.finder import Candidate
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Refusal
from zhiqiao.needs import queries
from zhiqiao.needs.finder import find_for_need
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need
from zhiqiao_match.assign import (
    Assignment,
    Infeasible,
    Problem,
    Repair,
    alternates,
    assign,
    fair,
    in_words,
    reassign,
    spread,
)

MOST_NEEDS = 20
MOST_EACH = 5
CANDIDATES = 40
SPARE = 2

Placed = tuple[int, int]
"""A need and an expert, by their keys."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the clerk asks for.

    each : experts per need. apart : at most one of a unit on a need. even : lift the worst-off need.
    struck : pairs that must not be. before : the proposal on the page so far, to be changed as little as possible.
    """

    each: int = 2
    apart: bool = True
    even: bool = False
    struck: frozenset[Placed] = frozenset()
    before: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """One expert proposed for one need. load: tasks in hand and proposed here; new: not there before."""

    candidate: Candidate
    load: int
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One need with those proposed for it, best first, those who could step in, and how many are lacking."""

    need: Need
    seats: tuple[Seat, ...]
    spare: tuple[Seat, ...]
    lacking: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The whole proposal.

    words : how good it is and how that is known. changes : what re-solving changed, "" the first time.
    skipped : needs nobody can be invited for now, with the reason. struck : pairs struck out, to be shown.
    """

    lines: list[Line] = field(default_factory=list)
    words: str = ""
    changes: str = ""
    skipped: list[tuple[Need, Refusal]] = field(default_factory=list)
    struck: list[tuple[Need, Candidate]] = field(default_factory=list)

    @property
    def pairs(self) -> list[Placed]:
        """The proposal as pairs, to be sent along when something is to change."""
        return [(line.need.pk, seat.candidate.expert.pk) for line in self.lines for seat in line.seats]


def propose(needs: Sequence[Need], who: By, wish: Wish, *, at: datetime) -> Proposal:
    """Propose experts for these needs, within everybody's own limit of tasks."""
    checked = [(need, NEED_FLOW.check(need, "invite", who)) for need in needs]
    skipped = [(need, answer) for need, answer in checked if isinstance(answer, Refusal)]
    open_needs = [need for need, answer in checked if answer]
    found = {need.pk: find_for_need(need, who, CANDIDATES, at=at).candidates for need in open_needs}
    table = _Table(open_needs, found)
    if not table.people:
        lines = [Line(need, (), (), wish.each) for need in open_needs]
        return Proposal(lines, "没有找到合适的专家。" if lines else "", skipped=skipped)
    problem = table.problem(wish)
    chosen, repair = _solved(problem, table, wish)
    return Proposal(
        lines=table.lines(problem, chosen, repair, wish),
        words=_words(chosen),
        changes=_changes(repair),
        skipped=skipped,
        struck=table.known(wish.struck),
    )


def _solved(problem: Problem, table: "_Table", wish: Wish) -> tuple[Assignment, Repair | None]:
    before = table.numbers(wish.before)
    if before:
        repair = reassign(problem, before, may_lack=True)
        return repair.assignment, repair
    if wish.even:
        try:
            return fair(problem), None
        except Infeasible:
            pass  # 排不满时没有“最差一项”可比，退回按总分排满能排的位置
    return assign(problem, may_lack=True), None


def _words(chosen: Assignment) -> str:
    number = len(chosen.pairs())
    average = f"共安排 {number} 位，平均每位 {chosen.total / number:.0f} 分。" if number else ""
    return average + in_words(chosen)


def _changes(repair: Repair | None) -> str:
    if repair is None:
        return ""
    if not repair.dropped and not repair.added:
        return "没有改动。"
    return f"撤下 {len(repair.dropped)} 处，补上 {len(repair.added)} 处，其余 {len(repair.kept)} 处不变。"


class _Table:
    """The needs as columns and every expert found for any of them as rows."""

    def __init__(self, needs: Sequence[Need], found: Mapping[int, Sequence[Candidate]]) -> None:
        self.needs, self.found = list(needs), found
        self.by_pair = {(pk, one.expert.pk): one for pk, listed in found.items() for one in listed}
        self.people = sorted({expert for _, expert in self.by_pair})
        self.experts = {expert: one.expert for (_, expert), one in self.by_pair.items()}
        self.row = {expert: at for at, expert in enumerate(self.people)}
        self.column = {need.pk: at for at, need in enumerate(self.needs)}
        self.in_hand = queries.open_tasks(self.people) if self.people else {}

    def problem(self, wish: Wish) -> Problem:
        """Return the table for the engine: whoever the finder does not offer for a need is barred from it."""
        scores = np.zeros((len(self.people), len(self.needs)))
        barred = np.ones(scores.shape, bool)
        for (need, expert), one in self.by_pair.items():
            if (need, expert) not in wish.struck:
                scores[self.row[expert], self.column[need]] = one.score
                barred[self.row[expert], self.column[need]] = False
        room = [max(0, self.experts[key].task_cap - self.in_hand.get(key, 0)) for key in self.people]
        units = [self.experts[key].unit for key in self.people]
        return Problem.make(
            scores, per_item=wish.each, cap=room, barred=barred, mixes=spread(units) if wish.apart else ()
        )

    def numbers(self, placed: Iterable[Placed]) -> tuple[Placed, ...]:
        """Return pairs of keys as (row, column), those that are still offered."""
        return tuple(
            (self.row[expert], self.column[need]) for need, expert in placed if (need, expert) in self.by_pair
        )

    def known(self, placed: Iterable[Placed]) -> list[tuple[Need, Candidate]]:
        """Return struck pairs as they are shown."""
        return [
            (self.needs[self.column[need]], self.by_pair[need, expert])
            for need, expert in sorted(placed)
            if (need, expert) in self.by_pair
        ]

    def lines(self, problem: Problem, chosen: Assignment, repair: Repair | None, wish: Wish) -> list[Line]:
        """Dress the answer of the engine as lines of the page."""
        spare = alternates(problem, chosen, SPARE)
        load = np.bincount([row for row, _ in chosen.pairs()], minlength=len(self.people))
        added = set(repair.added) if repair is not None else set()
        return [
            Line(
                need=need,
                seats=tuple(self._seat(row, at, load, (row, at) in added) for row in chosen.people_of(at)),
                spare=tuple(self._seat(row, at, load) for row in spare[at]),
                lacking=int(chosen.short[at]),
            )
            for at, need in enumerate(self.needs)
        ]

    def _seat(self, row: int, column: int, load: np.ndarray, is_new: bool = False) -> Seat:
        key = self.people[row]
        one = self.by_pair[self.needs[column].pk, key]
        return Seat(one, self.in_hand.get(key, 0) + int(load[row]), is_new)
