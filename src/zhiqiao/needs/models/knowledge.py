"""What a solved case teaches the next one, without saying whose it was."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs import enums
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Organisation, Scope


class SolutionCard(models.Model):
    """An anonymised account of one closed case: what was wrong and what helped. Anybody reads it once released.

    ``organisation`` is the unit that wrote it; the case behind it is known to staff only.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        RELEASED = "released", "已发布"
        WITHDRAWN = "withdrawn", "已撤下"

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="solution_card")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="solution_cards")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    kind = models.CharField("类别", max_length=12, choices=enums.Kind.choices)
    result = models.CharField("结果", max_length=12, choices=enums.Result.choices)
    title = models.CharField("标题", max_length=120)
    problem = models.TextField("遇到的问题")
    solution = models.TextField("怎样解决的")
    edited_at = models.DateTimeField("修改时间")
    edited_by = models.CharField("修改人", max_length=80)
    released_at = models.DateTimeField("发布时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"edited_by": IDENTITY}
    PLAIN = ("state", "kind", "result", "title", "problem", "solution")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "解决方案"
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "released_at", "id"), name="solution_released"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="released") | Q(released_at__isnull=False), name="released_card_has_date"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("needs:solution_edit", args=(self.pk,))

    @property
    def public_url(self) -> str:
        """Where anybody reads it."""
        return reverse("needs:solution", args=(self.pk,))
