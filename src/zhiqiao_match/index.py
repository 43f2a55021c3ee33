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

from zhiqiao_match.segment import (
    LENGTH_POWER,
    SEGMENT_ITEMS,
    Item,
    Postings,
    Segment,
    Statistics,
    assemble,
    build_postings,
    vector_lengths,
)
from zhiqiao_match.text import FIRST_PAIR, grams_of, grams_of_one

HEAVIEST_GRAMS = 64
TITLE_TIMES = 3
LONGEST_QUERY = 20_000

POOL_POWER = 2.0
POOL_ITEMS = 4
BEST_ITEMS = 3
_ITEMS_PER_OWNER_WANTED = 10

COMMON_SHARE = 0.02
COMMON_FLOOR = 10

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


class Terms(NamedTuple):
    """These are the grams a search looks for: keys int64 (n,), coefficients float32 (n,), heaviest first.

    full : the relevance an item of ordinary length would get if it said all of the query; divides scores.
    """

    keys: NDArray[np.int64]
    coefficients: NDArray[np.float32]
    full: float


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
        counted = statistics or _count(postings, parts)
        built = (assemble(part, found, counted) for part, found in zip(parts, postings, strict=True))
        return cls(tuple(built), counted)

    def __len__(self) -> int:
        return sum(segment.living for segment in self.segments)

    def items(self) -> list[Item]:
        """This lists every item that can be found."""
        return [item for segment in self.segments for item in segment.living_items()]

    @property
    def owners(self) -> NDArray[np.int64]:
        """This lists everybody with an item that can be found, int64, ascending."""
        found = [segment.owners[segment.alive] for segment in self.segments]
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
            segment.without(places) if places else segment
            for segment, places in zip(self.segments, dead, strict=True)
        )
        changed = self.changed + len(fresh) + sum(map(len, dead))
        if changed > STALE_SHARE * self.statistics.items:
            return Index.build([*replace(self, segments=kept).items(), *fresh.values()])
        added = Index.build(fresh.values(), self.statistics).segments
        return Index(_merged((*kept, *added), self.statistics), self.statistics, changed)

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
        if not len(terms.keys):
            return NOTHING
        found = [segment.relevance(terms.keys, terms.coefficients) for segment in self.segments]
        if only is None:
            also = frozenset(also)
            wanted = np.union1d(self._promising(found, top), np.fromiter(also, np.int64))
        else:
            wanted = np.unique(np.fromiter(only, np.int64))
        return self._pooled(found, wanted, terms.full, len(wanted) if only is not None else top, also)

    def terms(self, text: str, title: str = "") -> Terms:
        """This chooses and weighs the grams to look up, by the index's document frequencies.

        Besides the 64 heaviest known grams all unknown ones are taken: items added since may hold them.
        """
        fields = ((title[:LONGEST_QUERY], TITLE_TIMES), (text[:LONGEST_QUERY], 1))
        found = [(grams_of_one(field), times) for field, times in fields if field]
        if not self.segments or not found:
            return Terms(np.empty(0, np.int64), np.empty(0, np.float32), 1.0)
        keys, inverse = np.unique(np.concatenate([grams[0] for grams, _ in found]), return_inverse=True)
        times = np.bincount(inverse, np.concatenate([grams[1] * times for grams, times in found]))
        weights = self.statistics.weigh(keys).astype(np.float64)
        vector = times * weights
        order = np.lexsort((keys, -vector))
        known = self.statistics.frequency(keys[order]) > 0
        chosen = order[~known | (np.cumsum(known) <= HEAVIEST_GRAMS)]
        length = max(float(np.sqrt((vector**2).sum())), self.statistics.typical_length)
        heaviest = np.sort(vector * weights)[::-1][:HEAVIEST_GRAMS]
        full = float(heaviest.sum() / length**LENGTH_POWER)
        return Terms(keys[chosen], (vector * weights)[chosen].astype(np.float32), full or 1.0)

    def phrase_weights(self, phrases: Sequence[str]) -> list[float]:
        """This weighs phrases by their pairs and tokens, a single character by itself; >= 0, same order.

        A phrase weighs 0 if even its rarest gram stands in 2 % of the items. In a library of fewer than 500
        items ten are allowed, so that nothing is taken for common only because there is little to compare.
        """
        found = grams_of(phrases)
        keys, texts = found.keys, found.texts
        paired = np.bincount(texts[keys >= FIRST_PAIR], minlength=len(phrases)) > 0
        told = (keys >= FIRST_PAIR) | ~paired[texts]
        keys, texts = keys[told], texts[told]
        rare = self.statistics.frequency(keys) <= max(COMMON_SHARE * self.statistics.items, COMMON_FLOOR)
        speaking = np.bincount(texts, rare, minlength=len(phrases)) > 0
        weights = np.bincount(texts, self.statistics.weigh(keys), minlength=len(phrases))
        return [float(weight) for weight in np.where(speaking, weights, 0.0)]

    def _promising(self, found: Sequence[NDArray[np.float32]], top: int) -> NDArray[np.int64]:
        """This returns the owners of the best items: enough items to hold the best `top` people."""
        scores = np.concatenate(found)
        wanted = max(top, 1) * _ITEMS_PER_OWNER_WANTED
        floor = np.partition(scores, -wanted)[-wanted] if len(scores) > wanted else np.float32(0)
        owners = [
            segment.owners[(relevance >= floor) & (relevance > 0)]
            for segment, relevance in zip(self.segments, found, strict=True)
        ]
        return np.unique(np.concatenate(owners))

    def _pooled(
        self,
        found: Sequence[NDArray[np.float32]],
        owners: NDArray[np.int64],
        full: float,
        top: int,
        also: Iterable[int],
    ) -> Hits:
        """This pools all items of these owners per person and keeps the `top` people and those in `also`."""
        places = [segment.places_of(owners) for segment in self.segments]
        scores = np.concatenate([part[at] for part, at in zip(found, places, strict=True)])
        whose = np.concatenate([seg.owners[at] for seg, at in zip(self.segments, places, strict=True)])
        positive = np.flatnonzero(scores > 0)
        order = positive[np.lexsort((-scores[positive], whose[positive]))]
        if not len(order):
            return NOTHING
        scores = (scores[order] / full).astype(np.float32)
        people, first, sizes = np.unique(whose[order], return_index=True, return_counts=True)
        pooled = pool(scores, first)
        ranked = np.lexsort((people, -pooled))
        ranked = ranked[(np.arange(len(ranked)) < top) | np.isin(people[ranked], list(also))]
        segment_of = np.repeat(np.arange(len(places)), [len(at) for at in places])[order]
        place_of = np.concatenate(places)[order]

        def best(person: int) -> tuple[Item, ...]:
            at = slice(int(first[person]), int(first[person] + sizes[person]))
            items = [
                self.segments[number].items[place]
                for number, place in zip(segment_of[at].tolist(), place_of[at].tolist(), strict=True)
            ]
            paired = sorted(zip((-scores[at]).tolist(), items, strict=True), key=lambda p: (p[0], p[1].key))
            return tuple(item for _, item in paired[:BEST_ITEMS])

        return Hits(people[ranked], pooled[ranked], tuple(best(person) for person in ranked.tolist()))


def pool(scores: NDArray[np.float32], first: NDArray[np.int64]) -> NDArray[np.float32]:
    """This pools the relevance of each person's items: the 2-norm of the best four.

    scores : float32 (n,), grouped by person, descending inside a person; first : where each person begins.
    Returns float32 (people,): a single item keeps its relevance, four equal ones give twice as much, and
    what lies beyond the four best adds nothing, so that many weak items never amount to one that fits.

    Source: power mean with p = 2, best of the poolings tried on the gold standard of Stelmakh et al. (2023),
    "A Gold Standard Dataset for the Reviewer Assignment Problem". There everybody has 20 papers; here the
    numbers differ widely, so the mean is taken over a fixed number of places: further work never harms.
    """
    rank = np.arange(len(scores)) - np.repeat(first, np.diff(np.append(first, len(scores))))
    powers = np.where(rank < POOL_ITEMS, scores.astype(np.float64) ** POOL_POWER, 0.0)
    sums: NDArray[np.float64] = np.add.reduceat(powers, first)
    return (sums ** (1 / POOL_POWER)).astype(np.float32)


def _count(postings: Sequence[Postings], parts: Sequence[Sequence[Item]]) -> Statistics:
    """This counts document frequencies over all segments, and the ordinary length of an item."""
    if not postings:
        return Statistics(np.empty(0, np.int64), np.empty(0, np.int32), 0)
    keys, inverse = np.unique(np.concatenate([found.keys for found in postings]), return_inverse=True)
    counts = np.bincount(inverse, np.concatenate([found.frequencies for found in postings]))
    counted = Statistics(keys, counts.astype(np.int32), sum(map(len, parts)))
    lengths = [vector_lengths(found, len(part), counted) for found, part in zip(postings, parts, strict=True)]
    every = np.concatenate(lengths)
    ordinary = float(np.median(every[every > 0])) if (every > 0).any() else 1.0
    return replace(counted, typical_length=ordinary)


def _places(segment: Segment, gone: set[int | tuple[int, str]]) -> list[int]:
    """This finds the living items of a segment that are removed: by owner, or by (owner, key)."""
    owners = {entry if isinstance(entry, int) else entry[0] for entry in gone}
    candidates = segment.places_of(np.unique(np.fromiter(owners, np.int64)))
    return [
        place
        for place in candidates.tolist()
        if (item := segment.items[place]).owner in gone or (item.owner, item.key) in gone
    ]


def _merged(segments: Sequence[Segment], statistics: Statistics) -> tuple[Segment, ...]:
    """This keeps the number of segments logarithmic: a segment not half as large as its follower is merged.

    Source: O'Neil et al. (1996), "The Log-Structured Merge-Tree".
    """
    kept = [segment for segment in segments if segment.living]
    while len(kept) > 1:
        before, last = kept[-2], kept[-1]
        if before.living > 2 * last.living or before.living + last.living > SEGMENT_ITEMS:
            break
        items = [*before.living_items(), *last.living_items()]
        kept[-2:] = [assemble(items, build_postings([item.text for item in items]), statistics)]
    return tuple(kept)
