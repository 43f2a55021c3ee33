"""Every write on the network."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from zhiqiao.accounts.actions import end_sessions
from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse, require
from zhiqiao.kit.search import changed
from zhiqiao.orgs import rules
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import SEGMENT, Grant, Organisation, segment_of
from zhiqiao.orgs.search import ORGANISATIONS


@transaction.atomic
def add_organisation(
    *,
    name: str,
    kind: str,
    parent: Organisation | None,
    by: By,
    at: datetime,
    code: str = "",
    short_name: str = "",
) -> Organisation:
    """Add one organisation below ``parent``."""
    made = add_organisations(
        [Organisation(name=name, kind=Kind(kind), code=code, short_name=short_name)],
        parent=parent,
        by=by,
        at=at,
    )
    return made[0]


@transaction.atomic
def add_organisations(
    rows: Iterable[Organisation], *, parent: Organisation | None, by: By, at: datetime
) -> list[Organisation]:
    """Add many organisations below one parent in two statements; 25,000 villages take seconds.

    :raises Refused: the parent is closed (code orgs.closed).
    """
    if parent is not None:
        parent = Organisation.objects.select_for_update().get(pk=parent.pk)
        if not parent.is_active:
            refuse("orgs.closed", f"{parent.name}已撤销，不能再添加下级组织。")
    prefix = parent.path if parent else ""
    number = _last_number(parent)
    made = list(rows)
    for offset, organisation in enumerate(made, start=1):
        organisation.parent = parent
        organisation.path = prefix + segment_of(number + offset)
    made = Organisation.objects.bulk_create(made, batch_size=500)
    changed(ORGANISATIONS, [organisation.pk for organisation in made])
    names = [organisation.name for organisation in made[:20]]
    audit.record("orgs.add", parent, by=by, at=at, after={"count": len(made), "names": names})
    return made


def _last_number(parent: Organisation | None) -> int:
    siblings = Organisation.objects.filter(parent=parent)
    last = siblings.aggregate(last=Max("path"))["last"]
    return int(last[-SEGMENT:], 36) if last else 0


@transaction.atomic
def rename(
    organisation: Organisation, *, name: str, short_name: str = "", by: By, at: datetime
) -> Organisation:
    """Give an organisation another name; the old one stays in the audit record."""
    before = {"name": organisation.name, "short_name": organisation.short_name}
    organisation.name, organisation.short_name = name, short_name
    organisation.save(update_fields=("name", "short_name"))
    changed(ORGANISATIONS, (organisation.pk,))
    after = {"name": name, "short_name": short_name}
    audit.record("orgs.rename", organisation, by=by, at=at, before=before, after=after)
    return organisation


@transaction.atomic
def grant(
    person: Person,
    role: str,
    organisation: Organisation,
    *,
    by: By,
    at: datetime,
    until: datetime | None = None,
) -> Grant:
    """Give a person a role at an organisation. Nobody grants more than she holds herself.

    :raises Refused: ``by`` does not manage the organisation or lacks a permission of the role.
    """
    require(rules.may_grant(by, role, organisation))
    made = Grant.objects.create(person=person, role=role, organisation=organisation, since=at, until=until)
    end_sessions(person)
    audit.record(
        "orgs.grant",
        person,
        by=by,
        at=at,
        after={"role": role, "organisation": organisation.pk, "until": until},
    )
    return made


@transaction.atomic
def revoke(held: Grant, *, by: By, at: datetime, reason: str) -> None:
    """Take a role away; the person's open sessions end.

    :raises Refused: ``by`` does not manage the organisation.
    """
    require(rules.may_grant(by, held.role, held.organisation))
    ends = max(at, held.since)  # a role that has not begun yet ends the moment it would begin
    live = Grant.objects.filter(pk=held.pk).filter(Q(until__isnull=True) | Q(until__gt=ends))
    if not live.update(until=ends):
        refuse("orgs.over", "这项授权已经结束，不必再撤销。")
    end_sessions(held.person)
    audit.record(
        "orgs.revoke",
        held.person,
        by=by,
        at=at,
        before={"role": held.role, "organisation": held.organisation_id},
        reason=reason,
    )
