"""Every number of the dashboard: its name, its definition, and the records it counts.

A number is always the count of its rows, so that opening it lists exactly what was counted, within the
reader's scope and as of the same day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from zhiqiao.directory.enums import ExpertKind
from zhiqiao.directory.models import Expert
from zhiqiao.directory.queries import experts_for
from zhiqiao.insights.frame import Frame, start_of
from zhiqiao.kit.flow import Transition
from zhiqiao.needs.enums import SUCCESSES, ClosingKind, MeetingState, NeedPerm, Result
from zhiqiao.needs.models import Attendance, Closing, Need, Outcome
from zhiqiao.needs.queries import FINISHED
from zhiqiao.orgs.scope import visible

Rows = Callable[[Frame], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``definition`` is what a reader is told; ``rows`` are what is counted."""

    name: str
    title: str
    definition: str
    rows: Rows
    unit: str = "项"
    subject: str = "need"

    def value(self, frame: Frame) -> int:
        """Count the rows."""
        return self.rows(frame).count()


def needs(frame: Frame) -> QuerySet[Need]:
    """Return the needs the question is about: submitted, within scope, programme, period and as-of day."""
    rows = visible(Need.objects.filter(submitted_at__isnull=False), frame.who, NeedPerm.VIEW)
    if frame.programme is not None:
        rows = rows.filter(programmes=frame.programme)
    if frame.start is not None:
        rows = rows.filter(submitted_at__gte=start_of(frame.start))
    if frame.end is not None:
        rows = rows.filter(submitted_at__lt=start_of(frame.end + timedelta(days=1)))
    if frame.instant is not None:
        rows = rows.filter(submitted_at__lt=frame.instant)
    if frame.handler is not None:
        rows = rows.filter(organisation=frame.handler)
    if frame.industry:
        rows = rows.filter(enterprise__industry=frame.industry)
    return rows


def _by(frame: Frame, field: str) -> Q:
    """Limit an event to those that had happened by the as-of day."""
    return Q() if frame.instant is None else Q(**{f"{field}__lt": frame.instant})


def _took(step: str) -> Rows:
    """Needs that have taken a step by the as-of day."""

    def rows(frame: Frame) -> QuerySet[Need]:
        taken = Transition.objects.filter(
            _by(frame, "at"), subject_type="needs.need", subject_id=OuterRef("pk"), step=step
        )
        return needs(frame).filter(Exists(taken))

    return rows


def _with_outcome(*results: str) -> Rows:
    """Needs whose outcome both sides have confirmed, with one of these results."""

    def rows(frame: Frame) -> QuerySet[Need]:
        confirmed = Outcome.objects.filter(
            _by(frame, "confirmed_at"),
            need=OuterRef("pk"),
            confirmed_at__isnull=False,
            superseded_at__isnull=True,
            result__in=results,
        )
        if frame.reason:
            confirmed = confirmed.filter(reason=frame.reason)
        return needs(frame).filter(Exists(confirmed))

    return rows


def _closed(frame: Frame) -> QuerySet[Need]:
    closings = Closing.objects.filter(_by(frame, "at"), need=OuterRef("pk"), kind=ClosingKind.COMPLETED)
    return needs(frame).filter(Exists(closings))


def _closed_without_success(frame: Frame) -> QuerySet[Need]:
    won = Outcome.objects.filter(
        _by(frame, "confirmed_at"),
        need=OuterRef("pk"),
        confirmed_at__isnull=False,
        superseded_at__isnull=True,
        result__in=SUCCESSES,
    )
    return _closed(frame).filter(~Exists(won))


def _open(frame: Frame) -> QuerySet[Need]:
    """Needs not closed by the as-of day, in whichever way."""
    ended = Closing.objects.filter(_by(frame, "at"), need=OuterRef("pk"))
    return needs(frame).filter(~Exists(ended))


def _overdue(frame: Frame) -> QuerySet[Need]:
    """Overdue is a matter of now: what stood overdue on an earlier day is told by the late steps."""
    return needs(frame).exclude(stage__in=FINISHED).filter(due_at__lt=timezone.now())


def _services(frame: Frame) -> QuerySet[Attendance]:
    held = Q(meeting__state=MeetingState.HELD, expert__isnull=False) & _by(frame, "meeting__starts_at")
    return Attendance.objects.filter(held, meeting__need__in=needs(frame).values("pk"))


def _experts(kind: str = "") -> Rows:
    def rows(frame: Frame) -> QuerySet[Expert]:
        experts = experts_for(frame.who).filter(is_active=True)
        if frame.programme is not None:
            experts = experts.filter(pk__in=frame.programme.experts.values("pk"))
        if kind:
            experts = experts.filter(kind=kind)
        if frame.instant is not None:
            experts = experts.filter(Q(consented_at__isnull=True) | Q(consented_at__lt=frame.instant))
        return experts.distinct()

    return rows


def _late(step: str = "") -> Rows:
    def rows(frame: Frame) -> QuerySet[Transition]:
        steps = Transition.objects.filter(_by(frame, "at"), flow="need", late=True)
        if step:
            steps = steps.filter(step=step)
        return steps.filter(subject_id__in=needs(frame).values("pk"))

    return rows


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("experts", "入库专家", "在库的专家；选了专项行动时，是列入该行动的专家。", _experts(), "位", "expert"),
        Figure("academicians", "院士", "入库专家中类别为院士的。", _experts(ExpertKind.ACADEMICIAN), "位", "expert"),
        Figure("overseas", "海智专家", "入库专家中类别为海智专家的。", _experts(ExpertKind.OVERSEAS), "位", "expert"),
        Figure("society_experts", "学会专家", "入库专家中类别为学会专家的。", _experts(ExpertKind.SOCIETY), "位", "expert"),
        Figure("received", "收到需求", "已提交的需求，按提交日期计。", needs),
        Figure("accepted", "受理", "收到的需求中已受理的。", _took("accept")),
        Figure("matched", "匹配邀请", "收到的需求中已发出专家邀请的。", _took("invite")),
        Figure("engaged", "专家接受", "收到的需求中有专家接受邀请的。", _took("engage")),
        Figure("met", "完成对接", "收到的需求中至少举行过一次对接的。", _took("hold")),
        Figure("services", "专家服务", "到场专家与对接的组合：同一位专家参加同一次对接计一次。", _services, "人次", "service"),
        Figure("closed", "办结", "已归档的需求，不论结果如何。", _closed),
        Figure("successes", "解决或合作", "结果为已解决或达成合作，并经双方确认的需求。", _with_outcome(*SUCCESSES)),
        Figure("solved", "已解决", "结果为已解决，并经双方确认的需求。", _with_outcome(Result.SOLVED)),
        Figure("cooperation", "达成合作", "结果为达成合作，并经双方确认的需求。", _with_outcome(Result.COOPERATION)),
        Figure("partly", "部分解决", "结果为部分解决，并经双方确认的需求。", _with_outcome(Result.PARTLY)),
        Figure("unsolved", "未解决", "结果为未解决，并经确认的需求。", _with_outcome(Result.UNSOLVED)),
        Figure("closed_without_success", "办结未成", "已办结，但没有解决也没有达成合作的需求。", _closed_without_success),
        Figure("open", "在办", "收到而还没有了结的需求。", _open),
        Figure("overdue", "现在逾期", "此刻已过时限、还没有办下一步的需求。", _overdue),
        Figure("late_steps", "逾期办理", "超过时限才办的步骤，一步计一次。", _late(), "步", "step"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """One figure over another; both of them open."""

    name: str
    title: str
    numerator: str
    denominator: str
    percent: bool = True

    def value(self, counts: dict[str, int]) -> float | None:
        """Return the quotient; None over nothing."""
        below = counts[self.denominator]
        return counts[self.numerator] / below if below else None

    def words(self, counts: dict[str, int]) -> str:
        """Return the quotient as people read it: 82.2 %, or 1.09."""
        value = self.value(counts)
        if value is None:
            return "—"
        return f"{value:.1%}".replace("%", " %") if self.percent else f"{value:.2f}"


RATES = (
    Rate("close_rate", "办结率", "closed", "received"),
    Rate("success_rate", "解决率（占收到）", "successes", "received"),
    Rate("success_of_closed", "解决率（占办结）", "successes", "closed"),
    Rate("services_per_need", "每项需求的服务人次", "services", "received", percent=False),
)

FUNNEL = ("received", "accepted", "matched", "engaged", "met", "closed", "successes")
