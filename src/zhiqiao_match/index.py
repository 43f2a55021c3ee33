"""The index: which evidence resembles a need, and whose evidence it is.

TF-IDF over single characters and pairs (`text`), pooled per person. An `Index` never changes: a change
returns a new one that shares the untouched segments, so a search that is under way is not disturbed and
swapping one reference publishes the new state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.rescore import phrase_weights
from zhiqiao_match.retrieve import (
    LONGEST_QUERY,
    Pooled,
    Terms,
    best_people,
    choose_terms,
    pool,
    pool_people,
    rank_order,
)
from zhiqiao_match.segment import (
    SEGMENT_ITEMS,
    Item,
    Postings,
    Segment,
    Statistics,
    assemble,
    build_postings,
    join_segments,
    vector_lengths,
)
from zhiqiao_match.text import gram_weights

__all__ = ["LONGEST_QUERY", "NOTHING", "Hits", "Index", "Terms", "count_frequencies", "merge_small", "pool"]

BEST_ITEMS = 3

STALE_SHARE = 0.25


class Hits(NamedTuple):
    """These are the people whose evidence resembles the text, best first; equal scores by owner.

    owners : int64 (n,).     scores : float32 (n,), relevance > 0 (see `Index.search`).
    best   : for each person up to three items, best first.
    """

    owners: NDArray[np.int64]
    scores: NDArray[np.float32]
    best: tuple[tuple[Item, ...], ...]


NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float32), ())


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """This is an immutable full-text index over the evidence items of many people."""

    segments: tuple[Segment, ...]
    statistics: Statistics
    changed: int = 0

    @classmethod
    def build(cls, items: Iterable[Item], statistics: Statistics | None = None) -> Index:
        """This builds an index from scratch; of items with the same (owner, key) the last one counts.

        statistics : take these document frequencies instead of counting anew.
        """
        unique = list({(item.owner, item.key): item for item in items}.values())
        parts = [unique[at : at + SEGMENT_ITEMS] for at in range(0, len(unique), SEGMENT_ITEMS)]
        postings = [build_postings([item.text for item in part]) for part in parts]
        counted = statistics or count_frequencies(postings, list(map(len, parts)))
        built = (assemble(part, found, counted) for part, found in zip(parts, postings, strict=True))
        return cls(tuple(built), counted)

    def __len__(self) -> int:
        return sum(segment.docs.living for segment in self.segments)

    def items(self) -> list[Item]:
        """This lists every item that can be found."""
        return [item for segment in self.segments for item in segment.living_items()]

    @property
    def owners(self) -> NDArray[np.int64]:
        """This lists everybody with an item that can be found, int64, ascending."""
        found = [segment.docs.owners[segment.docs.alive] for segment in self.segments]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    def with_changes(
        self, upserts: Iterable[Item] = (), removals: Iterable[int | tuple[int, str]] = ()
    ) -> Index:
        """This returns an index without `removals` and with `upserts`; removals are carried out first.

        upserts  : new items, or new texts of items with the same (owner, key).
        removals : an owner (all items of that person) or one (owner, key); unknown ones are passed over.

        The result answers exactly as `Index.build(result.items(), result.statistics)`. Document frequencies
        stay as they are until a quarter of the index has changed; then everything is counted anew.
        Costs about 1 ms per changed person, and now and then a merge of small segments.
        """
        fresh = {(item.owner, item.key): item for item in upserts}
        gone = set(removals)
        dead = [_places(segment, gone | fresh.keys()) for segment in self.segments]
        kept = tuple(
            replace(segment, docs=segment.docs.without(np.array(places))) if places else segment
            for segment, places in zip(self.segments, dead, strict=True)
        )
        changed = self.changed + len(fresh) + sum(map(len, dead))
        if changed > STALE_SHARE * self.statistics.items:
            return Index.build([*replace(self, segments=kept).items(), *fresh.values()])
        added = Index.build(fresh.values(), self.statistics).segments
        return Index(merge_small((*kept, *added)), self.statistics, changed)

    def compacted(self) -> Index:
        """This builds the same items anew, with document frequencies counted anew; `changed` is 0 again."""
        return Index.build(self.items())

    def search(
        self,
        text: str,
        top: int = 200,
        *,
        title: str = "",
        only: Iterable[int] | None = None,
        also: Iterable[int] = (),
    ) -> Hits:
        """This returns the `top` people whose evidence is most like the text.

        text, title : what is needed; grams of the title count three times (NDCG@10 .656 → .673), and of a
                      long need the 64 heaviest grams are looked up (no loss measured).
        only        : score exactly these people and nobody else; `top` is then ignored.
        also        : people to score whatever their rank, besides the top.

        Relevance of an item is its TF-IDF similarity divided by what an item of ordinary length would get if
        it said everything the query says: about 1 for a few words fully found, .1–.5 for a long need and a
        fitting title. It depends on the index but not on who else is found.
        """
        terms = self.terms(text, title)
        if not len(terms.keys) or not self.segments:
            return NOTHING
        tables = [segment.docs for segment in self.segments]
        found = [part.docs.relevance(part.found(terms.keys), terms.coefficients) for part in self.segments]
        if only is None:
            also = frozenset(also)
            best = best_people(tables, found, top, terms.full)
            wanted = np.union1d(best, np.fromiter(also, np.int64))
        else:
            wanted = np.unique(np.fromiter(only, np.int64))
            top = len(wanted)
        return self._hits(pool_people(tables, found, wanted, terms.full), top, also)

    def terms(self, text: str, title: str = "") -> Terms:
        """This chooses and weighs the grams to look up; see `retrieve.choose_terms`."""
        return choose_terms(self.statistics, text, title)

    def phrase_weights(self, phrases: Sequence[str]) -> list[float]:
        """This weighs phrases by how much they tell; see `rescore.phrase_weights`."""
        return phrase_weights(phrases, self.statistics)

    def _hits(self, pooled: Pooled, top: int, also: Iterable[int]) -> Hits:
        """This keeps the `top` people and those in `also`, each with her best items."""
        ranked = rank_order(pooled.people, pooled.scores)
        ranked = ranked[(np.arange(len(ranked)) < top) | np.isin(pooled.people[ranked], list(also))]
        best = tuple(self._best_items(pooled, person) for person in ranked.tolist())
        return Hits(pooled.people[ranked], pooled.scores[ranked], best)

    def _best_items(self, pooled: Pooled, person: int) -> tuple[Item, ...]:
        first = pooled.first[person]
        last = pooled.first[person + 1] if person + 1 < len(pooled.first) else len(pooled.places)
        found = [
            (-score, self.segments[table].items[place])
            for score, table, place in zip(
                pooled.relevances[first:last].tolist(),
                pooled.tables[first:last].tolist(),
                pooled.places[first:last].tolist(),
                strict=True,
            )
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].key))
        return tuple(item for _, item in found[:BEST_ITEMS])


def count_frequencies(postings: Sequence[Postings], sizes: Sequence[int]) -> Statistics:
    """This counts document frequencies over all postings, and the ordinary length of an item.

    sizes : how many items each of them holds. Silent grams are not counted: they weigh nothing anyway.
    """
    if not postings:
        return Statistics(np.empty(0, np.int64), np.empty(0, np.int32), 0)
    keys, inverse = np.unique(np.concatenate([found.keys for found in postings]), return_inverse=True)
    counts = np.bincount(inverse, np.concatenate([found.frequencies for found in postings]), len(keys))
    heard = gram_weights(keys) > 0
    counted = Statistics(keys[heard], counts[heard].astype(np.int32), sum(sizes))
    every = np.concatenate(
        [vector_lengths(found, size, counted) for found, size in zip(postings, sizes, strict=True)]
    )
    return replace(counted, typical_length=ordinary_length(every))


def ordinary_length(lengths: NDArray[np.float64]) -> float:
    """This returns the median length of the weight vectors that are not empty, 1 if all are."""
    return float(np.median(lengths[lengths > 0])) if (lengths > 0).any() else 1.0


def _places(segment: Segment, gone: set[int | tuple[int, str]]) -> list[int]:
    """This finds the living items of a segment that are removed: by owner, or by (owner, key)."""
    owners = {entry if isinstance(entry, int) else entry[0] for entry in gone}
    candidates = segment.docs.places_of(np.unique(np.fromiter(owners, np.int64)))
    return [
        place
        for place in candidates.tolist()
        if (item := segment.items[place]).owner in gone or (item.owner, item.key) in gone
    ]


def merge_small(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """This keeps the number of segments logarithmic: a segment not half as large as its follower is merged.

    Source: O'Neil et al. (1996), "The Log-Structured Merge-Tree".
    """
    kept = [segment for segment in segments if segment.docs.living]
    while len(kept) > 1:
        before, last = kept[-2].docs.living, kept[-1].docs.living
        if before > 2 * last or before + last > SEGMENT_ITEMS:
            break
        kept[-2:] = [join_segments(kept[-2:])]
    return tuple(kept)
