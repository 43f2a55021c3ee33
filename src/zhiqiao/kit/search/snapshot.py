"""What a library's index is at this moment, with everything but the postings in memory.

One statement reads the *state*: the segments and the count and sum of the deltas' tokens. The names in it are
random and never used twice, so an equal state means equal content, even inside a transaction that will be
rolled back. Only what a state names and the process does not know yet is read.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from zhiqiao.kit.search import pages
from zhiqiao.kit.search.models import PAGE_BITS, Collection, Delta, Segment
from zhiqiao_match.blocks import find_in_page, unpack_items
from zhiqiao_match.index import count_frequencies, merge_small
from zhiqiao_match.segment import (
    Docs,
    Found,
    Postings,
    Statistics,
    distinct,
    join_postings,
    join_segments,
    scales_of,
    vector_lengths,
)
from zhiqiao_match.segment import Segment as InMemory

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class State:
    """The names of everything an index consists of."""

    segments: tuple[int, ...] = ()
    deltas: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A stored segment: its table of items in memory, and where its pages begin.

    statistics : frequencies counted over it, if it is a base; else nothing.
    """

    key: int
    docs: Docs
    gone: NDArray[np.int64]
    firsts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    statistics: Statistics

    @property
    def source(self) -> pages.Stored:
        return pages.Stored(self.key, self.firsts, self.sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A library's index as of one state.

    stored  : the segments as they are stored, the oldest first.
    shelves : the same without whoever has later been said something else of.
    recent  : the deltas, as small segments in memory.
    tokens  : owner -> token of every delta taken in.
    """

    state: State
    stored: tuple[Shelf, ...]
    shelves: tuple[Shelf, ...]
    recent: tuple[InMemory, ...]
    tokens: Mapping[int, int]
    statistics: Statistics

    @property
    def tables(self) -> list[Docs]:
        return [*(shelf.docs for shelf in self.shelves), *(part.docs for part in self.recent)]

    @property
    def owners(self) -> NDArray[np.int64]:
        """Return everybody who has an item, ascending."""
        living = [docs.owners[docs.alive] for docs in self.tables]
        return distinct(np.concatenate([np.empty(0, np.int64), *living]))

    def found(self, keys: NDArray[np.int64], *, speaking: bool = False) -> list[list[Found]]:
        """Look grams up everywhere: one list per table, in the order of ``keys``.

        speaking : there is no silent gram among them, so the base has only those that were counted over it.
        """
        counted = self.statistics.frequency(keys) > 0 if speaking else np.ones(len(keys), np.bool_)
        every = np.ones(len(keys), np.bool_)
        wanted = [
            self._pages_for(shelf, keys, every if number else counted)
            for number, shelf in enumerate(self.shelves)
        ]
        read = pages.read({page for places in wanted for _, _, page in places})
        stored = [_found_in(read, places) for places in wanted]
        return [*stored, *(list(part.found(keys)) for part in self.recent)]

    def _pages_for(
        self, shelf: Shelf, keys: NDArray[np.int64], chosen: NDArray[np.bool_]
    ) -> list[tuple[int, int, int]]:
        """Return place in the query, gram, and page of each gram to be looked up in a stored segment."""
        if not len(shelf.firsts):
            return []
        pages_of = np.maximum(shelf.firsts.searchsorted(keys, "right") - 1, 0) + (shelf.key << PAGE_BITS)
        places = np.flatnonzero(chosen)
        return list(zip(places.tolist(), keys[places].tolist(), pages_of[places].tolist(), strict=True))


def _found_in(read: Mapping[int, bytes], places: Iterable[tuple[int, int, int]]) -> list[Found]:
    hits = ((place, find_in_page(read[page], key)) for place, key, page in places)
    return [Found(place, *hit) for place, hit in hits if hit is not None]


_kept: dict[str, Snapshot] = {}
_lock = threading.Lock()


def snapshot(name: str) -> Snapshot:
    """Return a library's index as the database has it for this transaction."""
    for _ in range(ATTEMPTS):
        state = state_of(name)
        known = _kept.get(name)
        if known is not None and known.state == state:
            return known
        with _lock:
            reached = _caught_up(name, _kept.get(name), state)
            if reached is not None:
                _kept[name] = reached
                return reached
    raise RuntimeError(f"the index of {name} changes faster than it can be read")


def forget() -> None:
    """Throw away what is in memory; the next query reads it anew."""
    _kept.clear()


def state_of(name: str) -> State:
    """Read the state, in one statement; by hand, because every search begins with it."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, (name,))
        row = cursor.fetchone()
    return State(tuple(json.loads(row[0])), row[1], int(row[2])) if row else State()


_STATE = f"""
    SELECT whole.segments, count(delta.token), coalesce(sum(delta.token), 0)
    FROM {Collection._meta.db_table} AS whole
    LEFT JOIN {Delta._meta.db_table} AS delta ON delta.collection_id = whole.id
    WHERE whole.name = %s GROUP BY whole.id
"""  # noqa: S608 – our own tables


def _caught_up(name: str, known: Snapshot | None, state: State) -> Snapshot | None:
    """Take in what ``state`` names and ``known`` lacks; None if the database has moved on meanwhile."""
    tokens = _tokens(name)
    if (len(tokens), sum(tokens.values())) != (state.deltas, state.tokens):
        return None
    same_base = known is not None and known.state.segments == state.segments
    if known is None or not same_base or not known.tokens.keys() <= tokens.keys():
        known = _opened(state, known)
        if known is None:
            return None
    fresh = [owner for owner, token in tokens.items() if known.tokens.get(owner) != token]
    reached = _with_deltas(known, _delta_rows(name, fresh))
    return replace(reached, state=state, tokens=tokens)


def _tokens(name: str) -> dict[int, int]:
    return dict(Delta.objects.filter(collection__name=name).values_list("owner", "token"))


def _delta_rows(name: str, owners: Sequence[int]) -> list[tuple[int, bytes]]:
    rows = Delta.objects.filter(collection__name=name, owner__among=owners).order_by("owner")
    return [(owner, bytes(packed)) for owner, packed in rows.values_list("owner", "packed")]


def _opened(state: State, known: Snapshot | None) -> Snapshot | None:
    """Open the stored segments of a state, without any delta. Those in memory already are not read again."""
    held = {shelf.key: shelf for shelf in known.stored} if known else {}
    missing = [key for key in state.segments if key not in held]
    held.update((row.pk, shelf_of(row)) for row in Segment.objects.filter(pk__in=missing))
    if any(key not in held for key in state.segments):
        return None
    stored = tuple(held[key] for key in state.segments)
    shelves: list[Shelf] = []
    for shelf in stored:
        if shelves:
            covered = distinct(np.concatenate([shelf.docs.owners, shelf.gone]))
            shelves = [replace(older, docs=older.docs.without_owners(covered)) for older in shelves]
        shelves.append(shelf)
    statistics = stored[0].statistics if stored else EMPTY
    return Snapshot(State(state.segments), stored, tuple(shelves), (), {}, statistics)


EMPTY = count_frequencies([], [])


def shelf_of(row: Segment) -> Shelf:
    """Read a stored segment's tables."""
    owners = np.frombuffer(row.owners, "<i8").astype(np.int64)
    weights, scales = np.frombuffer(row.weights, "<f4"), np.frombuffer(row.scales, "<f4")
    docs = Docs.of(owners, weights.astype(np.float32), scales.astype(np.float32))
    firsts, sizes = np.frombuffer(row.firsts, "<i8"), np.frombuffer(row.sizes, "<u4").astype(np.int64)
    return Shelf(row.pk, docs, np.frombuffer(row.gone, "<i8"), firsts, sizes, statistics_of(row))


def statistics_of(row: Segment) -> Statistics:
    """Read the frequencies counted over a base."""
    grams, frequencies = np.frombuffer(row.grams, "<i8"), np.frombuffer(row.frequencies, "<i4")
    return Statistics(grams, frequencies, len(row.owners) // 8, row.typical_length)


def _with_deltas(known: Snapshot, rows: Sequence[tuple[int, bytes]]) -> Snapshot:
    """Replace what is known of these owners. Without a base the frequencies are counted over the deltas."""
    if not rows:
        return known
    changed = np.array([owner for owner, _ in rows], np.int64)
    shelves = tuple(replace(one, docs=one.docs.without_owners(changed)) for one in known.shelves)
    recent = [replace(one, docs=one.docs.without_owners(changed)) for one in known.recent]
    recent.extend(_in_memory(rows, known.statistics))
    kept = merge_small(recent)
    return replace(known, shelves=shelves, recent=kept) if shelves else _counted(known, kept)


def _counted(known: Snapshot, recent: Iterable[InMemory]) -> Snapshot:
    kept = [join_segments([one]) for one in recent]  # who is dead must not be counted
    statistics = count_frequencies([one.postings for one in kept], [len(one.docs) for one in kept])
    weighed = (replace(one, docs=_weighed(one.docs, one.postings, statistics)) for one in kept)
    return replace(known, recent=tuple(weighed), statistics=statistics)


def _weighed(docs: Docs, postings: Postings, statistics: Statistics) -> Docs:
    return Docs.of(docs.owners, docs.weights, scales_of(vector_lengths(postings, len(docs), statistics)))


def _in_memory(rows: Iterable[tuple[int, bytes]], statistics: Statistics) -> Iterator[InMemory]:
    """Make segments of packed deltas."""
    for owners, weights, postings in unpacked(rows):
        scales = scales_of(vector_lengths(postings, len(owners), statistics))
        yield InMemory(Docs.of(owners, weights, scales), postings)


def unpacked(
    rows: Iterable[tuple[int, bytes]], at_once: int = 1 << 14
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32], Postings]]:
    """Join packed deltas to sets of at most about ``at_once`` items: owners, weights, postings."""
    owners: list[Any] = []
    weights: list[Any] = []
    parts: list[Any] = []
    items = 0
    for owner, packed in rows:
        if not packed:
            continue
        weight, postings = unpack_items(packed)
        if items + len(weight) > at_once and parts:
            yield np.concatenate(owners), np.concatenate(weights), join_postings(parts)
            owners, weights, parts, items = [], [], [], 0
        owners.append(np.full(len(weight), owner, np.int64))
        weights.append(weight)
        parts.append((postings, np.ones(len(weight), np.bool_)))
        items += len(weight)
    if parts:
        yield np.concatenate(owners), np.concatenate(weights), join_postings(parts)
