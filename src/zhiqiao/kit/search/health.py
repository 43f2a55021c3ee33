"""How an index is doing: its size, what waits for a merge, and whether a sample of it is what the rows say."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from zhiqiao.kit.search.library import Library, known
from zhiqiao.kit.search.models import Collection
from zhiqiao.kit.search.snapshot import Snapshot, snapshot
from zhiqiao_match import Item
from zhiqiao_match.segment import Docs, build_postings, scales_of, vector_lengths

SAMPLE = 40
GRAMS_LOOKED_UP = 12


@dataclass(frozen=True, slots=True)
class Status:
    """One library's index in figures.

    rows : rows of the library. owners : of them in the index. waiting : changed since the last merge.
    """

    name: str
    rows: int
    owners: int
    items: int
    segments: int
    waiting: int
    megabytes: float
    merged_at: datetime | None


def status(library: Library) -> Status:
    """Count a library's index."""
    now = snapshot(library.name)
    row = Collection.objects.filter(name=library.name).first()
    return Status(
        name=library.name,
        rows=library.model._default_manager.count(),
        owners=len(now.owners),
        items=sum(docs.living for docs in now.tables),
        segments=len(now.shelves),
        waiting=len(now.tokens),
        megabytes=sum(int(shelf.sizes.sum()) for shelf in now.shelves) / 1e6,
        merged_at=row.merged_at if row else None,
    )


def differing(library: Library, *, seed: int) -> list[int]:
    """Compare a sample of rows with the index and return the keys of those that differ, ascending.

    An item's scale is one figure made of all its grams, so any change to its text shows in it. Of each item
    some grams are looked up as well, to see that its postings are where they should be.
    """
    now, chance = snapshot(library.name), random.Random(seed)  # noqa: S311 – a sample, no secret
    written = list(library.model._default_manager.order_by("?").values_list("pk", flat=True)[:SAMPLE])
    indexed = now.owners
    drawn = chance.sample(indexed.tolist(), min(SAMPLE, len(indexed)))
    keys = sorted({*written, *drawn})
    items: dict[int, list[Item]] = defaultdict(list)
    for item in library.items(keys):
        items[item.owner].append(item)
    return [key for key in keys if not _is_right(now, key, items.get(key, ()), chance)]


def _is_right(now: Snapshot, owner: int, items: Sequence[Item], chance: random.Random) -> bool:
    postings = build_postings([item.text for item in items])
    scales = scales_of(vector_lengths(postings, len(items), now.statistics))
    weights = np.array([item.weight for item in items], np.float32)
    if sorted(zip(weights.tolist(), scales.tolist(), strict=True)) != _held(now.tables, owner):
        return False
    looked_up = np.sort(chance.sample(postings.keys.tolist(), min(GRAMS_LOOKED_UP, len(postings.keys))))
    expected = [int(postings.frequencies[place]) for place in np.searchsorted(postings.keys, looked_up)]
    return expected == _times(now, np.asarray(looked_up, np.int64), owner)


def _held(tables: Iterable[Docs], owner: int) -> list[tuple[float, float]]:
    held: list[tuple[float, float]] = []
    for docs in tables:
        places = docs.places_of(np.array([owner], np.int64))
        held.extend(zip(docs.weights[places].tolist(), docs.scales[places].tolist(), strict=True))
    return sorted(held)


def _times(now: Snapshot, keys: NDArray[np.int64], owner: int) -> list[int]:
    """Return in how many items of an owner each gram is found."""
    times = [0] * len(keys)
    for docs, found in zip(now.tables, now.found(keys), strict=True):
        places = docs.places_of(np.array([owner], np.int64))
        for hit in found:
            times[hit.place] += int(np.isin(places, hit.ids).sum())
    return times


def all_libraries() -> list[Library]:
    """Return every library that can be searched, by name."""
    return [known[name] for name in sorted(known)]
