"""A research output shown to an enterprise as a possible answer to what it asked."""

from typing import ClassVar

from django.db import models

from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Scope


class Recommendation(models.Model):
    """One output recommended for one need, once. Whether the enterprise takes it up is the case's own story."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="recommendations")
    output = models.ForeignKey(
        ResearchOutput, verbose_name="成果", on_delete=models.PROTECT, related_name="recommendations"
    )
    note = models.CharField("附言", max_length=400, blank=True)
    by_name = models.CharField("推荐人", max_length=80)
    at = models.DateTimeField("推荐时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("note",)
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "成果推荐"
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("need", "output"), name="recommended_once"),)

    def __str__(self) -> str:
        return f"{self.output} → {self.need}"
