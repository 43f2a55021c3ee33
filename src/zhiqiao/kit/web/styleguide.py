"""The living page of the design system: every component with its states, and whole screens made of them."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from zhiqiao.kit.flow.models import Transition
from zhiqiao.kit.web import specimens
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.icons import ICONS
from zhiqiao.kit.web.keyset import Key, Page
from zhiqiao.kit.web.listing import Count, Listing
from zhiqiao.kit.web.register import Choice, Column, DateRange, Flag, Register, Text
from zhiqiao.kit.web.state import State

SCREENS = {
    "portal": "门户首页",
    "inbox": "工作台待办",
    "record": "需求页",
    "register": "登记册",
    "form": "填表",
    "dashboard": "驾驶舱",
    "link": "一次性链接",
}

COLOURS = (
    ("墨", ("ink", "ink-2", "ink-3")),
    ("纸", ("paper", "ground", "sunken", "line", "edge")),
    ("湖蓝", ("accent", "accent-strong", "accent-fill", "accent-tint", "bar")),
    ("成", ("success", "success-tint")),
    ("慎", ("warning", "warning-tint")),
    ("险", ("danger", "danger-tint", "danger-fill")),
)

SAMPLE = Register(
    "sample",
    columns=(
        Column("number", "编号", kind="code"),
        Column("title", "标题", primary=True, sort="title", href=lambda need: f"#{need.number}"),
        Column("stage", "环节", cell=lambda need: badge(need.stage, need.tone)),
        Column("due_at", "时限", kind="due", sort="due_at"),
        Column("district", "区县"),
        Column("candidates", "候选", kind="number", sort="candidates"),
        Column("received_at", "收到", kind="when", sort="received_at"),
        Column("enterprise", "提出单位", optional=True),
    ),
    filters=(
        Text("q", "标题或编号", fields=("title",)),
        Choice(
            "stage",
            "环节",
            choices=[(one, one) for one in ("受理", "匹配", "邀请", "对接", "已办结")],
            many=True,
        ),
        Choice("district", "区县", choices=[(one, one) for one in ("余杭区", "萧山区", "滨江区")]),
        DateRange("received", "收到日期", field="received_at"),
        Flag("late", "只看已逾期", where=Q()),
        Flag("mine", "只看我经手的", where=Q(), more=True),
    ),
    order=("due_at", "pk"),
)


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the components, or with `?screen=` one whole screen."""
    screen = request.GET.get("screen", "")
    if screen and screen not in SCREENS:
        raise Http404
    now = timezone.now()
    return render(request, f"kit/styleguide/{screen or 'components'}.html", _context(request.GET, now))


def sample_listing(
    params: QueryDict, now: dt.datetime, rows: list[Any], total: Count, name: str = "sample"
) -> Listing[Any]:
    """A listing of rows at hand: the URL is read as ever, nothing is fetched."""
    register = replace(SAMPLE, name=name)
    return Listing(
        register=register,
        state=State.read(register, params, None),
        page=Page(rows, has_next=total.number > len(rows), has_previous=False),
        total=total,
        at=now,
        keys=(Key("due_at", nullable=True), Key("pk")),
        queryset=Transition.objects.none(),
    )


def _context(params: QueryDict, now: dt.datetime) -> dict[str, Any]:
    return {
        "now": now,
        "screens": SCREENS,
        "colours": COLOURS,
        "icons": sorted(ICONS),
        "good_form": specimens.NeedForm(auto_id="good_%s"),
        "ask_form": specimens.NeedForm(auto_id="ask_%s"),
        "bad_form": specimens.bad_form(),
        "listing": sample_listing(params, now, specimens.needs(now), Count(371)),
        "many": sample_listing(params, now, specimens.needs(now, 30), Count(10_000, capped=True)),
        "none": sample_listing(QueryDict("stage=对接&late=1"), now, [], Count(0), "sample-none"),
        "odd": sample_listing(
            QueryDict("stage=没有的&received_from=昨天"), now, specimens.needs(now, 2), Count(2), "sample-odd"
        ),
        "work": specimens.worklist(now),
        "steps": specimens.STEPS,
        "events": specimens.events(now),
        "facts": specimens.FACTS,
        "reasons": specimens.REASONS,
        "candidates": specimens.candidates(),
        "suggested": specimens.SUGGESTED,
        "funnel": specimens.FUNNEL,
        "bars": specimens.BARS,
        "why_not": specimens.WHY_NOT,
        "months": specimens.MONTHS,
        "long": specimens.LONG,
        "late": now - dt.timedelta(hours=30),
        "soon": now + dt.timedelta(hours=3),
        "calm": now + dt.timedelta(days=4),
        "yesterday": now - dt.timedelta(hours=27),
        "spans": [(7, 12)],
        "nothing": [],
        "long_events": [
            {
                "who": "长风航空零部件精密制造（杭州）有限公司",
                "when": now,
                "what": specimens.LONG,
                "note": specimens.LONG,
            }
        ],
        "tabs": [
            {"title": "今天要办", "url": "#", "count": 7, "current": True},
            {"title": "本周", "url": "#", "count": 23},
            {"title": "已逾期", "url": "#", "count": 2},
            {"title": "我转交的", "url": "#"},
        ],
    }
