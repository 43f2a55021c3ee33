"""Who sits at a post (岗位) now: a role at a unit, or at the nearest one above that has it filled."""

from collections.abc import Collection, Iterable
from datetime import datetime

from zhiqiao.accounts.models import Person
from zhiqiao.orgs.models import SEGMENT, Deputy, Grant, Organisation


def at_post(roles: Collection[str], organisation: Organisation, at: datetime, *, up: int = 0) -> list[Person]:
    """Return the people to tell: who holds one of these roles, or stands in for her; each once, by number.

    up : how many levels above the organisation to begin with. A vacant post is looked for one level higher, so that
    nothing is told to nobody while anybody above holds the role.
    """
    path = organisation.path[: max(SEGMENT, len(organisation.path) - up * SEGMENT)]
    line = [path[:end] for end in range(SEGMENT, len(path) + 1, SEGMENT)]
    held = list(
        Grant.objects.valid(at)
        .filter(role__in=roles, organisation__path__in=line, person__is_active=True)
        .select_related("person", "organisation")
    )
    if not held:
        return []
    nearest = max(len(grant.organisation.path) for grant in held)
    sitting = _sitting([grant for grant in held if len(grant.organisation.path) == nearest], at)
    return sorted({person.pk: person for person in sitting}.values(), key=lambda person: person.pk)


def _sitting(grants: Collection[Grant], at: datetime) -> Iterable[Person]:
    """Yield who is there for each grant: its deputies of the day, or else its holder."""
    away = Deputy.objects.filter(grant__in=grants, since__lte=at, until__gt=at, person__is_active=True)
    instead: dict[int, list[Person]] = {}
    for deputy in away.select_related("person"):
        instead.setdefault(deputy.grant_id, []).append(deputy.person)
    for grant in grants:
        yield from instead.get(grant.pk, [grant.person])
