"""Who may see the details of a confidential need: the expert's pledge and the unit's consent."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhiqiao.directory.models import Expert
from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Scope


class Pledge(models.Model):
    """An expert has signed a pledge of secrecy for one case (已签保密承诺), and the unit consents that she sees it.

    One row per expert and case; the signed paper is attached to it. Withdrawn, it stays and opens nothing.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="pledges")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="pledges")
    signed_at = models.DateTimeField("签署时间")
    approved_at = models.DateTimeField("同意时间", null=True)
    approved_by = models.CharField("同意人", max_length=80, blank=True)
    withdrawn_at = models.DateTimeField("收回时间", null=True)
    note = models.CharField("说明", max_length=200, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"approved_by": IDENTITY}
    PLAIN = ("note",)
    SCOPE = Scope(organisations=("need__organisation",))

    class Meta:
        verbose_name = "保密承诺"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("need", "expert"), name="pledged_once"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by="")
                | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="pledge_approved_by_somebody",
            ),
        )

    @property
    def opens(self) -> bool:
        """Whether it lets her see the details now."""
        return self.approved_at is not None and self.withdrawn_at is None
