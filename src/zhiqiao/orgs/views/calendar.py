"""The working time of a unit as a screen: hours, days off and make-up days, its own and those it follows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import clock
from zhiqiao.kit.clock.models import CalendarDay, WorkingHours
from zhiqiao.kit.clock.week import Week
from zhiqiao.kit.errors import Refused, refuse
from zhiqiao.orgs import queries
from zhiqiao.orgs.forms.calendar import WEEKDAYS, DayForm, HoursForm, WithdrawForm
from zhiqiao.orgs.models import Organisation

MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One version of hours or one special date. ``own``: the unit's own, which its administrator may change."""

    on: date
    words: str
    title: str
    whose: str
    source: str
    own: bool
    form: WithdrawForm | None = None


def place_of(organisation: Organisation) -> str:
    """Return where a unit's calendar is kept: the root's is that of the whole installation."""
    return organisation.path if organisation.parent_id else ""


def calendar(request: Signed, pk: int) -> HttpResponse:
    """Show the calendar a unit works by, and take changes: hours from a date on, one date, or a date withdrawn."""
    unit = get_object_or_404(queries.managed_by(request.user), pk=pk)
    forms = {
        "hours": HoursForm(_sent(request, "hours"), prefix="hours"),
        "day": DayForm(_sent(request, "day"), prefix="day"),
    }
    if request.method == "POST" and _changed(request, unit, forms):
        messages.success(request, "已登记。在办事项的时限会随之重算，已经办完的不变。")
        return redirect("orgs:calendar", pk=unit.pk)
    return render(request, "orgs/calendar.html", {"organisation": unit, "forms": forms, **_shown(unit)})


def _sent(request: Signed, act: str) -> Any:
    return request.POST if request.method == "POST" and request.POST.get("act") == act else None


def _changed(request: Signed, unit: Organisation, forms: dict[str, Any]) -> bool:
    """Do the one change that was asked for; say whether it went through."""
    act, by, at, place = request.POST.get("act", ""), request.user, timezone.now(), place_of(unit)
    if act == "withdraw":
        return _withdraw(request, place, at)
    form = forms.get(act)
    if form is None or not form.is_valid():
        return False
    given = form.cleaned_data
    if act == "hours":
        clock.declare_hours(
            given["starts_on"], form.week(), by=by, at=at, source=given["source"], place=place
        )
    else:
        clock.declare_day(given["on"], by=by, at=at, place=place, **form.facts())
    return True


def _withdraw(request: Signed, place: str, at: datetime) -> bool:
    form = WithdrawForm(request.POST)
    try:
        if not form.is_valid():
            refuse("orgs.reason", "没有撤销：请写明理由，至少两个字。")
        on = form.cleaned_data["on"]
        if on < clock.local_date(at):
            refuse("orgs.over", "这一天已经过去，不再改写。")
        if not clock.withdraw_day(
            on, by=request.user, at=at, reason=form.cleaned_data["reason"], place=place
        ):
            refuse("orgs.over", "这一天的设置刚刚已经撤销。")
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return False
    return True


def _shown(unit: Organisation) -> dict[str, Any]:
    today = clock.local_date(timezone.now())
    places = _places(unit)
    return {
        "today": _hours_words(clock.calendar(place_of(unit)).intervals(today)) or "休息",
        "hours": [_version(row, unit, places) for row in _rows(WorkingHours, places)],
        "days": [
            _day(row, unit, places, today)
            for row in _rows(CalendarDay, places).filter(date__gte=today)[:MOST_DAYS]
        ],
        "years": [
            {"year": year, "known": clock.calendar(place_of(unit)).status(year) == "published"}
            for year in (today.year, today.year + 1)
        ],
    }


def _places(unit: Organisation) -> dict[str, Organisation]:
    """Return the unit and those above it by where their calendars are kept."""
    return {place_of(one): one for one in [*queries.above(unit), unit]}


def _rows(model: Any, places: dict[str, Organisation]) -> QuerySet[Any]:
    return model.objects.filter(place__in=places)


def _version(row: WorkingHours, unit: Organisation, places: dict[str, Organisation]) -> Row:
    words = "与上级单位一致" if row.week is None else _week_words(Week.from_json(row.week))
    own = row.place == place_of(unit)
    return Row(row.starts_on, words, row.name, places[row.place].title, row.source, own)


def _day(row: CalendarDay, unit: Organisation, places: dict[str, Organisation], today: date) -> Row:
    day = row.as_day()
    words = "休息" if not day.working else _hours_words(day.intervals or ()) or "上班，按平时的作息"
    own = row.place == place_of(unit)
    form = WithdrawForm(initial={"on": row.date}, auto_id=f"withdraw_{row.pk}_%s") if own else None
    return Row(row.date, words, row.name, places[row.place].title, row.source, own, form)


def _week_words(week: Week) -> str:
    days = [name for (_, name), hours in zip(WEEKDAYS, week.days, strict=True) if hours]
    return f"{'、'.join(days)}　{_hours_words(week.usual)}"


def _hours_words(hours: Any) -> str:
    return "，".join(str(each) for each in hours)
