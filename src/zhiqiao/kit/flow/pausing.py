"""What else may happen to the clocks of a subject between two steps: they stand still, hurry, or are set anew."""

from datetime import datetime
from typing import Any

from django.db import transaction

from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import SYSTEM, By, actor_of
from zhiqiao.kit.errors import Answer, Refusal, refuse, require
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.flow import clocks as running
from zhiqiao.kit.flow import terms
from zhiqiao.kit.flow.models import Clock, FlowSubject, Pause
from zhiqiao.kit.flow.table import Table


class Pausing(Table):
    """The part of a loop that deals with its clocks between steps. Permission is the caller's to ask."""

    def may_pause(self, subject: FlowSubject) -> Answer:
        """Say whether the clocks of a subject can stand still now, or why not."""
        if subject.paused_until is not None:
            until = clock.exact(subject.paused_until)
            return Refusal("flow.paused", f"已经暂停计时，最晚到 {until}。要改期限，请先恢复计时。")
        if subject.stage not in self.pausable:
            stages = "、".join(str(self.stages(stage).label) for stage in self.pausable)
            return Refusal(
                "flow.not_pausable",
                f"“{self.stages(subject.stage).label}”环节不能暂停计时，可以暂停的环节是：{stages}。",
            )
        return True

    def latest_until(self, subject: FlowSubject, reason: str, at: datetime) -> datetime:
        """Return the latest instant until which the clocks may stand still for a reason."""
        return self.calendar_of(subject).due(at, self.pauses[reason].limit).at

    @transaction.atomic
    def pause(
        self,
        subject: FlowSubject,
        reason: str,
        *,
        until: datetime,
        note: str,
        by: By,
        at: datetime,
        attachment: Attachment | None = None,
    ) -> Pause:
        """Let all clocks of a subject stand still, from ``at`` until it is resumed, moves on, or ``until``.

        :raises Refused: not in this stage, already paused, no evidence, or longer than the reason allows.
        """
        self._hold(subject)
        require(self.may_pause(subject))
        if not note.strip():
            refuse("flow.pause_note", "请写明暂停的依据：等什么、谁在什么时候答应的。")
        latest = self.latest_until(subject, reason, at)
        if not at < until <= latest:
            kind = self.pauses[reason]
            refuse(
                "flow.pause_limit",
                f"“{kind.title}”最多暂停{kind.limit}，请选 {clock.exact(latest)} 以前、现在以后的时间。",
            )
        made = Pause.objects.create(
            flow=self.name,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            stage=subject.stage,
            reason=reason,
            note=note,
            attachment=attachment,
            at=at,
            until=until,
            by_name=actor_of(by).name,
        )
        running.of(subject).filter(stopped_at__isnull=True).update(paused_at=at, next_at=None)
        self._save_pause(subject, until, None)
        after = {"pause": made.pk, "reason": reason, "until": until}
        audit.record(f"{self.name}.pause", subject, by=by, at=at, after=after, reason=note)
        return made

    @transaction.atomic
    def resume(
        self, subject: FlowSubject, *, by: By, at: datetime, how: Pause.How = Pause.How.RESUMED
    ) -> Pause:
        """Let the clocks run again; every due time moves by what it stood still.

        :raises Refused: the clocks run (code flow.not_paused).
        """
        self._hold(subject)
        ended = self.end_pause(subject, how, by=by, at=at)
        if ended is None:
            refuse("flow.not_paused", "计时没有暂停，可能刚刚已经恢复。刷新后可查看进展。")
        return ended

    def end_pause(self, subject: FlowSubject, how: Pause.How, *, by: By, at: datetime) -> Pause | None:
        """End the pause of a subject, if there is one; the caller holds the subject's row.

        It never lasts longer than its limit, even if nobody was there to end it in time.
        """
        pause = running.pauses_of(subject).filter(ended_at__isnull=True).first()
        if pause is None:
            return None
        pause.ended_at = max(pause.at, min(at, pause.until))
        pause.minutes = max(0, self.calendar_of(subject).working_minutes(pause.at, pause.ended_at))
        pause.how = how if at < pause.until else Pause.How.OVER
        pause.save(update_fields=("ended_at", "minutes", "how"))
        rows = running.open_of(subject)
        for row in rows:
            row.paused_at, row.paused_minutes = None, row.paused_minutes + pause.minutes
        self._save_pause(subject, None, running.reckon_all(self, subject, rows))
        after = {"pause": pause.pk, "how": pause.how, "minutes": pause.minutes}
        audit.record(f"{self.name}.resume", subject, by=by, at=at, after=after)
        return pause

    @transaction.atomic
    def hurry(self, subject: FlowSubject, on: bool, *, by: By, at: datetime, reason: str) -> None:
        """Count every hour of every day from now on, or no longer: open clocks get new due times."""
        self._hold(subject)
        if subject.round_the_clock == on:
            refuse("flow.hurried", "这件事已经是应急计时。" if on else "这件事不是应急计时。")
        before = subject.due_at
        self._save(subject, round_the_clock=on)
        rows = running.open_of(subject)
        for row in rows:
            row.rushed_at = at if on else None
        self.save_due(subject, running.reckon_all(self, subject, rows))
        verb = f"{self.name}.{'hurry' if on else 'unhurry'}"
        after = {"due_at": subject.due_at}
        audit.record(verb, subject, by=by, at=at, before={"due_at": before}, after=after, reason=reason)

    @transaction.atomic
    def count_anew(self, subject: FlowSubject, name: str, counted_from: datetime) -> None:
        """Let the term of a running clock count from another instant: a meeting was moved, another expert asked.

        The caller records why. A clock that does not run is left alone.
        """
        self._hold(subject)
        rows = running.open_of(subject)
        for row in rows:
            if row.name == name:
                row.counted_from = counted_from
        self.save_due(subject, running.reckon_all(self, subject, rows))

    @transaction.atomic
    def recount(self, subject: FlowSubject, *, at: datetime) -> bool:
        """Reckon the open clocks of a subject by the calendar and the terms of now; say whether any changed.

        Old and new due times are recorded. What has stopped stays as it was judged.
        """
        self._hold(subject)
        rows = running.open_of(subject)
        before = {row.name: _facts(row) for row in rows}
        for row in rows:
            self._set_term(subject, row, at)
        due_at = running.reckon_all(self, subject, rows)
        after = {row.name: _facts(row) for row in rows}
        changed = [name for name in after if after[name] != before[name]]
        if not changed:
            return False
        self.save_due(subject, due_at)
        if told := [name for name in changed if after[name]["due_at"] != before[name]["due_at"]]:
            audit.record(
                f"{self.name}.recount",
                subject,
                by=SYSTEM,
                at=at,
                before={name: before[name]["due_at"] for name in told},
                after={name: after[name]["due_at"] for name in told},
            )
        return True

    def _set_term(self, subject: FlowSubject, row: Clock, at: datetime) -> None:
        kind, started = self.clocks[row.name], clock.local_date(row.started_at)
        term = terms.in_force(
            self.name, kind, self.place_of(subject), self.campaigns_of(subject), started, clock.local_date(at)
        )
        row.unit, row.amount = term.within.unit.name, term.within.amount
        row.warn_days, row.escalates = term.warn_days, term.escalates

    def save_due(self, subject: FlowSubject, due_at: datetime | None) -> None:
        """Keep the next due time with the subject, where lists are ordered by it."""
        if subject.due_at != due_at:
            self._save(subject, due_at=due_at)

    def _save_pause(self, subject: FlowSubject, until: datetime | None, due_at: datetime | None) -> None:
        self._save(subject, paused_until=until, due_at=due_at)

    @staticmethod
    def _save(subject: FlowSubject, **changes: Any) -> None:
        type(subject)._base_manager.filter(pk=subject.pk).update(**changes)
        for field, value in changes.items():
            setattr(subject, field, value)

    @staticmethod
    def _hold(subject: FlowSubject) -> None:
        """Lock the row and read where it stands: the page may be older than a colleague's click."""
        fields = ("stage", "stage_at", "due_at", "paused_until", "round_the_clock", "version")
        held = type(subject)._base_manager.select_for_update().only(*fields).get(pk=subject.pk)
        for field in fields:
            setattr(subject, field, getattr(held, field))


def _facts(row: Clock) -> dict[str, Any]:
    return {"due_at": row.due_at, "next_at": row.next_at, "warn_days": row.warn_days, "amount": row.amount}
