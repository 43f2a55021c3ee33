"""The records behind the figures. Every one starts from scope; a lens narrows it further."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Subquery

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.models import Expert
from zhiqiao.insights.lens import AGES, COHORT, Lens
from zhiqiao.kit.flow import Pause, Transition
from zhiqiao.needs.enums import SUCCESSES, ClosingKind, MeetingState
from zhiqiao.needs.models import Attendance, Closing, Need, Outcome, Programme
from zhiqiao.orgs.scope import visible

M = TypeVar("M", bound=Model)
NEED_TYPE = Need._meta.label_lower


def needs(lens: Lens) -> QuerySet[Need]:
    """Return the submitted needs a reader may count, whatever became of them."""
    rows = Need.objects.filter(_narrowed(lens))
    return rows if lens.who is None else visible(rows, lens.who, lens.permission)


def _narrowed(lens: Lens, need: str = "") -> Q:
    """Keep what lies within the lens; ``need`` is the lookup from a row to its need."""
    kept = Q(**{f"{need}submitted_at__isnull": False})
    if lens.programme is not None:
        counted = Need.programmes.through.objects.filter(programme=lens.programme)
        kept &= Q(**{f"{need}pk__in": counted.values("need_id")})
    if lens.place is not None:
        path = f"{need}organisation__path"
        kept &= Q(**{f"{path}__gte": lens.place.path, f"{path}__lt": lens.place.path_end})
    if lens.handler is not None:
        kept &= Q(**{f"{need}organisation": lens.handler})
    if lens.industry:
        kept &= Q(**{f"{need}enterprise__industry": lens.industry})
    if lens.basis == COHORT:
        kept &= lens.in_period(f"{need}submitted_at")
    return kept


def _about(rows: QuerySet[M], need: str, lens: Lens) -> QuerySet[M]:
    """Keep the rows whose need a reader may count.

    Whoever sees all needs is spared the list of them: a join asks only about the needs of these rows.
    """
    if lens.sees_all:
        return rows.filter(_narrowed(lens, f"{need}__"))
    return rows.filter(**{f"{need}__in": needs(lens)})


def experts(lens: Lens) -> QuerySet[Expert]:
    """Return the experts in the library that a reader may see, or those enlisted for a campaign."""
    rows = Expert.objects.filter(is_active=True)
    if lens.who is not None:
        rows = visible(rows, lens.who, DirectoryPerm.VIEW)
    if lens.programme is not None:
        enlisted = Programme.experts.through.objects.filter(programme=lens.programme)
        rows = rows.filter(pk__in=enlisted.values("expert_id"))
    if lens.until:
        rows = rows.filter(Q(consented_at__isnull=True) | Q(consented_at__lt=lens.until))
    if lens.kind:
        rows = rows.filter(kind=lens.kind)
    return rows


def received(lens: Lens) -> QuerySet[Need]:
    """Return the needs that were handed in."""
    return needs(lens).filter(lens.within("submitted_at"))


def reached(lens: Lens, step: str) -> QuerySet[Need]:
    """Return the needs for which a step was taken, once or more often."""
    taken = Transition.objects.filter(lens.within("at"), flow="need", step=step)
    if lens.sees_all:
        return needs(lens).filter(pk__in=taken.values("subject_id"))
    # Few needs are hers: each is asked for its step, instead of reading who has taken it in the whole network.
    return needs(lens).filter(Exists(taken.filter(subject_id=OuterRef("pk"))))


def _held(lens: Lens) -> QuerySet[Attendance]:
    return Attendance.objects.filter(
        lens.within("meeting__starts_at"), meeting__state=MeetingState.HELD, expert__isnull=False
    )


def met(lens: Lens) -> QuerySet[Need]:
    """Return the needs about which an expert and the enterprise met."""
    return needs(lens).filter(pk__in=_held(lens).values("meeting__need_id"))


def services(lens: Lens) -> QuerySet[Attendance]:
    """Return which expert was at which held meeting: one service each."""
    return _about(_held(lens), "meeting__need", lens)


def _standing(lens: Lens) -> QuerySet[Outcome]:
    """Return the outcomes that had not been replaced by a later report on the day looked back to."""
    standing = Q(superseded_at__isnull=True)
    if lens.until:
        standing |= Q(superseded_at__gte=lens.until)
    return Outcome.objects.filter(standing)


def confirmed(lens: Lens) -> QuerySet[Outcome]:
    """Return the outcomes that every side that took part had confirmed."""
    rows = _standing(lens).filter(lens.within("confirmed_at"), confirmed_at__isnull=False)
    if lens.result:
        rows = rows.filter(result=lens.result)
    if lens.reason:
        rows = rows.filter(reason=lens.reason)
    return _about(rows, "need", lens)


def successes(lens: Lens) -> QuerySet[Outcome]:
    """Return the confirmed outcomes that are solved or in cooperation."""
    return confirmed(lens).filter(result__in=SUCCESSES)


def _closings(lens: Lens, *kinds: str) -> QuerySet[Closing]:
    return _about(Closing.objects.filter(lens.within("at"), kind__in=kinds), "need", lens)


def closed(lens: Lens) -> QuerySet[Closing]:
    """Return the cases closed after an outcome; says nothing about success."""
    return _closings(lens, ClosingKind.COMPLETED)


def turned_away(lens: Lens) -> QuerySet[Closing]:
    """Return the needs that were not taken on, or taken back."""
    return _closings(lens, ClosingKind.REJECTED, ClosingKind.WITHDRAWN)


def closed_without_success(lens: Lens) -> QuerySet[Closing]:
    """Return the closed cases whose outcome is neither solved nor cooperation; by result and reason."""
    final = _standing(lens)
    rows = closed(lens).exclude(need__in=final.filter(result__in=SUCCESSES).values("need_id"))
    if lens.result == "none":
        return rows.exclude(need__in=final.values("need_id"))
    if lens.result:
        rows = rows.filter(need__in=final.filter(result=lens.result).values("need_id"))
    if lens.reason:
        rows = rows.filter(need__in=final.filter(reason=lens.reason).values("need_id"))
    return rows


def open_needs(lens: Lens) -> QuerySet[Need]:
    """Return the needs handed in and not closed, on the day looked back to or now."""
    rows = needs(lens).filter(lens.before("submitted_at"), lens.in_period("submitted_at"))
    unclosed = Q(closing__isnull=True)
    if lens.until:
        unclosed |= Q(closing__at__gte=lens.until)
    rows = rows.filter(unclosed)
    if lens.stage:
        rows = rows.filter(stage=lens.stage)
    return rows.filter(age(lens, lens.age)) if lens.age else rows


def age(lens: Lens, key: str) -> Q:
    """Keep the needs that were handed in so long before the day looked back to, or now."""
    _, least, most = AGES[key]
    kept = Q(submitted_at__lte=lens.instant - timedelta(days=least))
    return kept if most is None else kept & Q(submitted_at__gt=lens.instant - timedelta(days=most))


def overdue(lens: Lens) -> QuerySet[Need]:
    """Return the open needs whose present step is past its time."""
    return open_needs(lens).filter(due_at__lt=lens.now)


def steps(lens: Lens) -> QuerySet[Transition]:
    """Return the steps that were taken; by name, and only the late ones."""
    rows = Transition.objects.filter(lens.within("at"), flow="need", subject_type=NEED_TYPE)
    if lens.step:
        rows = rows.filter(step=lens.step)
    if lens.late:
        rows = rows.filter(late=True)
    if lens.sees_all:
        # As an expression, so that SQLite reads the index of waiting times once instead of asking need by need.
        rows = rows.alias(need=F("subject_id") + 0)
        return rows.filter(need__in=needs(lens).values("pk"))
    return rows.filter(subject_id__in=needs(lens).values("pk"))


def pauses(lens: Lens) -> QuerySet[Pause]:
    """Return the times in which the clocks of a need stood still; for one reason only, if one is named."""
    rows = Pause.objects.filter(lens.within("at"), flow="need", subject_type=NEED_TYPE)
    if lens.pause:
        rows = rows.filter(reason=lens.pause)
    return rows.filter(subject_id__in=needs(lens).values("pk"))


def with_needs(rows: QuerySet[Transition]) -> QuerySet[Transition]:
    """Add number and title of the need to each step, for lists."""
    need = Need.objects.filter(pk=OuterRef("subject_id"))
    return rows.annotate(number=Subquery(need.values("number")[:1]), title=Subquery(need.values("title")[:1]))
