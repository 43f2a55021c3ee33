"""Who may ask."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from stdnum.cn import uscc

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.kit.privacy import Personal
from zhiqiao.orgs.models import Organisation, Scope


def validate_credit_code(code: str) -> None:
    """Check a unified social credit code (GB 32100-2015): length, alphabet and check digit.

    :raises django.core.exceptions.ValidationError: it is not a valid code; the message says what to check.
    """
    from django.core.exceptions import ValidationError

    if not uscc.is_valid(code):
        raise ValidationError(
            "统一社会信用代码不对：应为 18 位数字和大写字母（不含 I、O、S、V、Z），请对照营业执照核对。",
            code="credit_code",
        )


class Enterprise(models.Model):
    """An enterprise that may ask. Its name and place are its organisation's; this is what else is known."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="enterprise")
    credit_code = models.CharField(
        "统一社会信用代码",
        max_length=18,
        null=True,
        blank=True,
        unique=True,
        validators=(validate_credit_code,),
    )
    industry = models.CharField("行业", max_length=3, choices=list(INDUSTRIES.items()), blank=True)
    industry_text = models.CharField("细分行业", max_length=60, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    source = models.CharField("来源", max_length=40, blank=True)
    source_key = models.CharField("来源编号", max_length=80, blank=True)
    updated_at = models.DateTimeField("更新时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("credit_code", "industry", "industry_text", "address", "source", "source_key")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "企业"
        ordering = ("organisation__name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_key"), condition=~Q(source_key=""), name="enterprise_source_once"
            ),
        )
        indexes = (models.Index(fields=("source_key",), name="enterprise_source_key"),)

    def __str__(self) -> str:
        return self.organisation.name

    def get_absolute_url(self) -> str:
        return reverse("directory:enterprise", args=(self.pk,))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.credit_code = self.credit_code or None
        if self.credit_code:
            validate_credit_code(self.credit_code)
        super().save(*args, **kwargs)
