"""Which rows are one person, which are not, and what a merge moved."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zhiqiao.directory.models.expert import Expert
from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.orgs.models import Scope


class Merge(models.Model):
    """Two rows were found to be one person: what hung on ``other`` hangs on ``survivor`` from then on.

    The rule is remembered here for good: an import that names ``other`` means ``survivor``. A split
    (``split_at``) takes it back exactly, by what ``MergedRow`` holds.
    """

    survivor = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="merges")
    other = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="merged_away")
    reason = models.CharField("依据", max_length=400)
    kept = models.JSONField("另一条记录原来的状态", default=dict)
    filled = models.JSONField("用另一条记录补上的栏目", default=list)
    by_name = models.CharField("合并人", max_length=80)
    at = models.DateTimeField("合并时间")
    split_at = models.DateTimeField("拆分时间", null=True)
    split_by_name = models.CharField("拆分人", max_length=80, blank=True)
    split_reason = models.CharField("拆分的依据", max_length=400, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "kept": IDENTITY,
        "by_name": IDENTITY,
        "split_by_name": IDENTITY,
    }
    PLAIN = ("reason", "filled", "split_reason")
    SCOPE = Scope(organisations=("survivor__organisation",))

    class Meta:
        verbose_name = "专家合并"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("other",), condition=Q(split_at__isnull=True), name="merged_away_once"
            ),
            models.CheckConstraint(condition=~Q(survivor=F("other")), name="merge_of_two"),
        )

    def __str__(self) -> str:
        return f"{self.other} → {self.survivor}"


class MergedRow(models.Model):
    """One row that a merge touched: moved to the survivor, or taken out because she has the same one.

    table : label of the model ("needs.attendance"). column : the field that named the expert.
    values : the whole row as text, where it was taken out; null where it was moved.
    """

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="rows")
    table = models.CharField(max_length=80)
    column = models.CharField(max_length=40)
    key = models.BigIntegerField()
    values = models.JSONField(null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"values": IDENTITY}
    PLAIN = ("table", "column")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("merge", "table", "column", "key"), name="merged_row_once"),
        )


class Distinction(models.Model):
    """Somebody looked and said: these two rows are different people. Never offered as one again.

    ``first`` is the row with the smaller number. Taken back by ``revoked_at``.
    """

    first = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("依据", max_length=400)
    by_name = models.CharField("判断人", max_length=80)
    at = models.DateTimeField("判断时间")
    revoked_at = models.DateTimeField("撤销时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("reason",)
    SCOPE = Scope(organisations=("first__organisation",))

    class Meta:
        verbose_name = "不是同一人"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("first", "second"), condition=Q(revoked_at__isnull=True), name="told_apart_once"
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="told_apart_in_order"),
        )
        indexes = (models.Index(fields=("second",), name="told_apart_second"),)

    def __str__(self) -> str:
        return f"{self.first} ≠ {self.second}"
