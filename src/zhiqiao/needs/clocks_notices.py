"""Telling people about clocks: before one is over, when it is, and when one runs again. Once per rung, never more."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from zhiqiao.kit import clock
from zhiqiao.kit.flow import Clock, Pause, Rung
from zhiqiao.kit.notify import Message, Notice, Recipient, send
from zhiqiao.kit.notify.channels import channel
from zhiqiao.needs import clocks
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need
from zhiqiao.needs.notices import askers_of, experts_of
from zhiqiao.orgs.posts import at_post
from zhiqiao.orgs.roles import roles_with


class ClockNotice(Notice):
    """A clock of a case needs somebody's attention. Sent by the clock, not by a step."""

    name = "needs.clock"
    title = "时限将到、已逾期、恢复计时"
    channels = ("site", "email")


def tell(need: Need, row: Clock, rung: Rung | None, at: datetime) -> Sequence[str]:
    """Tell those on one rung of the ladder (None = those who are waited for); return their names."""
    kind = NEED_FLOW.clocks[row.name]
    if rung is None:
        told = _waited_for(need, kind.waits, at)
        title = f"“{kind.title}”时限将到：{need.title}"
        words = f"请在 {clock.exact(row.due_at)} 前办理，{_left(need, row, at)}。"
    else:
        told = _at_post(need, rung, at)
        title = f"“{kind.title}”{rung.title}：{need.title}"
        words = f"时限是 {clock.exact(row.due_at)}，{_left(need, row, at)}，正在等{_who(need, kind.waits)}。"
    number = rung.name if rung else "warning"
    for to in told:
        body = f"{need.enterprise}：{need.title}（{need.number}）\n{words}"
        message = Message(title[:200], body, to.link or need.get_absolute_url())
        _send(to, message, key=f"{ClockNotice.name}:{row.pk}:{number}", at=at)
    return [to.name for to in told]


def tell_resumed(need: Need, pause: Pause, at: datetime) -> None:
    """Tell the clerks that a pause has run out and the clocks run again."""
    reason = NEED_FLOW.pauses[pause.reason].title
    words = f"暂停（{reason}）已经期满，自动恢复计时。" + (
        f"请在 {clock.exact(need.due_at)} 前办理。" if need.due_at else ""
    )
    for to in _clerks(need, at):
        message = Message(f"恢复计时：{need.title}"[:200], f"{words}\n{pause.note}", need.get_absolute_url())
        _send(to, message, key=f"{ClockNotice.name}:resumed:{pause.pk}", at=at)


def tell_waiting(need: Need, pause: Pause, at: datetime) -> None:
    """Tell the enterprise that its case stands still until it has answered."""
    if pause.reason != "enterprise":
        return
    for to in askers_of(need):
        body = f"{need.organisation.title}正在等您：{pause.note}\n请在 {clock.exact(pause.until)} 前答复，之后继续计时。"
        message = Message(f"等您答复：{need.title}"[:200], body, to.link or need.get_absolute_url())
        _send(to, message, key=f"{ClockNotice.name}:waiting:{pause.pk}", at=at)


def _left(need: Need, row: Clock, at: datetime) -> str:
    return clock.remaining_words(row.due_at, at, NEED_FLOW.place_of(need))


def _who(need: Need, waits: str) -> str:
    return need.organisation.title if waits == clocks.HANDLER else waits


def _waited_for(need: Need, waits: str, at: datetime) -> list[Recipient]:
    if waits == clocks.HANDLER:
        return _clerks(need, at)
    told = askers_of(need) if waits in (clocks.ENTERPRISE, clocks.BOTH) else []
    return told + (experts_of(need) if waits in (clocks.EXPERT, clocks.BOTH) else [])


def _clerks(need: Need, at: datetime) -> list[Recipient]:
    return _as_recipients(at_post(roles_with(NeedPerm.HANDLE), need.organisation, at))


def _at_post(need: Need, rung: Rung, at: datetime) -> list[Recipient]:
    """Return who sits at the post of a rung; where no leader is known, the clerks of that level are told."""
    if rung.post == clocks.LEADER:
        leaders = at_post((clocks.LEADER,), need.organisation, at, up=rung.up)
        if leaders:
            return _as_recipients(leaders)
    return _as_recipients(at_post(roles_with(NeedPerm.HANDLE), need.organisation, at, up=rung.up))


def _as_recipients(people: Iterable[object]) -> list[Recipient]:
    return [
        Recipient(p.name, person=p, email=p.email or "", phone=p.phone or "")  # type: ignore[attr-defined]
        for p in people
    ]


def _send(to: Recipient, message: Message, *, key: str, at: datetime) -> None:
    for name in ClockNotice.channels:
        address = channel(name).address_of(to)
        if address is not None:
            whom = to.person.pk if to.person else address
            unique = f"{key}:{name}:{whom}"
            send(name, to, message, notice=ClockNotice.name, key=unique, at=at, address=address)


NEED_FLOW.tell = tell
NEED_FLOW.resumed = tell_resumed
