"""Making segments: out of texts, and out of older segments and deltas. Memory is bounded however many there are.

A segment is written page by page in short steps and has no effect until one small transaction names it in its
collection. A process killed before leaves everything as it was, and rows that ``sweep`` removes later. Segments
that are no longer named stay for a while, for readers that have just read their names.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from zhiqiao.kit.search import pages
from zhiqiao.kit.search.library import Library, named
from zhiqiao.kit.search.models import Collection, Delta, Segment
from zhiqiao.kit.search.snapshot import Snapshot, snapshot, statistics_of
from zhiqiao_match import Item
from zhiqiao_match.blocks import Counting, Held, Source, cut_pages, merge
from zhiqiao_match.index import STALE_SHARE, ordinary_length
from zhiqiao_match.segment import Postings, Statistics, build_postings, scales_of, vector_lengths

GRACE = timedelta(minutes=15)
ITEMS_AT_ONCE = 1 << 13
ATTEMPTS = 3

_ARRAYS = ("keys", "starts", "ids", "counts")


class Overtaken(Exception):
    """Somebody else has merged the same collection meanwhile; nothing has changed."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Items that go into a new segment, with their postings. scales is None while nobody has weighed them."""

    owners: NDArray[np.int64]
    weights: NDArray[np.float32]
    source: Source
    alive: NDArray[np.bool_]
    scales: NDArray[np.float32] | None = None


class Spool:
    """Turns a stream of items into parts whose postings lie in temporary files."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._waiting: list[Item] = []
        self._folder = tempfile.TemporaryDirectory(prefix="zhiqiao-index-")

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.parts.clear()  # ends the mappings before their files go
        self._folder.cleanup()

    def add(self, items: Iterable[Item]) -> None:
        """Take items in; one person's items must come one after the other."""
        for item in items:
            if len(self._waiting) >= ITEMS_AT_ONCE:
                self.flush()
            self._waiting.append(item)

    def flush(self) -> None:
        """Write what is waiting to files."""
        if self._waiting:
            items, self._waiting = self._waiting, []
            owners = np.array([item.owner for item in items], np.int64)
            weights = np.array([item.weight for item in items], np.float32)
            postings = self._filed(build_postings([item.text for item in items]))
            self.parts.append(Part(owners, weights, Held(postings), np.ones(len(items), np.bool_)))

    def _filed(self, postings: Postings) -> Postings:
        mapped = []
        for name in _ARRAYS:
            path = Path(self._folder.name) / f"{len(self.parts)}-{name}.npy"
            np.save(path, getattr(postings, name))
            mapped.append(np.load(path, mmap_mode="r"))
        return Postings(*mapped)


def compose(
    collection: Collection,
    parts: Sequence[Part],
    statistics: Statistics | None,
    *,
    gone: NDArray[np.int64] = np.empty(0, np.int64),  # noqa: B008 – never changed
) -> Segment:
    """Write a new segment. Without ``statistics`` it becomes a base: frequencies are counted over it."""
    owners = np.concatenate([np.empty(0, np.int64), *(part.owners[part.alive] for part in parts)])
    weights = np.concatenate([np.empty(0, np.float32), *(part.weights[part.alive] for part in parts)])
    segment = Segment.objects.create(
        collection=collection, gone=_bytes(gone, "<i8"), touched_at=timezone.now()
    )
    counting = None if statistics else Counting(len(owners))
    directory = _write_pages(segment, _counted(merge(_numbered(parts)), counting))
    if counting is not None:
        lengths = counting.lengths
        scales = scales_of(lengths)
        statistics = counting.statistics(ordinary_length(lengths))
        segment.grams, segment.frequencies = _bytes(statistics.keys, "<i8"), _bytes(statistics.counts, "<i4")
        segment.typical_length = statistics.typical_length
    elif statistics is not None:
        scales = np.concatenate([np.empty(0, np.float32), *(_scales(part, statistics) for part in parts)])
    segment.owners, segment.weights = _bytes(owners, "<i8"), _bytes(weights, "<f4")
    segment.scales = _bytes(scales, "<f4")
    segment.firsts = _bytes(np.array([first for first, _ in directory], np.int64), "<i8")
    segment.sizes = _bytes(np.array([size for _, size in directory], np.int64), "<u4")
    segment.touched_at = timezone.now()
    segment.save()
    return segment


def _bytes(array: NDArray[np.generic], kind: str) -> bytes:
    return array.astype(kind).tobytes()


def _scales(part: Part, statistics: Statistics) -> NDArray[np.float32]:
    if part.scales is not None:
        return part.scales[part.alive]
    assert isinstance(part.source, Held)  # noqa: S101 – only texts come unweighed
    return scales_of(vector_lengths(part.source.postings, len(part.owners), statistics))[part.alive]


def _numbered(parts: Sequence[Part]) -> list[tuple[Source, NDArray[np.int64]]]:
    """Number what is alive through all parts."""
    numbered, before = [], 0
    for part in parts:
        numbered.append((part.source, np.where(part.alive, np.cumsum(part.alive) - 1 + before, -1)))
        before += int(np.count_nonzero(part.alive))
    return numbered


def _counted(stream: Iterable[Postings], counting: Counting | None) -> Iterator[Postings]:
    for postings in stream:
        if counting is not None:
            counting.add(postings)
        yield postings


def _write_pages(segment: Segment, stream: Iterable[Postings]) -> list[tuple[int, int]]:
    """Write pages in steps, each its own transaction. Returns the first gram and the size of each page."""
    directory: list[tuple[int, int]] = []
    blocks: list[bytes] = []

    def put() -> None:
        with transaction.atomic():
            pages.write(segment.pk, len(directory) - len(blocks), blocks)
            Segment.objects.filter(pk=segment.pk).update(touched_at=timezone.now())
        blocks.clear()

    for postings in stream:
        for first, block in cut_pages(postings):
            directory.append((first, len(block)))
            blocks.append(block)
            if len(blocks) >= pages.PAGES_AT_ONCE:
                put()
    put()
    return directory


def locked(collection: Collection) -> Collection:
    """Hold a collection until the transaction ends. Always before its deltas, or two may wait for each other."""
    return Collection.objects.select_for_update(no_key=True).get(pk=collection.pk)


@transaction.atomic
def put_in_place(
    collection: Collection, expected: Sequence[int], segments: Sequence[Segment | int], tokens: Iterable[int]
) -> None:
    """Let a collection consist of these segments from now on, without the deltas that are in them.

    :raises Overtaken: it no longer consists of ``expected``.
    """
    row = locked(collection)
    if row.segments != list(expected):
        raise Overtaken(collection.name)
    row.segments = [one if isinstance(one, int) else one.pk for one in segments]
    row.merged_at = timezone.now()
    row.save()
    Delta.objects.filter(collection=row, token__among=tokens).delete()
    retired = set(expected) - set(row.segments)
    Segment.objects.filter(pk__in=retired).update(touched_at=timezone.now())


def merge_deltas(name: str, *, whole: bool = False) -> int:
    """Merge a library's deltas into its segments, and small segments into one. Returns how many items moved.

    When a quarter of what the frequencies were counted over has changed, or if ``whole``, everything is merged
    and counted anew.
    """
    for _ in range(ATTEMPTS):
        try:
            return _merge_once(name, whole)
        except Overtaken:
            continue
    raise Overtaken(name)


def _merge_once(name: str, whole: bool) -> int:
    now = snapshot(name)
    first = 0 if whole or _is_stale(now) else _first_small(now)
    if not now.tokens and not (whole and now.shelves):
        return 0
    collection = Collection.objects.get(name=name)
    shelves = now.shelves[first:]
    parts = [
        Part(one.docs.owners, one.docs.weights, one.source, one.docs.alive, one.docs.scales)
        for one in shelves
    ]
    for fresh in now.recent:
        docs = fresh.docs
        parts.append(Part(docs.owners, docs.weights, Held(fresh.postings), docs.alive, docs.scales))
    spoken_for = np.concatenate([np.array(list(now.tokens), np.int64), *(one.gone for one in shelves)])
    held = np.concatenate([np.empty(0, np.int64), *(part.owners[part.alive] for part in parts)])
    gone = np.setdiff1d(spoken_for, held) if first else np.empty(0, np.int64)
    segment = compose(collection, parts, now.statistics if first else None, gone=gone)
    kept = now.state.segments[:first]
    put_in_place(collection, now.state.segments, [*kept, segment], now.tokens.values())
    return len(held)


def _is_stale(now: Snapshot) -> bool:
    """Has so much changed that the frequencies should be counted anew?"""
    if not now.shelves:
        return True
    base, *later = now.tables
    changed = len(base) - base.living + sum(docs.living for docs in later)
    return changed > STALE_SHARE * now.statistics.items


def _first_small(now: Snapshot) -> int:
    """Return the first of the last segments that are not twice as large as all that comes after them.

    Source: O'Neil et al. (1996), "The Log-Structured Merge-Tree".
    """
    first = len(now.shelves)
    after = sum(part.docs.living for part in now.recent)
    while first > 1 and now.shelves[first - 1].docs.living <= 2 * after:
        first -= 1
        after += now.shelves[first].docs.living
    return first


def build(library: Library | str, items: Iterable[Item]) -> int:
    """Make a library's index anew out of a stream of items, one person's items after the other.

    Whatever changed since the call began stays as deltas on top. Returns the number of items.
    :raises Overtaken: a merge came in between.
    """
    name = library if isinstance(library, str) else library.name
    collection, _ = Collection.objects.get_or_create(name=name)
    tokens = list(Delta.objects.filter(collection=collection).values_list("token", flat=True))
    with Spool() as spool:
        spool.add(items)
        spool.flush()
        segment = compose(collection, spool.parts, None)
        count = sum(len(part.owners) for part in spool.parts)
    put_in_place(collection, collection.segments, [segment], tokens)
    return count


def rebuild(library: Library | str) -> int:
    """Make a library's index anew from its rows. Returns the number of items."""
    library = named(library)
    return build(library, library.everything())


def add_segment(collection: Collection, parts: Sequence[Part], speaks_for: Sequence[int]) -> None:
    """Add parts as a segment of its own, in the caller's transaction; the first one becomes the base."""
    row = locked(collection)
    base = Segment.objects.filter(pk=row.segments[0]).first() if row.segments else None
    held = np.concatenate([np.empty(0, np.int64), *(part.owners for part in parts)])
    gone = np.setdiff1d(np.array(speaks_for, np.int64), held)
    segment = compose(row, parts, statistics_of(base) if base else None, gone=gone)
    put_in_place(row, row.segments, [*row.segments, segment], ())


def sweep(at: datetime) -> None:
    """Remove what killed merges have left behind, and segments no reader can still be using."""
    used = {key for segments in Collection.objects.values_list("segments", flat=True) for key in segments}
    for key in Segment.objects.filter(touched_at__lt=at - GRACE).values_list("pk", flat=True):
        if key not in used:
            while pages.remove(key):
                pass
            Segment.objects.filter(pk=key).delete()
