"""Who was asked to help, and when the two sides met."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhiqiao.directory.models import Expert
from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs import enums
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Scope


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
