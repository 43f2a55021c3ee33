"""Deciding whether an expert is to be excused from a need."""

from datetime import datetime

from django.db import transaction

from zhiqiao.directory.actions.conflicts import decide
from zhiqiao.directory.models import ConflictDecision, Expert
from zhiqiao.kit.actors import By
from zhiqiao.needs.capacity import conflicts_of
from zhiqiao.needs.models import Need


@transaction.atomic
def decide_conflict(
    need: Need, expert: Expert, *, may_ask: bool, reason: str, by: By, at: datetime
) -> ConflictDecision:
    """Decide, knowing what the check finds now, that an expert may be asked about a need or is excused.

    :raises Refused: no right to decide at the handling association; no reason; nothing to decide.
    """
    check = conflicts_of(need, [expert.pk], at)[expert.pk]
    return decide(
        need, expert, check, organisation=need.organisation, may_ask=may_ask, reason=reason, by=by, at=at
    )
