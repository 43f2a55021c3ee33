"""A closed loop as a table one can read, and the one way to move along it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from zhiqiao.kit import audit, clock, jobs
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import Answer, Refusal, Refused, require
from zhiqiao.kit.flow import clocks as running
from zhiqiao.kit.flow.clocks import Turn
from zhiqiao.kit.flow.kinds import Rung, Step
from zhiqiao.kit.flow.models import Clock, FlowSubject, Pause, Transition
from zhiqiao.kit.flow.pausing import Pausing

Told = Callable[[Any, Clock, Rung | None, datetime], Sequence[str]]
Resumed = Callable[[Any, Pause, datetime], None]


class Flow(Pausing):
    """A loop: its steps as a table (``Table``), its clocks (``Pausing``), and the one way to move along it.

    One instance per loop, a constant of the app's ``flow.py``.
    """

    registry: dict[str, "Flow"] = {}

    def __init__(
        self, name: str, title: str, stages: type[models.TextChoices], steps: Iterable[Step], **more: Any
    ) -> None:
        super().__init__(name, title, stages, steps, **more)
        self.tell: Told = lambda subject, row, rung, at: ()
        self.resumed: Resumed = lambda subject, pause, at: None
        Flow.registry[name] = self

    def check(self, subject: FlowSubject, step_name: str, by: By) -> Answer:
        """Say whether ``by`` may take this step now, or why not."""
        step = self.steps[step_name]
        if subject.stage not in step.source:
            return self._moved_on(subject)
        return step.who(by, subject)

    def open_to(self, subject: FlowSubject, by: By) -> list[Step]:
        """List the steps this person may take now: the row of buttons on the page."""
        return [step for step in self.next_steps(subject.stage) if step.who(by, subject)]

    @transaction.atomic
    def advance(
        self,
        subject: FlowSubject,
        step_name: str,
        *,
        by: By,
        at: datetime,
        note: str = "",
        data: dict[str, Any] | None = None,
        counted_from: datetime | None = None,
        **changes: Any,
    ) -> Transition:
        """Take one step: move the row and its clocks, and write transition, audit entry and outbox job with it.

        The row moves only from the version that was loaded, so that of two clerks, or two clicks, one
        moves it and the other is told. ``changes`` are further fields of the subject saved in the same
        UPDATE; ``counted_from`` is the instant from which the term of the new stage counts, if not ``at``.
        A pause ends with the step.

        :raises Refused: the rule says no (its words), or the subject has moved on (code flow.moved_on).
        """
        require(self.check(subject, step_name, by))
        step, source, since = self.steps[step_name], subject.stage, subject.stage_at
        moved = {"stage": step.target, "stage_at": at, "version": subject.version + 1}
        rows = type(subject)._base_manager.filter(pk=subject.pk, stage=source, version=subject.version)
        if rows.update(**moved, **changes) != 1:
            raise Refused(self._moved_on(subject))
        open_rows = running.open_of(subject)
        if any(row.paused_at is not None for row in open_rows):
            self.end_pause(subject, Pause.How.STEP, by=by, at=at)
            open_rows = running.open_of(subject)
        turned = running.turn(self, subject, step, open_rows, at=at, counted_from=counted_from)
        for field, value in {**moved, **changes}.items():
            setattr(subject, field, value)
        self.save_due(subject, turned.due_at)
        return self._record(subject, step, source, since, turned, by=by, at=at, note=note, data=data)

    @transaction.atomic
    def begin(self, subject: FlowSubject, stage: str, *, by: By, at: datetime) -> None:
        """Save a new subject at its first stage. It has no clock and no history yet."""
        subject.stage, subject.stage_at, subject.due_at = stage, at, None
        subject.save()
        audit.record("create", subject, by=by, at=at, after={"stage": stage})

    def history(self, subject: FlowSubject) -> models.QuerySet[Transition]:
        """Return the steps of a subject, oldest first."""
        return Transition.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def _record(
        self,
        subject: FlowSubject,
        step: Step,
        source: str,
        since: datetime,
        turned: Turn,
        *,
        by: By,
        at: datetime,
        note: str,
        data: dict[str, Any] | None,
    ) -> Transition:
        actor = actor_of(by)
        passed = max(0, self.calendar_of(subject).working_minutes(since, at))
        transition = Transition.objects.create(
            flow=self.name,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            step=step.name,
            source=source,
            target=step.target,
            actor_kind=actor.kind,
            actor_key=actor.key,
            actor_name=actor.name,
            at=at,
            due_at=turned.stage_due_at,
            waited_minutes=max(0, passed - turned.paused_minutes),
            paused_minutes=turned.paused_minutes,
            late=turned.late,
            note=note,
            data=data or {},
        )
        audit.record(
            f"{self.name}.{step.name}",
            subject,
            by=by,
            at=at,
            before={"stage": source},
            after={"stage": step.target, "transition": transition.pk},
            reason=note,
        )
        jobs.enqueue("kit.dispatch", at=at, transition_id=transition.pk)
        return transition

    def _moved_on(self, subject: FlowSubject) -> Refusal:
        """Tell who took the last step and when, so that the reader need not ask around."""
        last = self.history(subject).last()
        if last is None:
            return Refusal("flow.moved_on", "这一步现在还不能办理，请刷新页面查看当前环节。")
        step = self.steps.get(last.step)
        return Refusal(
            "flow.moved_on",
            f"已由{last.actor_name}办理“{step.title if step else last.step}”（{clock.exact(last.at)}），"
            f"目前在“{self.stages(last.target).label}”环节。刷新后可查看进展。",
        )
