"""The shared libraries: experts with their evidence, enterprises, research outputs."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from stdnum.cn import uscc

from zhiqiao.directory.codes import DISCIPLINES, INDUSTRIES
from zhiqiao.directory.enums import TRL, EvidenceKind, ExpertKind, FieldVisibility, OutputKind, Sharing
from zhiqiao.kit.privacy import CONTACT, IDENTITY, PROFILE, Personal
from zhiqiao.orgs.models import Organisation, Scope


class Revision(models.Model):
    """The number of the last change to a library; a search index knows by it what it has not read yet.

    Raised in the transaction of every change, under the row's lock, so that a reader who has seen number n
    has seen every change up to n.
    """

    library = models.CharField(max_length=16, unique=True)
    number = models.BigIntegerField(default=0)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("library",)


class Expert(models.Model):
    """One scientist or engineer who may be asked. Two people of one name are two rows.

    Identity: (source, source_key) where a source gives one; else name + unit. A person's competence is not
    here but in her evidence items.
    """

    name = models.CharField("姓名", max_length=60)
    kind = models.CharField("类别", max_length=16, choices=ExpertKind.choices)
    unit = models.CharField("单位", max_length=120, blank=True)
    title = models.CharField("职称", max_length=60, blank=True)
    position = models.CharField("职务", max_length=60, blank=True)
    keywords = models.CharField("研究方向与关键词", max_length=400, blank=True)
    organisation = models.ForeignKey(
        Organisation, verbose_name="推荐单位", on_delete=models.PROTECT, related_name="experts"
    )
    place = models.ForeignKey(
        Organisation, verbose_name="所在地", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name="账号",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="expert",
    )
    phone = models.CharField("手机号", max_length=20, blank=True)
    email = models.EmailField("邮箱", blank=True)
    phone_visibility = models.CharField(
        "手机号谁可见", max_length=8, choices=FieldVisibility.choices, default=FieldVisibility.HANDLERS
    )
    email_visibility = models.CharField(
        "邮箱谁可见", max_length=8, choices=FieldVisibility.choices, default=FieldVisibility.HANDLERS
    )
    sharing = models.CharField("共享范围", max_length=8, choices=Sharing.choices, default=Sharing.NETWORK)
    consented_at = models.DateTimeField("本人同意入库时间", null=True, blank=True)
    task_cap = models.PositiveSmallIntegerField("同时承担上限", default=3)
    resting_until = models.DateField("暂不打扰至", null=True, blank=True)
    is_active = models.BooleanField("在库", default=True)
    source = models.CharField("来源", max_length=40, blank=True)
    source_key = models.CharField("来源编号", max_length=200, blank=True)
    revision = models.BigIntegerField(default=0, db_index=True, editable=False)
    updated_at = models.DateTimeField("更新时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "name": IDENTITY,
        "unit": PROFILE,
        "title": PROFILE,
        "position": PROFILE,
        "keywords": PROFILE,
        "phone": CONTACT,
        "email": CONTACT,
    }
    PLAIN = ("kind", "phone_visibility", "email_visibility", "sharing", "source", "source_key")
    SCOPE = Scope(
        organisations=("organisation",),
        people=("person",),
        shared=Q(sharing__in=(Sharing.NETWORK, Sharing.PUBLIC)),
    )

    class Meta:
        verbose_name = "专家"
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_key"), condition=~Q(source_key=""), name="expert_source_once"
            ),
        )
        indexes = (
            models.Index(fields=("name", "unit"), name="expert_name_unit"),
            models.Index(fields=("source_key",), name="expert_source_key"),
        )

    def __str__(self) -> str:
        return f"{self.name}({self.unit})" if self.unit else self.name

    def get_absolute_url(self) -> str:
        return reverse("directory:expert", args=(self.pk,))

    @property
    def discipline_titles(self) -> list[str]:
        """Return the names of her disciplines."""
        return [DISCIPLINES[row.code] for row in self.disciplines.all() if row.code in DISCIPLINES]


class ExpertDiscipline(models.Model):
    """A discipline of an expert: GB/T 13745 level 1."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="disciplines")
    code = models.CharField("学科", max_length=3, choices=list(DISCIPLINES.items()), db_index=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"code": PROFILE}

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("expert", "code"), name="expert_discipline_once"),)


class Evidence(models.Model):
    """One proof of an expert's competence: a paper, a patent, a project, a service rendered."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField("类别", max_length=12, choices=EvidenceKind.choices)
    title = models.CharField("题名", max_length=300)
    text = models.TextField("摘要或说明", blank=True)
    year = models.PositiveSmallIntegerField("年份", null=True, blank=True)
    url = models.URLField("链接", blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"title": PROFILE, "text": PROFILE}
    PLAIN = ("kind", "url")

    class Meta:
        verbose_name = "证据"
        ordering = ("-year", "id")

    def __str__(self) -> str:
        return self.title


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
