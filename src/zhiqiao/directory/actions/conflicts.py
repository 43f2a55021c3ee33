"""Ties are declared, and what they mean for one request is decided by a person, with the reason."""

from datetime import date, datetime

from django.db import models, transaction

from zhiqiao.directory import conflicts
from zhiqiao.directory.conflicts import Check, Status
from zhiqiao.directory.enums import DirectoryPerm, RelationKind
from zhiqiao.directory.models import ConflictDecision, Enterprise, Expert, Relation
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import Answer, Refusal, refuse, require
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who, covers


def may_declare(who: Who, expert: Expert) -> Answer:
    """Say whether somebody may enter and read the ties of an expert: herself, or who decides on conflicts."""
    if _is_herself(who, expert):
        return True
    return covers(who, DirectoryPerm.CONFLICT, expert.organisation)


def _is_herself(who: Who, expert: Expert) -> bool:
    return expert.person_id is not None and expert.person_id == getattr(who, "pk", None)


@transaction.atomic
def declare(
    expert: Expert,
    *,
    kind: str,
    by: By,
    at: datetime,
    enterprise: Enterprise | None = None,
    other: Expert | None = None,
    party: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    note: str = "",
) -> Relation:
    """Enter a tie of an expert. The record of who did what holds its number only: auditors have no part in it.

    :raises Refused: not hers to say; no party is named; the days are in the wrong order.
    """
    require(may_declare(by, expert))
    if kind not in RelationKind.values:
        refuse("directory.relation_kind", "请选择是哪一种关系。")
    if enterprise is None and other is None and not party.strip():
        refuse("directory.relation_party", "请写明是哪个单位或哪个人。")
    if starts_on and ends_on and ends_on < starts_on:
        refuse("directory.relation_days", "结束日期早于开始日期，请核对。")
    made = Relation.objects.create(
        expert=expert,
        kind=kind,
        enterprise=enterprise,
        other=other,
        party=party.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        note=note.strip(),
        is_own_word=_is_herself(by, expert),
        by_name=actor_of(by).name,
        at=at,
    )
    audit.record("expert.declare", expert, by=by, at=at, after={"relation": made.pk})
    return made


@transaction.atomic
def withdraw_relation(relation: Relation, *, by: By, at: datetime) -> None:
    """Take back a tie that was entered by mistake. It stays on record, and counts no longer."""
    require(may_declare(by, relation.expert))
    if Relation.objects.filter(pk=relation.pk, withdrawn_at__isnull=True).update(withdrawn_at=at):
        audit.record("expert.undeclare", relation.expert, by=by, at=at, after={"relation": relation.pk})


@transaction.atomic
def decide(
    subject: models.Model,
    expert: Expert,
    check: Check,
    *,
    organisation: Organisation,
    may_ask: bool,
    reason: str,
    by: By,
    at: datetime,
) -> ConflictDecision:
    """Decide that an expert may be asked for ``subject``, or is to be excused, knowing what ``check`` found.

    :raises Refused: no right to decide; no reason given; there is nothing to decide.
    """
    require(covers(by, DirectoryPerm.CONFLICT, organisation))
    if not reason.strip():
        refuse("directory.reason_missing", "请写明决定的理由，审计时会看到。")
    require(_is_open_to_decision(check))
    known = conflicts.digest(check.findings)
    made = ConflictDecision.objects.create(
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        expert=expert,
        organisation=organisation,
        may_ask=may_ask,
        reason=reason.strip(),
        findings=[{"source": one.source, "level": one.level, "words": one.words} for one in check.findings],
        digest=known,
        by_name=actor_of(by).name,
        at=at,
    )
    after = {"expert": expert.pk, "may_ask": may_ask, "known": known, "decision": made.pk}
    audit.record("conflict.decide", subject, by=by, at=at, after=after)
    return made


def _is_open_to_decision(check: Check) -> Answer:
    if check.status in (Status.CLEAR, Status.NOTED):
        return Refusal("directory.no_conflict", "没有发现需要回避的情况，可以直接邀请。")
    if check.status == Status.BARRED and check.decision is None:
        return Refusal("directory.must_excuse", "按回避规则必须回避，不能决定例外。")
    return True
