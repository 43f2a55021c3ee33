"""A closed loop on disk: where a subject stands, one row for every step it took, and its clocks."""

from django.db import models
from django.db.models import F, Q

from zhiqiao.kit.clock import Duration
from zhiqiao.kit.clock.durations import Unit


class FlowSubject(models.Model):
    """Something that moves through a loop. Only :class:`Flow` writes these fields.

    due_at : the next due time: the earliest of the clocks that run; None while they stand still or none runs.
    paused_until : until when the clocks stand still at most; None = they run.
    round_the_clock : an emergency: every hour of every day counts from when it was declared one.
    """

    stage = models.CharField("环节", max_length=24, db_index=True)
    stage_at = models.DateTimeField("进入环节时间")
    due_at = models.DateTimeField("本环节到期", null=True, blank=True)
    paused_until = models.DateTimeField("暂停至", null=True, blank=True, editable=False)
    round_the_clock = models.BooleanField("应急（7×24 小时计时）", default=False, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Transition(models.Model):
    """One step of one subject: history, audit, clock, figure and outbox in a single row.

    It never changes after it is written, except for ``dispatched_at``, which the worker sets when the
    notices of this step have become deliveries. Subjects and people are held as plain identifiers, so
    that history neither blocks a deletion nor vanishes with it.

    waited_minutes : working minutes in the stage it left, without those in which the clocks stood still
    (``paused_minutes``). late : the clock of that stage was over.
    """

    flow = models.CharField(max_length=24)
    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    step = models.CharField("步骤", max_length=32)
    source = models.CharField("原环节", max_length=24)
    target = models.CharField("新环节", max_length=24)
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("办理人", max_length=80)
    at = models.DateTimeField("时间")
    due_at = models.DateTimeField("下一步到期", null=True)
    waited_minutes = models.PositiveIntegerField("在原环节的工作分钟")
    paused_minutes = models.PositiveIntegerField("其中暂停的工作分钟", default=0)
    late = models.BooleanField("逾期办理", default=False)
    note = models.TextField("说明", blank=True)
    data = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "id"), name="transition_of_subject"),
            models.Index(fields=("flow", "step", "at"), name="transition_of_step"),
            # Covering, for figures over all cases: who took a step, and how long each step was waited for.
            models.Index(fields=("flow", "step", "subject_id", "at"), name="transition_taken"),
            models.Index(
                fields=("flow", "subject_type", "step", "waited_minutes", "late", "subject_id", "at"),
                name="transition_waits",
            ),
            models.Index(
                fields=("id",), condition=models.Q(dispatched_at__isnull=True), name="transition_outbox"
            ),
        )

    def __str__(self) -> str:
        return f"{self.flow}.{self.step} {self.subject_id} {self.at:%Y-%m-%d %H:%M}"


class Clock(models.Model):
    """One clock of one subject: when it started, when it is due, when it stopped and whether that was in time.

    The term is kept with the row, so that the due time can be reckoned again when a calendar changes, from
    ``counted_from`` (the start, or the instant from which the term counts, such as the end of a meeting).
    Once stopped, a row never changes. What a unit or campaign had set is in force as of the start.

    rushed_at : since when every hour counts. paused_at : since when it stands still.
    rung, next_at : the next rung of the ladder (0 = the warning) and when it is climbed; None = none is left.
    """

    flow = models.CharField(max_length=24)
    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    name = models.CharField("时限", max_length=24)
    unit = models.CharField(max_length=16, choices=[(unit.name, unit.value) for unit in Unit])
    amount = models.FloatField("期限")
    warn_days = models.PositiveSmallIntegerField("提前几个工作日提醒", null=True)
    escalates = models.BooleanField("逾期逐级提醒", default=True)
    started_at = models.DateTimeField("开始")
    counted_from = models.DateTimeField("起算")
    rushed_at = models.DateTimeField("转应急", null=True)
    due_at = models.DateTimeField("到期")
    paused_at = models.DateTimeField("暂停", null=True)
    paused_minutes = models.PositiveIntegerField("暂停的工作分钟", default=0)
    stopped_at = models.DateTimeField("停止", null=True)
    met = models.BooleanField("按时", null=True)
    rung = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "id"), name="clock_of_subject"),
            models.Index(fields=("next_at", "id"), condition=Q(stopped_at__isnull=True), name="clock_ladder"),
            models.Index(fields=("flow", "name", "started_at"), name="clock_of_kind"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("subject_type", "subject_id", "name"),
                condition=Q(stopped_at__isnull=True),
                name="clock_runs_once",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, met__isnull=True)
                | Q(stopped_at__gte=F("started_at"), met__isnull=False),
                name="clock_stopped_is_judged",
            ),
        )

    def __str__(self) -> str:
        return f"{self.flow}.{self.name} {self.subject_id} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def term(self) -> Duration:
        """The term this clock runs by."""
        return Duration(Unit[self.unit], self.amount)


class Pause(models.Model):
    """All clocks of a subject stand still: for whom, why, on what evidence, from and until when at most."""

    class How(models.TextChoices):
        RESUMED = "resumed", "恢复计时"
        STEP = "step", "办理下一步时恢复"
        OVER = "over", "到期自动恢复"

    flow = models.CharField(max_length=24)
    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    stage = models.CharField("环节", max_length=24)
    reason = models.CharField("等谁", max_length=16)
    note = models.TextField("依据")
    attachment = models.ForeignKey("kit.Attachment", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField("开始")
    until = models.DateTimeField("最晚到")
    by_name = models.CharField("经办人", max_length=80)
    ended_at = models.DateTimeField("结束", null=True)
    how = models.CharField("怎样结束", max_length=8, choices=How.choices, blank=True)
    minutes = models.PositiveIntegerField("暂停的工作分钟", null=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "id"), name="pause_of_subject"),
            models.Index(fields=("until",), condition=Q(ended_at__isnull=True), name="pause_open"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("subject_type", "subject_id"),
                condition=Q(ended_at__isnull=True),
                name="paused_once",
            ),
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="pause_has_a_length"),
        )

    def __str__(self) -> str:
        return f"{self.flow} {self.subject_id} {self.reason} {self.at:%Y-%m-%d %H:%M}"


class ClockTerm(models.Model):
    """What a unit or a campaign has set for one clock, from a date on: its term, and whether it warns and when.

    place : path of the unit; empty = the whole installation. campaign : key of a campaign; empty = all cases.
    amount : in the clock's own unit (working days as a rule); None = from then on as set above.
    open_too : clocks already running get the new term when the date comes; else only those that start later.
    Rows are versions: a later date takes over, an earlier one stays.
    """

    flow = models.CharField(max_length=24)
    clock = models.CharField("时限", max_length=24)
    place = models.CharField("单位", max_length=60, blank=True, default="")
    campaign = models.CharField("专项行动", max_length=24, blank=True, default="")
    starts_on = models.DateField("自何日起")
    amount = models.PositiveSmallIntegerField("期限", null=True, blank=True)
    warn_days = models.PositiveSmallIntegerField("提前几个工作日提醒", null=True, blank=True)
    escalates = models.BooleanField("逾期逐级提醒", default=True)
    open_too = models.BooleanField("在办的也适用", default=True)
    source = models.CharField("依据", max_length=200)
    made_at = models.DateTimeField("登记时间")
    made_by = models.CharField("登记人", max_length=80)

    class Meta:
        ordering = ("starts_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("flow", "clock", "place", "campaign", "starts_on"), name="clock_term_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="clock_term_above_0"
            ),
        )

    def __str__(self) -> str:
        return f"{self.flow}.{self.clock} {self.place or '全网络'} {self.starts_on} {self.amount}"
