"""The calendar in force: library and database rows together, kept per process.

An edit in this process shows at once; an edit elsewhere shows with the next web request, or within
``RECHECK`` seconds outside of one (worker, command line). Looking costs one small query per request.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.signals import request_finished, request_started
from django.db.models import BooleanField, Value

from zhiqiao.kit.clock import words
from zhiqiao.kit.clock.calendar import Calendar, Day
from zhiqiao.kit.clock.durations import Due, Duration
from zhiqiao.kit.clock.published import FIXED_HOLIDAYS, library_days, published_years, standard_calendar
from zhiqiao.kit.clock.week import STANDARD_WEEK, Week, from_json

RECHECK = 5.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    rows: tuple[Any, ...]
    calendar: Calendar
    checked: float  # time.monotonic()


_snapshot: _Snapshot | None = None
_request = threading.local()


def calendar() -> Calendar:
    """Return the calendar in force. Before Django is set up: the standard one."""
    global _snapshot
    if not apps.ready:
        return standard_calendar()
    known = _snapshot
    if known is None or _is_stale(known):
        rows = _rows()
        unchanged = known is not None and known.rows == rows
        known = _Snapshot(rows, known.calendar if unchanged and known else _build(rows), time.monotonic())
        _request.checked = True
        _snapshot = known
    return known.calendar


def forget() -> None:
    """Read the calendar afresh on next use."""
    global _snapshot
    _snapshot = None


def due(at: datetime, duration: Duration) -> Due:
    """Return when a duration that starts at an aware instant is over, by the calendar in force."""
    return calendar().due(at, duration)


def working_minutes(a: datetime, b: datetime) -> int:
    """Count the whole working minutes between two aware instants; negative if ``b`` is earlier."""
    return calendar().working_minutes(a, b)


def is_working_day(on: date) -> bool:
    return calendar().is_working_day(on)


def remaining_words(due_at: datetime, now: datetime) -> str:
    """Say what is left until a due time: 还剩 6 个工作小时， 今天 17:30 前， 已逾期 1 个工作日."""
    return words.remaining_words(due_at, now, calendar())


def assumption(a: datetime, b: datetime) -> str:
    """Say that the time from ``a`` to ``b`` runs through a year not yet published; empty if it does not."""
    return words.assumption(calendar().assumed_years(a, b))


def _is_stale(known: _Snapshot) -> bool:
    if getattr(_request, "open", False):
        return not _request.checked
    return time.monotonic() - known.checked > RECHECK


def _rows() -> tuple[Any, ...]:
    """Read both tables in one query: (starts or date, working or None, name, intervals or week)."""
    from zhiqiao.kit.clock.models import CalendarDay, WorkingHours

    nothing = Value(None, output_field=BooleanField(null=True))
    hours = WorkingHours.objects.order_by().values_list("starts_on", nothing, "name", "week")
    days = CalendarDay.objects.order_by().values_list("date", "working", "name", "intervals")
    return tuple(sorted(days.union(hours, all=True), key=lambda row: (row[0], row[1] is None)))


def _build(rows: tuple[Any, ...]) -> Calendar:
    exceptions: dict[date, Day] = dict(library_days())
    weeks: dict[date, Week] = {}
    for on, working, name, hours in rows:
        try:
            if working is None:
                weeks[on] = Week.from_json(hours)
            else:
                exceptions[on] = _day(working, name, hours)
        except ValueError:
            # A damaged row must not stop every deadline of the office; the day falls back to the library.
            log.exception("工作日历中 %s 的时段无法读取，已按默认处理", on)
    return Calendar(
        STANDARD_WEEK,
        later_weeks=weeks,
        exceptions=exceptions,
        published=published_years(exceptions),
        assumed=FIXED_HOLIDAYS,
    )


def _day(working: bool, name: str, hours: Any) -> Day:
    return Day(working, name, None if hours is None else from_json(hours))


def _begin(**_: Any) -> None:
    _request.open, _request.checked = True, False


def _end(**_: Any) -> None:
    _request.open = False


request_started.connect(_begin, dispatch_uid="clock.request_started")
request_finished.connect(_end, dispatch_uid="clock.request_finished")
