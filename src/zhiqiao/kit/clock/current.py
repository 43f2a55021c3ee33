"""The calendars in force: library and database rows together, kept per process (see ``kept``).

Every unit may have hours and days of its own. A place is a path of which each beginning is a place above it;
the empty place is the installation. For each date the nearest place that says something about it counts.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import BooleanField, Value

from zhiqiao.kit.clock import words
from zhiqiao.kit.clock.calendar import Calendar, Day
from zhiqiao.kit.clock.durations import Due, Duration
from zhiqiao.kit.clock.kept import Kept, Rows
from zhiqiao.kit.clock.kept import end as _end
from zhiqiao.kit.clock.published import FIXED_HOLIDAYS, library_days, published_years, standard_calendar
from zhiqiao.kit.clock.week import STANDARD_WEEK, Week, from_json

__all__ = ["RECHECK", "_end", "assumption", "calendar", "due", "forget", "is_working_day"]

RECHECK = 5.0  # seconds

log = logging.getLogger(__name__)


class _Offices:
    """The calendars of all places; one is laid out when first asked for, and shared by those that agree."""

    def __init__(self, rows: Rows) -> None:
        self._by_place: dict[str, list[Any]] = {}
        for place, *row in rows:
            self._by_place.setdefault(place, []).append(row)
        self._calendars: dict[tuple[str, ...], Calendar] = {}

    def of(self, place: str) -> Calendar:
        """Return the calendar of a place."""
        line = tuple(sorted((above for above in self._by_place if place.startswith(above)), key=len))
        if line not in self._calendars:
            self._calendars[line] = _build([self._by_place[above] for above in line])
        return self._calendars[line]


def calendar(place: str = "") -> Calendar:
    """Return the calendar in force at a place. Before Django is set up: the standard one."""
    return _kept.get().of(place) if apps.ready else standard_calendar()


def forget() -> None:
    """Read the calendars afresh on next use."""
    _kept.forget()


def due(at: datetime, duration: Duration, place: str = "") -> Due:
    """Return when a duration that starts at an aware instant is over, by the calendar in force."""
    return calendar(place).due(at, duration)


def working_minutes(a: datetime, b: datetime, place: str = "") -> int:
    """Count the whole working minutes between two aware instants; negative if ``b`` is earlier."""
    return calendar(place).working_minutes(a, b)


def is_working_day(on: date, place: str = "") -> bool:
    return calendar(place).is_working_day(on)


def remaining_words(due_at: datetime, now: datetime, place: str = "") -> str:
    """Say what is left until a due time: 还剩 6 个工作小时， 今天 17:30 前， 已逾期 1 个工作日."""
    return words.remaining_words(due_at, now, calendar(place))


def assumption(a: datetime, b: datetime) -> str:
    """Say that the time from ``a`` to ``b`` runs through a year not yet published; empty if it does not."""
    return words.assumption(calendar().assumed_years(a, b))


def _rows() -> Rows:
    """Read both tables in one query: (place, starts or date, working or None, name, intervals or week)."""
    from zhiqiao.kit.clock.models import CalendarDay, WorkingHours

    nothing = Value(None, output_field=BooleanField(null=True))
    hours = WorkingHours.objects.order_by().values_list("place", "starts_on", nothing, "name", "week")
    days = CalendarDay.objects.order_by().values_list("place", "date", "working", "name", "intervals")
    return tuple(sorted(days.union(hours, all=True), key=lambda row: (row[0], row[1], row[2] is None)))


_kept: Kept[_Offices] = Kept(_rows, _Offices, lambda: RECHECK)


def _build(line: Sequence[Iterable[Any]]) -> Calendar:
    """Lay the rows of a place over those above it, the topmost first."""
    exceptions: dict[date, Day] = dict(library_days())
    weeks: list[dict[date, Week | None]] = []
    for rows in line:
        own: dict[date, Week | None] = {}
        for on, working, name, hours in rows:
            try:
                if working is None:
                    own[on] = None if hours is None else Week.from_json(hours)
                else:
                    exceptions[on] = _day(working, name, hours)
            except ValueError:
                # A damaged row must not stop every deadline of the office; the day falls back to the library.
                log.exception("工作日历中 %s 的时段无法读取，已按默认处理", on)
        weeks.append(own)
    return Calendar(
        STANDARD_WEEK,
        later_weeks=_weeks(weeks),
        exceptions=exceptions,
        published=published_years(exceptions),
        assumed=FIXED_HOLIDAYS,
    )


def _weeks(line: Sequence[dict[date, Week | None]]) -> dict[date, Week]:
    """Return the week from each change on: the nearest place that has hours of its own by then decides.

    None means that a place follows the one above it from that date on.
    """
    changes = sorted({on for own in line for on in own})
    return {on: _week_on(line, on) for on in changes}


def _week_on(line: Sequence[dict[date, Week | None]], on: date) -> Week:
    for own in reversed(line):
        begun = [starts for starts in own if starts <= on]
        week = own[max(begun)] if begun else None
        if week is not None:
            return week
    return STANDARD_WEEK


def _day(working: bool, name: str, hours: Any) -> Day:
    return Day(working, name, None if hours is None else from_json(hours))
