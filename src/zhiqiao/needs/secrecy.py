"""The four tiers of a need, from open to confidential, and who sees what of the last.

公开 : everybody reads the text; the enterprise's name only if it agreed.
网络内 : whoever signs in as staff or as an expert of the library reads the text, the enterprise unnamed.
经办 : staff within their scope, and the experts who were invited.
保密 : only those who handle it and the enterprise. An expert reads the details once her pledge is signed and the unit
consents; before that she knows a trade and that there is a question. Every look at the details is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs import rules
from zhiqiao.needs.enums import Visibility
from zhiqiao.needs.models import Invitation, Need, Pledge

OPENED = "need.open"
HIDDEN = "这是一条保密需求。签署保密承诺、受理单位同意以后，可以在这里看到详情。"
TITLE = "保密需求"
ONCE_IN = timedelta(minutes=10)
LOOKS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opened the details: who, when, where."""

    who: str
    at: datetime
    where: str


def is_secret(need: Need) -> bool:
    return need.visibility == Visibility.SECRET


def is_open_to(invitation: Invitation, pledges: Iterable[Pledge] | None = None) -> bool:
    """Say whether an invited expert may read the details of her case.

    pledges : those of the case, if they are loaded already.
    """
    if not is_secret(invitation.need):
        return True
    rows = invitation.need.pledges.all() if pledges is None else pledges
    return any(one.expert_id == invitation.expert_id and one.opens for one in rows)


def note_look(need: Need, *, by: By, at: datetime, where: str) -> None:
    """Keep that somebody opened the details of a confidential need; within ten minutes once."""
    if not is_secret(need):
        return
    actor = actor_of(by)
    lately = AuditEntry.objects.filter(
        subject_type="needs.need", subject_id=str(need.pk), verb=OPENED, actor_kind=actor.kind,
        actor_key=actor.key, at__gt=at - ONCE_IN,
    )  # fmt: skip
    if not any((entry.after or {}).get("where") == where for entry in lately):
        audit.record(OPENED, need, by=by, at=at, after={"where": where})


def looks(need: Need) -> list[Look]:
    """Return who opened the details, latest first."""
    rows = AuditEntry.objects.filter(subject_type="needs.need", subject_id=str(need.pk), verb=OPENED)
    return [
        Look(entry.actor_name, entry.at, (entry.after or {}).get("where", ""))
        for entry in rows.order_by("-id")[:LOOKS_SHOWN]
    ]


def may_be_told(by: By, need: Need) -> bool:
    """Say whether a member of staff may be told what is said in a case: of a confidential one its handlers only."""
    return bool(rules.is_handler(by, need) if is_secret(need) else rules.is_staff(by, need))


def name_outside(need: Need) -> str:
    """Return what a message that leaves the system calls a need: a confidential one by its number alone."""
    return f"{TITLE} {need.number or ''}".strip() if is_secret(need) else need.title


def words_outside(need: Need, words: str) -> str:
    """Return what a message that leaves the system may quote."""
    return "内容保密，请打开链接查看。" if is_secret(need) and words else words


def watermark(need: Need, by: By, at: datetime) -> str:
    """Return what stands across a printed confidential page: who took it, and when."""
    from zhiqiao.kit import clock

    return f"保密 {actor_of(by).name} {clock.exact(at)}" if is_secret(need) else ""
