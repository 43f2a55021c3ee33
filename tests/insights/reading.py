"""Reading the dashboard as a person does: the numbers that can be clicked, and the rows behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from django.test import Client

NUMBER = re.compile(r"[\d,]+")
FIGURES = "/dashboard/figures/"


@dataclass(frozen=True)
class Link:
    """A number on a page and the address it opens."""

    text: str
    number: int | None
    href: str


class _Links(HTMLParser):
    """Collects links; the number of a link is what stands in <strong> or <b>, else the whole of its text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._href: str | None = None
        self._text, self._strong, self._deep = "", "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._text, self._strong = dict(attrs).get("href"), "", ""
        self._deep += tag in ("strong", "b")

    def handle_data(self, data: str) -> None:
        self._text += data
        if self._deep:
            self._strong += data

    def handle_endtag(self, tag: str) -> None:
        self._deep -= tag in ("strong", "b")
        if tag == "a" and self._href is not None:
            shown = (self._strong or self._text).strip()
            number = int(shown.replace(",", "")) if NUMBER.fullmatch(shown) else None
            self.links.append(Link(self._text.strip(), number, self._href))
            self._href = None


def links(html: str) -> list[Link]:
    """Every link of a page that leads to the records of a figure."""
    reader = _Links()
    reader.feed(html)
    return [link for link in reader.links if link.href.startswith(FIGURES)]


def tiles(html: str) -> dict[str, Link]:
    """The headline figures by title."""
    found = {}
    for block in re.findall(r'<a class="tile[^>]*>.*?</a>', html, re.DOTALL):
        (link,) = links(block)
        title = re.search(r'tile-title">([^<]+)', block)
        assert title is not None
        found[title[1]] = link
    return found


def heading(html: str) -> int | None:
    """The number in the heading of a figure's page."""
    found = re.search(r'<h1>[^<]*<span class="num">([^<]+)</span>', html)
    assert found is not None
    return None if found[1] == "—" else int(found[1].replace(",", ""))


def total(html: str) -> int:
    """How many rows a register says it has."""
    found = re.search(r'register-total"[^>]*>共 <strong>([\d,]+)</strong>', html)
    return int(found[1].replace(",", "")) if found else 0


def rows_over_all_pages(client: Client, address: str) -> list[str]:
    """The keys of the rows behind a number, read page by page as one would by clicking."""
    path = address.split("?")[0]
    keys: list[str] = []
    while address:
        html = client.get(address).content.decode()
        keys += re.findall(r'<tr\b[^>]*\bid="row-(?:[a-z_]+-)?(\d+)"', html)
        following = re.search(r'href="([^"]+)" rel="next"', html)
        address = path + following[1].replace("&amp;", "&") if following else ""
    return keys
