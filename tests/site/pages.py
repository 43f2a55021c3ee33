"""Reading a page as a browser does: its forms, its links, what it loads, and what it may not contain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_FIELDS = ("input", "select", "textarea", "button")
_LOADS = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "form": ("action",),
    "button": ("formaction",),
    "input": ("formaction", "src"),
    "base": ("href",),
}
_HTMX = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")


@dataclass
class Field:
    """One control of a form. ``options`` are the values one may choose from."""

    name: str
    kind: str
    value: str = ""
    checked: bool = False
    options: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form: where it goes, how, and its controls in order."""

    action: str
    method: str
    name: str = ""
    fields: list[Field] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """Return what a browser would send if nobody typed anything (buttons left out)."""
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            if one.kind in ("submit", "button", "file", "image", "reset"):
                continue
            if one.kind in ("checkbox", "radio"):
                given = [one.value or "on"] if one.checked else []
            elif one.kind == "select":
                given = one.chosen or one.options[:1]
            else:
                given = [one.value]
            for value in given:
                sent.setdefault(one.name, []).append(value)
        return {name: given[0] if len(given) == 1 else given for name, given in sent.items()}

    def typed(self, words: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same with some fields filled in."""
        return self.values() | dict(words)


@dataclass
class Page:
    """What one HTML answer holds."""

    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[tuple[str, str, str]] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    title: str = ""


def read(html: str) -> Page:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.form: Form | None = None
        self.select: Field | None = None
        self.area: Field | None = None
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._note(tag, given)
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag == "form":
            self.form = Form(given.get("action", ""), given.get("method", "get").lower(), given.get("id", ""))
            self.page.forms.append(self.form)
        elif tag in _FIELDS:
            self._field(tag, given)
        elif tag == "option" and self.select is not None:
            value = given.get("value", "")
            self.select.options.append(value)
            if "selected" in given:
                self.select.chosen.append(value)
        self.inside = tag if tag in ("title", "script", "style") else self.inside

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None
        elif tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data
        elif self.inside == "title":
            self.page.title += data
        elif self.inside in ("script", "style") and data.strip():
            self.page.inline.append(f"<{self.inside}> {data.strip()[:60]}")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        kind = (
            given.get("type", "text" if tag == "input" else "submit") if tag in ("input", "button") else tag
        )
        made = Field(name, kind, given.get("value", ""), "checked" in given)
        if tag == "select":
            self.select = made
        if tag == "textarea":
            self.area = made
        home = self.form
        if owner := given.get("form"):  # a control may stand outside its form and name it
            home = next((form for form in self.page.forms if form.name == owner), None)
        if name and home is not None and "disabled" not in given:
            home.fields.append(made)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.page.inline.append(f"<{tag} {name}={value[:40]!r}>")
            if name.startswith(("hx-on", "data-hx-on")) or (
                name in ("hx-vals", "hx-vars") and "js:" in value
            ):
                self.page.inline.append(f"<{tag} {name}={value[:40]!r}>")
            if value.strip().lower().startswith("javascript:"):
                self.page.inline.append(f"<{tag} {name}={value[:40]!r}>")
            if name in _LOADS.get(tag, ()) or name in _HTMX:
                self.page.loads.append((tag, name, value))
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.page.inline.append(f"<meta refresh {given.get('content', '')[:40]!r}>")
