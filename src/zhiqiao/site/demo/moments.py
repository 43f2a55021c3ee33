"""Instants at which an office works: every step of the demo is taken in working time."""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from random import Random

from zhiqiao.kit import clock

BEGINNING = date(2020, 1, 2)


class Diary:
    """The working days from 2020 until some weeks after the demo's present, and instants on them."""

    def __init__(self, now: datetime) -> None:
        """``now`` is the present of the demo; no instant that has happened is later."""
        self.now = now
        last = clock.local_date(now) + timedelta(days=90)
        span = (last - BEGINNING).days
        days = (BEGINNING + timedelta(days=offset) for offset in range(span))
        self._days = [day for day in days if clock.is_working_day(day)]
        self._today = bisect_left(self._days, clock.local_date(now))

    def on(self, day: date, rng: Random) -> datetime:
        """Return an instant in the working hours of a day, or of the next working day."""
        return self._somewhen(bisect_left(self._days, day), rng)

    def after(self, at: datetime, days: int, rng: Random) -> datetime:
        """Return an instant ``days`` working days later; 0 is later the same day, if there is time left."""
        index = bisect_right(self._days, clock.local_date(at)) - 1
        if days == 0:
            later = at + timedelta(minutes=rng.randint(8, 40))
            if self._is_working(later):
                return later
        return self._somewhen(index + max(days, 1), rng)

    def ago(self, days: int, rng: Random) -> datetime:
        """Return an instant on the ``days``-th working day before today; 1 is the last working day."""
        return self._somewhen(self._today - days, rng)

    def ahead(self, days: int, hour: int, minute: int = 0) -> datetime:
        """Return a set time on the ``days``-th working day from today; 0 is today, or the next working day."""
        return _at(self._days[self._today + days], hour * 60 + minute)

    def meeting_time(self, at: datetime, days: int, rng: Random) -> datetime:
        """Return a usual hour for a meeting ``days`` working days after an instant."""
        index = bisect_right(self._days, clock.local_date(at)) - 1
        return _at(self._days[index + days], rng.choice((570, 600, 840, 870, 900)))

    def _somewhen(self, index: int, rng: Random) -> datetime:
        day = self._days[index]
        hours = rng.choice(clock.calendar().intervals(day))
        return _at(day, rng.randint(hours.start + 5, hours.end - 10)) + timedelta(seconds=rng.randrange(60))

    def _is_working(self, at: datetime) -> bool:
        here = clock.local(at)
        minute = here.hour * 60 + here.minute
        return any(each.start <= minute < each.end for each in clock.calendar().intervals(here.date()))


def _at(day: date, minute: int) -> datetime:
    return (clock.midnight(day) + timedelta(minutes=minute)).astimezone(UTC)
