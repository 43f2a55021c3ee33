"""The questions one may put to a library: what resembles this text, what contains these words."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import reduce
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from zhiqiao.kit.search.library import KEYS_AT_ONCE, Library, named
from zhiqiao.kit.search.snapshot import Snapshot, snapshot
from zhiqiao_match.index import Hits
from zhiqiao_match.retrieve import best_people, choose_terms, pool_people, rank_order
from zhiqiao_match.segment import Docs, Found, Statistics, distinct
from zhiqiao_match.text import keys_of_word, normalise, words_of

Scored = list[tuple[int, float]]

FIRST_TRY, SECOND_TRY = 4, 32  # times as many as wanted, before all visible rows are asked for
LEAST_TRIED = 200


class Scores:
    """The relevance of every item of a library for one text."""

    def __init__(self, now: Snapshot, text: str, title: str) -> None:
        terms = choose_terms(now.statistics, text, title)
        self.tables, self.full = now.tables, terms.full
        found = now.found(terms.keys, speaking=True)
        self.relevance = [
            docs.relevance(hits, terms.coefficients) for docs, hits in zip(self.tables, found, strict=True)
        ]

    def best(self, top: int) -> Scored:
        """Return the best owners and their relevance, best first; equal ones by key."""
        most = max((docs.most for docs in self.tables), default=0)
        return self._of(best_people(self.tables, self.relevance, top, self.full, most_items=most))[:top]

    def of(self, owners: Iterable[int]) -> Scored:
        """Return those of these owners who have any relevance, best first."""
        return self._of(np.unique(np.fromiter(owners, np.int64)))

    def _of(self, owners: NDArray[np.int64]) -> Scored:
        pooled = pool_people(self.tables, self.relevance, owners, self.full)
        order = rank_order(pooled.people, pooled.scores)
        return list(zip(pooled.people[order].tolist(), pooled.scores[order].tolist(), strict=True))

    def among(self, owners: NDArray[np.int64]) -> "Scores":
        """Return the same without whoever is not among these."""
        limited = copy(self)
        limited.relevance = [
            relevance * np.isin(docs.owners, owners)
            for docs, relevance in zip(self.tables, self.relevance, strict=True)
        ]
        return limited


class Reader:
    """A library as far as one reader may see it, in the shape ``zhiqiao_match.find`` asks for.

    rows : who may be seen. All questions to one reader are answered as of the same moment.
    """

    def __init__(self, library: Library | str, rows: QuerySet[Any]) -> None:
        self.rows = rows.order_by()
        self._now = snapshot(named(library).name)
        self._scores: dict[tuple[str, str], Scores] = {}

    @property
    def statistics(self) -> Statistics:
        """Return the frequencies all scores rest on."""
        return self._now.statistics

    def search(self, text: str, top: int, *, title: str = "", also: Iterable[int] = ()) -> Hits:
        """Return the best ``top`` of the rows, and those of ``also`` that have any relevance.

        The same as if nobody else were in the index. ``Hits.best`` is empty: no texts are kept here.
        """
        if (text, title) not in self._scores:
            self._scores[text, title] = Scores(self._now, text, title)
        scores = self._scores[text, title]
        best = self._best(scores, top)
        known = {key for key, _ in best}
        best += [(key, score) for key, score in scores.of(also) if key not in known]
        owners, relevance = [key for key, _ in best], [score for _, score in best]
        return Hits(np.array(owners, np.int64), np.array(relevance, np.float32), ())

    def _best(self, scores: Scores, top: int) -> Scored:
        for factor in (FIRST_TRY, SECOND_TRY):
            tried = max(factor * top, LEAST_TRIED)
            best = scores.best(tried)
            seen = set(self.rows.filter(pk__among=[key for key, _ in best]).values_list("pk", flat=True))
            kept = [(key, score) for key, score in best if key in seen]
            if len(kept) >= top or len(best) < tried:
                return kept[:top]
            if len(kept) * SECOND_TRY < tried:  # so few may be seen that a longer list will not do
                break
        visible = np.fromiter(self.rows.values_list("pk", flat=True), np.int64)
        return scores.among(visible).best(top)


def search(library: Library | str, text: str, rows: QuerySet[Any], top: int, *, title: str = "") -> Scored:
    """Return the best ``top`` of ``rows`` by likeness to a text, best first: (primary key, relevance > 0).

    rows  : who may be seen; the answer is the same as if nobody else were in the library's index.
    title : words that count three times, see ``zhiqiao_match.Index.search``.
    """
    hits = Reader(library, rows).search(text, top, title=title)
    return list(zip(hits.owners.tolist(), hits.scores.tolist(), strict=True))


def matching(library: Library | str, text: str) -> list[int]:
    """Return the keys of all rows whose texts contain every word of ``text``, ascending.

    Words are what white space separates, of any length, anywhere in a text; case and width do not matter.
    No word at all is contained in every text.
    """
    library, words = named(library), words_of(text)
    now = snapshot(library.name)
    holders = reduce(_common, [_holders(now, word) for word in words]) if words else now.owners
    keys: list[int] = holders.tolist()
    unsure = [word for word in words if len(word) > 2]
    return list(_confirmed(library, keys, unsure)) if unsure else keys


def _holders(now: Snapshot, word: str) -> NDArray[np.int64]:
    """Return everybody with an item that holds all pairs of a word, ascending."""
    keys = keys_of_word(word)
    found = zip(now.tables, now.found(keys), strict=True)
    return distinct(
        np.concatenate([np.empty(0, np.int64), *(_owners(docs, hits, len(keys)) for docs, hits in found)])
    )


def _owners(docs: Docs, hits: Sequence[Found], wanted: int) -> NDArray[np.int64]:
    if len(hits) < wanted:
        return np.empty(0, np.int64)
    ids = [hit.ids for hit in sorted(hits, key=lambda hit: len(hit.ids))]
    both = reduce(_common, ids)
    owners: NDArray[np.int64] = docs.owners[both[docs.alive[both]]]
    return owners


def _common(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    return np.intersect1d(one, other, assume_unique=True)


def _confirmed(library: Library, keys: Sequence[int], words: Sequence[str]) -> Iterator[int]:
    """Keep those whose texts really contain the words: pairs may also stand apart from each other."""
    for at in range(0, len(keys), KEYS_AT_ONCE):
        chunk = keys[at : at + KEYS_AT_ONCE]
        texts: dict[int, str] = {}
        for item in library.items(chunk):
            texts[item.owner] = f"{texts.get(item.owner, '')}\0{normalise(item.text)}"
        yield from (key for key in chunk if all(word in texts.get(key, "") for word in words))


def suggest(library: Library | str, text: str, rows: QuerySet[Any], top: int) -> list[int]:
    """Return the keys of at most ``top`` of ``rows`` that contain every word typed so far, the likest first."""
    found = rows.filter(pk__among=matching(library, text))
    best = [key for key, _ in search(library, text, found, top)]
    rest = found.exclude(pk__among=best).order_by("pk").values_list("pk", flat=True)
    return [*best, *rest[: top - len(best)]]
