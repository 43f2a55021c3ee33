"""A register with one page of rows, in the shape the template shows."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from zhiqiao.kit.web import cells
from zhiqiao.kit.web.filters import Tag, Text
from zhiqiao.kit.web.keyset import Key, Page, write_cursor
from zhiqiao.kit.web.passages import Passage, marked, places
from zhiqiao.kit.web.state import State

if TYPE_CHECKING:
    from zhiqiao.kit.web.register import Column, Register

RowModel = TypeVar("RowModel", bound=Model)

SHORT = 12


@dataclass(frozen=True)
class Cell:
    column: "Column"
    html: SafeString
    href: str | None

    @property
    def short(self) -> bool:
        """Whether the words are so few that breaking them would only look torn."""
        return self.column.kind != "text" or len(strip_tags(self.html)) <= SHORT


@dataclass(frozen=True)
class Row(Generic[RowModel]):
    """One row of the page: the object, its primary key as text, its cells, where it opens.

    passage : where a word that was searched for stands, if none of the cells shows it.
    """

    object: RowModel
    key: str
    cells: list[Cell]
    href: str | None
    passage: Passage | None = None


@dataclass(frozen=True)
class Count:
    """How many rows there are, counted up to a bound so that the cost does not grow with the table."""

    number: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.capped else ''}"

    def __int__(self) -> int:
        return self.number


@dataclass(frozen=True)
class Head:
    """The head of a column: where a click leads, and the direction it is sorted in now ("", asc, desc)."""

    column: "Column"
    url: str = ""
    direction: str = ""

    @property
    def aria_sort(self) -> str:
        return {"asc": "ascending", "desc": "descending"}.get(self.direction, "none")


@dataclass
class Listing(Generic[RowModel]):
    """A register with one page of rows, as the template shows it."""

    register: "Register"
    state: State
    page: Page[RowModel]
    total: Count
    at: dt.datetime
    keys: Sequence[Key]
    queryset: QuerySet[RowModel]

    @property
    def name(self) -> str:
        return self.register.name

    @property
    def notices(self) -> list[str]:
        return self.state.notices

    @property
    def columns(self) -> "tuple[Column, ...]":
        return self.state.columns

    @cached_property
    def rows(self) -> list[Row[RowModel]]:
        return [self._row(each) for each in self.page.rows]

    def _row(self, row: RowModel) -> Row[RowModel]:
        made = [
            Cell(each, self._shown(each.kind, each.value(row)), each.href(row) if each.href else None)
            for each in self.columns
        ]
        opens = next((cell.href for cell in made if cell.column.primary and cell.href), None)
        opens = opens or next((cell.href for cell in made if cell.href), None)
        return Row(row, str(row.pk), made, opens, self._passage(row, made))

    @cached_property
    def _searched(self) -> list[tuple[Text, list[str]]]:
        """The text filters in use, each with its words."""
        pairs = zip(self.register.filters, self.state.readings, strict=True)
        return [
            (one, reading.value.split()) for one, reading in pairs if isinstance(one, Text) and reading.value
        ]

    def _shown(self, kind: str, value: Any) -> SafeString:
        """A cell; what was searched for is highlighted where the cell is plain text."""
        words = [word for _, listed in self._searched for word in listed]
        if (
            not words
            or kind not in ("text", "code")
            or not isinstance(value, str)
            or isinstance(value, SafeString)
        ):
            return cells.render(kind, value, self.at)
        spans = places(value, words)
        return (
            cells.highlighted(value, spans, code=kind == "code")
            if spans
            else cells.render(kind, value, self.at)
        )

    def _passage(self, row: RowModel, made: list[Cell]) -> Passage | None:
        for one, words in self._searched:
            if one.shows is None:
                continue
            read = "\n".join(strip_tags(cell.html) for cell in made)
            hidden = [word for word in words if not places(read, (word,))]
            found = marked(one.shows(row), hidden) if hidden else Passage("")
            if found.spans:
                return found
        return None

    @property
    def heads(self) -> list[Head]:
        return [self._head(each) for each in self.columns]

    def _head(self, column: "Column") -> Head:
        if not column.sort:
            return Head(column)
        if column is not self.state.sorted_by:
            return Head(column, self.url(sort=column.key))
        if self.state.descending:
            return Head(column, self.url(sort=None), "desc")
        return Head(column, self.url(sort=f"-{column.key}"), "asc")

    @cached_property
    def controls(self) -> list[dict[str, Any]]:
        """What the filter bar draws: the filter, its reading, and the values its inputs start with."""
        drawn = []
        for each, reading in zip(self.register.filters, self.state.readings, strict=True):
            values = [(reading.params.get(name) or [""])[0] for name in each.names]
            drawn.append(
                {"filter": each, "reading": reading, "values": list(zip(each.names, values, strict=True))}
            )
        return drawn

    @property
    def usual_controls(self) -> list[dict[str, Any]]:
        return [one for one in self.controls if not (one["filter"].more or one["filter"].hidden)]

    @property
    def more_controls(self) -> list[dict[str, Any]]:
        return [one for one in self.controls if one["filter"].more and not one["filter"].hidden]

    @property
    def more_open(self) -> bool:
        return any(one["reading"].value is not None for one in self.more_controls)

    @property
    def tags(self) -> list[tuple[str, str]]:
        """Active conditions as (words, URL without it)."""
        tags: list[Tag] = [tag for reading in self.state.readings for tag in reading.tags]
        return [(tag.label, self.url(**tag.without)) for tag in tags]

    @property
    def clear_url(self) -> str:
        return self.url(**{name: None for each in self.register.filters for name in each.names})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Hidden inputs of the filter form: everything in the URL that the form itself does not ask."""
        asked = {name for each in self.register.filters if not each.hidden for name in each.names}
        now = self.state.params()
        return [(name, value) for name, values in now.items() if name not in asked for value in values]

    @property
    def column_choices(self) -> "list[tuple[Column, bool]]":
        return [(each, each in self.columns) for each in self.register.columns]

    @property
    def kept_without_columns(self) -> list[tuple[str, str]]:
        now = self.state.params()
        return [(name, value) for name, values in now.items() if name != "cols" for value in values]

    @property
    def query(self) -> str:
        """The state as a query string without a place: for export links and `all=1` bulk actions."""
        return urlencode(self.state.params(), doseq=True)

    @property
    def first_url(self) -> str:
        return self.url()

    @property
    def next_url(self) -> str:
        return self._place("after", self.page.rows[-1]) if self.page.has_next and self.page.rows else ""

    @property
    def previous_url(self) -> str:
        return self._place("before", self.page.rows[0]) if self.page.has_previous and self.page.rows else ""

    def _place(self, side: str, row: RowModel) -> str:
        return self.url(**{side: write_cursor(row, self.keys, salt=self.state.salt)})

    def url(self, **changes: str | list[str] | None) -> str:
        """The URL of this state with some parameters changed (None removes); it starts at the first page."""
        now = self.state.params()
        for name, value in changes.items():
            now[name] = [value] if isinstance(value, str) else (value or [])
        return "?" + urlencode(now, doseq=True)

    def everything(self) -> QuerySet[RowModel]:
        """All rows under the same conditions, in the same order."""
        return self.queryset

    def table(self) -> Iterator[list[Any]]:
        """For files: the titles, then one list of plain values per row, streamed."""
        yield [each.title for each in self.columns]
        for row in self.queryset.iterator(chunk_size=2000):
            yield [each.plain(row) for each in self.columns]
