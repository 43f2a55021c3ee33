"""What a form field needs to be drawn: its kind, its control with the right ARIA, its words."""

from typing import Any

from django.forms import BaseForm, widgets
from django.forms.boundfield import BoundField

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


def kind_of(bound: BoundField) -> str:
    widget = bound.field.widget
    return next((kind for known, kind in _KINDS if isinstance(widget, known)), "text")


def drawn(
    bound: BoundField, *, hint: str = "", width: str = "", autocomplete: str = "", rows: int = 0, example: str = ""
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
        attributes |= {"rows": rows or min(int(widget.attrs.get("rows", 5)), 8), "data-grow": True}
    return bound.as_widget(attrs=attributes)


def first_id(bound: BoundField) -> str:
    """Where a link to the field lands: of a list, its first option."""
    return f"{bound.auto_id}_0" if kind_of(bound) in _LISTS else str(bound.auto_id)


def problems(form: BaseForm) -> list[tuple[str, str]]:
    """All errors of a form as (words, id of the field or "")."""
    found = [(str(words), "") for words in form.non_field_errors()]
    for bound in form:
        found += [(str(words), "" if bound.is_hidden else first_id(bound)) for words in bound.errors]
    return found
