"""What may be taken up."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from zhiqiao.directory.enums import TRL, OutputKind, Sharing
from zhiqiao.kit.privacy import Personal
from zhiqiao.orgs.models import Organisation, Scope


class ResearchOutput(models.Model):
    """A result that somebody may take up: a patent, a technology, a product, with its readiness (TRL 1–9)."""

    title = models.CharField("名称", max_length=300)
    kind = models.CharField("类别", max_length=12, choices=OutputKind.choices, default=OutputKind.TECHNOLOGY)
    abstract = models.TextField("简介", blank=True)
    owner = models.CharField("完成单位", max_length=160, blank=True)
    trl = models.PositiveSmallIntegerField(
        "技术就绪度",
        null=True,
        blank=True,
        choices=[(level, f"{level} {name}") for level, name in TRL.items()],
        validators=(MinValueValidator(1), MaxValueValidator(9)),
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name="入库单位", on_delete=models.PROTECT, related_name="outputs"
    )
    sharing = models.CharField("共享范围", max_length=8, choices=Sharing.choices, default=Sharing.NETWORK)
    source = models.CharField("来源", max_length=40, blank=True)
    source_key = models.CharField("来源编号", max_length=200, blank=True)
    updated_at = models.DateTimeField("更新时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("title", "kind", "abstract", "owner", "sharing", "source", "source_key")
    SCOPE = Scope(organisations=("organisation",), shared=Q(sharing__in=(Sharing.NETWORK, Sharing.PUBLIC)))

    class Meta:
        verbose_name = "成果"
        ordering = ("-updated_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(trl__isnull=True) | Q(trl__range=(1, 9)), name="output_trl_in_range"
            ),
            models.UniqueConstraint(
                fields=("source", "source_key"), condition=~Q(source_key=""), name="output_source_once"
            ),
        )
        indexes = (
            models.Index(fields=("source_key",), name="output_source_key"),
            models.Index(fields=("title",), name="output_title"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("directory:output", args=(self.pk,))
