"""The terms of a unit as a screen: what each clock has to keep to here, where that comes from, and how to change it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import clock
from zhiqiao.kit.flow import ClockKind, ClockTerm
from zhiqiao.kit.flow.terms import Term, declare_term, in_force
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.forms.terms import TermForm
from zhiqiao.needs.models import Programme
from zhiqiao.orgs import queries as orgs
from zhiqiao.orgs.models import Organisation

MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One clock as it is kept to at a unit today."""

    kind: ClockKind
    term: Term
    whose: str

    @property
    def warning(self) -> str:
        return f"提前 {self.term.warn_days} 天" if self.term.warn_days else "不提醒"

    @property
    def ladder(self) -> str:
        rungs = NEED_FLOW.ladder_of(self.kind.name) if self.term.escalates else ()
        return f"提醒 {len(rungs)} 级" if len(rungs) > 1 else "提醒经办人" if rungs else "不提醒"


def terms(request: Signed, pk: int) -> HttpResponse:
    """Show the terms in force at a unit and every version set there, and take a new one."""
    unit = get_object_or_404(orgs.managed_by(request.user), pk=pk)
    above = [*orgs.above(unit), unit]
    programmes = Programme.objects.filter(organisation__in=above).order_by("-starts_on", "pk")
    form = TermForm(programmes, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        declare_term(NEED_FLOW.name, by=request.user, at=timezone.now(), place=_place(unit), **form.values())
        messages.success(request, "已登记。到生效那天，在办事项的时限会按勾选随之重算，已经办完的不变。")
        return redirect("needs:terms", pk=unit.pk)
    context = {
        "organisation": unit,
        "form": form,
        "rows": _rows(unit, above),
        "ladder": NEED_FLOW.ladder,
        "versions": _versions(unit, above),
    }
    return render(request, "needs/parts/clocks_terms.html", context)


def _place(unit: Organisation) -> str:
    return unit.path if unit.parent_id else ""


def _rows(unit: Organisation, above: list[Organisation]) -> list[Row]:
    today = clock.local_date(timezone.now())
    names = {_place(one): one.title for one in above}
    return [_row(kind, unit, today, names) for kind in NEED_FLOW.clocks.values()]


def _row(kind: ClockKind, unit: Organisation, today: date, names: dict[str, str]) -> Row:
    term = in_force(NEED_FLOW.name, kind, unit.path, (), today, today)
    whose = names.get(term.rule.place, "上级单位") if term.rule else "系统默认"
    return Row(kind, term, whose)


def _versions(unit: Organisation, above: list[Organisation]) -> list[dict[str, Any]]:
    """Return what this unit and those above it have set, the latest first."""
    names = {_place(one): one.title for one in above}
    rows = ClockTerm.objects.filter(flow=NEED_FLOW.name, place__in=names).order_by("-starts_on", "-pk")
    rows = rows[:MOST_VERSIONS]
    keys = [int(row.campaign) for row in rows if row.campaign]
    programmes = {str(one.pk): one.name for one in Programme.objects.filter(pk__in=keys)}
    return [
        {
            "row": row,
            "title": NEED_FLOW.clocks[row.clock].title if row.clock in NEED_FLOW.clocks else row.clock,
            "whose": names[row.place],
            "campaign": programmes.get(row.campaign, "") if row.campaign else "全部需求",
        }
        for row in rows
    ]
