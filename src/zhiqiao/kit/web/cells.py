"""How single values look: an instant, a time limit, a number, a label. Used by template tags and registers."""

import datetime as dt
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

EMPTY = mark_safe('<span class="muted">—</span>')  # noqa: S308  (a constant)
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
    """"82%", or "" if there is nothing to compare with."""
    if not whole or part is None:
        return ""
    percent = 100 * float(part) / float(whole)
    return f"{percent:.0f}%" if percent >= 10 or percent == int(percent) else f"{percent:.1f}%"


def badge(text: Any, tone: str = "neutral") -> SafeString:
    return format_html('<span class="badge {}">{}</span>', tone if tone in TONES else "neutral", text)


def when_words(at: dt.date | dt.datetime, now: dt.datetime) -> str:
    """As people say it: 刚刚, 12 分钟前, 今天 10:21, 昨天 17:00, 11月20日, 2025年3月1日."""
    today = timezone.localtime(now).date()
    if not isinstance(at, dt.datetime):
        return _day_words(at, today)
    seconds = (now - at).total_seconds()
    if 0 <= seconds < 60:
        return "刚刚"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} 分钟前"
    local = timezone.localtime(at)
    near = abs((local.date() - today).days) <= 1
    return f"{_day_words(local.date(), today)}{f' {local:%H:%M}' if near else ''}"


def _day_words(day: dt.date, today: dt.date) -> str:
    named = {0: "今天", -1: "昨天", 1: "明天"}.get((day - today).days)
    if named:
        return named
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"


def exact_words(at: dt.date | dt.datetime) -> str:
    """2026年11月22日 10:21, in the time zone of the site."""
    local = timezone.localtime(at) if isinstance(at, dt.datetime) else at
    clock = f" {local:%H:%M}" if isinstance(local, dt.datetime) else ""
    return f"{local.year}年{local.month}月{local.day}日{clock}"


def when(at: dt.date | dt.datetime | None, style: str = "short", now: dt.datetime | None = None) -> SafeString:
    """<time> with short words; style "exact" says the instant, "date" the day only."""
    if at is None:
        return EMPTY
    exact = exact_words(at)
    if style == "date":
        words = exact_words(timezone.localtime(at).date() if isinstance(at, dt.datetime) else at)
    elif style == "exact":
        words = exact
    else:
        words = when_words(at, now or timezone.now())
    if words == exact:
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), words)
    return format_html(
        '<time datetime="{}" title="{}" data-when>{}<span class="only-print"> {}</span></time>',
        at.isoformat(), exact, words, exact,
    )  # fmt: skip


def due(due_at: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """A chip with what is left in working time, red once it is over; nothing without a limit."""
    if due_at is None:
        return mark_safe("")
    from zhiqiao.kit.clock import remaining_words  # the calendar is read only where a limit is shown

    instant = now or timezone.now()
    tone = "late" if due_at < instant else "soon" if due_at - instant <= _SOON else "calm"
    return format_html(
        '<span class="due due-{}" title="时限 {}">{}<span class="only-print">（{}）</span></span>',
        tone, exact_words(due_at), remaining_words(due_at, instant), exact_words(due_at),
    )  # fmt: skip


def render(kind: str, value: Any, at: dt.datetime) -> SafeString:
    """A cell of a register."""
    if value is None or value == "":
        return EMPTY
    if kind == "due":
        return due(value, at)
    if kind in ("when", "date"):
        return when(value, "date" if kind == "date" else "short", at)
    if kind == "number":
        return format_html('<span class="num">{}</span>', number(value))
    if kind == "code":
        return format_html('<span class="code">{}</span>', value)
    if kind == "badge":
        return value if isinstance(value, SafeString) else badge(value)
    if kind == "yesno":
        return mark_safe("是" if value else "否")
    return conditional_escape(linebreaksbr(value) if isinstance(value, str) and "\n" in value else value)
