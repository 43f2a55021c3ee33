"""Template tags of the design system: `{% load zq %}`. Every one is shown with its states at /styleguide/.

Shapes are plain dicts (or objects with the same attributes); a key called optional may be missing.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from zhiqiao.kit.web import cells
from zhiqiao.kit.web import fields as drawing
from zhiqiao.kit.web.icons import ICONS

register = template.Library()

Shape = Mapping[str, Any]
_NUMBERS = itertools.count(1)


# ── Small pieces ────────────────────────────────────────────────────────────────────────────────────


@register.simple_tag
def icon(name: str, label: str = "", size: int = 16) -> SafeString:
    """`{% icon "search" %}`, `{% icon "bell" label="提醒" size=20 %}`: an outline icon, 16 or 20 px.

    Without `label` it is decoration (a word stands beside it). Names: `zhiqiao.kit.web.icons.ICONS`.
    """
    if name not in ICONS:
        raise template.TemplateSyntaxError(f"没有叫 {name} 的图标，可用的在 kit/web/icons.py。")
    big = " icon-big" if size > 16 else ""
    if label:
        return format_html(
            '<span class="icon icon-{}{}" role="img" aria-label="{}"></span>', name, big, label
        )
    return format_html('<span class="icon icon-{}{}" aria-hidden="true"></span>', name, big)


@register.simple_tag
def once() -> SafeString:
    """`{% once %}`: the hidden input that lets a POST form be taken only once; beside `{% csrf_token %}`."""
    return format_html('<input type="hidden" name="_once" value="{}">', uuid.uuid4().hex)


@register.simple_tag
def due(due_at: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """`{% due need.due_at %}`: what is left in words ("还剩 6 个工作小时"), red when over; nothing if None."""
    return cells.due(due_at, now)


@register.simple_tag
def when(
    at: dt.datetime | dt.date | None, style: str = "short", now: dt.datetime | None = None
) -> SafeString:
    """`{% when at %}` / `{% when at "exact" %}` / `{% when at "date" %}`: <time>, exact on hover and in print."""
    return cells.when(at, style, now)


@register.simple_tag
def badge(text: Any, tone: str = "neutral") -> SafeString:
    """`{% badge "已受理" "accent" %}`: a label. Tones: neutral accent success warning danger."""
    return cells.badge(text, tone)


@register.filter
def number(value: Any) -> str:
    """`{{ 1037|number }}` -> 1,037; None -> —."""
    return cells.number(value)


@register.filter
def share(part: Any, whole: Any) -> str:
    """`{{ closed|share:total }}` -> 82%."""
    return cells.share(part, whole)


@register.simple_tag
def mark(text: str, spans: Iterable[Sequence[int]] = ()) -> SafeString:
    """`{% mark text spans %}`: text with `spans` [(start, end), …] (characters, half open) highlighted, all escaped."""
    return cells.highlighted(text, spans)


@register.simple_tag
def charts() -> SafeString:
    """`{% charts %}` in the block `scripts`: loads the chart script on pages that have `<table data-chart>`."""
    from django.templatetags.static import static

    return format_html('<script src="{}" defer></script>', static("dist/charts.js"))


# ── Forms ───────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("kit/parts/field.html")
def field(
    bound_field: BoundField,
    hint: str = "",
    width: str = "",
    autocomplete: str = "",
    rows: int = 0,
    example: str = "",
) -> dict[str, Any]:
    """`{% field form.title %}`: label, help, error, control; an optional field is marked 可选.

    hint replaces the help text; example is shown below it; width is "short" or "half"; autocomplete is the
    HTML token where the field asks for the person's own data; rows is for a textarea.
    """
    return drawing.drawn(
        bound_field, hint=hint, width=width, autocomplete=autocomplete, rows=rows, example=example
    )


@register.inclusion_tag("kit/parts/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """`{% fields form %}`: all fields of a form in their order, hidden ones first."""
    return {"hidden": form.hidden_fields(), "visible": form.visible_fields()}


@register.inclusion_tag("kit/parts/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """`{% error_summary form %}`: what has to be changed, above the form, focused, each line a link to its field."""
    return {"problems": [problem for form in forms if form for problem in drawing.problems(form)]}


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("kit/parts/stepbar.html")
def stepbar(steps: Sequence[Shape]) -> dict[str, Any]:
    """`{% stepbar steps %}`: [{title, state, due_words?}], state: done now todo skipped."""
    place = next((index for index, step in enumerate(steps, 1) if step["state"] == "now"), len(steps))
    return {"steps": steps, "place": place}


@register.inclusion_tag("kit/parts/timeline.html")
def timeline(events: Iterable[Any]) -> dict[str, Any]:
    """`{% timeline events %}`: [{who, when, what, note?, attachments?: [{title, url, size?}], tone?}] in the given order."""
    return {"events": events}


@register.simple_tag(takes_context=True)
def opens(context: Context, href: str) -> bool:
    """`{% opens url as may %}`: does the site let this reader in there? Where nobody can say, yes."""
    ask = getattr(context.get("request"), "may_open", None)
    return bool(href) and (ask is None or ask(href))


@register.inclusion_tag("kit/parts/facts.html", takes_context=True)
def facts(context: Context, rows: Iterable[Any]) -> dict[str, Any]:
    """`{% facts rows %}`: [{title, value, href?, note?}]; an empty value shows 未填.

    A link that this reader may not follow is shown as text.
    """
    return {
        "rows": [{**row, "href": row["href"] if opens(context, row.get("href", "")) else ""} for row in rows]
    }


@register.inclusion_tag("kit/parts/reasons.html")
def reasons(parts: Iterable[Any]) -> dict[str, Any]:
    """`{% reasons parts %}`: [{title, value (0..1), sentence, href?, tone?}]: why, as bars with sentences."""
    return {"parts": [_with_percent(part) for part in parts]}


@register.inclusion_tag("kit/parts/candidate.html")
def candidate(one: Any, level: int = 3) -> dict[str, Any]:
    """`{% candidate c %}`: {rank, name, title?, organisation?, href, score (0..100), parts, tags?, note?, pick?, blocked?}.

    pick: {name, value, checked?, form?} adds a tick box; blocked says why this person cannot be invited;
    level: of the heading with the name, 2 where no <h2> stands above.
    """
    return {"c": one, "level": level}


@register.inclusion_tag("kit/parts/worklist.html")
def worklist(rows: Iterable[Any], now: dt.datetime | None = None) -> dict[str, Any]:
    """`{% worklist rows %}`: [{title, href, step, due_at, number?, organisation?, note?, pick?}]: what to do next."""
    return {"rows": rows, "now": now or timezone.now()}


# ── Numbers ─────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("kit/parts/tile.html")
def tile(
    title: str, value: Any, href: str = "", unit: str = "", note: str = "", tone: str = ""
) -> dict[str, Any]:
    """`{% tile "办结" 393 href unit="项" note="…" %}`: a number that opens; inside `<div class="tiles">`."""
    return {"title": title, "value": value, "href": href, "unit": unit, "note": note, "tone": tone}


@register.inclusion_tag("kit/parts/funnel.html")
def funnel(rows: Sequence[Any], unit: str = "项") -> dict[str, Any]:
    """`{% funnel rows %}`: [{title, count, href, of?, note?}], `of` is the number the share is taken of."""
    shown = [_counted(row) for row in rows]
    most = max((row["count"] for row in shown), default=0) or 1
    previous = None
    for row in shown:
        row["percent"] = _percent(row["count"], most)
        row["ghost"] = _percent(previous if previous is not None else row["count"], most)
        row["share"] = cells.share(row["count"], row["of"])
        previous = row["count"]
    return {"rows": shown, "unit": unit}


@register.inclusion_tag("kit/parts/bars.html")
def bars(rows: Iterable[Any], unit: str = "项") -> dict[str, Any]:
    """`{% bars rows %}`: [{title, count, href?, note?, tone?}], lengths in proportion to the largest."""
    shown = [_counted(row) for row in rows]
    most = max((row["count"] for row in shown), default=0) or 1
    for row in shown:
        row["percent"] = _percent(row["count"], most)
    return {"rows": shown, "unit": unit}


# ── Page furniture ──────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("kit/parts/empty.html", takes_context=True)
def empty(
    context: Context, title: str, text: str = "", href: str = "", label: str = "", icon: str = "inbox"
) -> dict[str, Any]:
    """`{% empty "还没有需求" "…" href "登记需求" %}`: nothing here, and what to do next, for whoever may do it."""
    href = href if opens(context, href) else ""
    return {"title": title, "text": text, "href": href, "label": label, "icon": icon}


@register.inclusion_tag("kit/parts/tabs.html")
def tabs(items: Iterable[Any], label: str = "分类") -> dict[str, Any]:
    """`{% tabs items %}`: [{title, url, count?, current?}]."""
    return {"items": items, "label": label}


@register.simple_block_tag
def notice(content: str, kind: str = "info", title: str = "") -> str:
    """`{% notice "warning" title="…" %}…{% endnotice %}`: kind info success warning danger."""
    return render_to_string("kit/parts/notice.html", {"content": content, "kind": kind, "title": title})


@register.simple_block_tag
def disclosure(content: str, label: str, open: bool = False) -> str:
    """`{% disclosure "更多条件" open=True %}…{% enddisclosure %}`."""
    return render_to_string("kit/parts/disclosure.html", {"content": content, "label": label, "open": open})


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    trigger: str,
    title: str,
    action: str = "",
    count: int | None = None,
    unit: str = "条",
    label: str = "",
    tone: str = "",
    icon: str = "",
    form: str = "",
    name: str = "",
    value: str = "",
) -> str:
    """`{% confirm "退回" title="退回这条需求" action=url count=37 %}fields{% endconfirm %}`: ask before doing.

    Brings its own <form method="post"> with csrf and once. With `form="id"` it is part of that form instead
    (bulk actions): the number of ticked rows is then the effect. label: the button that does it; tone
    "danger" for what cannot be taken back; name/value are sent by that button.
    """
    shown = {
        "trigger": trigger, "title": title, "action": action, "count": count, "unit": unit, "tone": tone,
        "label": label or trigger, "icon": icon, "form": form, "name": name, "value": value, "content": content,
        "id": f"confirm-{next(_NUMBERS)}", "csrf_token": context.get("csrf_token"),
    }  # fmt: skip
    return render_to_string("kit/parts/confirm.html", shown)


@register.inclusion_tag("kit/register.html", takes_context=True, name="register")
def show_register(
    context: Context, listing: Any, bulk: str = "", empty: str = "", label: str = ""
) -> dict[str, Any]:
    """`{% register listing bulk="needs/bulk.html" %}`: a bound `Register`: filters, table or cards, pager.

    bulk: template with the buttons for ticked rows; empty: template for "nothing at all yet"; label: what
    the rows are, for screen readers.
    """
    inherited = {name: context.get(name) for name in ("request", "user", "csrf_token", "perms")}
    return {**inherited, "register": listing, "bulk": bulk, "empty": empty, "label": label or "清单"}


@register.inclusion_tag("kit/parts/pager.html")
def pager(listing: Any, label: str = "") -> dict[str, Any]:
    """`{% pager listing %}`: previous and next page by key, and the total."""
    return {"register": listing, "label": label}


# ── Used by the shells ──────────────────────────────────────────────────────────────────────────────


@register.simple_tag(takes_context=True)
def face(context: Context) -> SafeString:
    """Attributes of <html> from the cookies `theme` and `elder`, so that the first paint is right."""
    cookies = getattr(context.get("request"), "COOKIES", {})
    theme = cookies.get("theme", "")
    attributes = format_html(' data-theme="{}"', theme) if theme in ("light", "dark") else ""
    return mark_safe(f"{attributes}{' data-elder' if cookies.get('elder') == 'on' else ''}")  # noqa: S308


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> SafeString:
    """The block `title` a second time: it is the <title> and the <h1>."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block("title") if blocks else None
    return block.render(context) if block else mark_safe("")


@register.simple_tag
def initial(name: Any) -> str:
    """The character that stands for a person in the corner: the last of a Chinese name, the first of others."""
    text = str(name or "").strip()
    if not text:
        return "·"
    return text[0].upper() if text.isascii() else text[-1]


def _get(one: Any, key: str, default: Any = None) -> Any:
    return one.get(key, default) if isinstance(one, Mapping) else getattr(one, key, default)


def _counted(row: Any) -> dict[str, Any]:
    kept = {key: _get(row, key) for key in ("title", "href", "of", "note", "tone")}
    return {**kept, "count": _get(row, "count") or 0}


def _with_percent(part: Any) -> dict[str, Any]:
    kept = {key: _get(part, key) for key in ("title", "sentence", "href", "tone")}
    return {**kept, "percent": _percent(_get(part, "value") or 0, 1)}


def _percent(count: float, most: float) -> str:
    """A length for an SVG attribute; what is there at all stays visible."""
    percent = max(0.0, min(100.0, 100 * float(count) / float(most)))
    return f"{max(percent, 0.6) if percent else 0:.1f}%"
