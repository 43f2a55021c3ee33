"""The one list mechanism: every register of the product is a `Register`, and its whole state is in the URL.

    NEEDS = Register("needs", columns=(Column("title", "标题", primary=True), …),
                     filters=(Choice("stage", "环节", choices=Stage.choices, many=True), …),
                     order=("due_at", "pk"))
    listing = NEEDS.bind(request.GET, queries.needs_for(request.user), at=now)

What cannot be understood in the URL is left out and said in `listing.notices`; a register never answers a
bad URL with an error or with an empty page.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from zhiqiao.kit.web.filters import Choice, Choices, DateRange, Filter, Flag, Text
from zhiqiao.kit.web.keyset import keys_of
from zhiqiao.kit.web.listing import Count, Listing
from zhiqiao.kit.web.state import RESERVED, State

__all__ = ["Choice", "Column", "Count", "DateRange", "Filter", "Flag", "Listing", "Register", "Text"]

RowModel = TypeVar("RowModel", bound=Model)

COUNT_BOUND = 10_000


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
        state = State.read(self, params, choices)
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
            state = State.read(self, QueryDict(post.get("state", "")), choices)
            return state.filtered(queryset, at or timezone.now())
        return queryset.filter(pk__in=_primary_keys(queryset.model, post.getlist("pick")))


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _attribute(owner: Any, name: str) -> Any:
    """Follows one step of a path; a field with choices gives its words."""
    if owner is None:
        return None
    words = getattr(owner, f"get_{name}_display", None)
    return words() if callable(words) else getattr(owner, name)


def _primary_keys(model: type[Model], texts: Sequence[str]) -> list[Any]:
    keys = []
    for text in texts:
        try:
            keys.append(model._meta.pk.to_python(text))
        except ValidationError:
            continue
    return keys
