"""Changing the calendar: every change names its basis and is recorded."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from zhiqiao.kit import audit, jobs
from zhiqiao.kit.actors import By
from zhiqiao.kit.clock.calendar import Day
from zhiqiao.kit.clock.week import Intervals, Week, to_json

if TYPE_CHECKING:
    from zhiqiao.kit.clock.models import CalendarDay, WorkingHours


@transaction.atomic
def declare_day(
    on: date,
    *,
    working: bool,
    by: By,
    at: datetime,
    name: str = "",
    hours: Intervals | None = None,
    source: str = "",
    place: str = "",
) -> "CalendarDay":
    """Declare one date a day off, a make-up working day, or a day with its own hours.

    source : the notice it rests on. place : whose date it is; empty = the whole installation.
    :raises ValueError: hours on a day off, or none on a working day.
    """
    from zhiqiao.kit.clock.models import CalendarDay

    Day(working, name, hours)
    before = CalendarDay.objects.filter(place=place, date=on).first()
    facts: dict[str, Any] = {"working": working, "name": name, "source": source}
    facts["intervals"] = None if hours is None else to_json(hours)
    row, _ = CalendarDay.objects.update_or_create(place=place, date=on, defaults=facts)
    old = {key: getattr(before, key) for key in facts} if before else None
    _let_open_clocks_follow(at)
    audit.record(
        "clock.declare_day", row, by=by, at=at, before=old, after={"place": place, "date": on, **facts}
    )
    return row


@transaction.atomic
def withdraw_day(on: date, *, by: By, at: datetime, reason: str, place: str = "") -> bool:
    """Take a declared date back, so that the library decides again. Returns False if none was declared."""
    from zhiqiao.kit.clock.models import CalendarDay

    row = CalendarDay.objects.filter(place=place, date=on).first()
    if row is None:
        return False
    before = {"date": on, "working": row.working, "name": row.name, "intervals": row.intervals}
    audit.record("clock.withdraw_day", row, by=by, at=at, before=before, reason=reason)
    row.delete()
    _let_open_clocks_follow(at)
    return True


@transaction.atomic
def declare_hours(
    starts_on: date,
    week: Week | None,
    *,
    by: By,
    at: datetime,
    name: str = "",
    source: str = "",
    place: str = "",
) -> "WorkingHours":
    """Declare the office hours of a week from a date on. Earlier weeks keep the hours they had.

    week : None = a unit gives up hours of its own and follows the unit above it from that date on.
    """
    from zhiqiao.kit.clock.models import WorkingHours

    before = WorkingHours.objects.filter(place=place, starts_on=starts_on).first()
    facts = {"week": None if week is None else week.to_json(), "name": name, "source": source}
    row, _ = WorkingHours.objects.update_or_create(place=place, starts_on=starts_on, defaults=facts)
    old = {key: getattr(before, key) for key in facts} if before else None
    after = {"place": place, "starts_on": starts_on, **facts}
    _let_open_clocks_follow(at)
    audit.record("clock.declare_hours", row, by=by, at=at, before=old, after=after)
    return row


def _let_open_clocks_follow(at: datetime) -> None:
    """Ask, in the same transaction, for the due times of open clocks to be reckoned anew; closed ones stay."""
    jobs.enqueue("kit.recount_clocks", at=at, key=f"kit.recount_clocks:{at.isoformat()}")
