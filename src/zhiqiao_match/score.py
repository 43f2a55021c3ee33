"""From evidence to a ranking: who comes first, with which reasons, and why somebody is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match import explain
from zhiqiao_match.duplicates import alikeness
from zhiqiao_match.index import BEST_ITEMS, LONGEST_QUERY, Hits
from zhiqiao_match.model import PART_TITLES, Candidate, Highlight, Match, Part, Query, Weights
from zhiqiao_match.parts import (
    blend,
    chance_fit,
    discipline_fit,
    guess_disciplines,
    industry_fit,
    load_fit,
    outcome_fit,
    path_parts,
    region_fit,
    saturated,
    shared_depth,
)
from zhiqiao_match.rescore import Closest, closest, phrase_weights
from zhiqiao_match.segment import Item, Statistics
from zhiqiao_match.synonyms import with_other_names

DEFAULT_WEIGHTS = Weights()

SHORTLIST = 200

# Who said of a need just like this one that it is not her field loses half of her relevance for it.
MOST_DOUBT = 0.5
WORTH_A_DOUBT = 0.5
LONGEST_TITLE = 60


class Library(Protocol):
    """This is whatever knows how often grams occur in the library: an `Index`, or one kept in a database."""

    @property
    def statistics(self) -> Statistics: ...


class Searchable(Library, Protocol):
    """This is what can also be searched: an `Index`, or as much of a database's as one reader may see."""

    def search(self, text: str, top: int, *, title: str = "", also: Iterable[int] = ()) -> Hits:
        """This returns the `top` people nearest to a text, and those of `also` who have anything in common."""


def items_of(candidate: Candidate) -> list[Item]:
    """This turns a person's evidence into items for the index."""
    return [Item(candidate.key, entry.key, entry.text, entry.weight) for entry in candidate.evidence]


def barred(candidate: Candidate, query: Query) -> str:
    """This returns why a person must not be in the answer, "" if nothing stands in the way."""
    if candidate.key in query.exclude:
        return query.exclude[candidate.key] or "已被排除，未注明原因"
    if not candidate.available:
        return candidate.unavailable_reason or "目前不接受邀请"
    if candidate.open_tasks >= candidate.task_cap:
        return explain.full_sentence(candidate)
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """This is the answer to a query: the people chosen, and for everybody else why not.

    matches     : best first, at most `query.limit`; equal scores by key.
    disciplines : what the need was taken to be about, code -> importance 0..1.
    weights     : version of the weights, to be kept with the answer.
    """

    matches: tuple[Match, ...]
    disciplines: Mapping[str, float]
    weights: str
    _reasons: Mapping[int, str]
    _positions: Mapping[int, int]
    _parts_of: Callable[[int], tuple[Part, ...]]
    _score_of: Callable[[int], float]

    def why_not(self, key: int) -> str:
        """This says in Chinese why a person is not among the matches, or where she is if she is."""
        if key in self._reasons:
            return self._reasons[key]
        if key not in self._positions:
            return "不在这次比较的名单里，请先确认专家库中有这位专家"
        position = self._positions[key]
        if position <= len(self.matches):
            return f"已经入选，排在第 {position} 位"
        last = self.matches[-1]
        gap = last.score - self._score_of(key)
        return explain.behind_sentence(position, gap, _weakest(self._parts_of(key), last.parts))

    def left_out(self) -> list[tuple[int, str]]:
        """This lists everybody who was compared and not chosen, with the reason; barred people first."""
        behind = [key for key, position in self._positions.items() if position > len(self.matches)]
        return [(key, self.why_not(key)) for key in (*self._reasons, *behind)]


def _weakest(own: Sequence[Part], others: Sequence[Part]) -> Part | None:
    """This returns the part in which most is lost against another person, None if nothing is."""
    losses = [
        ((theirs.value - mine.value) * mine.weight, mine) for mine, theirs in zip(own, others, strict=True)
    ]
    loss, part = max(losses, key=lambda pair: pair[0])
    return part if loss > 0 else None


def rank(
    query: Query,
    candidates: Iterable[Candidate],
    *,
    index: Library,
    weights: Weights = DEFAULT_WEIGHTS,
    asking: Statistics | None = None,
) -> Ranking:
    """This ranks the given people for a query, reading all of their evidence (`rescore.closest`).

    index  : lends its frequencies; it need not hold these people.
    asking : frequencies among needs, where they are kept; see `rescore.importance`.
    The order in which candidates come does not matter; of two with the same key the last one counts.
    """
    people = {candidate.key: candidate for candidate in candidates}
    look = _Look(query, index.statistics, asking)
    return _Table(look, people, weights, len(people), frozenset()).ranking()


def part_values(
    query: Query,
    candidates: Iterable[Candidate],
    *,
    index: Library,
    weights: Weights = DEFAULT_WEIGHTS,
    asking: Statistics | None = None,
) -> dict[int, tuple[float, ...]]:
    """This returns every person's parts, each 0..1, in the order of `PART_TITLES`; for the learning."""
    people = {candidate.key: candidate for candidate in candidates}
    table = _Table(_Look(query, index.statistics, asking), people, weights, len(people), frozenset())
    return {key: table.values_of(key) for key in people}


def find(
    query: Query,
    *,
    index: Searchable,
    load: Callable[[Sequence[int]], Iterable[Candidate]],
    weights: Weights = DEFAULT_WEIGHTS,
    asking: Statistics | None = None,
    ask: Iterable[int] = (),
    shortlist: int = SHORTLIST,
) -> Ranking:
    """This finds people among all in the index; only a shortlist is loaded, and then ranked as `rank` does.

    load      : keys -> candidates with fresh facts; keys it does not return are passed over, so what the
                reader may not see stays out.
    ask       : people about whom `why_not` shall be able to speak; asking changes nothing in the matches.
    shortlist : how many people with the nearest evidence to load first; four times as many are tried while
                fewer than `query.limit` of them can be offered.
    """
    asked = list(ask)
    look = _Look(query, index.statistics, asking)
    text = with_other_names(query.text, query.title)
    while True:
        hits = index.search(text, shortlist, title=query.title, also=asked)
        owners = hits.owners.tolist()
        people = {candidate.key: candidate for candidate in load(list(dict.fromkeys([*owners, *asked])))}
        ranking = _Table(look, people, weights, shortlist, frozenset(owners[shortlist:])).ranking()
        if len(ranking.matches) >= query.limit or len(hits.owners) < shortlist:
            return ranking
        shortlist *= 4


@dataclass(frozen=True, slots=True)
class _Look:
    """This is a query with the frequencies by which it is read."""

    query: Query
    library: Statistics
    asking: Statistics | None

    def at(self, people: Iterable[Candidate]) -> Closest:
        items = (item for person in people for item in items_of(person))
        query = self.query
        return closest(query.text, items, title=query.title, library=self.library, asking=self.asking)


class _Table:
    """One query's table of people × parts; sentences are written only for rows that are shown.

    beyond : people who were asked about, but whose evidence is not near enough for the shortlist.
    """

    def __init__(
        self,
        look: _Look,
        people: Mapping[int, Candidate],
        weights: Weights,
        shortlist: int,
        beyond: frozenset[int],
    ) -> None:
        self.query, self.people, self.weights = look.query, people, weights
        self.shortlist, self.beyond = shortlist, beyond
        near = look.at(person for key, person in people.items() if key not in beyond)
        self.relevance = dict(zip(near.owners.tolist(), near.scores.tolist(), strict=True))
        self.best = dict(zip(near.owners.tolist(), near.best, strict=True))
        self.wanted = dict.fromkeys(self.query.disciplines, 1.0) or guess_disciplines(near, people)
        self.shares = self._shares()
        self.need = explain.read(f"{self.query.title}。{self.query.text}"[:LONGEST_QUERY])
        self._told: dict[int, tuple[Highlight, ...]] = {}
        self.weigh = partial(phrase_weights, library=look.library)

    def _shares(self) -> NDArray[np.float64]:
        """This leaves out what says nothing about this query, and lets the rest share its place."""
        people = self.people.values()
        silent = {
            "discipline": not self.wanted,
            "industry": not self.query.industries,
            "region": not path_parts(self.query.region),
            "reply": not any(person.answered for person in people),
            "chance": not any(person.offered for person in people),
        }
        shares = np.array([0.0 if silent.get(code) else share for code, share in self.weights.shares.items()])
        relative: NDArray[np.float64] = shares / shares.sum()
        return relative

    def values_of(self, key: int) -> tuple[float, ...]:
        """This returns the parts of a person, each 0..1, in the order of `PART_TITLES`."""
        person, weights = self.people[key], self.weights
        doubt = 1.0 - MOST_DOUBT * self.declined_like(key)[0]
        return (
            saturated(self.relevance.get(key, 0.0) * doubt, weights.half_evidence),
            discipline_fit(person.disciplines, self.wanted),
            industry_fit(person.industries, self.query.industries),
            region_fit(person.region, self.query.region),
            load_fit(person.open_tasks, person.task_cap),
            outcome_fit(person.solved, person.served, weights.prior_solved, weights.prior_served),
            outcome_fit(person.accepted, person.answered, weights.prior_accepted, weights.prior_answered),
            chance_fit(person.offered, weights.half_offered),
        )

    def declined_like(self, key: int) -> tuple[float, str]:
        """This returns the need most like this one that the person declined as outside her field, and how
        alike they are, 0..1; below one half nothing is made of it."""
        titles = self.people[key].not_mine
        asked = self.query.title or self.query.text[:LONGEST_TITLE]
        alike = max(((alikeness(asked, title), title) for title in titles), default=(0.0, ""))
        return alike if alike[0] >= WORTH_A_DOUBT else (0.0, "")

    def ranking(self) -> Ranking:
        reasons = {key: reason for key in sorted(self.people) if (reason := self._left_out(key))}
        keys = np.array(sorted(self.people.keys() - reasons.keys()), dtype=np.int64)
        values = np.array([self.values_of(key) for key in keys.tolist()]).reshape(len(keys), len(PART_TITLES))
        scores = blend(values, self.shares)
        order = np.lexsort((keys, -scores))
        score_of = dict(zip(keys[order].tolist(), scores[order].tolist(), strict=True))
        crowded = self._crowded(list(score_of))
        reasons |= {
            key: explain.crowded_sentence(self.people[key].unit, self.query.most_per_unit) for key in crowded
        }
        ranked = [key for key in score_of if key not in crowded]
        return Ranking(
            matches=tuple(self._match(key, score_of[key]) for key in ranked[: self.query.limit]),
            disciplines=self.wanted,
            weights=self.weights.version,
            _reasons=reasons,
            _positions={key: position for position, key in enumerate(ranked, start=1)},
            _parts_of=self.parts_of,
            _score_of=score_of.__getitem__,
        )

    def _crowded(self, ranked: Sequence[int]) -> list[int]:
        """This lists those who would be chosen, were not enough people of their unit chosen before them.

        A raise still never lowers a place: nobody of her unit comes before her who did not already.
        """
        most, chosen, left_out = self.query.most_per_unit, Counter[str](), []
        for key in ranked if most else ():
            unit = self.people[key].unit
            if unit and chosen[unit] >= most:
                left_out.append(key)
                continue
            chosen[unit] += 1
            if chosen.total() >= self.query.limit:
                break
        return left_out

    def _left_out(self, key: int) -> str:
        if reason := barred(self.people[key], self.query):
            return reason
        if key in self.beyond:
            return explain.beyond_sentence(self.shortlist)
        return "" if key in self.relevance else explain.evidence_sentence(())

    def _match(self, key: int, score: float) -> Match:
        parts = self.parts_of(key)
        return Match(key, score, parts, explain.reasons_of(parts, self.people[key]), self._highlights(key))

    def parts_of(self, key: int) -> tuple[Part, ...]:
        """This explains a person's score part by part; parts that did not count are left out."""
        person, values = self.people[key], self.values_of(key)
        own, wanted = path_parts(person.region), path_parts(self.query.region)
        sentences = (
            explain.evidence_sentence(self._highlights(key), self.declined_like(key)[1]),
            explain.discipline_sentence(values[1], bool(self.query.disciplines)),
            explain.industry_sentence(values[2], bool(person.industries)),
            explain.region_sentence(values[3], len(wanted) - shared_depth(own, wanted), bool(own)),
            explain.load_sentence(person),
            explain.outcome_sentence(person),
            explain.reply_sentence(person),
            explain.chance_sentence(person),
        )
        rows = zip(PART_TITLES.items(), values, self.shares.tolist(), sentences, strict=True)
        return tuple(
            Part(code, title, value, share, text) for (code, title), value, share, text in rows if share
        )

    def _highlights(self, key: int) -> tuple[Highlight, ...]:
        if key not in self._told:
            self._told[key] = self._shared(key)
        return self._told[key]

    def _shared(self, key: int) -> tuple[Highlight, ...]:
        known = {entry.key: entry for entry in self.people[key].evidence}
        evidence = [known[item.key] for item in self.best.get(key, ())[:BEST_ITEMS]]
        return explain.highlights_of(self.need, evidence, self.weigh)
