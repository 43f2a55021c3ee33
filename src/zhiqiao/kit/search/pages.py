"""Pages of postings in the database: written in bulk, read by key, kept in memory while they are in use."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from zhiqiao.kit.search.models import PAGE_BITS, Page
from zhiqiao_match.blocks import join_pages, part_of
from zhiqiao_match.segment import Postings

TABLE = Page._meta.db_table
KEPT_BYTES = 128 << 20
PAGES_AT_ONCE = 4096


class _Kept:
    """The pages read last, up to a number of bytes. A page never changes, so none is ever out of date."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self.pages: OrderedDict[int, bytes] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, ids: Iterable[int]) -> dict[int, bytes]:
        found = {}
        with self.lock:
            for key in ids:
                if (page := self.pages.get(key)) is not None:
                    self.pages.move_to_end(key)
                    found[key] = page
        return found

    def put(self, pages: Iterable[tuple[int, bytes]]) -> None:
        with self.lock:
            for key, page in pages:
                if key not in self.pages:
                    self.pages[key] = page
                    self.held += len(page)
            while self.held > self.most:
                self.held -= len(self.pages.popitem(last=False)[1])


_kept = _Kept(KEPT_BYTES)


def forget() -> None:
    """Empty the memory; pages are read from the database again."""
    global _kept
    _kept = _Kept(KEPT_BYTES)


def read(ids: Iterable[int]) -> dict[int, bytes]:
    """Return pages by their keys, in one statement for all that are not in memory."""
    wanted = set(ids)
    found = _kept.get(wanted)
    if missing := list(wanted - found.keys()):
        rows = _read_postgresql(missing) if connection.vendor == "postgresql" else _read_sqlite(missing)
        _kept.put(rows)
        found.update(rows)
    return found


def _read_sqlite(ids: list[int]) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, block FROM {TABLE} WHERE id IN (SELECT value FROM json_each(%s))",  # noqa: S608 – our own table
            (json.dumps(ids),),
        )
        return [(key, bytes(block)) for key, block in cursor.fetchall()]


def _read_postgresql(ids: list[int]) -> list[tuple[int, bytes]]:
    """Read past Django's cursor, which has bytes transferred as twice as many digits."""
    from psycopg import Cursor

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(f"SELECT id, block FROM {TABLE} WHERE id = ANY(%s::bigint[])", (ids,), binary=True)  # noqa: S608 – our own table
        return cursor.fetchall()


def keep_uncompressed(**_: Any) -> None:
    """Tell PostgreSQL, after a migration, not to try and compress pages: there is little to gain in numbers."""
    if connection.vendor == "postgresql" and TABLE in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN block SET STORAGE EXTERNAL")


def write(segment: int, first: int, blocks: Sequence[bytes]) -> None:
    """Write consecutive pages of a segment, numbered from ``first``."""
    start = (segment << PAGE_BITS) + first
    rows = [(start + number, block) for number, block in enumerate(blocks)]
    if connection.vendor == "postgresql":
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {TABLE} (id, block) FROM STDIN BINARY") as copy,
        ):
            copy.set_types(("int8", "bytea"))
            for row in rows:
                copy.write_row(row)
    else:
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {TABLE} (id, block) VALUES (%s, %s)", rows)  # noqa: S608 – our own table


def remove(segment: int) -> bool:
    """Remove some pages of a segment. Returns whether any may be left; a short step holds nobody up."""
    low = segment << PAGE_BITS
    mine = Page.objects.filter(pk__gte=low, pk__lt=low + (1 << PAGE_BITS)).order_by("pk")
    last = list(mine.values_list("pk", flat=True)[:PAGES_AT_ONCE])
    if last:
        Page.objects.filter(pk__gte=last[0], pk__lte=last[-1]).delete()
    return len(last) == PAGES_AT_ONCE


class Stored:
    """A segment's pages as a source for a merge (``zhiqiao_match.blocks.Source``)."""

    def __init__(self, segment: int, firsts: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        self.segment, self.marks = segment, firsts
        self.sizes = sizes // 5  # bytes of a posting; only the order of magnitude matters

    def between(self, low: int, high: int) -> Postings:
        """Read a range of grams."""
        first = max(int(np.searchsorted(self.marks, low, "right")) - 1, 0)
        last = int(np.searchsorted(self.marks, high, "left"))
        start = self.segment << PAGE_BITS
        rows = Page.objects.filter(pk__gte=start + first, pk__lt=start + last).order_by("pk")
        return part_of(join_pages(bytes(block) for block in rows.values_list("block", flat=True)), low, high)
