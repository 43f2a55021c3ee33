"""What the clocks do by themselves: they remind, climb the ladder, end pauses, and follow a changed calendar.

Each run does a bounded batch and may be repeated or run twice at once without harm.
"""

from datetime import datetime, timedelta

from django.apps import apps
from django.db import transaction

from zhiqiao.kit import audit, jobs
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import reckoning
from zhiqiao.kit.flow.core import Flow
from zhiqiao.kit.flow.models import Clock, FlowSubject, Pause

BATCH = 200
OLD_NEWS = timedelta(days=30)
"""A rung passed so long ago, as after a restore or an import, is climbed in silence: nobody is told old news."""


def ring(at: datetime, limit: int = BATCH) -> int:
    """Climb every rung whose time has come, once each; return how many clocks were looked at."""
    ready = Clock.objects.filter(stopped_at__isnull=True, next_at__lte=at).order_by("next_at", "id")
    rows = list(ready[:limit])
    for row in rows:
        _climb(row, at)
    return len(rows)


@transaction.atomic
def _climb(row: Clock, at: datetime) -> None:
    """Tell those on the highest rung passed. The UPDATE asks for the rung that was read, so one process tells."""
    flow, subject = Flow.registry[row.flow], _subject_of(row)
    if subject is None:
        Clock.objects.filter(pk=row.pk).delete()
        return
    office, ladder = flow.calendar_of(subject), flow.ladder_of(row.name)
    passed = [c for c in reckoning.climbs(row, office, ladder) if row.rung <= c.number and c.at <= at]
    highest = max((climb.number for climb in passed), default=row.rung)
    asked = {"rung": row.rung, "next_at": row.next_at}
    row.rung = highest + 1
    reckoning.set_ladder(row, office, ladder)
    unchanged = Clock.objects.filter(pk=row.pk, stopped_at__isnull=True, due_at=row.due_at, **asked)
    if not unchanged.update(rung=row.rung, next_at=row.next_at) or not passed:
        return
    if at - passed[-1].at > OLD_NEWS:
        return
    rung = ladder[highest - 1] if highest else None
    told = list(flow.tell(subject, row, rung, at))
    facts = {"clock": row.name, "rung": rung.name if rung else "warning", "due_at": row.due_at, "told": told}
    audit.record(f"{flow.name}.remind", subject, by=SYSTEM, at=at, after=facts)


def _subject_of(row: Clock | Pause) -> FlowSubject | None:
    found: FlowSubject | None = (
        apps.get_model(row.subject_type)._base_manager.filter(pk=row.subject_id).first()
    )
    return found


def end_pauses(at: datetime, limit: int = BATCH) -> int:
    """Resume every case whose pause has run out, as of that instant, and tell who has it in hand."""
    over = Pause.objects.filter(ended_at__isnull=True, until__lte=at).order_by("until", "id")
    done = 0
    for pause in over[:limit]:
        subject = _subject_of(pause)
        if subject is not None:
            done += _end(Flow.registry[pause.flow], subject, at)
    return done


def _end(flow: Flow, subject: FlowSubject, at: datetime) -> bool:
    try:
        with transaction.atomic():
            flow.resumed(subject, flow.resume(subject, by=SYSTEM, at=at, how=Pause.How.OVER), at)
    except Refused:  # somebody has just resumed it
        return False
    return True


def recount(at: datetime, after: int = 0, limit: int = BATCH) -> int | None:
    """Reckon the open clocks of the next batch of subjects anew; return where to go on, or None at the end."""
    open_rows = Clock.objects.filter(stopped_at__isnull=True, pk__gt=after).order_by("pk")
    rows = list(open_rows[:limit])
    for row in {(row.subject_type, row.subject_id): row for row in rows}.values():
        subject = _subject_of(row)
        if subject is not None:
            Flow.registry[row.flow].recount(subject, at=at)
    return rows[-1].pk if len(rows) == limit else None


def ask_for_recount(at: datetime) -> None:
    """Ask, inside the caller's transaction, that open clocks follow a change of calendar or terms."""
    jobs.enqueue("kit.recount_clocks", at=at, key=f"kit.recount_clocks:{at.isoformat()}")
