"""What is true of cases, recomputed: every minute in one stage and one clock, due times counted day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from zhiqiao.kit import clock
from zhiqiao.kit.flow import Clock, Pause, Transition
from zhiqiao.needs.models import Need

if TYPE_CHECKING:
    from tests.needs.walking import Walker

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in China

STAGE_CLOCKS = {
    "submitted": {"acceptance"}, "returned": {"supplement"}, "matching": {"triage"}, "inviting": {"answer"},
    "arranging": {"arranging"}, "scheduled": {"minutes"}, "met": {"feedback", "objection"},
    "confirming": {"confirmation"}, "rating": {"rating"}, "closing": {"closing"},
}  # fmt: skip
PAUSABLE = {"matching", "arranging", "scheduled", "met"}
"""The clock that belongs to each stage, and where the clocks may stand still."""


def problems(walker: Walker) -> Iterator[str]:
    """Name everything that does not agree with what happened."""
    walker.recount()
    walker.now += timedelta(seconds=1)
    needs = {need.pk: need for need in Need.objects.select_related("organisation").filter(pk__in=walker.pks)}
    steps, clocks, pauses = _by_case(Transition), _by_case(Clock), _by_case(Pause)
    for pk, need in needs.items():
        mine = steps.get(pk, []), clocks.get(pk, []), pauses.get(pk, [])
        for problem in (*_torn_time(need, walker.now, *mine), *_wrong_dues(need, *mine[1:])):
            yield f"case {pk}: {problem}"
    for row in closed_rows():
        if row[0] in walker.closed and walker.closed[row[0]] != row:
            yield f"clock {row[0]} was judged {walker.closed[row[0]]} and is now {row}"


def closed_rows(since: datetime = START) -> list[tuple[Any, ...]]:
    fields = ("pk", "name", "started_at", "due_at", "stopped_at", "met", "paused_minutes", "amount")
    return list(Clock.objects.filter(stopped_at__gte=since).values_list(*fields))


def _by_case(model: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in model.objects.filter(subject_type="needs.need").order_by("id"):
        found.setdefault(row.subject_id, []).append(row)
    return found


def _torn_time(
    need: Need, now: datetime, steps: list[Any], clocks: list[Any], pauses: list[Any]
) -> Iterator[str]:
    """Look at every stretch between two events: one stage, its one clock, running or standing still for one reason."""
    from zhiqiao.needs.flow import NEED_FLOW

    stages = []
    since, stage = need.created_at, "draft"
    for one in steps:
        stages.append((since, one.at, stage))
        since, stage = one.at, one.target
    stages.append((since, now, stage))
    own = [
        (c.started_at, c.stopped_at or now, c.name) for c in clocks if NEED_FLOW.clocks[c.name].is_of_stage
    ]
    still = [(p.at, p.ended_at or now, p.reason) for p in pauses]
    for a, b in stretches(need.created_at, now, stages, own, still):
        here = [name for begun, ended, name in stages if begun <= a and b <= ended]
        ticking = [name for begun, ended, name in own if begun <= a and b <= ended]
        standing = [name for begun, ended, name in still if begun <= a and b <= ended]
        wanted = STAGE_CLOCKS.get(here[0] if here else "", set())
        if len(here) != 1 or len(ticking) != bool(wanted) or not set(ticking) <= (wanted or set()):
            yield f"{a} to {b}: stages {here}, clocks {ticking}"
        if len(standing) > 1 or (standing and here[0] not in PAUSABLE):
            yield f"{a} to {b}: stands still for {standing} in {here}"


def stretches(
    first: datetime, now: datetime, *spans: list[tuple[datetime, datetime, str]]
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of time between neighbouring events."""
    edges = sorted({first, now, *(edge for rows in spans for row in rows for edge in row[:2])})
    yield from ((a, b) for a, b in pairwise(edges) if first <= a and b <= now)


def _wrong_dues(need: Need, clocks: list[Any], pauses: list[Any]) -> Iterator[str]:
    """Count every open clock's due time day by day, and hold the need's own against the earliest."""
    open_rows = [row for row in clocks if row.stopped_at is None]
    for row in open_rows:
        due = naive_due(need.organisation.path, row, [(p.at, p.ended_at) for p in pauses if p.ended_at])
        if due != row.due_at:
            yield f"{row.name} is due {row.due_at}, counted by days {due}"
    for row in clocks:
        if row.stopped_at is not None and row.met != (row.stopped_at <= row.due_at):
            yield f"{row.name} was judged wrongly"
    waiting = any(p.ended_at is None for p in pauses)
    soonest = None if waiting else min((row.due_at for row in open_rows), default=None)
    if need.due_at != soonest:
        yield f"due_at is {need.due_at}, the clocks say {soonest}"
    if (need.paused_until is not None) != waiting or any(
        (r.paused_at is not None) != waiting for r in open_rows
    ):
        yield f"paused_until is {need.paused_until}, the pauses say {waiting}"


def naive_due(place: str, row: Any, pauses: list[tuple[datetime, datetime]]) -> datetime:
    """Count working days one by one."""
    days = clock.calendar(place)
    start = row.counted_from

    def nth_after(on: date, count: int) -> date:
        while count > 0:
            on += timedelta(days=1)
            count -= bool(days.intervals(on))
        return on

    def close(on: date) -> datetime:
        return clock.midnight(on) + timedelta(minutes=days.intervals(on)[-1].end)

    due = close(nth_after(clock.local_date(start), int(row.amount)))
    for begun, ended in pauses:
        begun = max(begun, start)
        if ended <= row.started_at or ended <= begun or due <= begun:
            continue
        left, on = 0, clock.local_date(begun)
        while on < clock.local_date(due):
            on += timedelta(days=1)
            left += bool(days.intervals(on))
        on = nth_after(clock.local_date(ended), left)
        if not days.intervals(on) or close(on) <= ended:
            on = nth_after(on, 1)
        due = max(due, close(on))
    return due


def minutes_between(place: str, a: datetime, b: datetime) -> int:
    """Count working minutes day by day."""
    days, on, total = clock.calendar(place), clock.local_date(a), 0
    first, last = _minute(a), _minute(b)
    while on <= clock.local_date(b):
        for each in days.intervals(on):
            begun = _minute(clock.midnight(on)) + each.start
            total += max(0, min(last, begun + each.minutes) - max(first, begun))
        on += timedelta(days=1)
    return total


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60
