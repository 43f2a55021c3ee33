"""A segment: the postings of up to 32,768 evidence items, in flat numpy arrays.

For every gram the segment keeps which items contain it and how often. Scores are exact: an item's weight
vector is not rounded into the postings, only its counts are stored (one byte), and the length of the vector
once per item. So an answer does not depend on how the items happen to be spread over segments.

Size: 3 bytes per posting (uint16 item, uint8 count) and 12 bytes per different gram.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.text import gram_weights, grams_of

SEGMENT_ITEMS = 1 << 15
_CHARACTERS_AT_ONCE = 1 << 22
_ITEM_BITS = 16
_HIGHEST_COUNT = 255

# Damped term frequency 1 + ln(tf), table over 0..255, float32.
# Source: Manning, Raghavan & Schütze (2008), Introduction to Information Retrieval, §6.4.1.
DAMPED: NDArray[np.float32] = np.zeros(_HIGHEST_COUNT + 1, dtype=np.float32)
DAMPED[1:] = 1.0 + np.log(np.arange(1, _HIGHEST_COUNT + 1))

# Vectors are divided by their length to the power of .8, not 1: short titles win a little less. Measured.
LENGTH_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Item:
    """This is one text in the index: evidence `key` of person `owner`.

    (owner, key) is unique in an index; weight >= 0 multiplies the item's score.
    """

    owner: int
    key: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """These are the document frequencies all weights of an index rest on; frozen until it is compacted.

    keys   : int64 (v,), ascending grams.
    counts : int32 (v,), in how many items each occurs.
    items  : how many items were counted.
    typical_length : median length of the items' weight vectors, > 0; the yardstick for full relevance.
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int32]
    items: int
    typical_length: float = 1.0

    def frequency(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """This returns in how many items each gram occurs, int64 (n,); 0 for grams never seen."""
        places, known = find_sorted(self.keys, keys)
        return np.where(known, self.counts[places], 0) if len(self.keys) else np.zeros(len(keys), np.int64)

    def weigh(self, keys: NDArray[np.int64]) -> NDArray[np.float32]:
        """This returns kind weight times inverse document frequency of each gram, float32 (n,), > 0.

        idf = ln(1 + (N - df + .5) / (df + .5)), which stays positive in the smallest library.
        Source: Robertson & Zaragoza (2009), "The Probabilistic Relevance Framework", with Lucene's 1 +.
        """
        df = self.frequency(keys).astype(np.float64)
        idf = np.log1p((self.items - df + 0.5) / (df + 0.5))
        return (idf * gram_weights(keys)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """These are the grams of n items: gram i stands in items ids[starts[i]:starts[i+1]].

    keys   : int64 (v,), ascending.     starts : int64 (v + 1,).
    ids    : uint16 or uint32 (p,), ascending inside a gram.     counts : uint8 (p,), 1..255 (capped).
    """

    keys: NDArray[np.int64]
    starts: NDArray[np.int64]
    ids: NDArray[np.unsignedinteger[Any]]
    counts: NDArray[np.uint8]

    @property
    def frequencies(self) -> NDArray[np.int64]:
        """This returns in how many of the items each gram occurs, int64 (v,)."""
        return np.diff(self.starts)


class Found(NamedTuple):
    """These are the items one looked-up gram stands in: the gram's place in the query, items, and counts."""

    place: int
    ids: NDArray[np.unsignedinteger[Any]]
    counts: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Docs:
    """This is what a search must know of n items besides their postings.

    owners  : int64 (n,).     weights : float32 (n,), as in `Item`.
    scales  : float32 (n,), 1 / length ** .8; 0 for an item without grams.
    alive   : bool (n,), False for items that were removed or replaced later.
    factors : float32 (n,), scales × weights, 0 for the dead; what a sum over grams is multiplied by.
    by_owner: int32 (n,), item numbers ordered by owner, so that one person's items are found by bisection;
              None where the items lie in that order.
    most    : how many items one owner has at most.
    """

    owners: NDArray[np.int64]
    weights: NDArray[np.float32]
    scales: NDArray[np.float32]
    alive: NDArray[np.bool_]
    factors: NDArray[np.float32]
    by_owner: NDArray[np.int32] | None
    most: int

    @classmethod
    def of(cls, owners: NDArray[np.int64], weights: NDArray[np.float32], scales: NDArray[np.float32]) -> Docs:
        """This makes the table of items that are all alive."""
        in_order = bool((owners[1:] >= owners[:-1]).all())
        by_owner = None if in_order else np.argsort(owners, kind="stable").astype(np.int32)
        ordered = owners if by_owner is None else owners[by_owner]
        first = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
        most = int(np.diff(np.append(first, len(owners))).max(initial=0))
        return cls(owners, weights, scales, np.ones(len(owners), np.bool_), scales * weights, by_owner, most)

    def __len__(self) -> int:
        return len(self.owners)

    @property
    def living(self) -> int:
        return int(np.count_nonzero(self.alive))

    def without(self, places: NDArray[np.integer[Any]]) -> Docs:
        """This returns the table with the items at these places dead."""
        alive, factors = self.alive.copy(), self.factors.copy()
        alive[places], factors[places] = False, 0
        return replace(self, alive=alive, factors=factors)

    def without_owners(self, owners: NDArray[np.int64]) -> Docs:
        """This returns the table with all items of these people dead (ascending, unique)."""
        places = self.places_of(owners)
        return self.without(places) if len(places) else self

    def places_of(self, owners: NDArray[np.int64]) -> NDArray[np.int64]:
        """This returns the numbers of all living items of these owners (ascending int64, unique)."""
        first = np.searchsorted(self.owners, owners, "left", sorter=self.by_owner)
        if self.most == 1:
            held = np.minimum(first, max(len(self) - 1, 0))
            held = held if self.by_owner is None else self.by_owner[held]
            places = held[self.owners[held] == owners] if len(self) else held[:0]
        else:
            size = np.searchsorted(self.owners, owners, "right", sorter=self.by_owner) - first
            ends = np.cumsum(size)
            total = int(ends[-1]) if len(ends) else 0
            places = np.repeat(first - (ends - size), size) + np.arange(total)
            places = places if self.by_owner is None else self.by_owner[places]
        living: NDArray[np.int64] = places[self.alive[places]].astype(np.int64)
        return living

    def relevance(self, found: Iterable[Found], coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        """This returns the sum over grams of coefficient × damped count, scaled per item, float32 (n,).

        Grams are added in the order given, item by item, in float32: the same item gets bit for bit the
        same figure in whatever segment it lies. Dead items get 0.
        """
        scores = np.zeros(len(self), dtype=np.float32)
        for place, ids, counts in found:
            np.add.at(scores, ids, (DAMPED * coefficients[place])[counts])
        scores *= self.factors
        return scores


def scales_of(lengths: NDArray[np.float64]) -> NDArray[np.float32]:
    """This returns 1 / length ** .8 of each weight vector, float32; 0 where the length is 0."""
    scales = np.divide(1.0, lengths**LENGTH_POWER, out=np.zeros(len(lengths)), where=lengths > 0)
    return scales.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """This is a set of items held in memory, with their postings. `items` is empty where no texts are kept."""

    docs: Docs
    postings: Postings
    items: tuple[Item, ...] = ()

    def living_items(self) -> Iterator[Item]:
        return (item for item, alive in zip(self.items, self.docs.alive.tolist(), strict=True) if alive)

    def found(self, keys: NDArray[np.int64]) -> Iterator[Found]:
        """This looks grams up; those nobody has yield nothing."""
        places, known = find_sorted(self.postings.keys, keys)
        starts, ids, counts = self.postings.starts, self.postings.ids, self.postings.counts
        for query_place in np.flatnonzero(known).tolist():
            place = places[query_place]
            part = slice(starts[place], starts[place + 1])
            yield Found(query_place, ids[part], counts[part])


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """This returns the different values, ascending; for long arrays much quicker than `numpy.unique`."""
    ordered = np.sort(values)
    kept = np.ones(len(ordered), np.bool_)
    kept[1:] = ordered[1:] != ordered[:-1]
    different: NDArray[np.int64] = ordered[kept]
    return different


def find_sorted(
    table: NDArray[np.int64], keys: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """This looks keys up in an ascending table: (place of each, whether it is there). Places are in range."""
    if not len(table):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    places = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return places, table[places] == keys


def build_postings(texts: Sequence[str]) -> Postings:
    """This builds the postings of at most 65,536 texts; text i becomes item i."""
    if len(texts) > 1 << _ITEM_BITS:
        raise ValueError(f"at most {1 << _ITEM_BITS} texts fit into one segment, got {len(texts)}")
    return _postings(*_counted(texts))


def _postings(packed: NDArray[np.int64], counts: NDArray[np.integer[Any]]) -> Postings:
    """This cuts ascending pairs gram << 16 | item into postings."""
    keys_of = packed >> _ITEM_BITS
    first = np.flatnonzero(np.diff(keys_of, prepend=-1))
    return Postings(
        keys=keys_of[first],
        starts=np.append(first, len(packed)).astype(np.int64),
        ids=(packed & ((1 << _ITEM_BITS) - 1)).astype(np.uint16),
        counts=np.minimum(counts, _HIGHEST_COUNT).astype(np.uint8),
    )


def _counted(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """This returns the different (gram, text) pairs packed as gram << 16 | text, ascending, with counts.

    Texts are read in slices of about four million characters to bound the memory of the build.
    """
    packed, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for first, last in _slices(texts):
        found = grams_of(texts[first:last], silent=True)
        pairs, times = np.unique(found.keys << _ITEM_BITS | (found.texts + first), return_counts=True)
        packed.append(pairs)
        counts.append(times)
    if len(packed) <= 2:
        return packed[-1], counts[-1]
    every, times = np.concatenate(packed), np.concatenate(counts)
    order = np.argsort(every, kind="stable")
    return every[order], times[order]


def _slices(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    first, characters = 0, 0
    for last, text in enumerate(texts, start=1):
        characters += len(text)
        if characters >= _CHARACTERS_AT_ONCE or last == len(texts):
            yield first, last
            first, characters = last, 0


def vector_lengths(postings: Postings, items: int, statistics: Statistics) -> NDArray[np.float64]:
    """This returns the Euclidean length of each item's weight vector, float64 (items,); 0 = no grams."""
    squares = squared_weights(postings, statistics)
    return np.sqrt(np.bincount(postings.ids, weights=squares, minlength=items))


def squared_weights(postings: Postings, statistics: Statistics) -> NDArray[np.float32]:
    """This returns the square of every posting's weight: damped count × inverse frequency × kind."""
    squares = np.repeat(statistics.weigh(postings.keys), postings.frequencies)
    squares *= DAMPED[postings.counts]
    squares *= squares
    return squares


def assemble(items: Sequence[Item], postings: Postings, statistics: Statistics) -> Segment:
    """This joins items and their postings into a segment, every item alive."""
    owners = np.fromiter((item.owner for item in items), dtype=np.int64, count=len(items))
    weights = np.fromiter((item.weight for item in items), dtype=np.float32, count=len(items))
    lengths = vector_lengths(postings, len(items), statistics)
    return Segment(Docs.of(owners, weights, scales_of(lengths)), postings, tuple(items))


def join_postings(parts: Sequence[tuple[Postings, NDArray[np.bool_]]]) -> Postings:
    """This puts the postings of several sets of items behind each other, without the items that are dead.

    parts : postings and, per item, whether it is kept. Items are numbered anew, in the order given.
    """
    packed, counts, before = [np.empty(0, np.int64)], [np.empty(0, np.uint8)], 0
    for postings, kept in parts:
        numbers = np.cumsum(kept) - 1 + before
        chosen = kept[postings.ids]
        keys = np.repeat(postings.keys, postings.frequencies)[chosen]
        packed.append(keys << _ITEM_BITS | numbers[postings.ids[chosen]])
        counts.append(postings.counts[chosen])
        before += int(np.count_nonzero(kept))
    if before > 1 << _ITEM_BITS:
        raise ValueError(f"at most {1 << _ITEM_BITS} items fit into one segment, got {before}")
    every = np.concatenate(packed)
    order = np.argsort(every, kind="stable")
    return _postings(every[order], np.concatenate(counts)[order])


def join_segments(segments: Sequence[Segment]) -> Segment:
    """This puts what is alive in several segments into one; weights and scales stay as they are."""
    kept = [segment.docs.alive for segment in segments]
    postings = join_postings([(part.postings, alive) for part, alive in zip(segments, kept, strict=True)])

    def alive_of(name: str) -> NDArray[Any]:
        parts = [getattr(part.docs, name)[alive] for part, alive in zip(segments, kept, strict=True)]
        return np.concatenate(parts)

    docs = Docs.of(alive_of("owners"), alive_of("weights"), alive_of("scales"))
    items = tuple(item for part in segments if part.items for item in part.living_items())
    return Segment(docs, postings, items)
