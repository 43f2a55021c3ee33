"""Who meets whom, when, and at which table on a matchmaking day.

First the meetings: as many mutual wishes as possible, then one-sided ones, within what each side can take.
Then the times: if everybody is there throughout, colouring the edges of a bipartite graph always finds them
(König 1916), and the rounds can be made equally full, so that tables suffice. Where somebody is away for a
round, meetings and times are decided together by the same solver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from zhiqiao_match.assign.linear import Programme
from zhiqiao_match.assign.model import Grid

Wish = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """This is a matchmaking day: wishes of both sides, and what is possible.

    firm_wishes, expert_wishes : (firm, expert) -> how much the one side wants it, > 0.
    rounds, tables : how many rounds there are, how many meetings fit into one.
    firm_limit, expert_limit : most meetings of one firm and of one expert; 0 = as many as there are rounds.
    away : name -> rounds (from 0) in which somebody cannot come; names are unique across both sides.
    barred : pairs that must not meet.
    """

    firm_wishes: Mapping[Wish, float]
    expert_wishes: Mapping[Wish, float]
    rounds: int
    tables: int
    firm_limit: int = 0
    expert_limit: int = 0
    away: Mapping[str, frozenset[int]] = field(default_factory=dict)
    barred: frozenset[Wish] = frozenset()

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.tables < 1:
            raise ValueError("轮次和桌数都至少是 1。")
        if any(value <= 0 for wishes in (self.firm_wishes, self.expert_wishes) for value in wishes.values()):
            raise ValueError("意愿的分值应当大于 0；不想见面的请不要列出。")
        if both := {firm for firm, _ in self.wishes()} & {expert for _, expert in self.wishes()}:
            raise ValueError(f"“{sorted(both)[0]}”既是企业又是专家，请用不同的名称。")

    def wishes(self) -> list[Wish]:
        """Return the pairs at least one side of which wants to meet and neither must not, in order."""
        return sorted((self.firm_wishes.keys() | self.expert_wishes.keys()) - self.barred)

    def is_mutual(self, pair: Wish) -> bool:
        """Say whether both sides want it."""
        return pair in self.firm_wishes and pair in self.expert_wishes


@dataclass(frozen=True, slots=True, order=True)
class Meeting:
    """This is one meeting: round and table are counted from 0."""

    round: int
    table: int
    firm: str
    expert: str
    mutual: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """This is the timetable, what was left out with the reason, and whether more was possible.

    worth, bound : weight of the meetings held, and what no plan exceeds; mutual ones weigh most.
    """

    meetings: tuple[Meeting, ...]
    left_out: tuple[tuple[Wish, str], ...]
    worth: float
    bound: float

    @property
    def certified(self) -> bool:
        """Say whether no plan could hold more, mutual wishes first."""
        return self.bound - self.worth <= 1e-6 * max(1.0, abs(self.bound))


def plan(day: Day, *, seconds: float = 20.0) -> Plan:
    """This plans the day. seconds: time for the search where people are away for some rounds."""
    pairs = day.wishes()
    if not pairs:
        return Plan((), (), 0.0, 0.0)
    worth = _worth(day, pairs)
    if any(day.away.values()):
        timed, bound = _together(day, pairs, worth, seconds)
    else:
        chosen, bound = _meetings(day, pairs, worth)
        timed = _times(day, chosen)
    held = {pair for pair, _ in timed}
    reached = float(sum(value for pair, value in zip(pairs, worth.tolist(), strict=True) if pair in held))
    left = tuple((pair, _why_not(day, pair, timed)) for pair in pairs if pair not in held)
    return Plan(_seated(day, timed), left, reached, bound)


def _worth(day: Day, pairs: list[Wish]) -> Grid:
    """Weigh pairs so that one more mutual meeting counts more than any number of one-sided ones."""
    wish = np.array([day.firm_wishes.get(p, 0.0) + day.expert_wishes.get(p, 0.0) for p in pairs])
    small = wish / (wish.max() * (len(pairs) + 1))
    seats = min(len(pairs), day.rounds * day.tables)
    tiers = np.array([float(seats + 1) if day.is_mutual(p) else 1.0 for p in pairs])
    worth: Grid = small + tiers
    return worth


def _limits(day: Day) -> tuple[int, int]:
    return (
        min(day.firm_limit or day.rounds, day.rounds),
        min(day.expert_limit or day.rounds, day.rounds),
    )


def _sides(pairs: list[Wish]) -> tuple[dict[str, int], dict[str, int]]:
    firms = {name: number for number, name in enumerate(sorted({firm for firm, _ in pairs}))}
    experts = {name: number for number, name in enumerate(sorted({expert for _, expert in pairs}))}
    return firms, experts


def _meetings(day: Day, pairs: list[Wish], worth: Grid) -> tuple[list[Wish], float]:
    """Choose the meetings; the limits of both sides and the total form a network, so the answer is whole."""
    firms, experts = _sides(pairs)
    firm_limit, expert_limit = _limits(day)
    most = [firm_limit] * len(firms) + [expert_limit] * len(experts) + [day.rounds * day.tables]
    columns = np.arange(len(pairs))
    rows = np.concatenate([
        [firms[firm] for firm, _ in pairs],
        [len(firms) + experts[expert] for _, expert in pairs],
        np.full(len(pairs), len(most) - 1),
    ])  # fmt: skip
    members = np.stack([rows.astype(np.int64), np.tile(columns, 3)])
    values, bound = Programme(worth, np.array(most, dtype=float), members).solve()
    return [pair for pair, value in zip(pairs, values.tolist(), strict=True) if value > 0.5], bound


def _together(
    day: Day,
    pairs: list[Wish],
    worth: Grid,
    seconds: float,
) -> tuple[list[tuple[Wish, int]], float]:
    """Choose meetings and rounds at once: one column per pair and round in which both are there."""
    firms, experts = _sides(pairs)
    firm_limit, expert_limit = _limits(day)
    cells = [
        (number, round)
        for number, pair in enumerate(pairs)
        for round in range(day.rounds)
        if not any(round in day.away.get(name, ()) for name in pair)
    ]
    if not cells:
        return [], 0.0
    rows: dict[tuple[str, int, int], int] = {}
    most: list[float] = []
    members: list[tuple[int, int]] = []

    def count(kind: str, first: int, second: int, limit: int, column: int) -> None:
        if (kind, first, second) not in rows:
            rows[kind, first, second] = len(most)
            most.append(float(limit))
        members.append((rows[kind, first, second], column))

    for column, (number, round) in enumerate(cells):
        firm, expert = firms[pairs[number][0]], experts[pairs[number][1]]
        count("pair", number, 0, 1, column)
        count("firm", firm, round, 1, column)
        count("expert", expert, round, 1, column)
        count("round", round, 0, day.tables, column)
        count("firm all", firm, 0, firm_limit, column)
        count("expert all", expert, 0, expert_limit, column)
    gains = np.array([worth[number] for number, _ in cells])
    programme = Programme(gains, np.array(most), np.array(members, dtype=np.int64).T)
    values, bound = programme.solve(seconds=seconds)
    held = [cell for cell, value in zip(cells, values.tolist(), strict=True) if value > 0.5]
    return [(pairs[number], round) for number, round in held], bound


def _times(day: Day, chosen: list[Wish]) -> list[tuple[Wish, int]]:
    """Give every meeting a round in which both are free, by exchanging rounds along a path, then even out."""
    at: dict[str, dict[int, Wish]] = defaultdict(dict)
    for pair in chosen:
        firm, expert = pair
        mine = next(r for r in range(day.rounds) if r not in at[firm])
        yours = next(r for r in range(day.rounds) if r not in at[expert])
        if mine != yours:
            _exchange(at, expert, mine, yours)
        at[firm][mine] = at[expert][mine] = pair
    rounds = {pair: round for spots in at.values() for round, pair in spots.items()}
    return _evened(day, at, rounds)


def _exchange(at: dict[str, dict[int, Wish]], start: str, one: int, other: int) -> None:
    """Exchange two rounds along the path that begins at `start`; round `one` is free there afterwards."""
    line, name, round = [], start, one
    while round in at[name]:
        pair = at[name][round]
        line.append((pair, round))
        name = pair[1] if pair[0] == name else pair[0]
        round = other if round == one else one
    for pair, round in line:
        for name in pair:
            if at[name].get(round) == pair:
                del at[name][round]
    for pair, round in line:
        for name in pair:
            at[name][other if round == one else one] = pair


def _evened(day: Day, at: dict[str, dict[int, Wish]], rounds: dict[Wish, int]) -> list[tuple[Wish, int]]:
    """Move meetings from rounds with too many to rounds with room, along paths of the two."""
    while True:
        sizes = [0] * day.rounds
        for round in rounds.values():
            sizes[round] += 1
        full = max(range(day.rounds), key=lambda round: (sizes[round], -round))
        if sizes[full] <= day.tables:
            return sorted(rounds.items())
        empty = min(range(day.rounds), key=lambda round: (sizes[round], round))
        start = _more_of(at, rounds, full, empty)
        _exchange(at, start, full, empty)
        rounds = {pair: round for spots in at.values() for round, pair in spots.items()}


def _more_of(at: dict[str, dict[int, Wish]], rounds: dict[Wish, int], full: int, empty: int) -> str:
    """Return the end of a path of the two rounds that has one more meeting in the full one.

    As the full round has more meetings, such a path exists: it begins and ends with a meeting of that round.
    """
    for name in sorted(at):
        if full not in at[name] or empty in at[name]:
            continue
        here, round, length = name, full, 0
        while round in at[here]:
            pair = at[here][round]
            here = pair[1] if pair[0] == here else pair[0]
            round, length = (empty if round == full else full), length + 1
        if length % 2:
            return name
    raise RuntimeError("两轮之间没有可以调换的一串见面。")


def _seated(day: Day, timed: list[tuple[Wish, int]]) -> tuple[Meeting, ...]:
    """Seat each round; a firm keeps its table from round to round where it can."""
    usual: dict[str, int] = {}
    meetings = []
    for round in range(day.rounds):
        pairs = sorted(pair for pair, when in timed if when == round)
        free = set(range(day.tables))
        waiting = []
        for pair in pairs:
            if usual.get(pair[0]) in free:
                free.discard(usual[pair[0]])
                meetings.append(Meeting(round, usual[pair[0]], *pair, day.is_mutual(pair)))
            else:
                waiting.append(pair)
        for pair, table in zip(waiting, sorted(free), strict=False):
            usual[pair[0]] = table
            meetings.append(Meeting(round, table, *pair, day.is_mutual(pair)))
    return tuple(sorted(meetings))


def _why_not(day: Day, pair: Wish, timed: list[tuple[Wish, int]]) -> str:
    """Say in Chinese why a wish was not met."""
    firm, expert = pair
    firm_limit, expert_limit = _limits(day)
    firm_has = sum(held[0] == firm for held, _ in timed)
    expert_has = sum(held[1] == expert for held, _ in timed)
    if firm_has >= firm_limit:
        return f"{firm}已排满 {firm_limit} 场"
    if expert_has >= expert_limit:
        return f"{expert}已排满 {expert_limit} 场"
    if len(timed) >= day.rounds * day.tables:
        return f"{day.rounds} 轮 × {day.tables} 桌已全部排满"
    return "双方都有空的轮次已经排满"
