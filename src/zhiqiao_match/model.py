"""The nouns of the engine: who can be asked, what is asked, and what comes back.

Everything is a frozen dataclass of plain values, so that a caller can build it from a database row, a CSV
line or a test, and nothing that is alive (a session, a model instance) crosses this border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """This is one thing that shows what a person can do: a paper, a patent, a project, a past service.

    key    : unique within its person.
    kind   : a code listed in `explain.KINDS` ("paper", "patent", …) or a Chinese word of the caller's own.
    text   : what is matched and shown: a title, a few sentences, or a title with sentences below it.
    weight : how much the item counts, >= 0, unitless; 1 is ordinary, 0 keeps it out of the matching.
    """

    key: str
    kind: str
    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"evidence {self.key}: weight must not be negative, got {self.weight}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """This is one person who might be asked to help, with the facts the ranking may use.

    disciplines : GB/T 13745 level-1 codes such as "430"; the most important first.
    region      : path of the organisation the person belongs to, levels either split by a separator
                  ("01.02.05.") or five characters wide; a path that begins with another lies inside it.
                  Empty = not known.
    open_tasks  : tasks in hand now; at `task_cap` the person is not offered.
    served      : finished services; `solved` of them ended with the problem solved or in cooperation.
    """

    key: int
    name: str
    unit: str = ""
    title: str = ""
    disciplines: tuple[str, ...] = ()
    region: str = ""
    evidence: tuple[Evidence, ...] = ()
    open_tasks: int = 0
    task_cap: int = 3
    served: int = 0
    solved: int = 0
    available: bool = True
    unavailable_reason: str = ""

    def __post_init__(self) -> None:
        if min(self.open_tasks, self.task_cap, self.served, self.solved) < 0:
            raise ValueError(f"candidate {self.key}: counts must not be negative")
        if self.solved > self.served:
            raise ValueError(f"candidate {self.key}: solved {self.solved} of only {self.served} served")


@dataclass(frozen=True, slots=True)
class Query:
    """This is what somebody is looking for.

    text        : the need in full, or a few words from a search box.
    title       : its title where it has one; grams of the title count three times (see `index.TITLE_TIMES`).
    disciplines : GB/T 13745 level-1 codes; empty = guessed from the people whose evidence fits.
    region      : path of the organisation that asks, as in `Candidate.region`; empty = place does not matter.
    limit       : how many people to return, >= 1.
    exclude     : candidate key -> the reason in Chinese; these people are never returned.
    """

    text: str
    title: str = ""
    disciplines: tuple[str, ...] = ()
    region: str = ""
    limit: int = 10
    exclude: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"limit must be at least 1, got {self.limit}")


@dataclass(frozen=True, slots=True)
class Weights:
    """This says how much each part of a score counts; parts are in 0..1, shares are relative.

    evidence … outcome : shares, >= 0, not all zero. A part about which the query says nothing is left out
                         and the others share its place.
    half_evidence      : relevance (see `Index.search`) at which the evidence part reaches one half.
    prior_solved, prior_served : what a person without any record is taken to have done: the published
                         result of the 双千行动, 223 of 393 closed cases solved, worth five cases.
    """

    version: str = "2026-1"
    evidence: float = 0.62
    discipline: float = 0.14
    region: float = 0.08
    load: float = 0.06
    outcome: float = 0.10
    half_evidence: float = 0.5
    prior_solved: float = 5 * 223 / 393
    prior_served: float = 5.0

    def __post_init__(self) -> None:
        shares = (self.evidence, self.discipline, self.region, self.load, self.outcome)
        if min(shares) < 0 or self.evidence <= 0:
            raise ValueError("shares must not be negative, and evidence must count")
        if not 0 <= self.prior_solved <= self.prior_served or self.prior_served <= 0:
            raise ValueError("the prior must satisfy 0 <= prior_solved <= prior_served, prior_served > 0")
        if self.half_evidence <= 0:
            raise ValueError("half_evidence must be positive")


@dataclass(frozen=True, slots=True)
class Part:
    """This is one part of a person's score, with the sentence that explains it.

    value 0..1; weight is the share that really counted (shares of one match add up to 1), so
    100 * sum(value * weight) over the parts is the score.
    """

    code: str
    title: str
    value: float
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """This is a run of characters that need and evidence share.

    spans : where it stands in the evidence text as given, [start, end) in characters; for highlighting.
    """

    text: str
    weight: float
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Highlight:
    """This is one evidence item that speaks for a person, with the phrases it shares with the need."""

    evidence: Evidence
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """This is one person in the answer: score 0..100, its parts, and the reasons in Chinese."""

    key: int
    score: float
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    highlights: tuple[Highlight, ...] = ()
