"""The dashboard, and the records behind each of its numbers."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.insights import queries, registers
from zhiqiao.insights.figures import FIGURES, FUNNEL, Figure
from zhiqiao.insights.frame import Frame, read
from zhiqiao.kit import audit
from zhiqiao.kit.sheets import Column, write
from zhiqiao.needs.queries import programmes_for

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BARS = 12


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the whole at a glance; every number leads to its records under the same question."""
    frame, notices = read(request.GET, request.user)
    told = queries.counts(frame)
    context = {
        "frame": frame,
        "notices": notices,
        "programmes": programmes_for(request.user),
        "tiles": [_tile(name, told, frame) for name in ("experts", "received", "services", "closed", "successes")],
        "kinds": [_tile(name, told, frame) for name in ("academicians", "overseas", "society_experts")],
        "current": [_tile(name, told, frame) for name in ("open", "overdue", "late_steps")],
        "funnel": _funnel(told, frame),
        "rates": [_rate(rate, frame) for rate in queries.rates(told)],
        "steps": queries.step_times(frame),
        "handlers": _handlers(frame),
        "industries": _industries(frame),
        "months": queries.by_month(frame),
        "results": [_bar(FIGURES[name], told[name], frame) for name in ("solved", "cooperation", "partly", "unsolved")],
        "without": _tile("closed_without_success", told, frame),
        "reasons": _reasons(frame),
    }
    return render(request, "insights/dashboard.html", context)


def figure(request: HttpRequest, name: str) -> HttpResponse:
    """List the records behind one number."""
    one, frame, notices = _asked(request, name)
    listing = registers.register_of(one).bind(request.GET, registers.rows_of(one, frame))
    if one.subject == "step":
        registers.name_subjects([row.object for row in listing.rows])
    context = {"figure": one, "frame": frame, "listing": listing, "notices": notices, "value": one.value(frame)}
    return render(request, "insights/figure.html", context)


def export(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out the records behind one number as a workbook; the reason is kept in the audit record."""
    one, frame, _ = _asked(request, name)
    rows = registers.rows_of(one, frame)
    columns = registers.register_of(one).columns
    keys = list(rows.values_list("pk", flat=True))
    reason = request.POST.get("reason", "").strip()[:200]
    audit.record(
        "insights.export",
        None,
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
        after={"figure": name, "query": frame.query(), "count": len(keys)},
        reason=reason,
    )
    found = list(rows)
    if one.subject == "step":
        registers.name_subjects(found)
    book = write(
        [Column(column.key, column.title) for column in columns],
        ([column.plain(row) for column in columns] for row in found),
        title=one.title,
    )
    response = HttpResponse(book, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(one.title)}.xlsx"
    return response


def _asked(request: HttpRequest, name: str) -> tuple[Figure, Frame, list[str]]:
    if name not in FIGURES:
        raise Http404
    frame, notices = read(request.GET, request.user)
    return FIGURES[name], frame, notices


def _href(name: str, frame: Frame, **changes: Any) -> str:
    query = frame.query(**changes)
    address = reverse("insights:figure", args=(name,))
    return f"{address}?{query}" if query else address


def _tile(name: str, told: dict[str, int], frame: Frame) -> dict[str, Any]:
    one = FIGURES[name]
    return {
        "title": one.title,
        "value": told[name],
        "unit": one.unit,
        "href": _href(name, frame),
        "note": one.definition,
    }


def _bar(one: Figure, count: int, frame: Frame) -> dict[str, Any]:
    return {"title": one.title, "count": count, "href": _href(one.name, frame)}


def _funnel(told: dict[str, int], frame: Frame) -> list[dict[str, Any]]:
    first = told[FUNNEL[0]]
    return [_bar(FIGURES[name], told[name], frame) | {"of": first} for name in FUNNEL]


def _rate(rate: dict[str, Any], frame: Frame) -> dict[str, Any]:
    return rate | {
        "above_href": _href(rate["numerator"].name, frame),
        "below_href": _href(rate["denominator"].name, frame),
    }


def _handlers(frame: Frame) -> list[dict[str, Any]]:
    from zhiqiao.orgs.models import Organisation

    told = queries.by_handler(frame)[:MOST_BARS]
    known = Organisation.objects.in_bulk([pk for pk, _, _ in told])
    return [
        {"title": name, "count": count, "href": _href("received", frame, handler=known[pk])}
        for pk, name, count in told
    ]


def _industries(frame: Frame) -> list[dict[str, Any]]:
    return [
        {"title": name, "count": count, "href": _href("received", frame, industry=code)}
        for code, name, count in queries.by_industry(frame)[:MOST_BARS]
    ]


def _reasons(frame: Frame) -> list[dict[str, Any]]:
    return [
        {"title": words, "count": count, "href": _href("unsolved", frame, reason=code)}
        for code, words, count in queries.unsolved_reasons(frame)
    ]
