"""The tables of the dashboard: by place, by industry, by month."""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.db.models import Case, IntegerField, Min, Value, When

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.insights import queries
from zhiqiao.insights.board import HANDLER, Board, Shape, grouped, share
from zhiqiao.insights.figures import FIGURES
from zhiqiao.insights.lens import HAPPENED, Lens
from zhiqiao.kit import clock
from zhiqiao.orgs.models import SEGMENT, Organisation
from zhiqiao.orgs.scope import roots_of

PLACE_FIGURES = ("received", "closed", "successes", "services", "open", "overdue")
INDUSTRY_FIGURES = ("received", "closed", "successes")
TREND_FIGURES = ("received", "closed", "successes")
MOST_MONTHS = 24


def titles(names: Iterable[str]) -> list[str]:
    """Return the heads of the columns of a table."""
    return [FIGURES[name].title for name in names]


def places(board: Board) -> list[Shape]:
    """One row for each part of the reader's area, in administrative order, never by size.

    The parts are those one level below what is looked at: a province's cities, a city's districts. What
    the level itself handles is a row of its own.
    """
    counts = {name: board.by(name, HANDLER) for name in PLACE_FIGURES}
    handlers = Organisation.objects.in_bulk({pk for counter in counts.values() for pk in counter})
    top = _top(board.lens)
    part_of = {pk: _part(handler, top) for pk, handler in handlers.items()}
    parts = Organisation.objects.filter(path__in=set(part_of.values())).order_by("path")
    rows = []
    for part in parts:
        inside = [pk for pk, path in part_of.items() if path == part.path]
        own = top is None or part.path == top.path or not part.is_within(top)
        narrower = {"handler": part} if own else {"place": part}
        numbers = [
            board.cell(name, sum(counts[name][pk] for pk in inside), **narrower) for name in PLACE_FIGURES
        ]
        title = f"{part.title}（本级）" if top is not None and part.path == top.path else part.title
        rows.append(
            {
                "title": title,
                "numbers": numbers,
                "share": share(numbers[1]["count"], numbers[0]["count"]) if board.lens.is_one_cohort else "",
            }
        )
    return rows


def _top(lens: Lens) -> Organisation | None:
    """Return the one organisation whose parts are shown; None if there are several."""
    if lens.handler is not None or lens.place is not None:
        return lens.handler or lens.place
    if lens.who is None:
        return Organisation.objects.filter(parent__isnull=True).order_by("path").first()
    roots = roots_of(lens.who, lens.permission)
    return roots[0] if len(roots) == 1 else None


def _part(handler: Organisation, top: Organisation | None) -> str:
    """Return the path of the part a handling association belongs to."""
    if top is None or not handler.is_within(top) or handler.path == top.path:
        return handler.path
    return handler.path[: len(top.path) + SEGMENT]


def industries(board: Board) -> list[Shape]:
    """One row for each industry, those with most needs first."""
    counts = {name: board.by_industry(name) for name in INDUSTRY_FIGURES}
    codes = {code for counter in counts.values() for code in counter}
    ordered = sorted(codes, key=lambda code: (-counts["received"][code], code))
    return [
        {
            "title": INDUSTRIES.get(code, "未填行业"),
            "numbers": [
                board.cell(name, counts[name][code], industry=code) if code else {"count": counts[name][code]}
                for name in INDUSTRY_FIGURES
            ],
        }
        for code in ordered
    ]


def trend(board: Board) -> list[Shape]:
    """One row a month: what happened in it, whatever the basis of the rest of the page."""
    lens = board.lens.with_(basis=HAPPENED)
    months = list(_months(*_span(lens)))
    columns = [_by_month(lens, name, months) for name in TREND_FIGURES]
    rows = []
    for place, (first, last) in enumerate(months):
        narrower = {"first": first, "last": last, "basis": HAPPENED}
        numbers = [
            board.cell(name, column[place], **narrower)
            for name, column in zip(TREND_FIGURES, columns, strict=True)
        ]
        rows.append({"title": f"{first:%Y-%m}", "numbers": numbers})
    return rows


def _by_month(lens: Lens, name: str, months: list[tuple[date, date]]) -> list[int]:
    """Count a figure for every month in one query: a row is asked for the first month that ends after it."""
    figure = FIGURES[name]
    rows = figure.rows(lens.with_(first=months[0][0], last=months[-1][1]))
    cases = (
        When(**{f"{figure.instant}__lt": clock.midnight(last + timedelta(days=1))}, then=Value(place))
        for place, (_, last) in enumerate(months)
    )
    counts = grouped(rows.annotate(month=Case(*cases, output_field=IntegerField())), "month")
    return [counts[place] for place in range(len(months))]


def _span(lens: Lens) -> tuple[date, date]:
    """Return the days the trend runs over: the period, else the campaign's, else since the first need."""
    today = lens.as_of or clock.local_date(lens.now)
    programme = lens.programme
    first, last = lens.first, lens.last
    if first is None and programme is not None:
        first = programme.starts_on
    if last is None and programme is not None and programme.ends_on is not None:
        last = min(programme.ends_on, today)
    last = last or today
    if first is None:
        earliest = queries.needs(lens).aggregate(at=Min("submitted_at"))["at"]
        first = clock.local_date(earliest) if earliest else last
    return min(first, last), last


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the months from one day to another, the last ``MOST_MONTHS`` of them, as (first, last) day."""
    start = max(first.year * 12 + first.month - 1, last.year * 12 + last.month - MOST_MONTHS)
    for number in range(start, last.year * 12 + last.month):
        year, month = divmod(number, 12)
        yield date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1])
