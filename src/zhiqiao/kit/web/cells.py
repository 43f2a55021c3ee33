"""How single values look: an instant, a time limit, a number, a label. Used by template tags and registers."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from zhiqiao.kit import clock

EMPTY = mark_safe('<span class="muted">—</span>')
TONES = ("neutral", "accent", "success", "warning", "danger")
_SOON = dt.timedelta(hours=24)


def number(value: Any) -> str:
    """1037 -> "1,037"; a fraction keeps at most two places; None -> "—"."""
    if value is None or value == "":
        return "—"
    if isinstance(value, int):
        return f"{value:,}"
    try:
        return f"{float(value):,.2f}".rstrip("0").rstrip(".")
    except (TypeError, ValueError):
        return str(value)


def share(part: Any, whole: Any) -> str:
    """ "82%", or "" if there is nothing to compare with."""
    if not whole or part is None:
        return ""
    percent = 100 * float(part) / float(whole)
    return f"{percent:.0f}%" if percent >= 10 or percent == int(percent) else f"{percent:.1f}%"


def badge(text: Any, tone: str = "neutral") -> SafeString:
    return format_html('<span class="badge {}">{}</span>', tone if tone in TONES else "neutral", text)


def day_words(at: dt.date | dt.datetime, now: dt.datetime) -> str:
    """For columns: the hour only where it still matters, within a day of now."""
    near = isinstance(at, dt.datetime) and abs(at - now) < dt.timedelta(days=1)
    if near or not isinstance(at, dt.datetime):
        return when_words(at, now)
    return _day_words(clock.local_date(at), clock.local_date(now))


def when_words(at: dt.date | dt.datetime, now: dt.datetime) -> str:
    """As people say it: 刚刚， 12 分钟前， 今天 10:21, 昨天 17:00; a day: 今天， 11月20日， 2025年3月1日."""
    if isinstance(at, dt.datetime):
        return clock.ago_words(at, now)
    return _day_words(at, clock.local_date(now))


def _day_words(day: dt.date, today: dt.date) -> str:
    named = {0: "今天", -1: "昨天", 1: "明天"}.get((day - today).days)
    if named:
        return named
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"


def exact_words(at: dt.date | dt.datetime) -> str:
    """2026年11月22日 10:21, in the time zone of the site; a day without the hour."""
    return clock.exact(at) if isinstance(at, dt.datetime) else f"{at.year}年{at.month}月{at.day}日"


def when(
    at: dt.date | dt.datetime | None, style: str = "short", now: dt.datetime | None = None
) -> SafeString:
    """<time> in words; style "short" as one says it, "day" the day if it is not near, "exact", "date"."""
    if at is None:
        return EMPTY
    exact = exact_words(at)
    if style == "date":
        words = exact_words(clock.local_date(at) if isinstance(at, dt.datetime) else at)
    elif style == "exact":
        words = exact
    elif style == "day":
        words = day_words(at, now or timezone.now())
    else:
        words = when_words(at, now or timezone.now())
    if style in ("exact", "date") or words == exact:
        return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words)
    return format_html(
        '<time datetime="{}" title="{}" data-when><span class="no-print">{}</span><span class="only-print">{}</span></time>',
        at.isoformat(), exact, words, exact,
    )  # fmt: skip


def due(due_at: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """A chip with what is left in working time, red once it is over; nothing without a limit."""
    if due_at is None:
        return mark_safe("")
    instant = now or timezone.now()
    tone = "late" if due_at < instant else "soon" if due_at - instant <= _SOON else "calm"
    return format_html(
        '<span class="due due-{}" title="时限 {}">{}<span class="only-print">（{}）</span></span>',
        tone, exact_words(due_at), clock.remaining_words(due_at, instant), exact_words(due_at),
    )  # fmt: skip


def highlighted(text: str, spans: Iterable[Sequence[int]], *, code: bool = False) -> SafeString:
    """A text with some of its characters highlighted: spans [start, end), which may overlap or run over."""
    parts: list[SafeString] = []
    place = 0
    for start, end in sorted((max(0, int(one[0])), min(len(text), int(one[1]))) for one in spans):
        start = max(start, place)
        if end <= start:
            continue
        parts.append(format_html("{}<mark>{}</mark>", text[place:start], text[start:end]))
        place = end
    whole = format_html("{}{}", format_html_join("", "{}", ((part,) for part in parts)), text[place:])
    return format_html('<span class="code">{}</span>', whole) if code else whole


def render(kind: str, value: Any, at: dt.datetime) -> SafeString:
    """A cell of a register."""
    if value is None or value == "":
        return EMPTY
    if kind == "due":
        return due(value, at)
    if kind in ("when", "date"):
        return when(value, "date" if kind == "date" else "day", at)
    if kind == "number":
        return format_html('<span class="num">{}</span>', number(value))
    if kind == "code":
        return format_html('<span class="code">{}</span>', value)
    if kind == "badge":
        return value if isinstance(value, SafeString) else badge(value)
    if kind == "yesno":
        return conditional_escape("是" if value else "否")
    return conditional_escape(linebreaksbr(value) if isinstance(value, str) and "\n" in value else value)
