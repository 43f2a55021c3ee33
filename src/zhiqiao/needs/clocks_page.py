"""What the page of a need says about its clocks: what runs, until when, and who is waited for."""

from dataclasses import dataclass
from datetime import datetime

from zhiqiao.kit import clock
from zhiqiao.kit.flow import Clock, Pause
from zhiqiao.kit.flow import clocks as running
from zhiqiao.needs import clocks
from zhiqiao.needs.clocks_words import minutes_words
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need


@dataclass(frozen=True, slots=True)
class Line:
    """One clock that runs. ``still``: it stands still, and its due time moves by as long as it does."""

    title: str
    waits: str
    due_at: datetime
    words: str
    tone: str
    still: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """The clocks of one need."""

    lines: list[Line]
    pause: Pause | None
    pause_title: str
    past: str
    hurried: bool

    def __bool__(self) -> bool:
        return bool(self.lines or self.past)


def panel(need: Need, now: datetime) -> Panel:
    """Read the clocks of a need, in two queries."""
    rows = list(running.of(need).filter(stopped_at__isnull=True))
    pauses = list(running.pauses_of(need))
    pause = next((one for one in pauses if one.ended_at is None), None)
    rows.sort(key=lambda row: (row.due_at, row.pk))
    return Panel(
        [_line(need, row, now) for row in rows],
        pause,
        NEED_FLOW.pauses[pause.reason].title if pause else "",
        _past([one for one in pauses if one.ended_at is not None]),
        need.round_the_clock,
    )


def _line(need: Need, row: Clock, now: datetime) -> Line:
    kind = NEED_FLOW.clocks[row.name]
    still = row.paused_at is not None
    words = (
        "暂停中，恢复后顺延" if still else clock.remaining_words(row.due_at, now, NEED_FLOW.place_of(need))
    )
    tone = "calm" if still or row.due_at >= now else "late"
    waits = need.organisation.title if kind.waits == clocks.HANDLER else kind.waits
    return Line(kind.title, waits, row.due_at, words, tone, still)


def _past(pauses: list[Pause]) -> str:
    if not pauses:
        return ""
    total = sum(pause.minutes or 0 for pause in pauses)
    return f"此前暂停过 {len(pauses)} 次，共停 {minutes_words(total)}，不计入办理用时。"
