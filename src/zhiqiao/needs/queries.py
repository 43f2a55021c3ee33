"""Reads for screens and reports. Every one starts from scope."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from zhiqiao.directory.models import Enterprise
from zhiqiao.kit import clock
from zhiqiao.kit.flow import Transition
from zhiqiao.needs import enums
from zhiqiao.needs.enums import NeedPerm, Stage
from zhiqiao.needs.models import Invitation, Meeting, Need, Outcome, Programme
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who, is_operator, may_somewhere, roots_of, visible

LIVE_INVITATIONS = (enums.InvitationState.SENT, enums.InvitationState.ACCEPTED)
FINISHED = (Stage.ARCHIVED, Stage.REJECTED, Stage.WITHDRAWN)


def needs_within(who: Who) -> QuerySet[Need]:
    """Return the needs of a person's part of the network, or of her enterprise."""
    return _without_secrets(visible(Need.objects.all(), who, NeedPerm.VIEW), who)


def needs_for(who: Who) -> QuerySet[Need]:
    """Return the needs a person may see: of her network, of her enterprise, or that she was invited to."""
    seen = needs_within(who)
    if getattr(who, "is_authenticated", False) and hasattr(who, "expert"):
        invited = Invitation.objects.filter(expert__person=who).exclude(state=enums.InvitationState.QUEUED)
        seen = seen | Need.objects.filter(pk__in=invited.values("need_id"))
    return seen


def _without_secrets(seen: QuerySet[Need], who: Who) -> QuerySet[Need]:
    """Leave out the confidential needs that a reader neither handles nor asks for: a leader, an auditor.

    Whoever handles all that she sees, as most do, is asked nothing more.
    """
    handled = [*roots_of(who, NeedPerm.HANDLE), *roots_of(who, NeedPerm.ASK)]
    if is_operator(who) or all(
        any(root.is_within(one) for one in handled) for root in roots_of(who, NeedPerm.VIEW)
    ):
        return seen
    secret = Need.objects.filter(visibility=enums.Visibility.SECRET)
    open_ones = seen.exclude(visibility=enums.Visibility.SECRET)
    return open_ones | visible(secret, who, NeedPerm.HANDLE) | visible(secret, who, NeedPerm.ASK)


def register_of_needs(who: Who) -> QuerySet[Need]:
    """Return the needs of the register: what has been submitted in a person's part of the network.

    What she was invited to elsewhere stands among her invitations; as an expert she may not read all of it.
    """
    return (
        needs_within(who)
        .exclude(stage=Stage.DRAFT)
        .select_related("enterprise__organisation", "organisation")
    )


def inbox(who: Who, at: datetime | None = None) -> QuerySet[Need]:
    """Return the needs whose next move is this person's, as handler or as enterprise; first due first.

    A member of staff is not asked to answer for an enterprise, though she may fill in a need on its behalf:
    she gets what her association handles, what can be closed because the time to rate is over, and the
    drafts that she or a colleague brought back from a visit. An enterprise gets what waits for its answer.
    """
    over = Q(stage=Stage.RATING, due_at__lt=at or timezone.now())
    handled = visible(Need.objects.filter(Q(stage__in=enums.HANDLER_STAGES) | over), who, NeedPerm.HANDLE)
    waiting = Need.objects.filter(stage__in=enums.ASKER_STAGES)
    if may_somewhere(who, OrgPerm.VIEW):
        waiting = waiting.filter(stage__in=(Stage.DRAFT, Stage.RETURNED)).exclude(source=enums.Source.SELF)
    mine = handled | visible(waiting, who, NeedPerm.ASK)
    return mine.select_related("enterprise__organisation", "organisation")


def due_spans(at: datetime) -> dict[str, Q]:
    """Return the conditions behind the counters of an inbox: late, today (what is left of it), this week."""
    today = clock.midnight(clock.local_date(at))
    monday = today + timedelta(days=7 - clock.local(at).weekday())
    return {
        "late": Q(due_at__lt=at),
        "today": Q(due_at__gte=at, due_at__lt=today + timedelta(days=1)),
        "week": Q(due_at__gte=at, due_at__lt=monday),
    }


def need_page(who: Who) -> QuerySet[Need]:
    """Return needs with everything their page shows, in a fixed number of queries."""
    return (
        needs_for(who)
        .select_related("enterprise__organisation", "organisation")
        .prefetch_related(
            Prefetch("invitations", Invitation.objects.select_related("expert__organisation", "need")),
            Prefetch("meetings", Meeting.objects.prefetch_related("attendance__expert")),
            Prefetch("outcomes", Outcome.objects.prefetch_related("confirmations")),
            "ratings",
            "programmes",
        )
    )


def published_needs(who: Who = None) -> QuerySet[Need]:
    """Return the needs that anybody may read: taken on, and marked public or public with a mask.

    who : a reader who has signed in; staff and experts of the library also read those of the network.
    """
    tiers = [enums.Visibility.PUBLIC, enums.Visibility.MASKED]
    if getattr(who, "is_authenticated", False) and (
        may_somewhere(who, OrgPerm.VIEW) or hasattr(who, "expert")
    ):
        tiers.append(enums.Visibility.NETWORK)
    return (
        Need.objects.filter(visibility__in=tiers)
        .exclude(stage__in=(Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED, Stage.REJECTED, Stage.WITHDRAWN))
        .select_related("enterprise__organisation", "organisation")
    )


def enterprises_for(who: Who, permission: str = NeedPerm.ASK) -> QuerySet[Enterprise]:
    """Return the enterprises on whose behalf a person may ask."""
    return visible(Enterprise.objects.select_related("organisation"), who, permission)


def programmes_for(who: Who) -> QuerySet[Programme]:
    """Return the programmes a person may see."""
    return visible(Programme.objects.all(), who, NeedPerm.VIEW)


def current_outcome(need: Need) -> Outcome | None:
    """Return the outcome that has not been replaced by a later report."""
    return next((outcome for outcome in need.outcomes.all() if outcome.superseded_at is None), None)


def open_tasks(expert_ids: Iterable[int] | None = None) -> dict[int, int]:
    """Count, for each expert, the invitations out and the needs under way: what she has in hand."""
    rows = Invitation.objects.filter(state__in=LIVE_INVITATIONS).exclude(need__stage__in=FINISHED)
    if expert_ids is not None:
        rows = rows.filter(expert_id__in=list(expert_ids))
    return dict(rows.order_by().values("expert_id").annotate(n=Count("pk")).values_list("expert_id", "n"))


def same_title(titles: Iterable[str], under: Organisation) -> dict[str, list[str]]:
    """Return the numbers of needs below ``under`` that carry one of these titles: possible duplicates."""
    found: dict[str, list[str]] = {}
    rows = Need.objects.filter(
        title__in=set(titles), organisation__path__gte=under.path, organisation__path__lt=under.path_end
    )
    for title, number in rows.values_list("title", "number"):
        found.setdefault(title, []).append(number or "草稿")
    return found


def timeline(need: Need) -> QuerySet[Transition]:
    """Return every step a need took, oldest first."""
    return Transition.objects.filter(subject_type="needs.need", subject_id=need.pk).order_by("id")


def overdue(who: Who, at: datetime) -> QuerySet[Need]:
    """Return the visible needs whose present step is past its time."""
    return register_of_needs(who).filter(due_at__lt=at).exclude(stage__in=FINISHED)


def office_of(need: Need) -> str:
    """Return the path of the unit whose calendar and terms count for a need: the one that handles it."""
    return need.organisation.path


def campaign_keys(need: Need) -> list[str]:
    """Return the keys of the programmes a need counts in, as terms name them."""
    return [str(pk) for pk in need.programmes.order_by("pk").values_list("pk", flat=True)]
