"""A technology need and everything that happens to it on the way to an outcome."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
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


class Invitation(models.Model):
    """One expert asked, or in line to be asked, about one need."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="invitations")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="invitations")
    rank = models.PositiveSmallIntegerField("次序")
    state = models.CharField(max_length=10, choices=enums.InvitationState.choices)
    message = models.TextField("邀请语", blank=True)
    why = models.JSONField("推荐理由", default=list)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField("发出时间", null=True)
    due_at = models.DateTimeField("答复期限", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    reason = models.CharField("婉拒原因", max_length=10, choices=enums.DeclineReason.choices, blank=True)
    note = models.CharField("附言", max_length=400, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("state", "message", "why", "reason", "note")
    SCOPE = Scope(organisations=("need__organisation",), people=("expert__person",))

    class Meta:
        verbose_name = "邀请"
        ordering = ("rank", "id")
        constraints = (models.UniqueConstraint(fields=("need", "expert"), name="invited_once"),)
        indexes = (models.Index(fields=("state", "due_at"), name="invitation_clock"),)

    def __str__(self) -> str:
        return f"{self.expert.name} → {self.need}"


class Meeting(models.Model):
    """The two sides meet: planned, then held with minutes, or cancelled."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="meetings")
    mode = models.CharField("方式", max_length=8, choices=enums.MeetingMode.choices)
    state = models.CharField(
        max_length=10, choices=enums.MeetingState.choices, default=enums.MeetingState.PLANNED
    )
    starts_at = models.DateTimeField("开始时间")
    minutes_long = models.PositiveSmallIntegerField("时长（分钟）", default=90)
    place = models.CharField("地点", max_length=200, blank=True)
    link = models.URLField("会议链接", blank=True)
    summary = models.TextField("纪要", blank=True)
    next_step = models.TextField("下一步", blank=True)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("mode", "state", "place", "link", "summary", "next_step")
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "对接"
        ordering = ("starts_at", "id")

    def __str__(self) -> str:
        return f"{self.need} {self.starts_at:%Y-%m-%d}"


class Attendance(models.Model):
    """Somebody was at a meeting. A row with an expert is one service (服务人次): once per expert and meeting."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendance")
    side = models.CharField(max_length=12, choices=enums.Side.choices)
    expert = models.ForeignKey(Expert, null=True, on_delete=models.PROTECT, related_name="attendance")
    name = models.CharField("姓名", max_length=80)

    PERSONAL: ClassVar[dict[str, Personal]] = {"name": IDENTITY}
    PLAIN = ("side",)
    SCOPE = Scope(organisations=("meeting__need__organisation", "meeting__need__enterprise__organisation"))

    class Meta:
        verbose_name = "服务"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("meeting", "expert"), condition=Q(expert__isnull=False), name="served_once"
            ),
        )


class Outcome(models.Model):
    """What came of a need, as reported; it counts once both sides have agreed. A dispute makes a new one."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="outcomes")
    result = models.CharField("结果", max_length=12, choices=enums.Result.choices)
    reason = models.CharField("未解决原因", max_length=12, choices=enums.UnsolvedReason.choices, blank=True)
    note = models.TextField("说明")
    amount_fen = models.BigIntegerField("合同金额（分）", null=True, blank=True)
    evidence_level = models.PositiveSmallIntegerField(
        "证据等级", choices=enums.EvidenceLevel.choices, default=enums.EvidenceLevel.STAFF
    )
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=80)
    confirmed_at = models.DateTimeField("双方确认时间", null=True)
    superseded_at = models.DateTimeField(null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"reported_by": IDENTITY}
    PLAIN = ("result", "reason", "note")
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "结果"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("need",), condition=Q(superseded_at__isnull=True), name="one_current_outcome"
            ),
            models.CheckConstraint(
                condition=~Q(result="unsolved") | ~Q(reason=""), name="unsolved_has_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.need}: {self.get_result_display()}"


class Confirmation(models.Model):
    """One side's answer to a reported outcome. Silence is not yes: without a row a side has not answered."""

    outcome = models.ForeignKey(Outcome, on_delete=models.CASCADE, related_name="confirmations")
    side = models.CharField(max_length=12, choices=enums.Side.choices)
    agrees = models.BooleanField("同意")
    note = models.TextField("意见", blank=True)
    by_name = models.CharField("确认人", max_length=80)
    at = models.DateTimeField("确认时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("side", "note")

    class Meta:
        verbose_name = "确认"
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("outcome", "side"), name="answered_once"),)


class Rating(models.Model):
    """One side's view of how it went: 1 to 5; the enterprise also on attitude, skill, speed and use."""

    ITEMS = (("attitude", "服务态度"), ("skill", "专业水平"), ("speed", "响应速度"), ("use", "实际帮助"))

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="ratings")
    side = models.CharField(max_length=12, choices=enums.Side.choices)
    score = models.PositiveSmallIntegerField(
        "总体评分", validators=(MinValueValidator(1), MaxValueValidator(5))
    )
    items = models.JSONField("分项", default=dict)
    comment = models.TextField("意见", blank=True)
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("side", "comment", "items")

    class Meta:
        verbose_name = "评价"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("need", "side"), name="rated_once"),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_in_range"),
        )


class Closing(models.Model):
    """The case is closed: when, how, by whom. It says nothing about success; the outcome does."""

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="closing")
    kind = models.CharField(max_length=12, choices=enums.ClosingKind.choices)
    reason = models.TextField("理由", blank=True)
    by_name = models.CharField("办理人", max_length=80)
    at = models.DateTimeField("办结时间")

    PERSONAL: ClassVar[dict[str, Personal]] = {"by_name": IDENTITY}
    PLAIN = ("kind", "reason")
    SCOPE = Scope(organisations=("need__organisation", "need__enterprise__organisation"))

    class Meta:
        verbose_name = "办结"
        ordering = ("at", "id")
