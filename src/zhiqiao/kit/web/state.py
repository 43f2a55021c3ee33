"""What the URL of a register says, cleaned: the only place where its parameters are read."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from zhiqiao.kit.web.filters import Choices, Reading, choices_given, clean_text
from zhiqiao.kit.web.keyset import BadCursor, Key, Page, read_cursor, read_page

if TYPE_CHECKING:
    from zhiqiao.kit.web.register import Column, Register

RowModel = TypeVar("RowModel", bound=Model)
Params = dict[str, list[str]]

RESERVED = frozenset({"sort", "cols", "after", "before"})
_EXTRAS = 20  # parameters of the page around the register that its links carry along


@dataclass
class State:
    """Filters, columns, order and place, with what could not be understood in `notices`."""

    register: "Register"
    readings: list[Reading]
    columns: "tuple[Column, ...]"
    sort: str
    cursor: tuple[str, str] | None
    extras: Params
    notices: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, register: "Register", params: QueryDict, choices: Mapping[str, Choices] | None) -> "State":
        readings = [each.read(params, choices_given(choices, each.name)) for each in register.filters]
        notices = [problem for reading in readings for problem in reading.problems]
        columns = _read_columns(register, params, notices)
        sort = _read_sort(register, params, notices)
        cursor = next(((name, str(params[name])) for name in ("after", "before") if params.get(name)), None)
        return cls(register, readings, columns, sort, cursor, _read_extras(register, params), notices)

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def sorted_by(self) -> "Column | None":
        return next((each for each in self.register.columns if each.key == self.sort.lstrip("-")), None)

    def order(self, register: "Register") -> tuple[str, ...]:
        column = self.sorted_by
        if column is None:
            return tuple(register.order)
        # The key turns with the column, so that one index serves both directions.
        return (*column.sort_fields(self.descending), "-pk" if self.descending else "pk")

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


def _usual(register: "Register") -> "tuple[Column, ...]":
    return tuple(each for each in register.columns if not each.optional)


def _read_columns(register: "Register", params: QueryDict, notices: list[str]) -> "tuple[Column, ...]":
    wanted = [key for value in params.getlist("cols") for key in value.split(",") if key]
    if not wanted:
        return _usual(register)
    known = {each.key for each in register.columns}
    if strange := [key for key in dict.fromkeys(wanted) if key not in known]:
        notices.append(f"没有叫“{strange[0][:20]}”的列，已忽略。")
    chosen = tuple(each for each in register.columns if each.key in wanted or each.primary)
    return chosen if any(each.key in wanted for each in chosen) else _usual(register)


def _read_sort(register: "Register", params: QueryDict, notices: list[str]) -> str:
    wanted = params.get("sort", "")
    if not wanted:
        return ""
    if any(each.key == wanted.removeprefix("-") and each.sort for each in register.columns):
        return wanted
    notices.append(f"不能按“{clean_text(wanted)[:20]}”排序，已按通常的顺序显示。")
    return ""


def _read_extras(register: "Register", params: QueryDict) -> Params:
    own = RESERVED.union(name for each in register.filters for name in each.names)
    others = [(name, values) for name, values in params.lists() if name not in own and any(values)]
    return {
        clean_text(name)[:40]: [clean_text(value)[:200] for value in values]
        for name, values in others[:_EXTRAS]
    }
