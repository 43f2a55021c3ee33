"""What is asked, and the campaigns it counts in."""

from typing import ClassVar

from django.db import models
from django.urls import reverse

from zhiqiao.directory.models import Enterprise, Expert
from zhiqiao.kit.flow import FlowSubject
from zhiqiao.kit.privacy import CONTACT, IDENTITY, Personal
from zhiqiao.needs import enums
from zhiqiao.orgs.models import Organisation, Scope


class Programme(models.Model):
    """A campaign such as 双千行动: a period, the experts enlisted for it, the needs counted in it."""

    code = models.SlugField("代码", unique=True)
    name = models.CharField("名称", max_length=80)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="programmes")
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束", null=True, blank=True)
    experts = models.ManyToManyField(Expert, related_name="programmes", blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("code", "name")
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "专项行动"
        ordering = ("-starts_on", "id")

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """The last case number given in a year. Its row lock keeps numbers unique and without gaps."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)


class Need(FlowSubject):
    """What an enterprise asks for. Moves through ``needs.flow``; closing and outcome are other records."""

    stage = models.CharField("环节", max_length=24, choices=enums.Stage.choices)
    number = models.CharField("编号", max_length=20, unique=True, null=True, editable=False)
    title = models.CharField("需求名称", max_length=120)
    body = models.TextField("需求内容")
    target = models.TextField("指标要求", blank=True)
    kind = models.CharField("类别", max_length=12, choices=enums.Kind.choices, default=enums.Kind.RESEARCH)
    visibility = models.CharField(
        "公开范围", max_length=8, choices=enums.Visibility.choices, default=enums.Visibility.STAFF
    )
    urgency = models.CharField(
        "紧急程度", max_length=8, choices=enums.Urgency.choices, default=enums.Urgency.NORMAL
    )
    source = models.CharField("来源", max_length=8, choices=enums.Source.choices, default=enums.Source.SELF)
    source_key = models.CharField("来源编号", max_length=80, blank=True)
    budget_fen = models.BigIntegerField("拟投入（分）", null=True, blank=True)
    wanted_on = models.DateField("期望完成", null=True, blank=True)
    contact_name = models.CharField("联系人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=20, blank=True)
    contact_email = models.EmailField("联系邮箱", blank=True)
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="needs")
    organisation = models.ForeignKey(
        Organisation, verbose_name="受理单位", on_delete=models.PROTECT, related_name="needs"
    )
    programmes = models.ManyToManyField(Programme, related_name="needs", blank=True)
    created_at = models.DateTimeField("建立时间")
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {
        "contact_name": IDENTITY,
        "contact_phone": CONTACT,
        "contact_email": CONTACT,
    }
    PLAIN = (
        "stage", "number", "title", "body", "target", "kind", "visibility",
        "urgency", "source", "source_key",
    )  # fmt: skip
    SCOPE = Scope(organisations=("organisation", "enterprise__organisation"))

    class Meta:
        verbose_name = "需求"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("stage", "due_at", "id"), name="need_inbox"),
            models.Index(fields=("organisation", "stage", "due_at"), name="need_of_handler"),
            # Covering, for figures by place and stage, and by enterprise.
            models.Index(
                fields=("organisation", "stage", "enterprise", "submitted_at", "due_at"), name="need_figures"
            ),
            models.Index(fields=("enterprise", "submitted_at", "organisation"), name="need_of_enterprise"),
            # The inbox of somebody with many needs is a walk along this one.
            models.Index(fields=("due_at", "id"), condition=models.Q(due_at__isnull=False), name="need_due"),
            models.Index(fields=("title",), name="need_title"),
            models.Index(fields=("source_key",), name="need_source"),
            models.Index(fields=("submitted_at", "id"), name="need_submitted"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}" if self.number else self.title

    def get_absolute_url(self) -> str:
        return reverse("needs:detail", args=(self.pk,))

    @property
    def budget_yuan(self) -> float | None:
        """The budget as people type it: yuan."""
        return None if self.budget_fen is None else self.budget_fen / 100

    @property
    def text(self) -> str:
        """Everything the finder reads."""
        return "\n".join(part for part in (self.title, self.body, self.target) if part)
