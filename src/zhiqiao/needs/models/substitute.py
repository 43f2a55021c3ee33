"""Whom an expert named in her place."""

from typing import ClassVar

from django.db import models

from zhiqiao.directory.models import Expert
from zhiqiao.kit.privacy import IDENTITY, PROFILE, Personal
from zhiqiao.needs import enums
from zhiqiao.needs.models.service import Invitation
from zhiqiao.orgs.models import Scope


class Substitute(models.Model):
    """A colleague named by an expert who declined: a proposal to the clerk, not yet an invitation.

    A name and a unit as she wrote them, never a contact: whoever is invited is in the library, with contacts
    that have been confirmed there. ``expert`` is the row the clerk took it to be.
    """

    invitation = models.OneToOneField(Invitation, on_delete=models.CASCADE, related_name="substitute")
    name = models.CharField("姓名", max_length=60)
    unit = models.CharField("单位", max_length=120, blank=True)
    note = models.CharField("理由", max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=enums.SubstituteState.choices)
    expert = models.ForeignKey(
        Expert, null=True, on_delete=models.PROTECT, related_name="named_as_substitute"
    )
    by_name = models.CharField("处理人", max_length=80, blank=True)
    at = models.DateTimeField("提出时间")
    settled_at = models.DateTimeField("处理时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "name": IDENTITY,
        "unit": PROFILE,
        "note": PROFILE,
        "by_name": IDENTITY,
    }
    PLAIN = ("state",)
    SCOPE = Scope(organisations=("invitation__need__organisation",))

    class Meta:
        verbose_name = "推荐的同行"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.name}（{self.unit}）" if self.unit else self.name
