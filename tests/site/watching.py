"""Watching what a request writes, and taking it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

_WRITE = re.compile(r'\s*(INSERT\s+(?:OR \w+ )?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.IGNORECASE)

QUIET = frozenset({"django_session"})
"""Tables that any request may write: the session itself."""


@dataclass
class Watch:
    """The tables in which a request changed at least one row."""

    written: set[str] = field(default_factory=set)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        match = _WRITE.match(sql)
        # SQLite counts the rows of INSERT … RETURNING only when they are fetched: an insert always counts
        changed = match and (match[1][:6].upper() == "INSERT" or context["cursor"].cursor.rowcount != 0)
        if changed and match[2] not in QUIET:
            self.written.add(match[2])
        return result

    def watching(self) -> Any:
        """Watch while the block runs."""
        return connection.execute_wrapper(self)


@contextmanager
def undone() -> Iterator[Watch]:
    """Run a block and take back whatever it wrote."""
    with transaction.atomic():
        yield Watch()
        transaction.set_rollback(True)
