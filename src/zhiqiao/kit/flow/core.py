"""A closed loop as a table one can read, and the one way to move along it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from zhiqiao.kit import audit, clock, jobs
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.clock import Duration
from zhiqiao.kit.errors import Answer, Refusal, Refused, require
from zhiqiao.kit.flow.models import FlowSubject, Transition

Rule = Callable[[By, Any], Answer]


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a loop: who may take a subject from where to where, and when the next step is due.

    name : verb, stable code, also the name of the action that takes it.
    title : Chinese label, the words on the button.
    source : stages in which the step is open.
    target : stage it leads to.
    who : rule over (by, subject); answers True or why not.
    within : working time until the next step is due, counted from this one; None = no clock.
    """

    name: str
    title: str
    source: tuple[str, ...]
    target: str
    who: Rule
    within: Duration | None = None


class Flow:
    """A loop: its steps as a table. One instance per loop, a constant of the app's ``flow.py``."""

    registry: dict[str, "Flow"] = {}

    def __init__(
        self, name: str, title: str, stages: type[models.TextChoices], steps: Iterable[Step]
    ) -> None:
        self.name, self.title, self.stages = name, title, stages
        self.steps = {step.name: step for step in steps}
        for step in self.steps.values():
            stages(step.target)  # a misspelt stage fails at import, not in front of a clerk
            for source in step.source:
                stages(source)
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

    def next_steps(self, stage: str) -> list[Step]:
        """List every step that leads out of a stage, whoever may take it."""
        return [step for step in self.steps.values() if stage in step.source]

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
        due_at: datetime | None = None,
        **changes: Any,
    ) -> Transition:
        """Take one step: move the row, and write transition, audit entry and outbox job with it.

        The row moves only from the version that was loaded, so that of two clerks, or two clicks, one
        moves it and the other is told. ``changes`` are further fields of the subject saved in the same
        UPDATE; ``due_at`` overrides the step's own clock.

        :raises Refused: the rule says no (its words), or the subject has moved on (code flow.moved_on).
        """
        require(self.check(subject, step_name, by))
        step, source = self.steps[step_name], subject.stage
        if due_at is None and step.within is not None:
            due_at = clock.due(at, step.within).at
        moved = {"stage": step.target, "stage_at": at, "due_at": due_at, "version": subject.version + 1}
        rows = type(subject)._base_manager.filter(pk=subject.pk, stage=source, version=subject.version)
        if rows.update(**moved, **changes) != 1:
            raise Refused(self._moved_on(subject))
        transition = self._record(subject, step, source, by=by, at=at, due_at=due_at, note=note, data=data)
        for field, value in {**moved, **changes}.items():
            setattr(subject, field, value)
        return transition

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
        *,
        by: By,
        at: datetime,
        due_at: datetime | None,
        note: str,
        data: dict[str, Any] | None,
    ) -> Transition:
        actor = actor_of(by)
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
            due_at=due_at,
            waited_minutes=max(0, clock.working_minutes(subject.stage_at, at)),
            late=subject.due_at is not None and at > subject.due_at,
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
