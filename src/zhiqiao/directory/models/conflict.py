"""What stands between an expert and somebody she might serve or judge, and what was decided about it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zhiqiao.directory.enums import ConflictLevel, ConflictSource, Purpose, RelationKind
from zhiqiao.directory.models.enterprise import Enterprise
from zhiqiao.directory.models.expert import Expert
from zhiqiao.kit.privacy import IDENTITY, PROFILE, Personal
from zhiqiao.orgs.models import Organisation, Scope


class Relation(models.Model):
    """A declared tie of an expert: where she worked, whose shares she holds, who is her kin or teacher.

    With an enterprise of the library, with one that is only named (``party``), or with another expert.
    Never deleted: a tie that was entered by mistake is withdrawn, one that has ended gets its last day.
    """

    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="relations")
    kind = models.CharField("关系", max_length=12, choices=RelationKind.choices)
    enterprise = models.ForeignKey(
        Enterprise,
        verbose_name="企业",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="relations",
    )
    other = models.ForeignKey(
        Expert,
        verbose_name="另一位专家",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="relations_of_others",
    )
    party = models.CharField("单位或姓名", max_length=120, blank=True)
    starts_on = models.DateField("开始", null=True, blank=True)
    ends_on = models.DateField("结束", null=True, blank=True)
    note = models.CharField("说明", max_length=400, blank=True)
    is_own_word = models.BooleanField("本人申报", default=False)
    by_name = models.CharField("登记人", max_length=80)
    at = models.DateTimeField("登记时间")
    withdrawn_at = models.DateTimeField("撤销时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"party": IDENTITY, "note": PROFILE, "by_name": IDENTITY}
    PLAIN = ("kind",)
    SCOPE = Scope(organisations=("expert__organisation",), people=("expert__person",))

    class Meta:
        verbose_name = "申报的关系"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(enterprise__isnull=False) | Q(other__isnull=False) | ~Q(party=""),
                name="relation_with_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="relation_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.expert}:{self.get_kind_display()}"


class ConflictTerm(models.Model):
    """What one source of conflict means for one purpose, from a day on. Without a row the default holds.

    years : how long a tie that has ended, or a joint work, still counts. required : without this information
    the answer is "unknown" and somebody has to decide. basis : the rule it rests on.
    """

    purpose = models.CharField("用途", max_length=8, choices=Purpose.choices)
    source = models.CharField("来源", max_length=12, choices=ConflictSource.choices)
    level = models.CharField("后果", max_length=8, choices=ConflictLevel.choices)
    years = models.PositiveSmallIntegerField("年限", default=3)
    is_required = models.BooleanField("缺少信息时待核实", default=False)
    basis = models.CharField("依据", max_length=200, blank=True)
    starts_on = models.DateField("自何日起")
    by_name = models.CharField("修改人", max_length=80)
    at = models.DateTimeField("修改时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("purpose", "source", "level", "basis")

    class Meta:
        verbose_name = "回避规则"
        ordering = ("starts_on", "id")


class ConflictDecision(models.Model):
    """A person with the right decided whether an expert may be asked, knowing these findings.

    It holds for these findings only (``digest``): a new tie has to be decided anew. The latest row counts.
    subject : what she would be asked for, as "app.model" and number.
    """

    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="conflict_decisions")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    may_ask = models.BooleanField("可以邀请")
    reason = models.CharField("理由", max_length=400)
    findings = models.JSONField("当时的情况", default=list)
    digest = models.CharField(max_length=64)
    by_name = models.CharField("决定人", max_length=80)
    at = models.DateTimeField("决定时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "reason": PROFILE,
        "findings": PROFILE,
        "by_name": IDENTITY,
    }
    PLAIN = ("subject_type", "digest")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "回避决定"
        ordering = ("-id",)
        indexes = (models.Index(fields=("subject_type", "subject_id", "expert"), name="decision_of_subject"),)

    def __str__(self) -> str:
        return f"{self.expert}:{'可以邀请' if self.may_ask else '回避'}"
