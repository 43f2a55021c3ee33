"""Reads for screens."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from zhiqiao.accounts.models import Person
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs import rules
from zhiqiao.orgs.enums import HANDLERS, Kind, OrgPerm
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.orgs.scope import Who, below, roots_of, visible


def organisations_for(who: Who) -> QuerySet[Organisation]:
    """Return the organisations a person may see."""
    return visible(Organisation.objects.all(), who, OrgPerm.VIEW)


def handler_of(organisation: Organisation) -> Organisation:
    """Return the association that handles the needs of a place: its district, or the level above.

    :raises Organisation.DoesNotExist: no association stands above the organisation.
    """
    return (
        Organisation.objects.above(organisation)
        .filter(kind__in=HANDLERS, is_active=True)
        .order_by("-path")[:1]
        .get()
    )


def organisation_named(name: str, under: Organisation) -> Organisation | None:
    """Return the association or place below ``under`` that people call by this name or code, highest first.

    "杭州", "杭州市" and "杭州市科协" are the same; enterprises are not places.
    """
    plain = name.removesuffix("科学技术协会").removesuffix("科协").strip()
    names = [
        name,
        *(plain + ending for ending in ("", "科协", "科学技术协会", "市", "市科协", "区科协", "县科协")),
    ]
    places = Organisation.objects.within(under).exclude(kind=Kind.ENTERPRISE)
    rows = places.filter(Q(name__in=names) | Q(short_name__in=names) | Q(code=name))
    return sorted(rows[:20], key=lambda place: (place.depth, place.path))[0] if plain and rows else None


def managed_by(who: Who) -> QuerySet[Organisation]:
    """Return the organisations a person manages: units, accounts and grants."""
    return visible(Organisation.objects.all(), who, OrgPerm.MANAGE)


def top_of(who: Who) -> QuerySet[Organisation]:
    """Return where a person's view of the network begins: her topmost organisations and their children."""
    roots = [root.pk for root in roots_of(who, OrgPerm.VIEW)]
    return Organisation.objects.filter(Q(pk__in=roots) | Q(parent__in=roots))


def in_subtrees(pks: Iterable[int]) -> QuerySet[Organisation]:
    """Return these organisations and everything below them: one index range for each."""
    return below(Organisation.objects.filter(pk__in=list(pks)))


def above(organisation: Organisation) -> list[Organisation]:
    """Return the organisations above one, from the root down, without itself."""
    return list(Organisation.objects.above(organisation).exclude(pk=organisation.pk).order_by("path"))


def count_by_kind(organisations: QuerySet[Organisation]) -> dict[str, int]:
    """Count organisations by kind, in the order of the levels; kinds without any are left out."""
    rows = organisations.order_by().values("kind").annotate(n=Count("pk")).values_list("kind", "n")
    counts = dict(rows)
    return {kind: counts[kind] for kind in Kind.values if kind in counts}


def count_children(organisations: Iterable[Organisation]) -> dict[int, int]:
    """Count the children of each organisation, in one query for a whole page."""
    rows = Organisation.objects.filter(parent__in=[one.pk for one in organisations]).order_by()
    return dict(rows.values("parent_id").annotate(n=Count("pk")).values_list("parent_id", "n"))


def grants_at(organisation: Organisation, at: datetime) -> QuerySet[Grant]:
    """Return the grants at an organisation that hold or will hold, with the people and all they hold."""
    live = Grant.objects.filter(Q(until__isnull=True) | Q(until__gt=at))
    rows = live.filter(organisation=organisation).select_related("organisation", "person")
    everything = Prefetch("person__grants", live.select_related("organisation"), to_attr="live_grants")
    return rows.prefetch_related(everything).order_by("person__name", "id")


def past_grants_at(organisation: Organisation, at: datetime) -> QuerySet[Grant]:
    """Return the grants at an organisation that have ended, the last first."""
    rows = Grant.objects.filter(organisation=organisation, until__lte=at).select_related("person")
    return rows.order_by("-until", "-id")


def people_managed_by(who: Who, at: datetime) -> QuerySet[Person]:
    """Return the people whose account may be managed: whoever holds or held a role in one's own part of
    the network and holds none outside it."""
    mine = managed_by(who)
    live = Grant.objects.filter(Q(until__isnull=True) | Q(until__gt=at))
    elsewhere = live.exclude(organisation__in=mine)
    people = Person.objects.filter(pk__in=Grant.objects.filter(organisation__in=mine).values("person_id"))
    return people.exclude(pk__in=elsewhere.values("person_id")).prefetch_related(
        Prefetch("grants", live.select_related("organisation"), to_attr="live_grants")
    )


def may_manage_account(who: Who, person: Person) -> Answer:
    """Say whether a person may disable, enable or re-issue an account: never one that can do more than she.

    ``person`` comes from ``grants_at`` or ``people_managed_by``, which know what it holds (``live_grants``).
    """
    if person.pk == getattr(who, "pk", None):
        return Refusal("orgs.own_account", "不能停用或重置自己的账号，请由上级管理员办理。")
    for held in person.live_grants:  # type: ignore[attr-defined]
        answer = rules.may_grant(who, held.role, held.organisation)
        if not answer:
            return Refusal("orgs.beyond", f"{person.name}另有您不能授予的角色，这个账号请由上级管理员办理。")
    return True
