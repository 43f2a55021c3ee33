"""How much each part of an expert's score counts: versions that were proposed, accepted or declined."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhiqiao.kit.privacy import IDENTITY, Personal


class RankingWeights(models.Model):
    """One version of the weights, learned from closed cases, and what was decided about it.

    values : everything `zhiqiao_match.Weights` holds. before, after, low, high : see `zhiqiao_match.learn`.
    The accepted one decided last is in force; before the first the engine's own hold.
    """

    version = models.CharField("版本", max_length=20, unique=True)
    based_on = models.CharField("在哪一版上学习", max_length=20)
    values = models.JSONField("权重")
    cases = models.PositiveIntegerField("办结的事")
    before = models.FloatField("原来的排序质量")
    after = models.FloatField("新的排序质量")
    low = models.FloatField("差值下限")
    high = models.FloatField("差值上限")
    proposed_at = models.DateTimeField("提出时间")
    is_accepted = models.BooleanField("采用", null=True)
    reason = models.CharField("理由", max_length=200, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.CharField("决定人", max_length=80, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"decided_by": IDENTITY}
    PLAIN = ("version", "based_on", "values", "reason")

    class Meta:
        verbose_name = "排序权重"
        ordering = ("-proposed_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_accepted__isnull=True, decided_at__isnull=True)
                | Q(is_accepted__isnull=False, decided_at__isnull=False),
                name="weights_decided_whole",
            ),
        )

    def __str__(self) -> str:
        return self.version
