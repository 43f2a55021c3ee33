"""Whether something stands between an expert and an enterprise: five sources, and a reason for each finding.

Pure: it is told what is known and answers what follows. What is not known where it has to be known is a
finding of its own ("unknown"), which stops an invitation until a person decides; nothing is passed by silence.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zhiqiao.directory.enums import ConflictLevel, ConflictSource, Purpose, RelationKind
from zhiqiao.directory.identity_likeness import bare

SHORTEST_CORE = 4
"""A name stripped of its legal form says something only from so many characters on."""

LEGAL_FORMS = (
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "集团公司", "集团", "公司", "总厂", "厂",
)  # fmt: skip

MINE = {
    ConflictSource.EMPLOYER: (RelationKind.EMPLOYED,),
    ConflictSource.STATION: (RelationKind.STATION, RelationKind.CONTRACT),
    ConflictSource.KINSHIP: (RelationKind.KIN, RelationKind.TEACHER),
    ConflictSource.SHARES: (RelationKind.SHARES, RelationKind.BOARD),
}
RIVAL_KINDS = (RelationKind.EMPLOYED, RelationKind.SHARES, RelationKind.BOARD)
"""Ties to another enterprise of the same trade that put an expert in two camps."""


@dataclass(frozen=True, slots=True)
class Term:
    """What a source means. years : how long something past still counts. is_required : unknown stops."""

    level: str
    years: int = 0
    is_required: bool = False


DEFAULTS: Mapping[str, Mapping[str, Term]] = {
    Purpose.NEED: {
        ConflictSource.EMPLOYER: Term(ConflictLevel.DECIDE, 2, is_required=True),
        ConflictSource.COAUTHOR: Term(ConflictLevel.NOTE, 3),
        ConflictSource.STATION: Term(ConflictLevel.NOTE, 3),
        ConflictSource.KINSHIP: Term(ConflictLevel.DECIDE),
        ConflictSource.SHARES: Term(ConflictLevel.DECIDE, 1),
        ConflictSource.RIVAL: Term(ConflictLevel.DECIDE),
        ConflictSource.IDENTITY: Term(ConflictLevel.DECIDE, is_required=True),
    },
    Purpose.PANEL: {
        ConflictSource.EMPLOYER: Term(ConflictLevel.BAR, 3, is_required=True),
        ConflictSource.COAUTHOR: Term(ConflictLevel.BAR, 3),
        ConflictSource.STATION: Term(ConflictLevel.BAR, 3),
        ConflictSource.KINSHIP: Term(ConflictLevel.BAR),
        ConflictSource.SHARES: Term(ConflictLevel.BAR, 3),
        ConflictSource.RIVAL: Term(ConflictLevel.DECIDE),
        ConflictSource.IDENTITY: Term(ConflictLevel.DECIDE, is_required=True),
    },
}
"""What holds where an association has not said otherwise (``ConflictTerm``). Serving an enterprise one has a
stake in is to be declared and decided; judging one's own is excluded. Common practice, to be confirmed."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A declared relation. enterprise and other : numbers of rows; party : the name where there is no row."""

    kind: str
    enterprise: int | None = None
    party: str = ""
    other: int | None = None
    trade: str = ""
    ends_on: date | None = None
    is_own_word: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A paper, patent or project of the expert that may be a joint one."""

    title: str
    year: int | None = None
    names_party: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The expert as far as conflicts go. unit_trade : trade of the enterprise that bears her unit's name."""

    unit: str = ""
    unit_trade: str = ""
    ties: tuple[Tie, ...] = ()
    works: tuple[Work, ...] = ()
    is_resolved: bool = True


@dataclass(frozen=True, slots=True)
class Party:
    """The enterprise (or applicant). people : experts of its own; titles : what they have published, bare."""

    name: str
    enterprise: int | None = None
    trade: str = ""
    people: frozenset[int] = frozenset()
    titles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, or could not be found out.

    words : the reason in Chinese, for those who may read it. is_private : it speaks of her private ties;
    what is merely missing from a record may be told to whoever can complete the record.
    """

    source: str
    level: str
    words: str
    is_unknown: bool = False
    is_private: bool = True

    @property
    def stops(self) -> bool:
        """Whether nobody may be invited on this finding without a decision."""
        return self.is_unknown or self.level != ConflictLevel.NOTE


def check(subject: Subject, party: Party, terms: Mapping[str, Term], on: date) -> tuple[Finding, ...]:
    """Look through every source and return what was found, in the order of the sources."""
    found = (
        *_employer(subject, party, terms[ConflictSource.EMPLOYER], on),
        *_works(subject, party, terms[ConflictSource.COAUTHOR], on),
        *_declared(ConflictSource.STATION, subject, party, terms, on),
        *_declared(ConflictSource.KINSHIP, subject, party, terms, on),
        *_declared(ConflictSource.SHARES, subject, party, terms, on),
        *_rivals(subject, party, terms[ConflictSource.RIVAL], on),
        *_identity(subject, terms[ConflictSource.IDENTITY]),
    )
    return tuple(dict.fromkeys(found))


def _employer(subject: Subject, party: Party, term: Term, on: date) -> Iterator[Finding]:
    source = ConflictSource.EMPLOYER
    if same_party(subject.unit, party.name):
        yield Finding(source, term.level, f"登记的单位就是这家企业（{subject.unit}）", is_private=False)
    elif near_party(subject.unit, party.name):
        words = f"登记的单位“{subject.unit}”与企业名称相近，是否任职待核实"
        yield Finding(source, term.level, words, is_unknown=True, is_private=False)
    elif not subject.unit.strip() and term.is_required:
        words = "没有登记单位，无法判断是否任职于这家企业"
        yield Finding(source, term.level, words, is_unknown=True, is_private=False)
    yield from _declared(source, subject, party, {source: term}, on)


def _declared(
    source: str, subject: Subject, party: Party, terms: Mapping[str, Term], on: date
) -> Iterator[Finding]:
    term = terms[source]
    for tie in subject.ties:
        if tie.kind not in MINE[ConflictSource(source)] or not _counts(tie, term, on):
            continue
        if _is_with(tie, party):
            yield Finding(source, term.level, _tie_words(tie))
        elif tie.enterprise is None and near_party(tie.party, party.name):
            words = f"{_tie_words(tie)}，名称与这家企业相近，是否同一家待核实"
            yield Finding(source, term.level, words, is_unknown=True)


def _works(subject: Subject, party: Party, term: Term, on: date) -> Iterator[Finding]:
    for work in subject.works:
        if work.year is not None and work.year < on.year - term.years:
            continue
        when = f"{work.year}" if work.year else "年份不详"
        if work.names_party:
            yield Finding(
                ConflictSource.COAUTHOR, term.level, f"成果“{work.title}”（{when}）写明与这家企业有关"
            )
        elif bare(work.title) in party.titles:
            words = f"与这家企业的人员同列成果“{work.title}”（{when}）"
            yield Finding(ConflictSource.COAUTHOR, term.level, words)


def _rivals(subject: Subject, party: Party, term: Term, on: date) -> Iterator[Finding]:
    if not party.trade:
        return
    if subject.unit_trade == party.trade and not same_party(subject.unit, party.name):
        yield Finding(ConflictSource.RIVAL, term.level, f"任职于同行业的另一家企业（{subject.unit}）")
    for tie in subject.ties:
        elsewhere = tie.trade == party.trade and not _is_with(tie, party)
        if tie.kind in RIVAL_KINDS and elsewhere and _counts(tie, term, on):
            yield Finding(ConflictSource.RIVAL, term.level, f"{_tie_words(tie)}，是同行业的另一家企业")


def _identity(subject: Subject, term: Term) -> Iterator[Finding]:
    if term.is_required and not subject.is_resolved:
        words = "与另一条专家记录可能是同一人，还没有核实，那条记录上的关系未必查全"
        yield Finding(ConflictSource.IDENTITY, term.level, words, is_unknown=True, is_private=False)


def _counts(tie: Tie, term: Term, on: date) -> bool:
    """Say whether a tie holds, or ended not longer ago than the term says."""
    return tie.ends_on is None or tie.ends_on >= _years_before(on, term.years)


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February
        return on.replace(year=on.year - years, day=28)


def _is_with(tie: Tie, party: Party) -> bool:
    if tie.enterprise is not None:
        return tie.enterprise == party.enterprise
    if tie.other is not None and tie.other in party.people:
        return True
    return same_party(tie.party, party.name)


def _tie_words(tie: Tie) -> str:
    told = "本人申报" if tie.is_own_word else "工作人员登记"
    until = f"，{tie.ends_on:%Y-%m-%d} 结束" if tie.ends_on else ""
    return f"{RelationKind(tie.kind).label}（{told}{until}）"


# ── Names of enterprises ────────────────────────────────────────────────────────────────────────────


def same_party(unit: str, name: str) -> bool:
    """Say whether a unit is this enterprise or a part of it (某某有限公司技术中心)."""
    unit, name = bare(unit), bare(name)
    return bool(name) and (unit == name or (len(name) >= SHORTEST_CORE and unit.startswith(name)))


def near_party(unit: str, name: str) -> bool:
    """Say whether a unit bears the enterprise's name without its legal form: perhaps the same, perhaps not."""
    stem = core(name)
    return len(stem) >= SHORTEST_CORE and stem in bare(unit) and not same_party(unit, name)


def core(name: str) -> str:
    """Return a name without its legal form: 青山精密轴承有限公司 → 青山精密轴承."""
    text = bare(name)
    form = next((one for one in LEGAL_FORMS if text.endswith(one)), "")
    return text.removesuffix(form)


# ── What follows ────────────────────────────────────────────────────────────────────────────────────


class Status(StrEnum):
    """Whether she may be asked: nothing found, a hint only, somebody has to decide, allowed, or not."""

    CLEAR = "clear"
    NOTED = "noted"
    OPEN = "open"
    ALLOWED = "allowed"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class Check:
    """The findings about one expert, and the decision that was taken knowing them (None: none that holds)."""

    findings: tuple[Finding, ...] = ()
    decision: bool | None = None

    @property
    def status(self) -> Status:
        """What follows from findings and decision."""
        stopping = [one for one in self.findings if one.stops]
        if any(one.level == ConflictLevel.BAR and not one.is_unknown for one in stopping):
            return Status.BARRED
        if stopping and self.decision is None:
            return Status.OPEN
        if self.decision is not None and stopping:
            return Status.ALLOWED if self.decision else Status.BARRED
        return Status.NOTED if self.findings else Status.CLEAR

    @property
    def may_ask(self) -> bool:
        """Whether she may be invited as things stand."""
        return self.status not in (Status.OPEN, Status.BARRED)

    def words(self, *, told: bool) -> str:
        """Say in Chinese why she must not be asked, "" if she may; the cause only to those who may read it."""
        if self.may_ask:
            return ""
        is_open = self.status == Status.OPEN
        head = "是否需要回避待核实，暂不能邀请" if is_open else "需回避，不能邀请"
        causes = [one.words for one in self.findings if one.stops and (told or not one.is_private)]
        return f"{head}：{'；'.join(causes)}" if causes else head


def digest(findings: Iterable[Finding]) -> str:
    """Return a fingerprint of what stops an invitation; a decision holds for what was known then."""
    facts = sorted([one.source, one.level, one.words, one.is_unknown] for one in findings if one.stops)
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
