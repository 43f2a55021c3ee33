"""Somebody stands in for a while: what would reach the holder of a role reaches her, and she may act on it."""

from datetime import datetime

from django.db import transaction

from zhiqiao.accounts.actions import end_sessions
from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse, require
from zhiqiao.orgs import rules
from zhiqiao.orgs.models import Deputy, Grant


@transaction.atomic
def appoint_deputy(
    held: Grant, person: Person, *, since: datetime, until: datetime, by: By, at: datetime, reason: str = ""
) -> Deputy:
    """Let a person stand in for the holder of a grant. If she lacks the role there she holds it for that time.

    :raises Refused: ``by`` does not manage the unit; the holder herself; overlapping another deputy; over already.
    """
    require(rules.may_grant(by, held.role, held.organisation))
    held = Grant.objects.select_for_update().get(pk=held.pk)
    if person.pk == held.person_id:
        refuse("orgs.deputy_self", "代理人不能是本人，请另选一位。")
    if not person.is_active:
        refuse("orgs.disabled", f"{person.name}的账号已停用，请先启用或另选一位。")
    if not max(at, since) < until:
        refuse("orgs.deputy_over", "代理的结束要晚于开始，也要晚于现在。")
    if held.deputies.filter(since__lt=until, until__gt=since).exists():
        refuse("orgs.deputy_twice", "这段时间已经指定过代理人，请先结束原来的。")
    made = Deputy.objects.create(grant=held, person=person, since=since, until=until, reason=reason)
    if not _holds_throughout(person, held, since, until):
        Grant.objects.create(
            person=person, role=held.role, organisation_id=held.organisation_id, since=since, until=until
        )
        end_sessions(person)
    after = {"role": held.role, "organisation": held.organisation_id, "for": held.person_id}
    after |= {"since": since, "until": until}
    audit.record("orgs.deputy", person, by=by, at=at, after=after, reason=reason)
    return made


def _holds_throughout(person: Person, held: Grant, since: datetime, until: datetime) -> bool:
    """Say whether she holds the role over the unit anyway, for the whole time."""
    paths = held.organisation.ancestor_paths()
    own = Grant.objects.filter(person=person, role=held.role, organisation__path__in=paths, since__lte=since)
    return own.filter(until__isnull=True).exists() or own.filter(until__gte=until).exists()


@transaction.atomic
def end_deputy(deputy: Deputy, *, by: By, at: datetime, reason: str) -> None:
    """End a deputyship now; the role held for it ends with it.

    :raises Refused: ``by`` does not manage the unit; it is over already.
    """
    held = deputy.grant
    require(rules.may_grant(by, held.role, held.organisation))
    if deputy.until <= at:
        refuse("orgs.deputy_over", "这次代理已经结束，不必再办。")
    lent = Grant.objects.filter(
        person=deputy.person_id,
        role=held.role,
        organisation=held.organisation_id,
        since=deputy.since,
        until=deputy.until,
    )
    if deputy.since >= at:
        lent.delete()
        deputy.delete()
    else:
        lent.update(until=at)
        Deputy.objects.filter(pk=deputy.pk).update(until=at)
    end_sessions(deputy.person)
    before = {"role": held.role, "organisation": held.organisation_id, "for": held.person_id}
    audit.record("orgs.deputy_end", deputy.person, by=by, at=at, before=before, reason=reason)
