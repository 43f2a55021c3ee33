"""The nouns of the engine: who can be asked, what is asked, and what comes back.

Everything is a frozen dataclass of plain values, so that a caller can build it from a database row, a CSV
line or a test, and nothing that is alive (a session, a model instance) crosses this border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

PART_TITLES: Mapping[str, str] = {
    "evidence": "证据",
    "discipline": "学科",
    "industry": "行业",
    "region": "地域",
    "load": "负荷",
    "outcome": "成效",
    "reply": "应邀",
    "chance": "机会",
}


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

    disciplines : GB/T 13745 codes of any level such as "430" or "43015"; the most important first.
    industries  : GB/T 4754 codes of any level such as "C", "C34" or "3421", for whom the person has worked.
    region      : path of the organisation the person belongs to, levels either split by a separator
                  ("01.02.05.") or five characters wide; a path that begins with another lies inside it.
                  Empty = not known.
    open_tasks  : tasks in hand now; at `task_cap` the person is not offered.
    served      : finished services; `solved` of them ended with the problem solved or in cooperation.
    answered    : invitations that ended; to `accepted` of them the person said yes.
    offered     : how often the person was put before somebody of late, chosen or not.
    not_mine    : titles of needs the person lately declined as outside the field.
    """

    key: int
    name: str
    unit: str = ""
    title: str = ""
    disciplines: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    region: str = ""
    evidence: tuple[Evidence, ...] = ()
    open_tasks: int = 0
    task_cap: int = 3
    served: int = 0
    solved: int = 0
    answered: int = 0
    accepted: int = 0
    offered: int = 0
    not_mine: tuple[str, ...] = ()
    available: bool = True
    unavailable_reason: str = ""

    def __post_init__(self) -> None:
        counts = (self.open_tasks, self.task_cap, self.served, self.solved)
        if min(*counts, self.answered, self.accepted, self.offered) < 0:
            raise ValueError(f"candidate {self.key}: counts must not be negative")
        if self.solved > self.served:
            raise ValueError(f"candidate {self.key}: solved {self.solved} of only {self.served} served")
        if self.accepted > self.answered:
            raise ValueError(
                f"candidate {self.key}: accepted {self.accepted} of only {self.answered} answered"
            )


@dataclass(frozen=True, slots=True)
class Query:
    """This is what somebody is looking for.

    text        : the need in full, or a few words from a search box.
    title       : its title where it has one; it has half of the say (see `rescore.read_need`).
    disciplines : GB/T 13745 codes; empty = guessed from the people whose evidence fits.
    industries  : GB/T 4754 codes of whoever asks; empty = the industry does not matter.
    region      : path of the organisation that asks, as in `Candidate.region`; empty = place does not matter.
    limit       : how many people to return, >= 1.
    exclude     : candidate key -> the reason in Chinese; these people are never returned.
    most_per_unit : how many people of one unit to return at most, so that the answer is not all from one
                  house; 0 = any number. People without a unit are not counted.
    """

    text: str
    title: str = ""
    disciplines: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    region: str = ""
    limit: int = 10
    exclude: Mapping[int, str] = field(default_factory=dict)
    most_per_unit: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"limit must be at least 1, got {self.limit}")
        if self.most_per_unit < 0:
            raise ValueError(f"most_per_unit must not be negative, got {self.most_per_unit}")


@dataclass(frozen=True, slots=True)
class Weights:
    """This says how much each part of a score counts; parts are in 0..1, shares are relative.

    evidence … chance : shares, >= 0. A part about which the query says nothing is left out and the others
                   share its place.
    half_evidence : relevance (see `rescore.relevance`) at which the evidence part reaches one half.
    prior_solved, prior_served : what a person without any record is taken to have done: the published
                   result of the 双千行动, 223 of 393 closed cases solved, worth five cases.
    prior_accepted, prior_answered : the same for invitations: half of them, worth four.
    half_offered : so many earlier offers halve the chance part.
    """

    version: str = "2026-2"
    evidence: float = 0.60
    discipline: float = 0.12
    industry: float = 0.06
    region: float = 0.06
    load: float = 0.05
    outcome: float = 0.08
    reply: float = 0.02
    chance: float = 0.01
    half_evidence: float = 0.5
    prior_solved: float = 5 * 223 / 393
    prior_served: float = 5.0
    prior_accepted: float = 2.0
    prior_answered: float = 4.0
    half_offered: float = 20.0

    def __post_init__(self) -> None:
        if min(self.shares.values()) < 0 or self.evidence <= 0:
            raise ValueError("shares must not be negative, and evidence must count")
        for part, whole in (
            (self.prior_solved, self.prior_served),
            (self.prior_accepted, self.prior_answered),
        ):
            if not 0 <= part <= whole or whole <= 0:
                raise ValueError("a prior must be a part of its whole, and the whole positive")
        if self.half_evidence <= 0 or self.half_offered <= 0:
            raise ValueError("half_evidence and half_offered must be positive")

    @property
    def shares(self) -> dict[str, float]:
        """This returns the share of each part by its code, in the order of explanation."""
        return {code: getattr(self, code) for code in PART_TITLES}

    def as_dict(self) -> dict[str, float | str]:
        """This returns everything as plain values, such as a database row can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, float | str]) -> Weights:
        """This is the reverse of `as_dict`; what is missing keeps its default, unknown names are refused.

        Raises ValueError for values that make no sense.
        """
        known = {entry.name for entry in fields(cls)}
        if strange := values.keys() - known:
            raise ValueError(f"unknown weights: {', '.join(sorted(strange))}")
        plain = {name: str(v) if name == "version" else float(v) for name, v in values.items()}
        return cls(**plain)  # type: ignore[arg-type]


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
