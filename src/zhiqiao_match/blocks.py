"""Postings on disk: pages of a few kilobytes in the order of grams, and their merging as a stream.

A page holds whole grams, ascending, and one gram is never spread over two pages; so a gram is found by bisecting
the first grams of all pages and reading one page. All numbers are little-endian:

    uint32 grams, uint32 postings, int64 keys[grams], uint32 ends[grams], uint32 items[postings],
    uint8 counts[postings]

Nothing here knows where pages are kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.segment import Item, Postings, Statistics, build_postings, squared_weights
from zhiqiao_match.text import gram_weights

PAGE_BYTES = 4000
"""Fits, with its row, into one page of SQLite; only a gram that is larger by itself gets more."""

POSTINGS_AT_ONCE = 1 << 20

_HEAD = struct.Struct("<II")
_GRAM_BYTES, _POSTING_BYTES = 12, 5


def cut_pages(postings: Postings) -> Iterator[tuple[int, bytes]]:
    """This cuts postings into pages: (first gram, page), ascending."""
    ends = postings.starts[1:]
    sizes = np.cumsum(_GRAM_BYTES + _POSTING_BYTES * postings.frequencies)
    first, before = 0, 0
    while first < len(sizes):
        last = max(first + 1, int(np.searchsorted(sizes, before + PAGE_BYTES, "right")))
        low, high = int(postings.starts[first]), int(ends[last - 1])
        yield (
            int(postings.keys[first]),
            b"".join(
                (
                    _HEAD.pack(last - first, high - low),
                    postings.keys[first:last].astype("<i8").tobytes(),
                    (ends[first:last] - low).astype("<u4").tobytes(),
                    postings.ids[low:high].astype("<u4").tobytes(),
                    postings.counts[low:high].tobytes(),
                )
            ),
        )
        first, before = last, int(sizes[last - 1])


def open_page(page: bytes) -> Postings:
    """This reads a whole page back; the arrays are views of it."""
    grams, postings = _HEAD.unpack_from(page)
    at = _HEAD.size
    keys = np.frombuffer(page, "<i8", grams, at)
    starts = np.zeros(grams + 1, np.int64)
    starts[1:] = np.frombuffer(page, "<u4", grams, at + 8 * grams)
    at += _GRAM_BYTES * grams
    ids = np.frombuffer(page, "<u4", postings, at)
    return Postings(keys, starts, ids, np.frombuffer(page, np.uint8, postings, at + 4 * postings))


def find_in_page(page: bytes, key: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]] | None:
    """This returns the items of one gram and how often each has it, or None if the page lacks the gram."""
    grams, postings = _HEAD.unpack_from(page)
    at = _HEAD.size
    keys = np.frombuffer(page, "<i8", grams, at)
    place = int(keys.searchsorted(key))
    if place == grams or keys[place] != key:
        return None
    ends = np.frombuffer(page, "<u4", grams, at + 8 * grams)
    first, last = int(ends[place - 1]) if place else 0, int(ends[place])
    at += _GRAM_BYTES * grams
    ids = np.frombuffer(page, "<u4", last - first, at + 4 * first)
    return ids, np.frombuffer(page, np.uint8, last - first, at + 4 * postings + first)


def pack_items(items: Sequence[Item]) -> bytes:
    """This writes the grams of one person's items as a single page, the items' weights in front of it."""
    postings = build_postings([item.text for item in items])
    weights = np.array([item.weight for item in items], "<f4")
    head = _HEAD.pack(len(items), len(postings.keys))
    page = _HEAD.pack(len(postings.keys), len(postings.ids)) + b"".join(
        (
            postings.keys.astype("<i8").tobytes(),
            postings.starts[1:].astype("<u4").tobytes(),
            postings.ids.astype("<u4").tobytes(),
            postings.counts.tobytes(),
        )
    )
    return head + weights.tobytes() + page


def unpack_items(packed: bytes) -> tuple[NDArray[np.float32], Postings]:
    """This reads back what `pack_items` wrote: the items' weights and their postings."""
    items, _ = _HEAD.unpack_from(packed)
    weights = np.frombuffer(packed, "<f4", items, _HEAD.size).astype(np.float32)
    return weights, open_page(packed[_HEAD.size + 4 * items :])


class Source(Protocol):
    """Postings that can be read gram range by gram range.

    marks : int64 (m,), ascending grams about every `PAGE_BYTES`, the first of which is the least of all.
    """

    @property
    def marks(self) -> NDArray[np.int64]: ...

    @property
    def sizes(self) -> NDArray[np.int64]:
        """This says about how many postings lie between one mark and the next."""

    def between(self, low: int, high: int) -> Postings:
        """This returns the postings of all grams with low <= gram < high."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Postings in arrays, in memory or mapped from a file, as a source."""

    postings: Postings

    @property
    def marks(self) -> NDArray[np.int64]:
        return np.asarray(self.postings.keys[self._cuts()])

    @property
    def sizes(self) -> NDArray[np.int64]:
        cuts = self._cuts()
        return np.diff(np.append(self.postings.starts[cuts], self.postings.starts[-1]))

    def _cuts(self) -> NDArray[np.int64]:
        every = np.arange(0, len(self.postings.ids), PAGE_BYTES)
        return np.unique(np.searchsorted(self.postings.starts, every, "right") - 1)

    def between(self, low: int, high: int) -> Postings:
        return part_of(self.postings, low, high)


def part_of(postings: Postings, low: int, high: int) -> Postings:
    """This returns the postings of the grams from `low` up to but not including `high`."""
    first, last = np.searchsorted(postings.keys, [low, high])
    start, end = int(postings.starts[first]), int(postings.starts[last])
    return Postings(
        postings.keys[first:last],
        postings.starts[first : last + 1] - start,
        postings.ids[start:end],
        postings.counts[start:end],
    )


def join_pages(pages: Iterable[bytes]) -> Postings:
    """This puts consecutive pages behind each other."""
    parts = [open_page(page) for page in pages]
    if not parts:
        return Postings(np.empty(0, np.int64), np.zeros(1, np.int64), *_nothing())
    sizes = np.concatenate([[0], *(part.frequencies for part in parts)])
    return Postings(
        np.concatenate([part.keys for part in parts]),
        np.cumsum(sizes),
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


def _nothing() -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    return np.empty(0, np.uint32), np.empty(0, np.uint8)


def merge(sources: Sequence[tuple[Source, NDArray[np.int64]]]) -> Iterator[Postings]:
    """This merges sources into one stream of postings, ascending by gram, in slices of bounded size.

    sources : each with the new number of every item, -1 for items that are left out; new numbers ascend
    from source to source and within each.
    """
    for low, high in _ranges([source for source, _ in sources]):
        keys, ids, counts = [], [], []
        for source, numbers in sources:
            part = source.between(low, high)
            renumbered = numbers[part.ids]
            kept = renumbered >= 0
            keys.append(np.repeat(part.keys, part.frequencies)[kept])
            ids.append(renumbered[kept].astype(np.uint32))
            counts.append(part.counts[kept])
        every = np.concatenate(keys)
        if len(every):
            order = np.argsort(every, kind="stable") if len(sources) > 1 else slice(None)
            yield _grouped(every[order], np.concatenate(ids)[order], np.concatenate(counts)[order])


def _grouped(keys: NDArray[np.int64], ids: NDArray[Any], counts: NDArray[np.uint8]) -> Postings:
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return Postings(keys[first], np.append(first, len(keys)).astype(np.int64), ids, counts)


def _ranges(sources: Sequence[Source]) -> Iterator[tuple[int, int]]:
    """This splits all grams into ranges that hold about `POSTINGS_AT_ONCE` postings each."""
    marks = np.concatenate([np.empty(0, np.int64), *(source.marks for source in sources)])
    sizes = np.concatenate([np.empty(0, np.int64), *(source.sizes for source in sources)])
    order = np.argsort(marks, kind="stable")
    slices = np.cumsum(sizes[order]) // POSTINGS_AT_ONCE
    firsts = np.unique(marks[order][np.flatnonzero(np.diff(slices, prepend=-1))])
    if len(firsts):
        bounds = [0, *firsts[1:].tolist(), 1 << 62]
        yield from pairwise(bounds)


class Counting:
    """Counts document frequencies and vector lengths while merged postings pass by.

    items : how many items there are. The result is bit for bit that of `count_frequencies`.
    """

    def __init__(self, items: int) -> None:
        self.items = items
        self.squares = np.zeros(items, np.float64)
        self._keys: list[NDArray[np.int64]] = []
        self._counts: list[NDArray[np.int32]] = []

    def add(self, postings: Postings) -> None:
        """Take in the next slice; each gram comes once and whole."""
        heard = gram_weights(postings.keys) > 0
        keys, counts = postings.keys[heard], postings.frequencies[heard].astype(np.int32)
        self._keys.append(keys)
        self._counts.append(counts)
        here = Statistics(keys, counts, self.items)
        np.add.at(self.squares, postings.ids, squared_weights(postings, here).astype(np.float64))

    @property
    def lengths(self) -> NDArray[np.float64]:
        return np.sqrt(self.squares)

    def statistics(self, typical_length: float) -> Statistics:
        """Return the frequencies of everything that has passed by."""
        keys = np.concatenate([np.empty(0, np.int64), *self._keys])
        counts = np.concatenate([np.empty(0, np.int32), *self._counts])
        return Statistics(keys, counts, self.items, typical_length)
