"""A few rows that nearly every page needs, kept per process and read afresh when they may have changed.

An edit in this process shows at once; an edit elsewhere shows with the next web request, or within seconds
outside of one (worker, command line). Looking costs one small query per request that asks at all.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.signals import request_finished, request_started

T = TypeVar("T")
Rows = tuple[Any, ...]
_request = threading.local()


@dataclass(frozen=True, slots=True)
class _Snapshot(Generic[T]):
    rows: Rows
    made: T
    checked: float  # time.monotonic()


class Kept(Generic[T]):
    """Rows, and what is made of them; made anew only if the rows differ.

    read : one query. make : from the rows to what is asked for. recheck : seconds between looks outside a request.
    """

    def __init__(
        self, read: Callable[[], Rows], make: Callable[[Rows], T], recheck: Callable[[], float]
    ) -> None:
        self._read, self._make, self._recheck = read, make, recheck
        self._snapshot: _Snapshot[T] | None = None

    def get(self) -> T:
        """Return what the rows of now make."""
        known = self._snapshot
        if known is None or self._is_stale(known):
            rows = self._read()
            unchanged = known is not None and known.rows == rows
            made = known.made if unchanged and known is not None else self._make(rows)
            known = _Snapshot(rows, made, time.monotonic())
            _looked_at().add(id(self))
            self._snapshot = known
        return known.made

    def forget(self) -> None:
        """Read afresh on next use."""
        self._snapshot = None

    def _is_stale(self, known: _Snapshot[T]) -> bool:
        if getattr(_request, "open", False):
            return id(self) not in _looked_at()
        return time.monotonic() - known.checked > self._recheck()


def _looked_at() -> set[int]:
    """What this request has looked at already: within one request nothing changes under its feet."""
    if not hasattr(_request, "seen"):
        _request.seen = set()
    seen: set[int] = _request.seen
    return seen


def begin(**_: Any) -> None:
    """A web request begins in this thread."""
    _request.open, _request.seen = True, set()


def end(**_: Any) -> None:
    """The web request of this thread is over."""
    _request.open = False


request_started.connect(begin, dispatch_uid="clock.request_started")
request_finished.connect(end, dispatch_uid="clock.request_finished")
