"""Who may be asked, and what proves that she can help."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from zhiqiao.directory.codes import DISCIPLINES
from zhiqiao.directory.enums import EvidenceKind, ExpertKind, FieldVisibility, Sharing
from zhiqiao.kit.privacy import CONTACT, IDENTITY, PROFILE, Personal
from zhiqiao.orgs.models import Organisation, Scope


class Expert(models.Model):
    """One scientist or engineer who may be asked. Two people of one name are two rows.

    Identity: (source, source_key) where a source gives one; else name + unit. A row found to be another
    row's person (``merged_into``) stays as a redirect and is on no list. A person's competence is not here but
    in her evidence items.
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
    merged_into = models.ForeignKey(
        "self",
        verbose_name="已并入",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged_from",
    )
    source = models.CharField("来源", max_length=40, blank=True)
    source_key = models.CharField("来源编号", max_length=200, blank=True)
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
            models.Index(fields=("unit",), name="expert_unit"),
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
