"""Reads for screens and reports. Every one starts from scope."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, F, Q, QuerySet

from zhiqiao.directory.enums import DirectoryPerm, EvidenceKind, Sharing
from zhiqiao.directory.models import (
    Enterprise,
    Evidence,
    Expert,
    ExpertDiscipline,
    Leave,
    ResearchOutput,
)
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisations_for
from zhiqiao.orgs.scope import Who, roots_of, visible

_LIVE = ("sent", "accepted")
_SETTLED = ("archived", "rejected", "withdrawn")
_IN_HAND = Count(
    "invitations",
    filter=Q(invitations__state__in=_LIVE) & ~Q(invitations__need__stage__in=_SETTLED),
    distinct=True,
)

UPPER = (Kind.PROVINCE, Kind.CITY, Kind.DISTRICT)
_PLACES = (Kind.CITY, Kind.DISTRICT, Kind.TOWN, Kind.PARK_ASSOCIATION)
_MANY = 400  # as many options as a person still finds her way in

Held = TypeVar("Held", Expert, ResearchOutput)

PUBLIC_CARD = Q(sharing=Sharing.PUBLIC, consented_at__isnull=False, is_active=True)
"""Experts whom anybody may find: shared with the public, and she herself has agreed to be in the library."""


def experts_for(who: Who) -> QuerySet[Expert]:
    """Return the experts a person may see: of her network, herself, and those shared with the public.

    Enterprises and visitors hold no grant in the directory, so they see the public ones. The system itself
    (command line, jobs) sees everybody. Staff also see who has left the library (``is_active``). A row that
    was merged into another is nobody's to see: ``identity.surviving`` is who she is.
    """
    experts = Expert.objects.filter(merged_into__isnull=True)
    if who is SYSTEM:
        return experts
    return visible(experts, who, DirectoryPerm.VIEW) | experts.filter(PUBLIC_CARD)


def register_of_experts(who: Who) -> QuerySet[Expert]:
    """Return the experts of the register, with what a row of it shows."""
    return experts_for(who).select_related("organisation").prefetch_related("disciplines")


def expert_page(who: Who) -> QuerySet[Expert]:
    """Return experts with everything their page shows, in a fixed number of queries."""
    rows = experts_for(who).select_related("organisation", "place", "person")
    return rows.prefetch_related("disciplines", "evidence")


def contacts_for(who: Who) -> QuerySet[Expert]:
    """Return the experts whose contacts a person may ask to read; ``rules.may_see_field`` decides per field.

    Narrower than ``experts_for``: a leader of one district who is a clerk of another sees the first one's
    own experts, but not how to reach them.
    """
    return visible(Expert.objects.filter(merged_into__isnull=True), who, DirectoryPerm.CONTACT)


def editable_experts(who: Who) -> QuerySet[Expert]:
    """Return the experts a person may change as staff: those her own organisations recommend."""
    rows = Expert.objects.filter(merged_into__isnull=True).select_related("organisation")
    return _own(rows.prefetch_related("disciplines"), who)


def experts_with_ties_for(who: Who) -> QuerySet[Expert]:
    """Return the experts whose declared ties a person may read: of the units for which she decides on conflicts.

    Sharing an expert with the network does not share her kin and her holdings.
    """
    places = visible(Organisation.objects.all(), who, DirectoryPerm.CONFLICT)
    rows = Expert.objects.filter(merged_into__isnull=True, organisation__in=places)
    return rows.select_related("organisation")


def enterprise_named(name: str) -> Enterprise | None:
    """Return the only enterprise of this name, if there is exactly one."""
    found = list(Enterprise.objects.filter(organisation__name=name.strip()).order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def editable_outputs(who: Who) -> QuerySet[ResearchOutput]:
    """Return the outputs a person may change: those her own organisations entered."""
    return _own(ResearchOutput.objects.select_related("organisation"), who)


def _own(rows: QuerySet[Held], who: Who) -> QuerySet[Held]:
    return rows.filter(organisation__in=visible(Organisation.objects.all(), who, DirectoryPerm.EDIT))


def given_evidence(expert: Expert) -> list[Evidence]:
    """Return the evidence that people enter; services come from the needs themselves."""
    return [item for item in expert.evidence.all() if item.kind != EvidenceKind.SERVICE]


def open_tasks(expert_ids: Iterable[int]) -> dict[int, int]:
    """Count what each expert has in hand: invitations out or accepted whose need is still under way.

    The needs stand above this app, so they are reached through the expert's own relation; a test holds
    this count against the one of the needs.
    """
    rows = Expert.objects.filter(pk__in=list(expert_ids)).order_by()
    return dict(rows.annotate(n=_IN_HAND).values_list("pk", "n"))


def in_disciplines(codes: Iterable[str]) -> Q:
    """Return the condition "has one of these disciplines"."""
    return Q(pk__in=ExpertDiscipline.objects.filter(code__in=list(codes)).order_by().values("expert_id"))


def available(at: datetime) -> Q:
    """Return the condition "may be asked now": in the library, neither resting nor on leave, below her limit."""
    # Counted from the invitations of open cases, which are few, and not from all experts.
    invitations = Expert._meta.get_field("invitations").related_model._base_manager
    asked = invitations.filter(state__in=_LIVE).exclude(need__stage__in=_SETTLED).order_by()
    full = asked.values("expert_id").annotate(n=Count("pk")).filter(n__gte=F("expert__task_cap"))
    resting = Q(resting_until__gte=clock.local_date(at)) | on_leave(at)
    return Q(is_active=True) & ~resting & ~Q(pk__in=full.values("expert_id"))


def on_leave(at: datetime) -> Q:
    """Return the condition "is on leave on the day of ``at``"."""
    day = clock.local_date(at)
    away = Leave.objects.filter(starts_on__lte=day, ends_on__gte=day, cancelled_at__isnull=True)
    return Q(pk__in=away.order_by().values("expert_id"))


def namesakes(who: Who, *, name: str, unit: str) -> QuerySet[Expert]:
    """Return the visible experts of the same name and unit: perhaps the same person."""
    return experts_for(who).filter(name=name, unit=unit)


def enterprises_for(who: Who) -> QuerySet[Enterprise]:
    """Return the enterprises a person may see, with their place."""
    rows = Enterprise.objects.select_related("organisation__parent")
    return visible(rows, who, DirectoryPerm.VIEW)


def enterprise_with_code(credit_code: str) -> Enterprise | None:
    """Return the enterprise that carries a credit code, wherever it is: one code, one enterprise.

    A screen names it only to those who may see it (``enterprises_for``).
    """
    return Enterprise.objects.select_related("organisation").filter(credit_code=credit_code).first()


def outputs_for(who: Who) -> QuerySet[ResearchOutput]:
    """Return the research outputs a person may see: of her network, and those shared with the public."""
    rows = ResearchOutput.objects.select_related("organisation")
    return visible(rows, who, DirectoryPerm.VIEW) | rows.filter(sharing=Sharing.PUBLIC)


def homes_for(who: Who) -> QuerySet[Organisation]:
    """Return the organisations to which a person may add experts and outputs: no villages, no enterprises."""
    mine = visible(Organisation.objects.filter(is_active=True), who, DirectoryPerm.EDIT)
    roots = [root.pk for root in roots_of(who, DirectoryPerm.EDIT)]
    fitting = ~Q(kind__in=(Kind.TOWN, Kind.VILLAGE, Kind.ENTERPRISE)) | Q(pk__in=roots)
    return mine.filter(fitting).order_by("path")


def places_for(who: Who) -> QuerySet[Organisation]:
    """Return the associations below which a person may enter an enterprise; of very many, without the towns."""
    mine = visible(Organisation.objects.filter(is_active=True), who, DirectoryPerm.EDIT)
    places = mine.filter(kind__in=_PLACES).order_by("path")
    return places.exclude(kind=Kind.TOWN) if places.count() > _MANY else places


def sources_of(who: Who, rows: QuerySet[Expert] | QuerySet[ResearchOutput]) -> QuerySet[Organisation]:
    """Return the organisations by which a register can be narrowed: the upper levels, and whoever has rows."""
    upper = organisations_for(who).filter(kind__in=UPPER)
    owners = rows.order_by().values("organisation_id").distinct()
    return Organisation.objects.filter(Q(pk__in=upper.values("pk")) | Q(pk__in=owners)).order_by("path")
