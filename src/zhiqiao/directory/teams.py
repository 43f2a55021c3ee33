"""组一支团队: the smallest team whose evidence covers everything a need asks for, and who covers what."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q

import zhiqiao_match as engine
from zhiqiao.directory.finder import ANYBODY, Excerpt, FactsOf, Spans, excerpt_of, profiles, with_facts
from zhiqiao.directory.models import Expert
from zhiqiao.directory.queries import experts_for
from zhiqiao.directory.search import EXPERTS
from zhiqiao.kit.search import Reader
from zhiqiao.orgs.scope import Who
from zhiqiao_match import team
from zhiqiao_match.rescore import phrase_weights
from zhiqiao_match.score import barred

NEAREST_PER_FIELD = 24
FULL = 1.0

Weigh = Callable[[Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Cover:
    """One thing the need asks for, in its own words, and how well somebody's evidence fits it, 0..1.

    evidence : the piece of her evidence that speaks for it, with the spans to highlight; None if its words
    are scattered.
    """

    words: str
    value: float
    evidence: tuple[Excerpt, Spans] | None


@dataclass(frozen=True, slots=True)
class Member:
    """An expert of a team, and what she is to cover."""

    expert: Expert
    covers: tuple[Cover, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """A proposed team.

    fields : everything the need asks for. asked : those of them the team was assembled for. uncovered : what
    nobody's evidence says. sentence : how large the team is, and whether it could be smaller.
    """

    fields: tuple[str, ...]
    asked: tuple[str, ...]
    members: list[Member]
    uncovered: tuple[str, ...]
    sentence: str


def assemble(
    query: engine.Query, who: Who, *, facts: FactsOf, where: Q = ANYBODY, only: Collection[int] = ()
) -> Team:
    """Assemble the smallest team for a need among the experts ``who`` may see and who can be asked now.

    facts, where : as for ``finder.find``. only : numbers of the fields to cover; none for all of them.
    """
    fields = team.fields_of(query.title, query.text)
    asked = tuple(field for number, field in enumerate(fields) if number in only) or fields
    visible = experts_for(who).filter(where)
    index = Reader(EXPERTS, visible)
    near = {int(key) for field in asked for key in index.search(field, NEAREST_PER_FIELD).owners}
    seen = profiles(visible.filter(pk__among=near))
    known = facts(seen)
    people = {key: with_facts(profile.person, known.get(key)) for key, profile in seen.items()}
    free = [person for person in people.values() if not barred(person, query)]
    found = team.assemble_team(asked, team.fits_of(asked, free, index=index))
    members = _members(found, people, partial(phrase_weights, library=index.statistics))
    return Team(fields, asked, members, tuple(asked[number] for number in found.uncovered), found.sentence)


def _members(found: team.Team, people: Mapping[int, engine.Candidate], weigh: Weigh) -> list[Member]:
    """Put names and proofs to a team, whoever covers most first."""
    keys = [member.key for member in found.members]
    experts = Expert.objects.select_related("organisation").prefetch_related("disciplines").in_bulk(keys)
    members = []
    for one in found.members:
        covers = [
            Cover(words, min(FULL, value), _proof(words, people[one.key], weigh))
            for words, value in ((found.fields[number], value) for number, value in one.fields)
        ]
        if one.key in experts:
            members.append(Member(experts[one.key], tuple(covers)))
    return sorted(members, key=lambda one: -len(one.covers))


def _proof(words: str, person: engine.Candidate, weigh: Weigh) -> tuple[Excerpt, Spans] | None:
    """Choose the piece of evidence that shares most with one field."""
    told = [engine.Highlight(one, engine.shared_phrases(words, one.text, weigh)) for one in person.evidence]
    told = [one for one in told if any(len(phrase.text) > 1 for phrase in one.phrases)]
    if not told:
        return None
    return excerpt_of(max(told, key=lambda one: sum(phrase.weight for phrase in one.phrases)))
