"""A case ends. Closing says that it ended, not that it succeeded."""

from datetime import datetime

from django.db import transaction

from zhiqiao.directory.actions import record_service
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse
from zhiqiao.needs.actions.invite import cancel_waiting
from zhiqiao.needs.enums import ClosingKind, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Attendance, Closing, Need


@transaction.atomic
def archive(need: Need, *, by: By, at: datetime, note: str = "") -> Closing:
    """Close a case whose outcome both sides have confirmed, and add the service to each expert's evidence.

    :raises Refused: the enterprise still has time to rate (code needs.rating_open).
    """
    if need.stage == Stage.RATING and need.due_at is not None and at < need.due_at:
        refuse("needs.rating_open", "企业还在评价期内，到期未评价即可归档。")
    NEED_FLOW.advance(need, "archive", by=by, at=at, note=note)
    closing = Closing.objects.create(
        need=need, kind=ClosingKind.COMPLETED, reason=note, by_name=actor_of(by).name, at=at
    )
    outcome = need.outcomes.get(superseded_at__isnull=True)
    present = Attendance.objects.filter(meeting__need=need, expert__isnull=False).select_related("expert")
    for expert in {row.expert for row in present if row.expert is not None}:
        record_service(
            expert, title=need.title, text=outcome.get_result_display(), year=at.year, by=by, at=at
        )
    return closing


@transaction.atomic
def withdraw(need: Need, *, by: By, at: datetime, note: str) -> Closing | None:
    """Take a need back. A draft that was never submitted simply ends; a submitted one is closed."""
    if not note.strip():
        refuse("needs.note_missing", "请写明撤回的原因。")
    was_draft = need.stage == Stage.DRAFT
    NEED_FLOW.advance(need, "withdraw", by=by, at=at, note=note)
    cancel_waiting(need)
    if was_draft:
        return None
    return Closing.objects.create(
        need=need, kind=ClosingKind.WITHDRAWN, reason=note, by_name=actor_of(by).name, at=at
    )
