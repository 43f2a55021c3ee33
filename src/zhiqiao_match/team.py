"""Team assembly: one need with several fields, and the smallest team that covers them.

A *field* is one thing the need asks for: a sentence, a keyword, a discipline. Who covers a field, and how
well, is read from the evidence by the second look (`rescore`); the team is then a set cover: first as few
people as possible, among those of equal size the one whose best fit per field adds up to most, and among
equals the one whose keys come first.

Small libraries are solved exactly by trying teams of one, two, three … people; larger ones by the greedy rule,
with the largest factor by which a smaller team could exist.
Source: Chvátal (1979), "A Greedy Heuristic for the Set-Covering Problem"; team formation as cover: Lappas, Liu &
Terzi (2009), "Finding a Team of Experts in Social Networks".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from zhiqiao_match.model import Candidate
from zhiqiao_match.rescore import closest
from zhiqiao_match.score import Library, items_of

COVERS = 0.35
MOST_FIELDS = 8
MOST_TEAMS_TRIED = 200_000

_BREAKS = re.compile(r"[。；;\n？！?!]+")
_NUMBERING = re.compile(r"^[\s（(]*[\d一二三四五六七八九十]{1,2}[）)、.．]\s*")
_SHORTEST_FIELD = 4


@dataclass(frozen=True, slots=True)
class Member:
    """This is one person of a team, with the fields she covers best, and how well, 0..1 and more."""

    key: int
    fields: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Team:
    """This is a proposed team.

    fields    : what the need asks for, in its order.
    members   : by key; every covered field is with the member who fits it best.
    uncovered : numbers of fields for which nobody was found.
    bound     : no team smaller than this covers as much; equal to the size where the answer is exact.
    """

    fields: tuple[str, ...]
    members: tuple[Member, ...]
    uncovered: tuple[int, ...]
    bound: int

    @property
    def is_smallest(self) -> bool:
        return self.bound == len(self.members)

    @property
    def sentence(self) -> str:
        """This says in Chinese how large the team is, and whether it could be smaller."""
        if not self.members:
            return "没有找到材料与这些方面相符的专家，请放宽条件或补充专家。"
        covered = len(self.fields) - len(self.uncovered)
        told = f"{len(self.members)} 位专家覆盖 {covered} 个方面"
        if self.uncovered:
            missing = "、".join(f"“{self.fields[number]}”" for number in self.uncovered)
            told += f"，还缺 {missing}"
        if self.is_smallest:
            return f"{told}；人数不能再少。"
        return f"{told}；候选较多，没有逐一试完，最少也要 {self.bound} 位。"


def fields_of(title: str, text: str) -> tuple[str, ...]:
    """This splits a need into at most eight fields: its sentences and list items, without numbering.

    What is shorter than four characters is left out; a need without sentences is one field, its title.
    """
    lines = (_NUMBERING.sub("", line).strip(" 　，,、：:") for line in _BREAKS.split(text))
    fields = list(dict.fromkeys(line for line in lines if len(line) >= _SHORTEST_FIELD))
    return tuple(fields[:MOST_FIELDS]) or ((title.strip(),) if title.strip() else ())


def fits_of(
    fields: Sequence[str], candidates: Iterable[Candidate], *, index: Library, covers: float = COVERS
) -> dict[int, dict[int, float]]:
    """This says who covers which field: key -> number of the field -> relevance >= covers."""
    items = [item for person in candidates for item in items_of(person)]
    found: dict[int, dict[int, float]] = {}
    for number, field in enumerate(fields):
        near = closest(field, items, library=index.statistics)
        for owner, score in zip(near.owners.tolist(), near.scores.tolist(), strict=True):
            if score >= covers:
                found.setdefault(owner, {})[number] = score
    return found


def assemble_team(fields: Sequence[str], fits: Mapping[int, Mapping[int, float]]) -> Team:
    """This finds the smallest team for the fields, given who covers which and how well (see `fits_of`).

    Exact while at most 200,000 teams have to be tried, greedy beyond; `Team.bound` tells.
    """
    covered = sorted({number for held in fits.values() for number in held})
    uncovered = tuple(number for number in range(len(fields)) if number not in covered)
    if not covered:
        return Team(tuple(fields), (), uncovered, 0)
    people = _worth_asking(fits, covered)
    greedy = _greedy(people, covered)
    keys, bound = _exact(people, covered, greedy)
    return Team(tuple(fields), _members(keys, people), uncovered, bound)


def _worth_asking(
    fits: Mapping[int, Mapping[int, float]], covered: Sequence[int]
) -> dict[int, Mapping[int, float]]:
    """This leaves out whoever somebody else replaces: at least as good in every field, better or earlier."""
    ordered = sorted(fits)
    kept: dict[int, Mapping[int, float]] = {}
    for key in ordered:
        own = fits[key]
        beaten = any(
            all(fits[other].get(number, 0.0) >= value for number, value in own.items())
            and (other < key or any(fits[other].get(n, 0.0) > own.get(n, 0.0) for n in covered))
            for other in ordered
            if other != key
        )
        if own and not beaten:
            kept[key] = own
    return kept


def _greedy(people: Mapping[int, Mapping[int, float]], covered: Sequence[int]) -> tuple[int, ...]:
    """This takes whoever covers most of what is still open, the better fit first, until nothing is open."""
    missing: set[int] = set(covered)
    team: list[int] = []
    while missing:
        open_now = frozenset(missing)
        best = max(people, key=partial(_worth, people, open_now))
        team.append(best)
        missing -= people[best].keys()
    for key in sorted(team):
        rest = [other for other in team if other != key]
        if _covers(rest, people, covered):
            team = rest
    return tuple(sorted(team))


def _worth(
    people: Mapping[int, Mapping[int, float]], missing: frozenset[int], key: int
) -> tuple[int, float, int]:
    """This says how many open fields a person covers, and how well; the first by key among equals."""
    values = [value for number, value in people[key].items() if number in missing]
    return len(values), math.fsum(values), -key


def _exact(
    people: Mapping[int, Mapping[int, float]], covered: Sequence[int], greedy: tuple[int, ...]
) -> tuple[tuple[int, ...], int]:
    """This tries all teams, smaller ones first; returns the best and the size below which none exists."""
    keys = sorted(people)
    widest = max(len(held) for held in people.values())
    tried = 0
    for size in range(math.ceil(len(covered) / widest), len(greedy) + 1):
        tried += math.comb(len(keys), size)
        if tried > MOST_TEAMS_TRIED:
            return greedy, size
        teams = (team for team in combinations(keys, size) if _covers(team, people, covered))
        best = max(
            teams, key=lambda team: (_quality(team, people, covered), [-key for key in team]), default=None
        )
        if best is not None:
            return best, size
    return greedy, len(greedy)


def _covers(team: Sequence[int], people: Mapping[int, Mapping[int, float]], covered: Sequence[int]) -> bool:
    return all(any(number in people[key] for key in team) for number in covered)


def _quality(team: Sequence[int], people: Mapping[int, Mapping[int, float]], covered: Sequence[int]) -> float:
    return math.fsum(max(people[key].get(number, 0.0) for key in team) for number in covered)


def _members(keys: Sequence[int], people: Mapping[int, Mapping[int, float]]) -> tuple[Member, ...]:
    """This gives every field to the member who fits it best, the first by key among equals."""
    best: dict[int, int] = {}
    for number in sorted({number for key in keys for number in people[key]}):
        best[number] = min(keys, key=lambda key: (-people[key].get(number, 0.0), key))
    return tuple(
        Member(key, tuple((number, people[key][number]) for number, who in best.items() if who == key))
        for key in keys
    )
