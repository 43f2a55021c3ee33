"""An expert's pledge of secrecy is entered, the unit consents, and takes it back."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import audit, files
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.kit.files.store import Upload
from zhiqiao.needs import rules
from zhiqiao.needs.models import Invitation, Pledge


@transaction.atomic
def enter_pledge(
    invitation: Invitation, *, paper: Upload, signed_at: datetime, approves: bool, by: By, at: datetime
) -> Pledge:
    """Enter that an expert signed a pledge for her case, with the signed paper; consent opens the details to her.

    :raises Refused: not the handler; signed in the future; the paper is not accepted.
    """
    need = invitation.need
    require(rules.is_handler(by, need))
    if signed_at > at:
        refuse("pledge.future", "签署时间不能晚于现在，请核对。")
    stored = files.store(paper, by=by, at=at)
    facts = {
        "signed_at": signed_at,
        "approved_at": at if approves else None,
        "approved_by": actor_of(by).name if approves else "",
        "withdrawn_at": None,
        "note": "",
    }
    pledge, _ = Pledge.objects.update_or_create(need=need, expert=invitation.expert, defaults=facts)
    files.attach(pledge, stored, by=by, at=at, title="保密承诺")
    audit.record(
        "pledge.enter", pledge, by=by, at=at,
        after={"expert": invitation.expert_id, "approved": approves, "sha256": stored.sha256},
    )  # fmt: skip
    return pledge


@transaction.atomic
def withdraw_pledge(pledge: Pledge, *, by: By, at: datetime, note: str) -> None:
    """Close the details to an expert again; that they were open once stays known."""
    require(rules.is_handler(by, pledge.need))
    if not note.strip():
        refuse("pledge.note_missing", "请写一句为什么收回。")
    open_one = Pledge.objects.filter(pk=pledge.pk, withdrawn_at__isnull=True)
    if not open_one.update(withdrawn_at=at, note=note.strip()[:200]):
        refuse("pledge.closed", "已经收回过了，刷新后可以看到。")
    audit.record("pledge.withdraw", pledge, by=by, at=at, reason=note)
