"""What came of a need, what both sides say of it, and that the case is closed."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs import enums
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Scope


class Outcome(models.Model):
    """What came of a need, as reported; it counts once both sides have agreed. A dispute makes a new one."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="outcomes")
    result = models.CharField("结果", max_length=12, choices=enums.Result.choices)
    reason = models.CharField("未解决原因", max_length=12, choices=enums.UnsolvedReason.choices, blank=True)
    note = models.TextField("说明")
    amount_fen = models.BigIntegerField("合同金额（分）", null=True, blank=True)
    evidence_level = models.PositiveSmallIntegerField(
        "证据等级", choices=enums.EvidenceLevel.choices, default=enums.EvidenceLevel.STAFF
    )
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=80)
    confirmed_at = models.DateTimeField("双方确认时间", null=True)
    superseded_at = models.DateTimeField(null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"reported_by": IDENTITY}
    PLAIN = ("result", "reason", "note")
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "结果"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("need",), condition=Q(superseded_at__isnull=True), name="one_current_outcome"
            ),
            models.CheckConstraint(
                condition=~Q(result="unsolved") | ~Q(reason=""), name="unsolved_has_reason"
            ),
        )
        indexes = (
            # Covering, for figures over all cases.
            models.Index(
                fields=("need", "superseded_at", "confirmed_at", "result", "reason"), name="outcome_figures"
            ),
        )

    def __str__(self) -> str:
        return f"{self.need}: {self.get_result_display()}"


class Confirmation(models.Model):
    """One side's answer to a reported outcome. Silence is not yes: without a row a side has not answered."""

    outcome = models.ForeignKey(Outcome, on_delete=models.CASCADE, related_name="confirmations")
    side = models.CharField(max_length=12, choices=enums.Side.choices)
    agrees = models.BooleanField("同意")
    note = models.TextField("意见", blank=True)
    by_name = models.CharField("确认人", max_length=80)
    at = models.DateTimeField("确认时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("side", "note")

    class Meta:
        verbose_name = "确认"
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("outcome", "side"), name="answered_once"),)


class Rating(models.Model):
    """One side's view of how it went: 1 to 5; the enterprise also on attitude, skill, speed and use."""

    ITEMS = (("attitude", "服务态度"), ("skill", "专业水平"), ("speed", "响应速度"), ("use", "实际帮助"))

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="ratings")
    side = models.CharField(max_length=12, choices=enums.Side.choices)
    score = models.PositiveSmallIntegerField(
        "总体评分", validators=(MinValueValidator(1), MaxValueValidator(5))
    )
    items = models.JSONField("分项", default=dict)
    comment = models.TextField("意见", blank=True)
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("side", "comment", "items")

    class Meta:
        verbose_name = "评价"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("need", "side"), name="rated_once"),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_in_range"),
        )


class Closing(models.Model):
    """The case is closed: when, how, by whom. It says nothing about success; the outcome does."""

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="closing")
    kind = models.CharField(max_length=12, choices=enums.ClosingKind.choices)
    reason = models.TextField("理由", blank=True)
    by_name = models.CharField("办理人", max_length=80)
    at = models.DateTimeField("办结时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("kind", "reason")
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "办结"
        ordering = ("at", "id")
        indexes = (models.Index(fields=("kind", "at", "need"), name="closing_figures"),)
