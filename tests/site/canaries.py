"""Unguessable words planted in another city, and the walk that looks for them in every answer.

A canary is ``QX`` + three digits + ``k`` + nine letters. A search for its beginning is echoed by the page; only
the letters after the ``k`` give it away, and four of them are enough, so that a cut or masked one shows too.
"""

from __future__ import annotations

import html
import io
import re
import secrets
import string
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.db import models
from django.urls import Resolver404, resolve

from tests.site import bodies, pages
from tests.site.browser import Browser
from tests.site.pages import Form, Page

SEEN = re.compile(r"QX(\d{3})k[a-z]{4}", re.IGNORECASE)
SEARCHES = ("QX", "轴承套圈磨削裂纹怎么控制", "XQ-2026-0001")
MOST_ALIKE = 2
"""How many addresses of one view with the same parameter names are opened."""


@dataclass
class Aviary:
    """Every canary, by number: what it was planted in."""

    planted: dict[int, str] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    def canary(self, where: str, length: int = 15) -> str:
        """Return a new canary for a place."""
        number = len(self.planted)
        tail = "".join(secrets.choice(string.ascii_lowercase) for _ in range(length - 6))
        self.planted[number] = where
        self.words[number] = f"QX{number:03d}k{tail}"
        return self.words[number]

    def seen_in(self, text: str) -> set[str]:
        """Return the places whose canaries sing in a text."""
        return {self.planted[int(number)] for number in SEEN.findall(text) if int(number) in self.planted}


# ── Planting ────────────────────────────────────────────────────────────────────────────────────────

_KEEP = frozenset(
    """path stage unique_key sha256 role since channel notice url subject_type actor_kind actor_key step
    source target flow digest previous password kind form state""".split()
)
"""Names of fields that hold keys and codes, not words."""


def plant(aviary: Aviary, rows: Iterable[models.Model], label: str = "") -> None:
    """Put a canary into every field of these rows that holds words, whatever the field is called."""
    for row in rows:
        model = type(row)
        changes = {}
        for one in model._meta.local_concrete_fields:
            where = f"{label or model._meta.label_lower}.{one.name}"
            word = _word_for(aviary, one, where)
            if word is not None and not (one.name == "link" and getattr(row, "link", None) == ""):
                changes[one.attname] = word
        models.QuerySet(model).filter(pk=row.pk).update(**changes)


def _word_for(aviary: Aviary, one: models.Field[Any, Any], where: str) -> Any:
    if one.choices or one.name in _KEEP or one.primary_key or one.is_relation:
        return None
    if isinstance(one, models.EmailField):
        return f"{aviary.canary(where)}@example.cn"
    if isinstance(one, models.URLField):
        return f"https://example.cn/{aviary.canary(where)}"
    if isinstance(one, models.JSONField):
        return [aviary.canary(where)] if one.default is list else {"text": aviary.canary(where)}
    if isinstance(one, models.CharField | models.TextField):
        longest = one.max_length or 999
        return aviary.canary(where) if longest >= 15 else None
    return None


# ── Walking ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Walk:
    """One reader who opens everything she can find, and what sang on the way."""

    aviary: Aviary
    session: str
    heard: dict[str, set[str]] = field(default_factory=dict)
    opened: int = 0
    crashed: list[str] = field(default_factory=list)
    known: dict[tuple[Any, ...], set[str]] = field(default_factory=dict)
    queue: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.browser = Browser(self.session)

    def from_(self, starts: Iterable[str], *, most: int) -> Walk:
        """Open these addresses, and whatever the pages lead to, up to ``most`` pages."""
        self.queue = list(dict.fromkeys(starts))
        while self.queue and self.opened < most:
            self.open(self.queue.pop(0))
        return self

    def open(self, url: str) -> Any:
        """Open one address; note what sings, and where it leads."""
        response = self.browser.get(url)
        text = self._note("GET", url, response)
        if "text/html" in response.headers.get("Content-Type", ""):
            page = pages.read(text)
            for link in (*page.links, *_parts(page), *_searches(page)):
                self._remember(url, link)
            self._export(url, page)
        elif "Location" in response.headers:
            self._remember(url, response.headers["Location"])
        return response

    def send(self, url: str, values: dict[str, Any]) -> Any:
        """Send a form; note what sings in the answer."""
        response = self.browser.post(url, values)
        self._note("POST", url, response)
        return response

    def _note(self, method: str, url: str, response: Any) -> str:
        self.opened += 1
        if response.status_code >= 500:
            self.crashed.append(f"{method} {url}: {' | '.join(response.crash.strip().splitlines()[-2:])}")
        text = text_of(response)
        for place in self.aviary.seen_in(text):
            self.heard.setdefault(place, set()).add(f"{method} {url}")
        return text

    def _remember(self, base: str, link: str) -> None:
        """Queue a link of this site, unless enough of its kind were opened."""
        target = urlsplit(link)
        if target.netloc or target.scheme not in ("", "http"):
            return
        path = target.path or urlsplit(base).path
        try:
            match = resolve(path)
        except Resolver404:
            return
        names = tuple(sorted({name for name, _ in parse_qsl(target.query)}))
        alike = self.known.setdefault((match.view_name, names), set())
        url = f"{path}?{target.query}" if target.query else path
        if url not in alike and len(alike) < MOST_ALIKE:
            alike.add(url)
            self.queue.append(url)

    def _export(self, url: str, page: Page) -> None:
        """Send every form that hands out a file."""
        for form in page.forms:
            action = urlsplit(form.action).path or urlsplit(url).path
            if form.method == "post" and "export" in action and ("sent", action) not in self.known:
                self.known["sent", action] = set()
                self.send(form.action or url, bodies.fill(form))


def _parts(page: Page) -> Iterator[str]:
    """The addresses of the parts that a page loads later."""
    return (url for _, name, url in page.loads if name == "hx-get")


def _searches(page: Page) -> Iterator[str]:
    """The addresses that the search forms of a page lead to: for each search, and with every column."""
    for form in page.forms:
        if form.method != "get":
            continue
        boxes = [one.name for one in form.fields if one.kind in ("search", "text", "textarea") and one.name]
        for word in SEARCHES if boxes else ():
            yield f"{form.action}?{urlencode(_filled(form, dict.fromkeys(boxes, word)), doseq=True)}"
        if any(one.kind == "checkbox" for one in form.fields):
            ticked = {one.name: [] for one in form.fields if one.kind == "checkbox"}
            for one in form.fields:
                if one.kind == "checkbox":
                    ticked[one.name].append(one.value)
            yield f"{form.action}?{urlencode(_filled(form, ticked), doseq=True)}"


def _filled(form: Form, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.typed(values).items() if value != ""}


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def text_of(response: Any) -> str:
    """Return everything a reader could find in an answer: headers, page, calendar, the cells of a workbook."""
    headers = "\n".join(f"{name}: {unquote(value)}" for name, value in response.headers.items())
    body = response.whole
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    text = body.decode("utf8", errors="replace")
    text = re.sub(r"</?mark>", "", text)  # a hit is highlighted: the word stays one word
    if "text/calendar" in response.headers.get("Content-Type", ""):
        text = re.sub(r"\r?\n[ \t]", "", text)
    return f"{headers}\n{html.unescape(text)}"
