"""What happened to the clocks of a case, in words for its timeline."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from zhiqiao.kit import clock
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs.clocks import CLOCKS, LADDER, PAUSES
from zhiqiao.needs.models import Need

TITLES = {kind.name: kind.title for kind in CLOCKS}
_RUNGS = {rung.name: rung.title for rung in LADDER}
_PAUSES = {kind.name: kind.title for kind in PAUSES}
_HOW = {"resumed": "恢复计时", "step": "办理下一步，恢复计时", "over": "暂停期满，自动恢复计时"}


def minutes_words(minutes: int) -> str:
    """Say a number of working minutes as people do: 40 分钟, 6 个工作小时, 3 个工作日."""
    day = clock.calendar().day_minutes or 1
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < day:
        return f"{minutes // 60} 个工作小时"
    return f"{round(minutes / day, 1):g} 个工作日"


def _paused(entry: AuditEntry, need: Need) -> str:
    facts = _facts(entry)
    return f"暂停计时：{_PAUSES.get(facts.get('reason', ''), '')}，最晚到 {_when(facts.get('until'))}"


def _resumed(entry: AuditEntry, need: Need) -> str:
    facts = _facts(entry)
    return f"{_HOW.get(facts.get('how', ''), '恢复计时')}（停了 {minutes_words(facts.get('minutes') or 0)}）"


def _hurried(entry: AuditEntry, need: Need) -> str:
    return "转为应急，按 7×24 小时计时"


def _recounted(entry: AuditEntry, need: Need) -> str:
    """The calendar or a term changed: each clock with its due time before and after."""
    before = entry.before or {}
    told = [
        f"{TITLES.get(name, name)}由 {_when(before.get(name))} 改到 {_when(due)}"
        for name, due in _facts(entry).items()
    ]
    return f"日历或时限有变，{'；'.join(told)}" if told else ""


def _reminded(entry: AuditEntry, need: Need) -> str:
    facts = _facts(entry)
    title, told = TITLES.get(facts.get("clock", ""), ""), "、".join(facts.get("told") or ())
    if not told:
        return ""
    if facts.get("rung") == "warning":
        return f"“{title}”时限将到，提醒{told}"
    return f"“{title}”{_RUNGS.get(facts.get('rung', ''), '已逾期')}，告知{told}"


def _facts(entry: AuditEntry) -> dict[str, Any]:
    return entry.after or {}


def _when(text: str | None) -> str:
    return clock.exact(datetime.fromisoformat(text)) if text else "—"


WORDS: dict[str, Callable[[AuditEntry, Need], str]] = {
    "need.pause": _paused,
    "need.resume": _resumed,
    "need.hurry": _hurried,
    "need.unhurry": lambda entry, need: "不再按应急计时",
    "need.recount": _recounted,
    "need.remind": _reminded,
}
