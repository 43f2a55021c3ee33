"""The filter bar of the dashboard: what can be chosen, what is chosen, and shortcuts to usual periods."""

from datetime import date, timedelta
from typing import Any

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.insights.lens import BASES, COHORT, Lens, programmes_of
from zhiqiao.kit import clock
from zhiqiao.orgs.enums import HANDLERS
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import below, roots_of

Shape = dict[str, Any]


def filter_bar(lens: Lens) -> Shape:
    """Return the options of each control, the shortcuts, and one removable tag for each condition."""
    programmes = list(programmes_of(lens.who, lens.permission))
    places = _places(lens)
    params = lens.params()
    return {
        "programmes": [(each.code, each.name, each == lens.programme) for each in programmes],
        "places": [(each.pk, each.title, each == lens.place) for each in places],
        "industries": [(code, title, code == lens.industry) for code, title in INDUSTRIES.items()],
        "bases": [(code, title, code == lens.basis) for code, title in BASES.items()],
        "values": params,
        "presets": _presets(lens),
        "tags": _tags(lens),
        "chosen": len(params),
    }


def _places(lens: Lens) -> list[Organisation]:
    """Return the associations that handle needs within the reader's area; none if there is but one."""
    places = below(roots_of(lens.who, lens.permission)).filter(kind__in=HANDLERS, is_active=True)
    found = list(places.order_by("path"))
    return found if len(found) > 1 else []


def _presets(lens: Lens) -> list[Shape]:
    """Return the usual periods as addresses."""
    today = clock.local_date(lens.now)
    spans: list[tuple[str, date | None, date | None]] = [("全部时间", None, None)]
    if lens.programme is not None:
        spans.append(("行动期间", lens.programme.starts_on, lens.programme.ends_on))
    spans += [
        ("今年", date(today.year, 1, 1), date(today.year, 12, 31)),
        ("去年", date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        ("近 90 天", today - timedelta(days=89), today),
    ]
    return [
        {
            "title": title,
            "url": f"?{lens.query(first=first, last=last)}",
            "current": (lens.first, lens.last) == (first, last),
        }
        for title, first, last in spans
    ]


def _tags(lens: Lens) -> list[Shape]:
    """Return what narrows the page, each with the address without it."""
    without: dict[str, dict[str, Any]] = {
        "专项行动": {"programme": None},
        "时间": {"first": None, "last": None},
        **({} if lens.is_one_cohort else {"口径": {"basis": COHORT}}),
        "截至": {"as_of": None},
        "地区": {"place": None},
        "受理单位": {"handler": None},
        "行业": {"industry": ""},
    }
    return [
        {"title": f"{title}：{value}", "url": f"?{lens.query(**without[title])}"}
        for title, value in lens.words()
        if title in without
    ]
