"""The working-time calendar: pure arithmetic on a week, exceptions by date and the years published.

All questions go through one running total: working time since a fixed day. What lies between two instants
is the difference of two totals, so it adds up exactly; a due time is found by searching the total. Each
year is laid out once, on first use, so spans of decades cost as much as spans of hours.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from zhiqiao.kit.clock.durations import Due, Duration, Unit
from zhiqiao.kit.clock.instants import local, midnight
from zhiqiao.kit.clock.week import STANDARD_WEEK, WHOLE_DAY, Intervals, Week

_MINUTE = 60_000_000  # microseconds
_HOUR = 60 * _MINUTE
_BASE_YEAR = 2000
_LAST_YEAR = 9998


@dataclass(frozen=True, slots=True)
class Day:
    """What is special about one date: a day off, a make-up working day, or a day with its own hours.

    ``intervals`` None on a working day means the usual hours.
    """

    working: bool
    name: str = ""
    intervals: Intervals | None = None

    def __post_init__(self) -> None:
        if self.intervals is not None and bool(self.intervals) != self.working:
            raise ValueError("休息日不能有工作时段，工作日至少要有一个工作时段")


class _Year(NamedTuple):
    """One year laid out. ``minutes[i]`` and ``days[i]`` count what lies before the i-th day."""

    hours: list[Intervals]
    minutes: "array[int]"
    days: "array[int]"


class Calendar:
    """Working time of one office. Immutable; safe to share between threads.

    week : the usual hours; ``later_weeks`` maps the first day of a change to the week from then on.
    exceptions : what is special, by date.
    published : years whose holidays are known; None = holidays do not matter here.
    assumed : (month, day) → name of the days off that are certain in a year not yet published.
    """

    def __init__(
        self,
        week: Week = STANDARD_WEEK,
        *,
        later_weeks: Mapping[date, Week] | None = None,
        exceptions: Mapping[date, Day] | None = None,
        published: Collection[int] | None = (),
        assumed: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        self._weeks = sorted({date.min: week, **(later_weeks or {})}.items())
        self._changes = [starts for starts, _ in self._weeks]
        self._exceptions = dict(exceptions or {})
        self._published = None if published is None else frozenset(published)
        self._assumed = dict(assumed or {})
        self._special_years = {each.year for each in (*self._exceptions, *self._changes[1:])}
        self._years: dict[object, _Year] = {}
        self._totals: dict[int, tuple[int, int]] = {_BASE_YEAR: (0, 0)}

    # --- days -----------------------------------------------------------------------------------

    def status(self, year: int) -> Literal["published", "assumed"]:
        """Say whether the holidays of a year are known or reckoned from weekends and fixed holidays."""
        known = self._published is None or year in self._published
        return "published" if known else "assumed"

    def is_working_day(self, on: date) -> bool:
        return bool(self.intervals(on))

    def intervals(self, on: date) -> Intervals:
        """Return the working hours of a date, in order; empty on a day off."""
        special = self._special(on)
        week = self._weeks[bisect_right(self._changes, on) - 1][1]
        if special is None:
            return week.days[on.weekday()]
        if not special.working:
            return ()
        return special.intervals or week.days[on.weekday()] or week.usual

    def name(self, on: date) -> str:
        """Return what is special about a date ("国庆节"), or an empty string."""
        special = self._special(on)
        return special.name if special else ""

    @property
    def is_round_the_clock(self) -> bool:
        return not self._exceptions and all(set(week.days) == {(WHOLE_DAY,)} for _, week in self._weeks)

    @property
    def day_minutes(self) -> int:
        """Working minutes of a usual day in the latest week, for words such as "half a day left"."""
        return sum(each.minutes for each in self._weeks[-1][1].usual)

    # --- time between ---------------------------------------------------------------------------

    def working_time(self, a: datetime, b: datetime) -> timedelta:
        """Return the working time between two aware instants, exact; negative if ``b`` is earlier."""
        return timedelta(microseconds=self._elapsed(b) - self._elapsed(a))

    def working_minutes(self, a: datetime, b: datetime) -> int:
        """Count the working minutes completed between two aware instants; negative if ``b`` is earlier.

        Whole minutes of the wall clock: w(a, b) + w(b, c) == w(a, c) and w(a, b) == -w(b, a), exactly.
        """
        return self._elapsed(b) // _MINUTE - self._elapsed(a) // _MINUTE

    def working_days(self, a: date, b: date) -> int:
        """Count the working days after ``a`` up to and including ``b``; negative if ``b`` is earlier."""
        return self._day_number(b) - self._day_number(a)

    # --- due ------------------------------------------------------------------------------------

    def due(self, at: datetime, duration: Duration) -> Due:
        """Return when a duration that starts at an aware instant is over. See the units in durations.py.

        :raises OverflowError: this calendar has no working time to reach it.
        """
        if duration.round_the_clock:
            return ROUND_THE_CLOCK.due(at, Duration(duration.unit, duration.amount))
        start = local(at)
        if duration.unit is Unit.HOURS:
            end = self._at_total(start.year, self._elapsed(at) + round(duration.amount * _HOUR))
        elif duration.unit is Unit.DAYS:
            end = self._close_of(self._day_after(start.date(), int(duration.amount)))
        else:
            last = start.date() + timedelta(days=int(duration.amount))
            end = self._close_of(last if self.is_working_day(last) else self._day_after(last, 1))
        return Due(end.astimezone(UTC), self.assumed_years(at, end))

    def before(self, at: datetime, duration: Duration) -> datetime:
        """Return the instant from which no more than a duration is left until ``at``: when to warn.

        Hours: exactly so much working time earlier. Days: when business opens, so many working days earlier.
        """
        if duration.round_the_clock:
            return ROUND_THE_CLOCK.before(at, Duration(duration.unit, duration.amount))
        if duration.unit is Unit.HOURS:
            total = self._elapsed(at) - round(duration.amount * _HOUR)
            year = local(at).year
            while self._before(year)[0] * _MINUTE >= total:
                year -= 1
            return self._at_total(year, total).astimezone(UTC)
        on, left = local(at).date(), int(duration.amount)
        while left > 0:
            on -= timedelta(days=1)
            left -= duration.unit is Unit.CALENDAR_DAYS or self.is_working_day(on)
        while not self.is_working_day(on):
            on -= timedelta(days=1)
        return (midnight(on) + timedelta(minutes=self.intervals(on)[0].start)).astimezone(UTC)

    def after_standing(self, due_at: datetime, duration: Duration, a: datetime, b: datetime) -> datetime:
        """Return what a due time becomes if time stands still from ``a`` to ``b``.

        Hours keep the working time that was left, days the number of working days after the day of ``a``.
        What was over at ``a`` stays as it was. A day is never lost: paused and resumed on one day, nothing moves.
        """
        if b <= a or due_at <= a:
            return due_at
        if duration.round_the_clock or self.is_round_the_clock:
            return due_at + (b - a)
        if duration.unit is Unit.HOURS:
            left = self._elapsed(due_at) - self._elapsed(a)
            return self._at_total(local(b).year, self._elapsed(b) + left).astimezone(UTC)
        here, last = local(a).date(), local(due_at).date()
        left = self.working_days(here, last)
        on = local(b).date() if left == 0 else self._day_after(local(b).date(), left)
        if not self.is_working_day(on) or self._close_of(on) <= b:
            on = self._day_after(on, 1)
        return max(self._close_of(on).astimezone(UTC), due_at)

    def assumed_years(self, a: datetime, b: datetime) -> tuple[int, ...]:
        """List the years from ``a`` to ``b`` whose holidays are not published."""
        years = range(local(a).year, local(b).year + 1)
        return tuple(year for year in years if self.status(year) == "assumed")

    # --- inside ---------------------------------------------------------------------------------

    def _special(self, on: date) -> Day | None:
        special = self._exceptions.get(on)
        if special is None and self._assumed and self.status(on.year) == "assumed":
            name = self._assumed.get((on.month, on.day))
            return Day(False, name) if name else None
        return special

    def _year(self, year: int) -> _Year:
        """Lay out one year; ordinary years of the same shape share one layout."""
        first = date(year, 1, 1)
        key: object = year
        if year not in self._special_years:
            week = self._weeks[bisect_right(self._changes, first) - 1][1]
            key = (first.weekday(), _length(year), self.status(year), week)
        if key not in self._years:
            hours = [self.intervals(first + timedelta(days=i)) for i in range(_length(year))]
            minutes, days = array("l", [0]), array("l", [0])
            for each in hours:
                minutes.append(minutes[-1] + sum(interval.minutes for interval in each))
                days.append(days[-1] + bool(each))
            self._years[key] = _Year(hours, minutes, days)
        return self._years[key]

    def _before(self, year: int) -> tuple[int, int]:
        """Return working minutes and working days from the base year to 1 January of ``year``."""
        if year not in self._totals:
            step = 1 if year > _BASE_YEAR else -1
            known = year
            while known not in self._totals:
                known -= step
            minutes, days = self._totals[known]
            for each in range(known, year, step):
                whole = self._year(each if step > 0 else each - 1)
                minutes, days = minutes + step * whole.minutes[-1], days + step * whole.days[-1]
                self._totals[each + step] = minutes, days
        return self._totals[year]

    def _elapsed(self, at: datetime) -> int:
        """Return the running total at an instant: microseconds of working time since the base year."""
        here = local(at)
        year, index = self._year(here.year), here.timetuple().tm_yday - 1
        total = (self._before(here.year)[0] + year.minutes[index]) * _MINUTE
        since_midnight = (here.hour * 60 + here.minute) * _MINUTE + here.second * 1_000_000
        since_midnight += here.microsecond
        for each in year.hours[index]:
            total += min(max(since_midnight - each.start * _MINUTE, 0), each.minutes * _MINUTE)
        return total

    def _at_total(self, year: int, total: int) -> datetime:
        """Return the earliest instant at which the running total reaches ``total``; search from ``year``."""
        while self._before(year + 1)[0] * _MINUTE < total:
            year = _next(year)
        table = self._year(year)
        rest = total - self._before(year)[0] * _MINUTE
        index = bisect_left(table.minutes, -(-rest // _MINUTE)) - 1
        rest -= table.minutes[index] * _MINUTE
        start = midnight(date(year, 1, 1) + timedelta(days=index))
        for each in table.hours[index]:
            if rest <= each.minutes * _MINUTE:
                return start + timedelta(microseconds=each.start * _MINUTE + rest)
            rest -= each.minutes * _MINUTE
        raise AssertionError("a laid-out day holds the minutes it was counted with")

    def _day_number(self, on: date) -> int:
        """Number the working days: how many lie on or before a date."""
        index = on.timetuple().tm_yday
        return self._before(on.year)[1] + self._year(on.year).days[index]

    def _day_after(self, on: date, count: int) -> date:
        """Return the ``count``-th working day after a date."""
        number, year = self._day_number(on) + count, on.year
        while self._before(year + 1)[1] < number:
            year = _next(year)
        index = bisect_left(self._year(year).days, number - self._before(year)[1]) - 1
        return date(year, 1, 1) + timedelta(days=index)

    def _close_of(self, on: date) -> datetime:
        return midnight(on) + timedelta(minutes=self.intervals(on)[-1].end)


def _length(year: int) -> int:
    return (date(year, 12, 31) - date(year, 1, 1)).days + 1


def _next(year: int) -> int:
    if year >= _LAST_YEAR:
        raise OverflowError("工作日历里没有足够的工作时间")
    return year + 1


ROUND_THE_CLOCK = Calendar(Week(((WHOLE_DAY,),) * 7), published=None)
