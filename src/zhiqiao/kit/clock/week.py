"""The hours of a week: several intervals a day, in minutes of the day."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

DAY_MINUTES = 24 * 60
_CLOCK_TIME = re.compile(r"([0-2]\d):([0-5]\d)")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A stretch of working time within one day, ``start`` (included) to ``end`` (excluded).

    Both in minutes from 00:00, 0..1440; 1440 is 24:00. Work past midnight is two intervals on two days.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError(f"时段应在 00:00 至 24:00 之间，开始早于结束：{self}")

    def __str__(self) -> str:
        return f"{_written(self.start)}-{_written(self.end)}"

    @property
    def minutes(self) -> int:
        return self.end - self.start


Intervals = tuple[Interval, ...]


def intervals(*texts: str) -> Intervals:
    """Read "09:00-12:00", "13:30-17:30" into intervals in order.

    :raises ValueError: malformed, backwards, or two of them overlap (message in Chinese).
    """
    return _in_order(_interval(*text.split("-")) for text in texts)


def from_json(value: Any) -> Intervals:
    """Read the stored form ``[["09:00", "12:00"], ["13:30", "17:30"]]``.

    :raises ValueError: not of that form.
    """
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise ValueError('时段应写成 [["09:00", "12:00"], ["13:30", "17:30"]]')
    return _in_order(_interval(*pair) for pair in value)


def to_json(hours: Intervals) -> list[list[str]]:
    """Return the stored form of intervals."""
    return [[_written(each.start), _written(each.end)] for each in hours]


@dataclass(frozen=True, slots=True)
class Week:
    """The usual hours of each weekday, Monday first; a day without intervals is a day off."""

    days: tuple[Intervals, ...]

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("一周的作息要写满七天，休息日写空")

    @classmethod
    def of(cls, *texts: str, weekdays: Iterable[int] = range(5)) -> "Week":
        """Build a week with the same hours on each of ``weekdays`` (0 = Monday)."""
        hours, chosen = intervals(*texts), set(weekdays)
        return cls(tuple(hours if weekday in chosen else () for weekday in range(7)))

    @classmethod
    def from_json(cls, value: Any) -> "Week":
        """Read seven lists of intervals.

        :raises ValueError: not seven, or one of them malformed.
        """
        if not isinstance(value, list):
            raise ValueError("一周的作息要写满七天，休息日写空")
        return cls(tuple(from_json(day) for day in value))

    def to_json(self) -> list[list[list[str]]]:
        """Return the stored form of the week."""
        return [to_json(day) for day in self.days]

    @property
    def usual(self) -> Intervals:
        """The hours most weekdays share: those of a make-up working day, which falls on a weekend."""
        working = [day for day in self.days if day]
        return Counter(working).most_common(1)[0][0] if working else ()


def _interval(start: str, end: str = "") -> Interval:
    return Interval(_minutes(start), _minutes(end))


def _minutes(text: Any) -> int:
    found = _CLOCK_TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"时间应写成 09:00 这样的形式：{text!r}")
    return int(found[1]) * 60 + int(found[2])


def _written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _in_order(several: Iterable[Interval]) -> Intervals:
    ordered = tuple(sorted(several))
    for one, following in pairwise(ordered):
        if following.start < one.end:
            raise ValueError(f"时段重叠：{one} 与 {following}")
    return ordered


STANDARD_WEEK = Week.of("09:00-12:00", "13:30-17:30")
WHOLE_DAY = Interval(0, DAY_MINUTES)
