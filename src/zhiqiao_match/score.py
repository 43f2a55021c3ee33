"""From evidence to a ranking: who comes first, with which reasons, and why somebody is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match import explain
from zhiqiao_match.index import LONGEST_QUERY, Hits, Index
from zhiqiao_match.model import Candidate, Evidence, Highlight, Match, Part, Query, Weights
from zhiqiao_match.parts import (
    blend,
    discipline_fit,
    guess_disciplines,
    load_fit,
    outcome_fit,
    path_parts,
    region_fit,
    saturated,
    shared_depth,
)
from zhiqiao_match.segment import Item
from zhiqiao_match.text import units_of

PARTS = (
    ("evidence", "证据"),
    ("discipline", "学科"),
    ("region", "地域"),
    ("load", "负荷"),
    ("outcome", "成效"),
)
DEFAULT_WEIGHTS = Weights()

SHORTLIST = 200


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
    query: Query, candidates: Iterable[Candidate], *, index: Index, weights: Weights = DEFAULT_WEIGHTS
) -> Ranking:
    """This ranks the given people for a query.

    index : holds the evidence of these people (`items_of`); others in it only lend their frequencies.
    The order in which candidates come does not matter; of two with the same key the last one counts.
    """
    people = {candidate.key: candidate for candidate in candidates}
    hits = index.search(query.text, title=query.title, only=people)
    return _Table(query, people, hits, index, weights, len(people)).ranking()


def find(
    query: Query,
    *,
    index: Index,
    load: Callable[[Sequence[int]], Iterable[Candidate]],
    weights: Weights = DEFAULT_WEIGHTS,
    ask: Iterable[int] = (),
    shortlist: int = SHORTLIST,
) -> Ranking:
    """This finds people among all in the index; only a shortlist is loaded.

    load      : keys -> candidates with fresh facts; keys it does not return are passed over, so what the
                reader may not see stays out.
    ask       : people about whom `why_not` shall be able to speak; asking changes nothing in the matches.
    shortlist : how many people with the nearest evidence to load first; four times as many are tried while
                fewer than `query.limit` of them can be offered.
    """
    asked = list(ask)
    while True:
        hits = index.search(query.text, shortlist, title=query.title, also=asked)
        keys = list(dict.fromkeys([*hits.owners.tolist(), *asked]))
        people = {candidate.key: candidate for candidate in load(keys)}
        ranking = _Table(query, people, hits, index, weights, shortlist).ranking()
        if len(ranking.matches) >= query.limit or len(hits.owners) < shortlist:
            return ranking
        shortlist *= 4


class _Table:
    """One query's table of people × parts; sentences are written only for rows that are shown."""

    def __init__(
        self,
        query: Query,
        people: Mapping[int, Candidate],
        hits: Hits,
        index: Index,
        weights: Weights,
        shortlist: int,
    ) -> None:
        self.query, self.people, self.index, self.weights = query, people, index, weights
        owners = hits.owners.tolist()
        self.shortlist = shortlist
        self.beyond = frozenset(owners[shortlist:])
        self.relevance = dict(zip(owners, hits.scores.tolist(), strict=True))
        self.best = dict(zip(owners, hits.best, strict=True))
        self.wanted = dict.fromkeys(query.disciplines, 1.0) or guess_disciplines(hits, people)
        self.shares = self._shares()
        self.need = units_of(f"{query.title}。{query.text}"[:LONGEST_QUERY])

    def _shares(self) -> NDArray[np.float64]:
        shares = np.array([getattr(self.weights, code) for code, _ in PARTS], dtype=np.float64)
        if not self.wanted:
            shares[1] = 0.0
        if not path_parts(self.query.region):
            shares[2] = 0.0
        relative: NDArray[np.float64] = shares / shares.sum()
        return relative

    def values_of(self, key: int) -> tuple[float, ...]:
        """This returns the five parts of a person, each 0..1, in the order of PARTS."""
        person, weights = self.people[key], self.weights
        return (
            saturated(self.relevance.get(key, 0.0), weights.half_evidence),
            discipline_fit(person.disciplines, self.wanted),
            region_fit(person.region, self.query.region),
            load_fit(person.open_tasks, person.task_cap),
            outcome_fit(person.solved, person.served, weights.prior_solved, weights.prior_served),
        )

    def ranking(self) -> Ranking:
        reasons = {key: reason for key in sorted(self.people) if (reason := self._left_out(key))}
        keys = np.array(sorted(self.people.keys() - reasons.keys()), dtype=np.int64)
        values = np.array([self.values_of(key) for key in keys.tolist()]).reshape(len(keys), len(PARTS))
        scores = blend(values, self.shares)
        order = np.lexsort((keys, -scores))
        ranked = keys[order].tolist()
        score_of = dict(zip(ranked, scores[order].tolist(), strict=True))
        return Ranking(
            matches=tuple(self._match(key, score_of[key]) for key in ranked[: self.query.limit]),
            disciplines=self.wanted,
            weights=self.weights.version,
            _reasons=reasons,
            _positions={key: position for position, key in enumerate(ranked, start=1)},
            _parts_of=self.parts_of,
            _score_of=score_of.__getitem__,
        )

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
            explain.evidence_sentence(self._highlights(key)),
            explain.discipline_sentence(values[1], bool(self.query.disciplines)),
            explain.region_sentence(values[2], len(wanted) - shared_depth(own, wanted), bool(own)),
            explain.load_sentence(person),
            explain.outcome_sentence(person),
        )
        rows = zip(PARTS, values, self.shares.tolist(), sentences, strict=True)
        return tuple(
            Part(code, title, value, share, text) for (code, title), value, share, text in rows if share
        )

    def _highlights(self, key: int) -> tuple[Highlight, ...]:
        known = {entry.key: entry for entry in self.people[key].evidence}
        items = self.best.get(key, ())
        evidence = [known.get(item.key) or Evidence(item.key, "", item.text, item.weight) for item in items]
        return explain.highlights_of(self.need, evidence, self.index.phrase_weights)
