"""Changing the calendar: every change names its basis and is recorded."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from zhiqiao.kit import audit
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
) -> "CalendarDay":
    """Declare one date a day off, a make-up working day, or a day with its own hours.

    source : the notice it rests on.
    :raises ValueError: hours on a day off, or none on a working day.
    """
    from zhiqiao.kit.clock.models import CalendarDay

    Day(working, name, hours)
    before = CalendarDay.objects.filter(date=on).first()
    facts: dict[str, Any] = {"working": working, "name": name, "source": source}
    facts["intervals"] = None if hours is None else to_json(hours)
    row, _ = CalendarDay.objects.update_or_create(date=on, defaults=facts)
    old = {key: getattr(before, key) for key in facts} if before else None
    audit.record("clock.declare_day", row, by=by, at=at, before=old, after={"date": on, **facts})
    return row


@transaction.atomic
def withdraw_day(on: date, *, by: By, at: datetime, reason: str) -> bool:
    """Take a declared date back, so that the library decides again. Returns False if none was declared."""
    from zhiqiao.kit.clock.models import CalendarDay

    row = CalendarDay.objects.filter(date=on).first()
    if row is None:
        return False
    before = {"date": on, "working": row.working, "name": row.name, "intervals": row.intervals}
    audit.record("clock.withdraw_day", row, by=by, at=at, before=before, reason=reason)
    row.delete()
    return True


@transaction.atomic
def declare_hours(
    starts_on: date, week: Week, *, by: By, at: datetime, name: str = "", source: str = ""
) -> "WorkingHours":
    """Declare the office hours of a week from a date on. Earlier weeks keep the hours they had."""
    from zhiqiao.kit.clock.models import WorkingHours

    before = WorkingHours.objects.filter(starts_on=starts_on).first()
    facts = {"week": week.to_json(), "name": name, "source": source}
    row, _ = WorkingHours.objects.update_or_create(starts_on=starts_on, defaults=facts)
    old = {key: getattr(before, key) for key in facts} if before else None
    audit.record(
        "clock.declare_hours", row, by=by, at=at, before=old, after={"starts_on": starts_on, **facts}
    )
    return row
