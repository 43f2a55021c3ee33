"""How much an expert can be asked: her leaves, and the terms that protect everybody."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zhiqiao.directory.models.expert import Expert
from zhiqiao.kit.privacy import IDENTITY, PROFILE, Personal
from zhiqiao.orgs.models import Scope


class Leave(models.Model):
    """A time in which an expert is not to be asked: abroad, ill, on a project. Both days included."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="leaves")
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    note = models.CharField("说明", max_length=120, blank=True)
    by_name = models.CharField("登记人", max_length=80)
    at = models.DateTimeField("登记时间")
    cancelled_at = models.DateTimeField("取消时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"note": PROFILE, "by_name": IDENTITY}
    PLAIN = ()
    SCOPE = Scope(organisations=("expert__organisation",), people=("expert__person",))

    class Meta:
        verbose_name = "休假"
        ordering = ("starts_on", "id")
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_in_order"),
        )
        indexes = (models.Index(fields=("ends_on", "starts_on"), name="leave_days"),)

    def __str__(self) -> str:
        return f"{self.expert.name}:{self.starts_on}—{self.ends_on}"


class CapacityTerm(models.Model):
    """How often anybody may be asked, from a day on. Without a row the defaults of ``directory.capacity`` hold."""

    starts_on = models.DateField("自何日起")
    cool_off_days = models.PositiveSmallIntegerField("婉拒后暂缓（天）", default=30)
    quarter_requests = models.PositiveSmallIntegerField("90 天内最多邀请（次）", default=12)
    basis = models.CharField("依据", max_length=200, blank=True)
    by_name = models.CharField("修改人", max_length=80)
    at = models.DateTimeField("修改时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("basis",)

    class Meta:
        verbose_name = "邀请频次"
        ordering = ("starts_on", "id")
