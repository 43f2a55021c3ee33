"""The append-only record."""

from typing import Any

from django.db import models


class AppendOnly(models.QuerySet[Any]):
    """Rows that are only ever added; changing history is a programming error."""

    def update(self, **changes: Any) -> int:
        raise TypeError("审计记录只增不改")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("审计记录只增不删")


class AuditEntry(models.Model):
    """One thing somebody did: a step, an edit, an export, a look at protected data.

    ``digest`` covers every field and the entry before it, so an edit, a removal or a swap shows.
    Identifiers are text without foreign keys: history outlives what it speaks of.
    """

    at = models.DateTimeField("时间")
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("操作人", max_length=80)
    verb = models.CharField("动作", max_length=64)
    subject_type = models.CharField(max_length=48, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField("理由", blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("subject_type", "subject_id", "id"), name="audit_of_subject"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("审计记录只增不改")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("审计记录只增不删")


class AuditHead(models.Model):
    """The single row that holds the end of the chain; its lock gives the entries their order."""

    digest = models.CharField(max_length=64)
    count = models.BigIntegerField(default=0)
