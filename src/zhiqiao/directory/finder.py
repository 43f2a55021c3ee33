"""一键找专家: the engine's index over the library, kept in memory per process and following the database.

A query reads the library's revision first (one small query). Whoever changed since is fetched and merged, so
the answer is never older than the last committed change, and the whole can be thrown away at any time.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

import zhiqiao_match as engine
from zhiqiao.directory.actions import EXPERTS
from zhiqiao.directory.enums import EvidenceKind
from zhiqiao.directory.models import Evidence, Expert, ExpertDiscipline, Revision
from zhiqiao.directory.queries import experts_for
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.orgs.scope import Who

KEYWORDS = "keyword"
EXCERPT_CHARACTERS = 120
LEAD_CHARACTERS = 30
LONGEST_NAME = 60
NAMESAKES_TOLD = 10
KEYS_PER_QUERY = 5000

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a business line knows of an expert at this moment.

    open_tasks : tasks in hand. served, solved : finished ones, and those of them that ended well.
    barred : why she must not be asked now, in Chinese; empty if nothing stands in the way.
    """

    open_tasks: int = 0
    served: int = 0
    solved: int = 0
    barred: str = ""


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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The library as of one revision. ``epoch`` tells one database's revisions from another's."""

    epoch: int
    number: int
    index: engine.Index
    profiles: Mapping[int, Profile]


_kept: Snapshot | None = None
_lock = threading.Lock()


def snapshot() -> Snapshot:
    """Return the library as the database has it now. The first call in a process builds the index.

    Inside a transaction the result is not kept for others: what it has seen may yet be rolled back.
    """
    global _kept
    now = _revision()
    known = _kept
    if known is not None and (known.epoch, known.number) == now:
        return known
    if connection.in_atomic_block:
        return _caught_up(known, *now)
    with _lock:
        if _kept is None or (_kept.epoch, _kept.number) != now:
            _kept = _caught_up(_kept, *now)
        return _kept


def forget() -> None:
    """Throw the index away; the next query builds it anew."""
    global _kept
    _kept = None


def _revision() -> tuple[int, int]:
    row = Revision.objects.filter(library=EXPERTS).values_list("pk", "number").first()
    return row or (0, 0)


def _caught_up(known: Snapshot | None, epoch: int, number: int) -> Snapshot:
    if known is None or known.epoch != epoch or known.number > number:
        profiles = _profiles()
        items = (item for profile in profiles.values() for item in engine.items_of(profile.person))
        return Snapshot(epoch, number, engine.Index.build(items), profiles)
    changed = _profiles(since=known.number)
    items = (item for profile in changed.values() for item in engine.items_of(profile.person))
    index = known.index.with_changes(items, removals=changed)
    return Snapshot(epoch, number, index, {**known.profiles, **changed})


def _profiles(since: int = -1) -> dict[int, Profile]:
    """Read everybody whose revision is later than ``since``, in three queries."""
    disciplines, evidence = defaultdict(list), defaultdict(list)
    for pk, code in (
        ExpertDiscipline.objects.filter(expert__revision__gt=since)
        .order_by("id")
        .values_list("expert_id", "code")
    ):
        disciplines[pk].append(code)
    proofs = Evidence.objects.filter(expert__revision__gt=since).order_by("id")
    for pk, key, kind, title, text in proofs.values_list("expert_id", "id", "kind", "title", "text"):
        evidence[pk].append(engine.Evidence(f"e{key}", kind, f"{title}\n{text}" if text else title))
    rows = Expert.objects.filter(revision__gt=since).order_by("id").values_list(
        "pk", "name", "unit", "title", "keywords", "task_cap", "place__path", "is_active", "resting_until"
    )  # fmt: skip
    profiles = {}
    for pk, name, unit, title, keywords, cap, region, is_active, resting_until in rows:
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
        profiles[pk] = Profile(person, is_active, resting_until)
    return profiles


def find(query: engine.Query, who: Who, *, facts: FactsOf) -> Found:
    """Find experts whom ``who`` may see. Nobody else appears, in the candidates or in ``why_not``.

    facts : visible people -> what the business line knows of them now; missing people have no facts.
    """
    started = time.perf_counter()
    library = snapshot()

    def load(keys: Sequence[int]) -> Iterable[engine.Candidate]:
        seen = {key: library.profiles[key] for key in _visible(who, keys) if key in library.profiles}
        known = facts(seen)
        return [_with_facts(profile.person, known.get(key)) for key, profile in seen.items()]

    ranking = engine.find(query, index=library.index, load=load)
    candidates = _shown(ranking.matches)

    def why_not(name: str) -> list[str]:
        return _why_not(name, query, who, library, load)

    return Found(candidates, 1000 * (time.perf_counter() - started), why_not)


def _visible(who: Who, keys: Sequence[int]) -> set[int]:
    """Keep the keys of experts the reader may see. A very long list is cut in Python: databases limit IN."""
    rows = experts_for(who)
    if len(keys) <= KEYS_PER_QUERY:
        rows = rows.filter(pk__in=keys)
    return set(rows.order_by().values_list("pk", flat=True)) & set(keys)


def _with_facts(person: engine.Candidate, facts: Facts | None) -> engine.Candidate:
    if facts is None:
        return person
    return replace(
        person,
        open_tasks=facts.open_tasks,
        served=facts.served,
        solved=facts.solved,
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


def _why_not(
    name: str,
    query: engine.Query,
    who: Who,
    library: Snapshot,
    load: Callable[[Sequence[int]], Iterable[engine.Candidate]],
) -> list[str]:
    asked = clean_text(name)[:LONGEST_NAME]
    if not asked:
        return ["请写上要问的专家姓名。"]
    people = list(experts_for(who).filter(name=asked).order_by("pk")[: NAMESAKES_TOLD + 1])
    if not people:
        return [f"在您能看到的专家里没有找到“{asked}”，请核对姓名；不在库里的专家，可以请推荐单位先登记。"]
    keys = [person.pk for person in people[:NAMESAKES_TOLD]]
    ranking = engine.find(query, index=library.index, load=load, ask=keys)
    told = [f"{person}：{ranking.why_not(person.pk).rstrip('。')}。" for person in people[:NAMESAKES_TOLD]]
    if len(people) > NAMESAKES_TOLD:
        told.append(f"叫“{asked}”的专家超过 {NAMESAKES_TOLD} 位，这里只说了前 {NAMESAKES_TOLD} 位。")
    return told
