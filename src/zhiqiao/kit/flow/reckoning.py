"""When a clock is due and when its ladder is climbed: arithmetic on a row, its pauses and a calendar.

The same function answers at the start, after a pause and when a calendar has changed, so that no answer depends
on the way by which it came about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from zhiqiao.kit.clock import ROUND_THE_CLOCK, Calendar, Duration
from zhiqiao.kit.flow.kinds import Rung
from zhiqiao.kit.flow.models import Clock
from zhiqiao.kit.flow.terms import warning

Span = tuple[datetime, datetime]


def due_of(row: Clock, office: Calendar, pauses: Iterable[Span]) -> datetime:
    """Return when a clock is due by a calendar, given the times in which it stood still, oldest first.

    An emergency is due at the latest when it would be as an ordinary case.
    """
    spans = list(pauses)
    due = _reckoned(office, row.counted_from, row.term, spans)
    if row.rushed_at is not None:
        due = min(due, _reckoned(ROUND_THE_CLOCK, row.rushed_at, row.term, spans))
    return due


def _reckoned(calendar: Calendar, start: datetime, term: Duration, pauses: Sequence[Span]) -> datetime:
    due = calendar.due(start, term).at
    for begun, ended in pauses:
        if ended > start:
            due = calendar.after_standing(due, term, max(begun, start), ended)
    return due


@dataclass(frozen=True, slots=True)
class Climb:
    """A rung and the instant at which it is climbed. Number 0 is the warning before the due time."""

    number: int
    at: datetime


def climbs(row: Clock, office: Calendar, ladder: Sequence[Rung]) -> list[Climb]:
    """Return every rung of a clock, in the order in which they are climbed.

    A warning that would come before the clock has started is left out: the start itself told everybody.
    """
    calendar = office if row.rushed_at is None else ROUND_THE_CLOCK
    found = []
    if before := warning(row.warn_days):
        warned = calendar.before(row.due_at, before)
        if warned > row.started_at:
            found.append(Climb(0, warned))
    if row.escalates:
        found += [Climb(n, calendar.due(row.due_at, rung.after).at) for n, rung in enumerate(ladder, start=1)]
    return found


def set_ladder(row: Clock, office: Calendar, ladder: Sequence[Rung]) -> None:
    """Write into a row which rung comes next, and when; what has been climbed is not climbed again."""
    left = [climb for climb in climbs(row, office, ladder) if climb.number >= row.rung]
    still = row.paused_at is not None or row.stopped_at is not None
    row.rung = left[0].number if left else row.rung
    row.next_at = left[0].at if left and not still else None
