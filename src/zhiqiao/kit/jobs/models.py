"""Background work on disk."""

from django.db import models


class Job(models.Model):
    """One piece of work asked for, written in the same transaction as the change that asks for it."""

    class State(models.TextChoices):
        QUEUED = "queued", "等待"
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "多次失败，需要人工查看"

    name = models.CharField(max_length=64)
    arguments = models.JSONField(default=dict)
    key = models.CharField(max_length=120, null=True, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    run_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("run_at", "id"), condition=models.Q(state__in=("queued", "running")), name="job_ready"
            ),
            models.Index(fields=("state", "finished_at"), name="job_state"),
        )

    def __str__(self) -> str:
        return f"{self.name} #{self.pk} {self.state}"


class Schedule(models.Model):
    """When a recurring job is due next; several workers share the row and one of them takes it."""

    name = models.CharField(max_length=64, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.next_at:%Y-%m-%d %H:%M}"
