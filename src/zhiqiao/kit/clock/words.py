"""Times as people say them. Instants are arguments; nothing here looks at the clock on the wall."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from zhiqiao.kit.clock.instants import local, local_date

if TYPE_CHECKING:
    from zhiqiao.kit.clock.calendar import Calendar


def exact(at: datetime) -> str:
    """Write an instant in full: 2026年11月22日 14:05."""
    here = local(at)
    return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"


def moment(at: datetime, now: datetime) -> str:
    """Write an instant as short as the reader's day allows: 今天 14:05, 明天 09:00, 11月20日 14:05."""
    here, today = local(at), local(now)
    names = {0: "今天", 1: "明天", -1: "昨天"}
    days = (here.date() - today.date()).days
    if days in names:
        return f"{names[days]} {here:%H:%M}"
    year = "" if here.year == today.year else f"{here.year}年"
    return f"{year}{here.month}月{here.day}日 {here:%H:%M}"


def ago_words(at: datetime, now: datetime) -> str:
    """Say how long ago something happened: 刚刚, 5 分钟前, 3 小时前, 昨天 14:05, 2025年11月20日 14:05."""
    passed = now - at
    if timedelta() <= passed < timedelta(minutes=1):
        return "刚刚"
    if timedelta() < passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} 分钟前"
    if timedelta() < passed and local_date(at) == local_date(now):
        return f"{passed // timedelta(hours=1)} 小时前"
    return moment(at, now)


def remaining_words(due_at: datetime, now: datetime, calendar: "Calendar") -> str:
    """Say how much working time is left until a due time, or how long it has been over.

    Today: the hour by which. Less than a working day: hours. Otherwise working days after today, which
    stays the same all day and agrees with the way a deadline in days is counted.
    """
    minutes = calendar.working_minutes(now, due_at)
    days = calendar.working_days(local_date(now), local_date(due_at))
    if now > due_at:
        return _overdue(due_at, now, -minutes, -days, calendar)
    if local_date(due_at) == local_date(now) and minutes >= 60:
        return f"今天 {local(due_at):%H:%M} 前"
    if minutes <= 0:
        return f"{moment(due_at, now)} 前"
    return "还剩 " + _amount(minutes, days, calendar)


def _overdue(due_at: datetime, now: datetime, minutes: int, days: int, calendar: "Calendar") -> str:
    if minutes <= 0:  # no working time has passed since: the evening after, or the weekend
        return f"已于{moment(due_at, now)} 到期"
    return "已逾期 " + _amount(minutes, days, calendar)


def _amount(minutes: int, days: int, calendar: "Calendar") -> str:
    plain = calendar.is_round_the_clock
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < calendar.day_minutes:
        return f"{minutes // 60} {'小时' if plain else '个工作小时'}"
    return f"{max(days, 1)} {'天' if plain else '个工作日'}"


def assumption(years: Iterable[int]) -> str:
    """Say which years' holidays were reckoned rather than known; empty if none were."""
    written = "、".join(str(year) for year in years)
    return f"{written} 年节假日安排尚未公布，按周末和法定固定节日推算" if written else ""
