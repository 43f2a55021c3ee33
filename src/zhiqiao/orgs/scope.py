"""The only place that answers: may she, what may she see, who may.

A grant says that a person holds a role at an organisation, from and until. It covers the organisation and
everything below. Three questions over the same grants, so that list, detail, search, count, export, API and
job cannot disagree.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from zhiqiao.kit.actors import Actor
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs.models import Grant, Organisation, Scope
from zhiqiao.orgs.roles import role, roles_with

if TYPE_CHECKING:
    from zhiqiao.accounts.models import Person

Who = Any  # a Person, an Actor or an anonymous visitor; only a Person can hold grants
M = TypeVar("M", bound=Model)


def covers(who: Who, permission: str, organisation: Organisation, at: datetime | None = None) -> Answer:
    """Say whether a person may use a permission at an organisation, or why not."""
    if is_operator(who):
        return True
    for grant in _grants(who, at):
        if permission in role(grant.role).permissions and organisation.is_within(grant.organisation):
            return True
    return Refusal("scope.not_covered", f"这由{organisation.title}办理，您的账号没有这里的权限。")


def represents(who: Who, permission: str, organisation: Organisation, at: datetime | None = None) -> bool:
    """Say whether a person holds a permission at this very organisation, not merely above it.

    A district's clerk covers its enterprises; she does not speak for them.
    """
    return any(
        grant.organisation_id == organisation.pk and permission in role(grant.role).permissions
        for grant in _grants(who, at)
    )


def visible(rows: QuerySet[M], who: Who, permission: str, at: datetime | None = None) -> QuerySet[M]:
    """Keep the rows a person may see. Every list, count, search and export starts here.

    The model says how its rows are reached (``SCOPE``); a model that does not say so shows nothing.
    """
    scope: Scope | None = getattr(rows.model, "SCOPE", None)
    if scope is None:
        return rows.none()
    if is_operator(who):
        return rows
    roots = roots_of(who, permission, at)
    if _is_whole_network(who, roots) and _always_somewhere(rows.model, scope):
        return rows
    allowed = Q(pk__in=())
    if roots:
        allowed |= _within(rows.model, scope, roots)
        if scope.shared is not None:
            allowed |= scope.shared
    if _is_person(who):
        for lookup in scope.people:
            allowed |= Q(**{lookup: who.pk})
    return rows.filter(allowed)


def _within(model: type[Model], scope: Scope, roots: list[Organisation]) -> Q:
    """Keep the rows that lie in these parts of the network, by any of the ways in which they are reached.

    Of several ways each is looked up by its own index and the keys are united: an "or" across tables would make
    a database read every row there is.
    """
    # Organisations themselves are asked by their path: a subquery would read the whole table.
    ways = [
        _ranges(roots) if lookup == "pk" else Q(**{f"{lookup}__in": below(roots)})
        for lookup in scope.organisations
    ]
    if len(ways) == 1:
        return ways[0]
    first, *others = (model._base_manager.filter(way).order_by().values("pk") for way in ways)
    return Q(pk__in=first.union(*others))


def sees_all(who: Who, permission: str, at: datetime | None = None) -> bool:
    """Say whether a permission reaches every organisation there is."""
    return is_operator(who) or _is_whole_network(who, roots_of(who, permission, at))


def _is_whole_network(who: Who, roots: list[Organisation]) -> bool:
    """Say whether these roots hold every organisation there is: the only top of the tree is among them.

    Then nothing is left to compare, and the register of a province need not ask of each row where it lies.
    Kept on the person object like her grants: one query per request.
    """
    tops = [root for root in roots if root.parent_id is None]
    if len(tops) != 1:
        return False
    if (alone := getattr(who, "_top_alone", None)) is None:
        alone = not Organisation.objects.filter(parent__isnull=True).exclude(pk=tops[0].pk).exists()
        who._top_alone = alone
    return bool(alone)


def _always_somewhere(model: type[Model], scope: Scope) -> bool:
    """Say whether every row of a model certainly lies at an organisation, so that whoever sees all of them
    sees it."""
    return any(
        lookup != "pk" and "__" not in lookup and not model._meta.get_field(lookup).null
        for lookup in scope.organisations
    )


def holders(permission: str, organisation: Organisation, at: datetime | None = None) -> QuerySet["Person"]:
    """Return the active people who may use a permission at an organisation, by grants
    at the organisation itself or above it."""
    from zhiqiao.accounts.models import Person

    grants = Grant.objects.valid(at or timezone.now()).filter(
        role__in=roles_with(permission), organisation__path__in=organisation.ancestor_paths()
    )
    return Person.objects.filter(is_active=True, pk__in=grants.values("person_id")).order_by("pk")


def nearest_holders(permission: str, organisation: Organisation) -> list["Person"]:
    """Return the people to tell: those granted at the lowest level on the way up that has anybody."""
    grants = list(
        Grant.objects.valid(timezone.now())
        .filter(
            role__in=roles_with(permission),
            organisation__path__in=organisation.ancestor_paths(),
            person__is_active=True,
        )
        .select_related("person", "organisation")
        .order_by("person_id")
    )
    if not grants:
        return []
    deepest = max(len(grant.organisation.path) for grant in grants)
    people = {g.person_id: g.person for g in grants if len(g.organisation.path) == deepest}
    return list(people.values())


def may_somewhere(who: Who, permission: str, at: datetime | None = None) -> bool:
    """Say whether a person holds a permission anywhere at all: for menus and the front gate."""
    return any(permission in role(grant.role).permissions for grant in _grants(who, at))


def roots_of(who: Who, permission: str, at: datetime | None = None) -> list[Organisation]:
    """Return the topmost organisations at which a person holds a permission; none inside another."""
    held = sorted(
        (g.organisation for g in _grants(who, at) if permission in role(g.role).permissions),
        key=lambda organisation: organisation.path,
    )
    roots: list[Organisation] = []
    for organisation in held:
        if not roots or not organisation.is_within(roots[-1]):
            roots.append(organisation)
    return roots


def below(roots: Iterable[Organisation]) -> QuerySet[Organisation]:
    """Return the organisations at or below any of the roots: one index range for each."""
    return Organisation.objects.filter(_ranges(roots))


def _ranges(roots: Iterable[Organisation]) -> Q:
    ranges = Q(pk__in=())
    for root in roots:
        ranges |= Q(path__gte=root.path, path__lt=root.path_end)
    return ranges


def in_words(who: Who, at: datetime | None = None) -> list[str]:
    """Tell a person, a sentence per grant, what she may see and do."""
    return [
        f"{grant.organisation.name}及其下级：{role(grant.role).title}。{role(grant.role).sentence}"
        + (f"有效期至 {grant.until:%Y年%m月%d日}。" if grant.until else "")
        for grant in _grants(who, at)
    ]


def is_operator(who: Who) -> bool:
    """Say whether this is the system itself or the operator at the machine's command line.

    Never true of anybody who comes through the web: a link's actor has another kind.
    """
    return isinstance(who, Actor) and who.kind == "system"


def _is_person(who: Who) -> bool:
    return getattr(who, "is_authenticated", False) is True


def _grants(who: Who, at: datetime | None) -> list[Grant]:
    """Return the grants that hold now. Kept on the person object: one query per request, not per question."""
    if not _is_person(who) or isinstance(who, AnonymousUser) or not who.is_active:
        return []
    if at is None and (kept := getattr(who, "_grants_now", None)) is not None:
        return list(kept)
    grants = list(
        Grant.objects.valid(at or timezone.now())
        .filter(person=who)
        .select_related("organisation")
        .order_by("organisation__path", "id")
    )
    if at is None:
        who._grants_now = grants
    return grants
