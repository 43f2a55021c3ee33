"""Leaves of an expert: entered by herself or by the unit that recommends her, and cancelled."""

from datetime import date, datetime

from django.db import transaction

from zhiqiao.directory import rules
from zhiqiao.directory.models import Expert, Leave
from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require


@transaction.atomic
def take_leave(
    expert: Expert, *, starts_on: date, ends_on: date, by: By, at: datetime, note: str = ""
) -> Leave:
    """Enter a time in which she is not asked, both days included.

    :raises Refused: not hers to say; it ends before it begins, or is over.
    """
    require(rules.may_edit(by, expert))
    if ends_on < starts_on:
        refuse("directory.leave_days", "结束日期早于开始日期，请核对。")
    if ends_on < clock.local_date(at):
        refuse("directory.leave_over", "这段时间已经过去，不用登记。")
    leave = Leave.objects.create(
        expert=expert,
        starts_on=starts_on,
        ends_on=ends_on,
        note=note.strip(),
        by_name=actor_of(by).name,
        at=at,
    )
    after = {"from": f"{starts_on}", "until": f"{ends_on}"}
    audit.record("expert.leave", expert, by=by, at=at, after=after)
    return leave


@transaction.atomic
def cancel_leave(leave: Leave, *, by: By, at: datetime) -> None:
    """Take a leave back; she can be asked again. Harmless to repeat."""
    require(rules.may_edit(by, leave.expert))
    if Leave.objects.filter(pk=leave.pk, cancelled_at__isnull=True).update(cancelled_at=at):
        audit.record("expert.leave_cancel", leave.expert, by=by, at=at, after={"leave": leave.pk})
