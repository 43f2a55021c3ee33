"""一键找专家: the nearest experts of the index, read and ranked as they are now, with reasons.

The index (``kit.search``) finds those whose evidence is nearest; only they are read from the tables, and the
engine ranks them by everything that is known of them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from django.db.models import Q, QuerySet

import zhiqiao_match as engine
from zhiqiao.directory.enums import EvidenceKind
from zhiqiao.directory.models import Evidence, Expert, ExpertDiscipline
from zhiqiao.directory.queries import experts_for
from zhiqiao.directory.ranking import in_force
from zhiqiao.directory.search import EXPERTS, evidence_text
from zhiqiao.kit.search import Reader
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.orgs.scope import Who
from zhiqiao_match.segment import Statistics

ANYBODY = Q()
KEYWORDS = "keyword"
EXCERPT_CHARACTERS = 120
LEAD_CHARACTERS = 30
LONGEST_NAME = 60
NAMESAKES_TOLD = 10

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a business line knows of an expert at this moment.

    open_tasks : tasks in hand. served, solved : finished ones, and those of them that ended well.
    barred : why she must not be asked now, in Chinese; empty if nothing stands in the way.
    answered, accepted : invitations that ended, and those of them she said yes to.
    not_mine : titles of what she lately declined as not her field, the latest first.
    """

    open_tasks: int = 0
    served: int = 0
    solved: int = 0
    barred: str = ""
    answered: int = 0
    accepted: int = 0
    not_mine: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What changes only with the library: the engine's view of an expert, and whether she can be asked."""

    person: engine.Candidate
    is_active: bool
    resting_until: date | None


FactsOf = Callable[[Mapping[int, Profile]], Mapping[int, Facts]]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of evidence as it is shown: its kind in Chinese, and the passage that fits."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An expert in an answer.

    score : 0..100. parts : the engine's parts, value 0..1 with a sentence each. reasons : the sentences that
    speak for her, strongest first. evidence : at most three passages, each with the spans [start, end) of
    its text to highlight.
    """

    expert: Expert
    score: float
    parts: tuple[engine.Part, ...]
    reasons: tuple[str, ...]
    evidence: list[tuple[Excerpt, Spans]]


@dataclass(frozen=True, slots=True)
class Found:
    """An answer. ``why_not`` takes a name and says, for every expert of that name the reader may see, why
    she is not among the candidates, or where she stands if she is."""

    candidates: list[Candidate]
    milliseconds: float
    why_not: Callable[[str], list[str]]


def profiles(experts: QuerySet[Expert]) -> dict[int, Profile]:
    """Read what the engine must know of these experts, in three queries."""
    rows = experts.order_by("id").values_list(
        "pk", "name", "unit", "title", "keywords", "task_cap", "place__path", "is_active", "resting_until"
    )  # fmt: skip
    listed = list(rows)
    keys = [row[0] for row in listed]
    disciplines, evidence = defaultdict(list), defaultdict(list)
    codes = ExpertDiscipline.objects.filter(expert__pk__among=keys).order_by("id")
    for pk, code in codes.values_list("expert_id", "code"):
        disciplines[pk].append(code)
    proofs = Evidence.objects.filter(expert__pk__among=keys).order_by("id")
    for pk, key, kind, title, text in proofs.values_list("expert_id", "id", "kind", "title", "text"):
        evidence[pk].append(engine.Evidence(f"e{key}", kind, evidence_text(title, text)))
    found = {}
    for pk, name, unit, title, keywords, cap, region, is_active, resting_until in listed:
        if keywords:
            evidence[pk].append(engine.Evidence("keywords", KEYWORDS, keywords))
        person = engine.Candidate(
            key=pk,
            name=name,
            unit=unit,
            title=title,
            disciplines=tuple(disciplines[pk]),
            region=region or "",
            evidence=tuple(evidence[pk]),
            task_cap=cap,
        )
        found[pk] = Profile(person, is_active, resting_until)
    return found


def find(
    query: engine.Query,
    who: Who,
    *,
    facts: FactsOf,
    where: Q = ANYBODY,
    asking: Statistics | None = None,
) -> Found:
    """Find experts whom ``who`` may see. Nobody else appears, in the candidates or in ``why_not``.

    facts : visible people -> what the business line knows of them now; missing people have no facts.
    where : what a candidate must be, whatever she knows (a condition on experts); ``why_not`` asks beyond it.
    asking : how often grams occur among needs, where that is known (``Reader.statistics``).
    """
    started = time.perf_counter()
    ranking = _ranked(query, experts_for(who).filter(where), facts, asking=asking)
    candidates = _shown(ranking.matches)

    def why_not(name: str) -> list[str]:
        return _why_not(
            name, experts_for(who), partial(_ranked, query, experts_for(who), facts, asking=asking)
        )

    return Found(candidates, 1000 * (time.perf_counter() - started), why_not)


def _ranked(
    query: engine.Query,
    visible: QuerySet[Expert],
    facts: FactsOf,
    ask: Iterable[int] = (),
    *,
    asking: Statistics | None = None,
) -> engine.Ranking:
    def load(keys: Sequence[int]) -> list[engine.Candidate]:
        seen = profiles(visible.filter(pk__among=keys))
        known = facts(seen)
        return [with_facts(profile.person, known.get(key)) for key, profile in seen.items()]

    index, weights = Reader(EXPERTS, visible), in_force()
    return engine.find(query, index=index, load=load, ask=ask, weights=weights, asking=asking)


def with_facts(person: engine.Candidate, facts: Facts | None) -> engine.Candidate:
    """Put what a business line knows of a person at this moment to what the library knows of her."""
    if facts is None:
        return person
    return replace(
        person,
        open_tasks=facts.open_tasks,
        served=facts.served,
        solved=facts.solved,
        answered=facts.answered,
        accepted=facts.accepted,
        not_mine=facts.not_mine,
        available=not facts.barred,
        unavailable_reason=facts.barred,
    )


def _shown(matches: Sequence[engine.Match]) -> list[Candidate]:
    experts = (
        Expert.objects.filter(pk__in=[match.key for match in matches])
        .select_related("organisation", "place")
        .prefetch_related("disciplines")
        .in_bulk()
    )
    return [
        Candidate(
            expert=experts[match.key],
            score=match.score,
            parts=match.parts,
            reasons=match.reasons,
            evidence=[excerpt_of(one) for one in match.highlights if one.phrases],
        )
        for match in matches
        if match.key in experts
    ]


def excerpt_of(highlight: engine.Highlight) -> tuple[Excerpt, Spans]:
    """Cut the passage out of an evidence text in which the heaviest shared phrase stands."""
    text = "".join(" " if mark.isspace() else mark for mark in highlight.evidence.text)
    spans = sorted(span for phrase in highlight.phrases for span in phrase.spans)
    kind = _kind(highlight.evidence.kind)
    if len(text) <= EXCERPT_CHARACTERS:
        return Excerpt(kind, text), tuple(spans)
    first = _beginning(text, highlight.phrases[0].spans[0][0])
    last = first + EXCERPT_CHARACTERS
    before = "…" if first else ""
    shown = f"{before}{text[first:last]}{'…' if last < len(text) else ''}"
    moved = [
        (max(start, first) - first + len(before), min(end, last) - first + len(before))
        for start, end in spans
        if start < last and end > first
    ]
    return Excerpt(kind, shown), tuple(moved)


def _beginning(text: str, phrase: int) -> int:
    """Return where to cut in: at the sentence of the phrase, or a little before it, and not too near the end."""
    earliest = max(0, phrase - LEAD_CHARACTERS)
    sentence = max(text.rfind(mark, earliest, phrase) for mark in "。；！？") + 1
    return max(0, min(max(sentence, earliest), len(text) - EXCERPT_CHARACTERS))


def _kind(code: str) -> str:
    return EvidenceKind(code).label if code in EvidenceKind.values else "研究方向"


def _why_not(name: str, visible: QuerySet[Expert], ranked: Callable[..., engine.Ranking]) -> list[str]:
    asked = clean_text(name)[:LONGEST_NAME]
    if not asked:
        return ["请写上要问的专家姓名。"]
    people = list(visible.filter(name=asked).order_by("pk")[: NAMESAKES_TOLD + 1])
    if not people:
        return [f"在您能看到的专家里没有找到“{asked}”，请核对姓名；不在库里的专家，可以请推荐单位先登记。"]
    keys = [person.pk for person in people[:NAMESAKES_TOLD]]
    ranking = ranked(ask=keys)
    told = [f"{person}：{ranking.why_not(person.pk).rstrip('。')}。" for person in people[:NAMESAKES_TOLD]]
    if len(people) > NAMESAKES_TOLD:
        told.append(f"叫“{asked}”的专家超过 {NAMESAKES_TOLD} 位，这里只说了前 {NAMESAKES_TOLD} 位。")
    return told
