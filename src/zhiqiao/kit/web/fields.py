"""What a form field needs to be drawn: its kind, its control with the right ARIA, its words."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm, widgets
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join

_KINDS: tuple[tuple[type[widgets.Widget], str], ...] = (
    (widgets.CheckboxSelectMultiple, "checks"),
    (widgets.RadioSelect, "radio"),
    (widgets.CheckboxInput, "checkbox"),
    (widgets.Textarea, "textarea"),
    (widgets.Select, "select"),
    (widgets.FileInput, "file"),
    (widgets.DateTimeInput, "datetime"),
    (widgets.DateInput, "date"),
    (widgets.TimeInput, "time"),
    (widgets.NumberInput, "number"),
    (widgets.MultiWidget, "group"),
)
# What the browser's own pickers read and write.
_PICKERS = {
    "date": ("date", "%Y-%m-%d"),
    "datetime": ("datetime-local", "%Y-%m-%dT%H:%M"),
    "time": ("time", "%H:%M"),
}
_LISTS = ("radio", "checks")
OPTION = '\n<option value="{}"{}>{}</option>'
GROUP = '\n<optgroup label="{}">{}</optgroup>'
_DJANGO_ROWS, _ROWS = "10", 5
_ASKING = dict.fromkeys(("radio", "checks", "select"), "选择") | {"file": "上传", "checkbox": "勾选"}
_SPELT = {
    "date": "，请写成 2026-03-01 的样子",
    "datetime": "，请写成 2026-03-01 14:30 的样子",
    "time": "，请写成 14:30 的样子",
    "number": "，请只写数字",
}
_LIMITS = {
    "min_value": "不能小于 {limit_value}",
    "max_value": "不能大于 {limit_value}",
    "min_length": "至少写 {limit_value} 字，现在是 {show_value} 字",
    "max_length": "最多写 {limit_value} 字，现在是 {show_value} 字",
}


def kind_of(bound: BoundField) -> str:
    widget = bound.field.widget
    return next((kind for known, kind in _KINDS if isinstance(widget, known)), "text")


def drawn(
    bound: BoundField,
    *,
    hint: str = "",
    width: str = "",
    autocomplete: str = "",
    rows: int = 0,
    example: str = "",
) -> dict[str, Any]:
    """The context of `kit/parts/field.html`."""
    kind = kind_of(bound)
    help_text = hint or bound.help_text
    described = " ".join(
        part
        for part in (
            f"{bound.auto_id}_helptext" if help_text or example else "",
            f"{bound.auto_id}_error" if bound.errors else "",
        )
        if part
    )
    return {
        "field": bound,
        "errors": error_words(bound),
        "kind": kind,
        "width": width,
        "hint": help_text,
        "example": example,
        "described": described,
        "optional": not bound.field.required and kind != "checkbox",
        "control": None if kind in _LISTS else _control(bound, kind, described, autocomplete, rows),
        "options": list(bound) if kind in _LISTS else [],
    }


def _control(bound: BoundField, kind: str, described: str, autocomplete: str, rows: int) -> str:
    widget = bound.field.widget
    if kind in _PICKERS:
        widget.input_type, widget.format = _PICKERS[kind]
    attributes: dict[str, Any] = {}
    if described:
        attributes["aria-describedby"] = described
    if autocomplete:
        attributes["autocomplete"] = autocomplete
    if kind == "textarea":
        own = str(widget.attrs.get("rows", _DJANGO_ROWS))
        attributes |= {"rows": rows or (_ROWS if own == _DJANGO_ROWS else own), "data-grow": True}
    return _select(bound, attributes) if type(widget) is widgets.Select else bound.as_widget(attrs=attributes)


def _select(bound: BoundField, attributes: dict[str, Any]) -> str:
    """Draw a select as Django does, which would render a template for each option: of 160 places and
    disciplines that takes longer than the rest of a page."""
    widget = bound.field.widget
    own = bound.build_widget_attrs(attributes)
    if bound.auto_id and "id" not in widget.attrs:
        own.setdefault("id", bound.auto_id)
    shown = widget.get_context(bound.html_name, bound.value(), own)["widget"]
    groups = (
        (
            title,
            format_html_join("", OPTION, ((o["value"], flatatt(o["attrs"]), o["label"]) for o in options)),
        )
        for title, options, _ in shown["optgroups"]
    )
    drawn = (format_html(GROUP, title, made) if title else made for title, made in groups)
    inside = format_html_join("", "{}", ((part,) for part in drawn))
    return format_html('<select name="{}"{}>{}</select>', shown["name"], flatatt(shown["attrs"]), inside)


def first_id(bound: BoundField) -> str:
    """Where a link to the field lands: of a list, its first option."""
    return f"{bound.auto_id}_0" if kind_of(bound) in _LISTS else str(bound.auto_id)


def problems(form: BaseForm) -> list[tuple[str, str]]:
    """All errors of a form as (words, id of the field or "")."""
    found = [(str(words), "") for words in form.non_field_errors()]
    for bound in form:
        found += [(words, "" if bound.is_hidden else first_id(bound)) for words in error_words(bound)]
    return found


def error_words(bound: BoundField) -> list[str]:
    """The errors of a field; Django's own general sentences are said with the name of the field."""
    return [_said(bound, error) for error in bound.errors.as_data()]


def _said(bound: BoundField, error: ValidationError) -> str:
    words = " ".join(error.messages)
    if not _is_stock(bound, error):
        return words
    label = bound.label
    if error.code == "required":
        return f"请{_ASKING.get(kind_of(bound), '填写')}“{label}”"
    if error.code == "invalid_choice":
        return f"“{label}”里没有这一项，请重新选择"
    if error.code == "invalid":
        return f"“{label}”的写法看不懂{_SPELT.get(kind_of(bound), '，请检查后重写')}"
    if error.code in _LIMITS and error.params:
        return f"“{label}”" + _LIMITS[error.code].format(**error.params)
    return f"“{label}”：{words}"


def _is_stock(bound: BoundField, error: ValidationError) -> bool:
    """Whether the sentence comes from Django rather than from the form."""
    stock = {
        str(words)
        for kind in type(bound.field).__mro__
        for code, words in getattr(kind, "default_error_messages", {}).items()
        if code == error.code
    }
    return str(error.message) in stock or error.code in _LIMITS
