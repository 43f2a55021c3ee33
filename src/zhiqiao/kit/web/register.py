"""The one list mechanism: every register of the product is a `Register`, and its whole state is in the URL.

    NEEDS = Register("needs", columns=(Column("title", "标题", primary=True), …),
                     filters=(Choice("stage", "环节", choices=Stage.choices, many=True), …),
                     order=("due_at", "pk"))
    listing = NEEDS.bind(request.GET, queries.needs_for(request.user), at=now)

What cannot be understood in the URL is left out and said in `listing.notices`; a register never answers a
bad URL with an error or with an empty page.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from zhiqiao.kit.web import cells
from zhiqiao.kit.web.filters import (
    Choice,
    Choices,
    DateRange,
    Filter,
    Flag,
    Reading,
    Tag,
    Text,
    choices_given,
    clean_text,
)
from zhiqiao.kit.web.keyset import BadCursor, Key, Page, keys_of, read_cursor, read_page, write_cursor

__all__ = ["Choice", "Column", "Count", "DateRange", "Filter", "Flag", "Listing", "Register", "Text"]

RowModel = TypeVar("RowModel", bound=Model)
Params = dict[str, list[str]]

RESERVED = frozenset({"sort", "cols", "after", "before"})
COUNT_BOUND = 10_000
_EXTRAS = 20  # parameters of the page around the register that its links carry along


@dataclass(frozen=True)
class Column:
    """One column: `key` is an attribute path ("handler.name"), `cell` an object -> value instead of it.

    kind: text, code, number, due, when, date, badge, yesno. `sort` is an ORM field or a tuple of them and
    makes the head clickable. `optional` columns are shown only when chosen. `primary` is the heading of the
    card on a phone and is never left out. `export` is an object -> plain value for files.
    """

    key: str
    title: str
    cell: Callable[[Any], Any] | None = None
    kind: str = "text"
    href: Callable[[Any], str | None] | None = None
    sort: str | Sequence[str] | None = None
    optional: bool = False
    primary: bool = False
    export: Callable[[Any], Any] | None = None

    @property
    def numeric(self) -> bool:
        return self.kind == "number"

    def sort_fields(self, descending: bool) -> tuple[str, ...]:
        names = (self.sort,) if isinstance(self.sort, str) else tuple(self.sort or ())
        return tuple(_turned(name) for name in names) if descending else names

    def value(self, row: Any) -> Any:
        if self.cell is not None:
            return self.cell(row)
        return reduce(_attribute, self.key.split("."), row)

    def plain(self, row: Any) -> Any:
        """For files: no markup, instants and numbers as they are."""
        if self.export is not None:
            return self.export(row)
        shown = self.value(row)
        if isinstance(shown, SafeString):
            return reduce(_attribute, self.key.split("."), row)
        return shown


@dataclass(frozen=True)
class Cell:
    column: Column
    html: SafeString
    href: str | None


@dataclass(frozen=True)
class Row(Generic[RowModel]):
    """One row of the page: the object, its primary key as text, its cells, where it opens."""

    object: RowModel
    key: str
    cells: list[Cell]
    href: str | None


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

    column: Column
    url: str = ""
    direction: str = ""

    @property
    def aria_sort(self) -> str:
        return {"asc": "ascending", "desc": "descending"}.get(self.direction, "none")


@dataclass(frozen=True)
class Register:
    """The declaration of a register; one per screen, at module level."""

    name: str
    columns: Sequence[Column]
    order: Sequence[str]
    filters: Sequence[Filter] = ()
    page_size: int = 30
    count_bound: int = COUNT_BOUND

    def __post_init__(self) -> None:
        taken = [name for each in self.filters for name in each.names]
        if clash := RESERVED.intersection(taken) or {name for name in taken if taken.count(name) > 1}:
            raise ValueError(f"登记册 {self.name} 的网址参数重名：{'、'.join(sorted(clash))}")
        if self.order[-1].lstrip("-") not in ("pk", "id"):
            raise ValueError(f"登记册 {self.name} 的排序必须以主键结尾，否则翻页会漏行。")

    def bind(
        self,
        params: QueryDict,
        queryset: QuerySet[RowModel],
        *,
        at: dt.datetime | None = None,
        choices: Mapping[str, Choices] | None = None,
        size: int | None = None,
    ) -> "Listing[RowModel]":
        """Read the state from `params` and fetch one page of `queryset` (already limited to the scope).

        at : the present, for flags such as "overdue"; choices : options by filter name that depend on the
        reader; size : rows per page instead of `page_size`.
        """
        instant = at or timezone.now()
        state = _State.read(self, params, choices)
        found = state.filtered(queryset, instant)
        keys = keys_of(queryset.model, state.order(self))
        page = state.page(found, keys, size or self.page_size)
        counted = found.order_by()[: self.count_bound + 1].count()
        return Listing(
            register=self,
            state=state,
            page=page,
            total=Count(min(counted, self.count_bound), counted > self.count_bound),
            at=instant,
            keys=keys,
            queryset=found.order_by(*(key.ordering(backward=False) for key in keys)),
        )

    def picked(
        self,
        post: QueryDict,
        queryset: QuerySet[RowModel],
        *,
        at: dt.datetime | None = None,
        choices: Mapping[str, Choices] | None = None,
    ) -> QuerySet[RowModel]:
        """The rows a bulk action is about: those ticked, or with `all=1` everything the filters in `state` find."""
        if post.get("all") == "1":
            state = _State.read(self, QueryDict(post.get("state", "")), choices)
            return state.filtered(queryset, at or timezone.now())
        return queryset.filter(pk__in=_primary_keys(queryset.model, post.getlist("pick")))


@dataclass
class _State:
    """What the URL says, cleaned: the only place where parameters are read."""

    register: Register
    readings: list[Reading]
    columns: tuple[Column, ...]
    sort: str
    cursor: tuple[str, str] | None
    extras: Params
    notices: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, register: Register, params: QueryDict, choices: Mapping[str, Choices] | None) -> "_State":
        readings = [each.read(params, choices_given(choices, each.name)) for each in register.filters]
        notices = [problem for reading in readings for problem in reading.problems]
        columns = _read_columns(register, params, notices)
        sort = _read_sort(register, params, notices)
        cursor = next(((name, params[name]) for name in ("after", "before") if params.get(name)), None)
        return cls(register, readings, columns, sort, cursor, _read_extras(register, params), notices)

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def sorted_by(self) -> Column | None:
        return next((each for each in self.register.columns if each.key == self.sort.lstrip("-")), None)

    def order(self, register: Register) -> tuple[str, ...]:
        column = self.sorted_by
        if column is None:
            return tuple(register.order)
        return (*column.sort_fields(self.descending), register.order[-1])

    @property
    def salt(self) -> str:
        return f"zhiqiao.register.{self.register.name}.{self.sort}"

    def filtered(self, queryset: QuerySet[RowModel], at: dt.datetime) -> QuerySet[RowModel]:
        whole = Q()
        for each, reading in zip(self.register.filters, self.readings, strict=True):
            if reading.value is not None:
                whole &= each.condition(reading.value, queryset.model, at)
        return queryset.filter(whole)

    def page(self, queryset: QuerySet[RowModel], keys: Sequence[Key], size: int) -> Page[RowModel]:
        if self.cursor is None:
            return read_page(queryset, keys, size=size)
        side, text = self.cursor
        try:
            page = read_page(queryset, keys, size=size, **{side: read_cursor(text, keys, salt=self.salt)})
        except BadCursor:
            self.notices.append("网址里的翻页位置已经失效，已回到第一页。")
            return read_page(queryset, keys, size=size)
        if page.rows:
            return page
        self.notices.append("这里已经没有记录了，已回到第一页。")
        return read_page(queryset, keys, size=size)

    def params(self) -> Params:
        """The state in its one canonical spelling, without the place in the list."""
        now: Params = dict(self.extras)
        for reading in self.readings:
            now.update(reading.params)
        if self.sort:
            now["sort"] = [self.sort]
        if self.columns != _usual(self.register):
            now["cols"] = [",".join(each.key for each in self.columns)]
        return now


@dataclass
class Listing(Generic[RowModel]):
    """A register with one page of rows, as the template shows it."""

    register: Register
    state: _State
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
    def columns(self) -> tuple[Column, ...]:
        return self.state.columns

    @property
    def rows(self) -> list[Row[RowModel]]:
        return [self._row(each) for each in self.page.rows]

    def _row(self, row: RowModel) -> Row[RowModel]:
        made = [
            Cell(each, cells.render(each.kind, each.value(row), self.at), each.href(row) if each.href else None)
            for each in self.columns
        ]
        opens = next((cell.href for cell in made if cell.column.primary and cell.href), None)
        opens = opens or next((cell.href for cell in made if cell.href), None)
        return Row(row, str(row.pk), made, opens)

    @property
    def heads(self) -> list[Head]:
        return [self._head(each) for each in self.columns]

    def _head(self, column: Column) -> Head:
        if not column.sort:
            return Head(column)
        if column is not self.state.sorted_by:
            return Head(column, self.url(sort=column.key))
        if self.state.descending:
            return Head(column, self.url(sort=None), "desc")
        return Head(column, self.url(sort=f"-{column.key}"), "asc")

    @property
    def controls(self) -> list[dict[str, Any]]:
        """What the filter bar draws: the filter, its reading, and the values its inputs start with."""
        drawn = []
        for each, reading in zip(self.register.filters, self.state.readings, strict=True):
            values = [(reading.params.get(name) or [""])[0] for name in each.names]
            drawn.append({"filter": each, "reading": reading, "values": list(zip(each.names, values, strict=True))})
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
    def column_choices(self) -> list[tuple[Column, bool]]:
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


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _attribute(owner: Any, name: str) -> Any:
    """Follows one step of a path; a field with choices gives its words."""
    if owner is None:
        return None
    words = getattr(owner, f"get_{name}_display", None)
    return words() if callable(words) else getattr(owner, name)


def _usual(register: Register) -> tuple[Column, ...]:
    return tuple(each for each in register.columns if not each.optional)


def _read_columns(register: Register, params: QueryDict, notices: list[str]) -> tuple[Column, ...]:
    wanted = [key for value in params.getlist("cols") for key in value.split(",") if key]
    if not wanted:
        return _usual(register)
    known = {each.key for each in register.columns}
    if strange := [key for key in dict.fromkeys(wanted) if key not in known]:
        notices.append(f"没有叫“{strange[0][:20]}”的列，已忽略。")
    chosen = tuple(each for each in register.columns if each.key in wanted or each.primary)
    return chosen if any(each.key in wanted for each in chosen) else _usual(register)


def _read_sort(register: Register, params: QueryDict, notices: list[str]) -> str:
    wanted = params.get("sort", "")
    if not wanted:
        return ""
    if any(each.key == wanted.removeprefix("-") and each.sort for each in register.columns):
        return wanted
    notices.append(f"不能按“{clean_text(wanted)[:20]}”排序，已按通常的顺序显示。")
    return ""


def _read_extras(register: Register, params: QueryDict) -> Params:
    own = RESERVED.union(name for each in register.filters for name in each.names)
    others = [(name, values) for name, values in params.lists() if name not in own and any(values)]
    return {clean_text(name)[:40]: [clean_text(value)[:200] for value in values] for name, values in others[:_EXTRAS]}


def _primary_keys(model: type[Model], texts: Sequence[str]) -> list[Any]:
    keys = []
    for text in texts:
        try:
            keys.append(model._meta.pk.to_python(text))
        except ValidationError:
            continue
    return keys
