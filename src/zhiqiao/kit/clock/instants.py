"""Instants are stored in UTC and read in Chinese time."""

from datetime import date, datetime, time, timedelta, timezone

# China keeps one time without summer time (since 1992), which makes wall-clock arithmetic exact.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def local(at: datetime) -> datetime:
    """Return an aware instant in Chinese time.

    :raises ValueError: the instant has no time zone, so nobody can say when it was.
    """
    if at.tzinfo is None:
        raise ValueError("时刻要带时区")
    return at.astimezone(CHINA)


def local_date(at: datetime) -> date:
    """Return the date on which an instant falls in China."""
    return local(at).date()


def midnight(on: date) -> datetime:
    """Return the first instant of a date in China."""
    return datetime.combine(on, time(), CHINA)
