"""The dashboard, the records behind each number, and their export."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.insights import exports, tables
from zhiqiao.insights.board import Board
from zhiqiao.insights.figures import FIGURES, RATES, Figure
from zhiqiao.insights.filtering import filter_bar
from zhiqiao.insights.forms import ExportForm
from zhiqiao.insights.lens import OF_ONE_FIGURE, Lens, Reading, read_lens
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.scope import may_somewhere, roots_of

MOST_INDUSTRIES = 12
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show every figure a reader may see, through the lens of the address."""
    reading = _read(request)
    lens = reading.lens.with_(**dict.fromkeys(OF_ONE_FIGURE, ""))
    board = Board(lens)
    industries = tables.industries(board)
    context = {
        "lens": lens,
        "problems": reading.problems,
        "area": [root.title for root in roots_of(request.user, lens.permission)],
        "bar": filter_bar(lens),
        "board": board,
        "steps": board.steps(),
        "detours": board.detours(),
        "places": tables.places(board),
        "place_heads": tables.titles(tables.PLACE_FIGURES),
        "industries": (industries[:MOST_INDUSTRIES], industries[MOST_INDUSTRIES:]),
        "more_industries": f"其余 {len(industries) - MOST_INDUSTRIES} 个行业",
        "industry_heads": tables.titles(tables.INDUSTRY_FIGURES),
        "trend": tables.trend(board),
        "most_months": tables.MOST_MONTHS,
        "trend_heads": tables.titles(tables.TREND_FIGURES),
        "figures": FIGURES.values(),
        "rates": RATES.values(),
    }
    return render(request, "insights/dashboard.html", context)


def figure(request: HttpRequest, name: str) -> HttpResponse:
    """List the records that a number counts: these and no others."""
    chosen, reading = _figure(name), _read(request)
    lens = reading.lens
    count = chosen.count(lens)
    rows = chosen.listed(chosen.rows(lens)) if count is not None else chosen.rows(lens).none()
    context = {
        "figure": chosen,
        "count": count,
        "listing": chosen.register.bind(request.GET, rows, at=lens.now),
        "lens": lens,
        "problems": reading.problems,
        "back": _address("insights:dashboard", lens.with_(**dict.fromkeys(OF_ONE_FIGURE, ""))),
        "export": _address("insights:export", lens, name),
        "may_export": may_somewhere(request.user, NeedPerm.EXPORT),
    }
    return render(request, "insights/figure.html", context)


def export(request: HttpRequest, name: str) -> HttpResponse:
    """Ask what an export is for, then hand out the records behind a number as far as one may export them."""
    chosen = _figure(name)
    lens = _read(request, NeedPerm.EXPORT).lens
    form = ExportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {
            "form": form,
            "figure": chosen,
            "lens": lens,
            "count": chosen.rows(lens).count(),
            "back": _address("insights:figure", lens, name),
        }
        return render(request, "insights/export.html", context)
    reason = form.cleaned_data["reason"]
    book = exports.export(chosen, lens, by=request.user, at=lens.now, reason=reason)  # type: ignore[arg-type]
    response = HttpResponse(book, content_type=CONTENT_TYPE)
    title = quote(f"{chosen.title}-{timezone.localtime(lens.now):%Y%m%d-%H%M}.xlsx")
    response["Content-Disposition"] = f"attachment; filename=\"{name}.xlsx\"; filename*=UTF-8''{title}"
    return response


def _read(request: HttpRequest, permission: str = NeedPerm.FIGURES) -> Reading:
    return read_lens(request.GET.dict(), request.user, now=timezone.now(), permission=permission)


def _figure(name: str) -> Figure:
    if name not in FIGURES:
        raise Http404
    return FIGURES[name]


def _address(url_name: str, lens: Lens, *args: str) -> str:
    query = lens.query()
    return reverse(url_name, args=args) + (f"?{query}" if query else "")
