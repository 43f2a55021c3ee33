"""The clocks of a case stand still while somebody else is waited for, or hurry in an emergency."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import files
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse, require
from zhiqiao.kit.files.store import Upload
from zhiqiao.kit.flow import Pause
from zhiqiao.needs import clocks_notices, rules
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need
from zhiqiao.needs.queries import FINISHED


@transaction.atomic
def pause_clocks(
    need: Need,
    *,
    reason: str,
    until: datetime,
    note: str,
    by: By,
    at: datetime,
    file: Upload | None = None,
) -> Pause:
    """Let every clock of a case stand still while somebody else is waited for; the next step ends it.

    reason : who is waited for (``clocks.PAUSES``). note, file : the evidence. An enterprise that is waited for is told.
    :raises Refused: not the handler; not at this stage; no evidence; longer than this reason allows.
    """
    require(rules.is_handler(by, need))
    require(NEED_FLOW.may_pause(need))
    kept = None
    if file is not None:
        kept = files.attach(need, files.store(file, by=by, at=at), by=by, at=at, title="暂停计时的依据")
    pause = NEED_FLOW.pause(need, reason, until=until, note=note, by=by, at=at, attachment=kept)
    clocks_notices.tell_waiting(need, pause, at)
    return pause


@transaction.atomic
def resume_clocks(need: Need, *, by: By, at: datetime) -> Pause:
    """Let the clocks of a case run again; each due time moves by what it stood still."""
    require(rules.is_handler(by, need))
    return NEED_FLOW.resume(need, by=by, at=at)


@transaction.atomic
def hurry_clocks(need: Need, *, by: By, at: datetime, reason: str, on: bool = True) -> None:
    """Treat a case as an emergency, with every hour of every day counting, or no longer.

    :raises Refused: not the handler; no reason given; the case is over.
    """
    require(rules.is_handler(by, need))
    if not reason.strip():
        refuse("needs.note_missing", "请写明理由，会留在时间线里。")
    if need.stage in FINISHED:
        refuse("needs.finished", "这条需求已经结束，不再计时。")
    NEED_FLOW.hurry(need, on, by=by, at=at, reason=reason)
