"""The records behind the figures. Every one starts from scope; a lens narrows it further."""

from datetime import timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.models import Expert
from zhiqiao.insights.lens import AGES, COHORT, Lens
from zhiqiao.kit.flow import Transition
from zhiqiao.needs.enums import SUCCESSES, ClosingKind, MeetingState
from zhiqiao.needs.models import Attendance, Closing, Need, Outcome, Programme
from zhiqiao.orgs.scope import visible

NEED_TYPE = Need._meta.label_lower


def needs(lens: Lens) -> QuerySet[Need]:
    """Return the submitted needs a reader may count, whatever became of them."""
    rows = Need.objects.filter(submitted_at__isnull=False)
    if lens.who is not None:
        rows = visible(rows, lens.who, lens.permission)
    if lens.programme is not None:
        counted = Need.programmes.through.objects.filter(programme=lens.programme)
        rows = rows.filter(pk__in=counted.values("need_id"))
    if lens.place is not None:
        place = lens.place
        rows = rows.filter(organisation__path__gte=place.path, organisation__path__lt=place.path_end)
    if lens.handler is not None:
        rows = rows.filter(organisation=lens.handler)
    if lens.industry:
        rows = rows.filter(enterprise__industry=lens.industry)
    if lens.basis == COHORT:
        rows = rows.filter(lens.in_period("submitted_at"))
    return rows


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
    return needs(lens).filter(pk__in=taken.values("subject_id"))


def _held(lens: Lens) -> QuerySet[Attendance]:
    return Attendance.objects.filter(
        lens.within("meeting__starts_at"), meeting__state=MeetingState.HELD, expert__isnull=False
    )


def met(lens: Lens) -> QuerySet[Need]:
    """Return the needs about which an expert and the enterprise met."""
    return needs(lens).filter(pk__in=_held(lens).values("meeting__need_id"))


def services(lens: Lens) -> QuerySet[Attendance]:
    """Return which expert was at which held meeting: one service each."""
    return _held(lens).filter(meeting__need__in=needs(lens))


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
    return rows.filter(need__in=needs(lens))


def successes(lens: Lens) -> QuerySet[Outcome]:
    """Return the confirmed outcomes that are solved or in cooperation."""
    return confirmed(lens).filter(result__in=SUCCESSES)


def _closings(lens: Lens, *kinds: str) -> QuerySet[Closing]:
    return Closing.objects.filter(lens.within("at"), kind__in=kinds, need__in=needs(lens))


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
    return rows.filter(subject_id__in=needs(lens).values("pk"))


def with_needs(rows: QuerySet[Transition]) -> QuerySet[Transition]:
    """Add number and title of the need to each step, for lists."""
    need = Need.objects.filter(pk=OuterRef("subject_id"))
    return rows.annotate(number=Subquery(need.values("number")[:1]), title=Subquery(need.values("title")[:1]))
