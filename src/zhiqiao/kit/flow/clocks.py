"""The clocks of a subject: started and stopped by its steps, standing still in a pause, reckoned anew.

Everything here runs inside the transaction of the caller, who holds the subject's row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from zhiqiao.kit.clock import Calendar
from zhiqiao.kit.flow import reckoning
from zhiqiao.kit.flow.kinds import ClockKind, Step
from zhiqiao.kit.flow.models import Clock, FlowSubject, Pause
from zhiqiao.kit.flow.reckoning import Span
from zhiqiao.kit.flow.table import Table


@dataclass(frozen=True, slots=True)
class Turn:
    """What a step did to the clocks.

    due_at : the next due time of all. stage_due_at : that of the stage's own clock. late : whether the clock of
    the stage that was left had run out. paused_minutes : how long it had stood still, in working minutes.
    """

    due_at: datetime | None
    stage_due_at: datetime | None
    late: bool
    paused_minutes: int


def of(subject: FlowSubject) -> models.QuerySet[Clock]:
    """Return every clock a subject ever had, oldest first."""
    return Clock.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


def open_of(subject: FlowSubject) -> list[Clock]:
    """Return the clocks that run or stand still, oldest first."""
    return list(of(subject).filter(stopped_at__isnull=True))


def pauses_of(subject: FlowSubject) -> models.QuerySet[Pause]:
    """Return every pause of a subject, oldest first."""
    return Pause.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


def next_due(rows: Iterable[Clock]) -> datetime | None:
    """Return the earliest due time among the clocks that run and do not stand still."""
    return min((row.due_at for row in rows if row.stopped_at is None and row.paused_at is None), default=None)


def turn(
    flow: Table,
    subject: FlowSubject,
    step: Step,
    running: Sequence[Clock],
    *,
    at: datetime,
    counted_from: datetime | None,
) -> Turn:
    """Stop those of the running clocks that a step ends, and start those it starts.

    The subject is as it was before the step.
    """
    left = next((row for row in running if flow.clocks[row.name].is_of_stage), None)
    ended = [row for row in running if _is_ended(flow.clocks[row.name], step)]
    for row in ended:
        stop(row, at)
    kept = [row for row in running if row not in ended]
    known = {row.name for row in kept}
    kinds = [flow.clocks[name] for name in step.starts if name not in known]
    started = [_start(flow, subject, kind, at=at, counted_from=counted_from) for kind in kinds]
    Clock.objects.bulk_create(started)
    of_stage = next((row for row in started if flow.clocks[row.name].is_of_stage), None)
    return Turn(
        due_at=next_due([*kept, *started]),
        stage_due_at=of_stage.due_at if of_stage else None,
        late=at > left.due_at if left else subject.due_at is not None and at > subject.due_at,
        paused_minutes=left.paused_minutes if left else 0,
    )


def _is_ended(kind: ClockKind, step: Step) -> bool:
    return kind.is_of_stage or step.name in kind.ends


def stop(row: Clock, at: datetime) -> None:
    """Stop a clock and write down whether it was in time; it never changes afterwards."""
    row.stopped_at, row.met, row.next_at = max(at, row.started_at), at <= row.due_at, None
    row.save(update_fields=("stopped_at", "met", "next_at"))


def _start(
    flow: Table, subject: FlowSubject, kind: ClockKind, *, at: datetime, counted_from: datetime | None
) -> Clock:
    term = flow.term_of(subject, kind.name, at)
    row = Clock(
        flow=flow.name,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        name=kind.name,
        unit=term.within.unit.name,
        amount=term.within.amount,
        warn_days=term.warn_days,
        escalates=term.escalates,
        started_at=at,
        counted_from=counted_from if counted_from and kind.is_of_stage else at,
        rushed_at=at if subject.round_the_clock else None,
    )
    reckon(flow, row, flow.calendar_of(subject), ())
    return row


def reckon(flow: Table, row: Clock, office: Calendar, pauses: Sequence[Span]) -> None:
    """Write into a row when it is due and when its ladder is climbed."""
    row.due_at = reckoning.due_of(row, office, [span for span in pauses if span[1] > row.started_at])
    reckoning.set_ladder(row, office, flow.ladder_of(row.name))


def reckon_all(flow: Table, subject: FlowSubject, rows: Sequence[Clock]) -> datetime | None:
    """Reckon running clocks of a subject anew and save them; return the next due time."""
    office = flow.calendar_of(subject)
    ended = pauses_of(subject).filter(ended_at__isnull=False).values_list("at", "ended_at")
    pauses: list[Span] = [(begun, over) for begun, over in ended if over is not None]
    for row in rows:
        reckon(flow, row, office, pauses)
        row.save()
    return next_due(rows)
