"""What the dashboard shows around its numbers: steps, places, industries, months, reasons."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncMonth

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.insights.figures import FIGURES, RATES, needs
from zhiqiao.insights.frame import Frame
from zhiqiao.kit import clock
from zhiqiao.kit.flow import Transition
from zhiqiao.needs.enums import ClosingKind, UnsolvedReason
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Closing, Outcome

MEASURED = ("accept", "invite", "engage", "schedule", "hold", "report", "confirm", "rate", "archive")
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one step was waited for, in working hours, and how often it came late."""

    name: str
    title: str
    count: int
    median_hours: float
    mean_hours: float
    late: int


def counts(frame: Frame) -> dict[str, int]:
    """Count every figure."""
    return {name: figure.value(frame) for name, figure in FIGURES.items()}


def step_times(frame: Frame) -> list[StepTime]:
    """Return the waiting time of each step of the loop; a median is the middle row, so no row is loaded."""
    cohort = needs(frame).values("pk")
    times = []
    for name in MEASURED:
        rows = Transition.objects.filter(flow="need", step=name, subject_id__in=cohort)
        if frame.instant is not None:
            rows = rows.filter(at__lt=frame.instant)
        told = rows.order_by().aggregate(
            n=Count("pk"), mean=Avg("waited_minutes"), late=Count("pk", filter=Q(late=True))
        )
        if told["n"]:
            middle = rows.order_by("waited_minutes").values_list("waited_minutes", flat=True)[told["n"] // 2]
            times.append(
                StepTime(
                    name,
                    NEED_FLOW.steps[name].title,
                    told["n"],
                    middle / MINUTES_PER_HOUR,
                    told["mean"] / MINUTES_PER_HOUR,
                    told["late"],
                )
            )
    return times


def by_handler(frame: Frame) -> list[tuple[int, str, int]]:
    """Count the received needs by handling association: (id, name, count), most first."""
    rows = (
        needs(frame)
        .order_by()
        .values("organisation_id", "organisation__short_name", "organisation__name")
        .annotate(n=Count("pk", distinct=True))
    )
    named = [
        (row["organisation_id"], row["organisation__short_name"] or row["organisation__name"], row["n"])
        for row in rows
    ]
    return sorted(named, key=lambda row: (-row[2], row[1]))


def by_industry(frame: Frame) -> list[tuple[str, str, int]]:
    """Count the received needs by the enterprise's industry: (code, name, count), most first."""
    rows = needs(frame).order_by().values("enterprise__industry").annotate(n=Count("pk", distinct=True))
    named = [
        (row["enterprise__industry"], INDUSTRIES.get(row["enterprise__industry"], "未填行业"), row["n"])
        for row in rows
    ]
    return sorted(named, key=lambda row: (-row[2], row[0]))


def by_month(frame: Frame) -> list[tuple[date, int, int]]:
    """Count needs received and closed in each month: (first day, received, closed)."""
    received = _months(needs(frame), "submitted_at")
    closed = _months(
        Closing.objects.filter(
            Q() if frame.instant is None else Q(at__lt=frame.instant),
            need__in=needs(frame).values("pk"),
            kind=ClosingKind.COMPLETED,
        ),
        "at",
    )
    return [(month, received.get(month, 0), closed.get(month, 0)) for month in sorted({*received, *closed})]


def _months(rows, field):  # type: ignore[no-untyped-def]
    grouped = rows.order_by().annotate(month=TruncMonth(field, tzinfo=clock.CHINA)).values("month")
    return {row["month"].date(): row["n"] for row in grouped.annotate(n=Count("pk", distinct=True))}


def unsolved_reasons(frame: Frame) -> list[tuple[str, str, int]]:
    """Count the confirmed unsolved outcomes by reason: (code, words, count), most first."""
    rows = (
        Outcome.objects.filter(
            need__in=FIGURES["unsolved"].rows(frame).values("pk"),
            superseded_at__isnull=True,
            result="unsolved",
        )
        .order_by()
        .values("reason")
        .annotate(n=Count("pk"))
    )
    named = [(row["reason"], UnsolvedReason(row["reason"]).label, row["n"]) for row in rows]
    return sorted(named, key=lambda row: (-row[2], row[0]))


def rates(told: dict[str, int]) -> list[dict[str, object]]:
    """Return each rate with both of its figures."""
    return [
        {
            "name": rate.name,
            "title": rate.title,
            "words": rate.words(told),
            "numerator": FIGURES[rate.numerator],
            "above": told[rate.numerator],
            "denominator": FIGURES[rate.denominator],
            "below": told[rate.denominator],
        }
        for rate in RATES
    ]
