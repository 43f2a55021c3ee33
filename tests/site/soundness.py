"""What must be true of the database however often processes were killed: nothing lost, nothing torn, nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count

from tests.site.killing import Acknowledged
from zhiqiao.kit import audit
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.flow import Clock, Transition
from zhiqiao.kit.jobs.models import Job
from zhiqiao.needs.models import Need, NumberSeries


def lost(cases: Iterable[Acknowledged]) -> Iterator[str]:
    """Name every answered write that is not there."""
    needs = {need.pk: need for need in Need.objects.all()}
    taken: dict[int, set[str]] = {}
    for pk, step in Transition.objects.values_list("subject_id", "step"):
        taken.setdefault(pk, set()).add(step)
    for case in cases:
        need = needs.get(case.pk)
        if "ask" not in case.steps:
            continue
        if need is None or need.title != case.title:
            yield f"lost: need {case.pk}"
            continue
        if "write" in case.steps and not need.contact_phone:
            yield f"lost: what was written into need {case.pk}"
        for step in {"submit", "accept"} & set(case.steps) - taken.get(case.pk, set()):
            yield f"lost: {step} of need {case.pk}"


def twice() -> Iterator[str]:
    """Name every need that was opened twice, and every step that was taken twice."""
    titles = Need.objects.order_by().values("title").annotate(n=Count("pk")).filter(n__gt=1)
    yield from (f"twice: {row['title']}" for row in titles)
    steps = Transition.objects.order_by().values("subject_id", "step").annotate(n=Count("pk")).filter(n__gt=1)
    yield from (f"twice: {row['step']} of {row['subject_id']}" for row in steps)


def torn() -> Iterator[str]:
    """Name everything of which one part is there and another is not."""
    history: dict[int, list[Transition]] = {}
    for transition in Transition.objects.order_by("id"):
        history.setdefault(transition.subject_id, []).append(transition)
    audited = {(e.after or {}).get("transition") for e in AuditEntry.objects.filter(verb__startswith="need.")}
    opened = set(AuditEntry.objects.filter(verb="create").values_list("subject_id", flat=True))
    asked_for = {
        arguments["transition_id"]
        for arguments in Job.objects.filter(name="kit.dispatch").values_list("arguments", flat=True)
    }
    running: dict[int, list[datetime]] = {}
    for pk, due_at in Clock.objects.filter(stopped_at__isnull=True).values_list("subject_id", "due_at"):
        running.setdefault(pk, []).append(due_at)
    for need in Need.objects.all():
        steps = history.get(need.pk, [])
        if need.version != len(steps):
            yield f"torn: need {need.pk} has version {need.version} and {len(steps)} transitions"
        if need.stage != (steps[-1].target if steps else "draft"):
            yield f"torn: need {need.pk} stands at {need.stage}, its history says otherwise"
        if need.due_at != min(running.get(need.pk, ()), default=None):
            yield f"torn: need {need.pk} is due {need.due_at}, its clocks say otherwise"
        if str(need.pk) not in opened:
            yield f"torn: need {need.pk} was opened without an audit record"
        if bool(need.number) != bool(steps):
            yield f"torn: need {need.pk} has number {need.number} and {len(steps)} transitions"
    for pk in (one.pk for steps in history.values() for one in steps):
        if pk not in audited:
            yield f"torn: transition {pk} without an audit record"
        if pk not in asked_for:
            yield f"torn: transition {pk} without its job"
    yield from _numbers()
    yield from (f"torn: {problem}" for problem in audit.verify())


def _numbers() -> Iterator[str]:
    """Numbers are given without gaps; one taken by a step that then died must have come back."""
    numbered = Need.objects.exclude(number=None).count()
    last = sum(NumberSeries.objects.values_list("last", flat=True))
    if numbered != last:
        yield f"torn: {numbered} needs have a number, the series stands at {last}"
