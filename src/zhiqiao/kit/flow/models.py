"""A closed loop on disk: where a subject stands, and one row for every step it took."""

from django.db import models


class FlowSubject(models.Model):
    """Something that moves through a loop. Only :meth:`Flow.advance` writes these four fields."""

    stage = models.CharField("环节", max_length=24, db_index=True)
    stage_at = models.DateTimeField("进入环节时间")
    due_at = models.DateTimeField("本环节到期", null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Transition(models.Model):
    """One step of one subject: history, audit, clock, figure and outbox in a single row.

    It never changes after it is written, except for ``dispatched_at``, which the worker sets when the
    notices of this step have become deliveries. Subjects and people are held as plain identifiers, so
    that history neither blocks a deletion nor vanishes with it.
    """

    flow = models.CharField(max_length=24)
    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    step = models.CharField("步骤", max_length=32)
    source = models.CharField("原环节", max_length=24)
    target = models.CharField("新环节", max_length=24)
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("办理人", max_length=80)
    at = models.DateTimeField("时间")
    due_at = models.DateTimeField("下一步到期", null=True)
    waited_minutes = models.PositiveIntegerField("在原环节的工作分钟")
    late = models.BooleanField("逾期办理", default=False)
    note = models.TextField("说明", blank=True)
    data = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "id"), name="transition_of_subject"),
            models.Index(fields=("flow", "step", "at"), name="transition_of_step"),
            models.Index(
                fields=("id",), condition=models.Q(dispatched_at__isnull=True), name="transition_outbox"
            ),
        )

    def __str__(self) -> str:
        return f"{self.flow}.{self.step} {self.subject_id} {self.at:%Y-%m-%d %H:%M}"
