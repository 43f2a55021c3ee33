"""Paging by key: a page starts after the last row seen, so page 3,000 costs what page 1 costs.

OFFSET reads and throws away every row before the page, and it repeats or skips rows when others are
inserted meanwhile. A key does neither. NULLs come last whatever the direction of a column, on SQLite and
PostgreSQL alike.
"""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

Row = TypeVar("Row", bound=Model)
Values = tuple[Any, ...]


class BadCursor(ValueError):
    """The place in the URL was not written by us, or belongs to another order."""


@dataclass(frozen=True)
class Key:
    """One part of an order: an ORM path, its direction, and whether it may be NULL (NULLs come last)."""

    path: str
    descending: bool = False
    nullable: bool = False

    def upwards(self, backward: bool) -> bool:
        return self.descending == backward

    def ordering(self, backward: bool) -> OrderBy:
        """Plain where no NULL can occur: an index answers it on both databases."""
        if not self.nullable:
            nulls: dict[str, bool] = {}
        else:
            nulls = {"nulls_first": True} if backward else {"nulls_last": True}
        column = F(self.path)
        return column.asc(**nulls) if self.upwards(backward) else column.desc(**nulls)

    def of(self, row: Model) -> Any:
        def step(owner: Any, name: str) -> Any:
            return None if owner is None else getattr(owner, name)

        return reduce(step, self.path.split("__"), row)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`rows` in reading order; whether there are rows after and before them."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


def keys_of(model: type[Model], names: Iterable[str]) -> tuple[Key, ...]:
    """Read `("due_at", "-stage_at", "pk")` against a model; the primary key must come last.

    :raises ValueError: the order has no unique end, so rows could be skipped.
    """
    keys = tuple(
        Key(name.lstrip("-"), name.startswith("-"), _may_be_null(model, name.lstrip("-"))) for name in names
    )
    if not keys or keys[-1].path not in ("pk", model._meta.pk.name):
        raise ValueError(f"{model.__name__} 的排序必须以主键结尾，否则翻页会漏行。")
    return keys


def _may_be_null(model: type[Model], path: str) -> bool:
    owner: Any = model
    for name in path.split("__"):
        if name == "pk":
            return False
        try:
            field = owner._meta.get_field(name)
        except FieldDoesNotExist:
            return True  # an annotation: unknown, so the safe answer
        if field.null:
            return True
        owner = field.related_model
    return False


def read_page(
    queryset: QuerySet[Row],
    keys: Sequence[Key],
    *,
    size: int,
    after: Values | None = None,
    before: Values | None = None,
) -> Page[Row]:
    """The `size` rows after `after`, or before `before`, or the first ones."""
    backward = before is not None
    rows = _fetch(queryset, keys, before if backward else after, backward, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        return Page(rows[::-1], has_next=True, has_previous=more)
    return Page(rows, has_next=more, has_previous=after is not None)


def _fetch(
    queryset: QuerySet[Row], keys: Sequence[Key], place: Values | None, backward: bool, limit: int
) -> list[Row]:
    if not keys[0].nullable:
        return list(_from(queryset, keys, place, backward)[:limit])
    rows: list[Row] = []
    for part in _parts(queryset, keys, place, backward):
        # At least one row is asked for, so that the number of queries does not depend on the data.
        rows += part[: max(limit - len(rows), 1)]
    return rows[:limit]


def _parts(
    queryset: QuerySet[Row], keys: Sequence[Key], place: Values | None, backward: bool
) -> list[QuerySet[Row]]:
    """Rows with and without a first key, apart: each part is one walk along an index."""
    first, rest = keys[0], keys[1:]
    filled = queryset.filter(**{f"{first.path}__isnull": False})
    empty = queryset.filter(**{f"{first.path}__isnull": True})
    certain = (replace(first, nullable=False), *rest)
    in_empty = place is not None and place[0] is None
    filled_place = None if in_empty else place
    empty_place = place[1:] if place is not None and in_empty else None
    walk = [
        (not in_empty, _from(filled, certain, filled_place, backward)),
        (in_empty, _from(empty, rest, empty_place, backward)),
    ]
    if backward:
        walk.reverse()
    if place is None:
        return [part for _, part in walk]
    start = next(index for index, (here, _) in enumerate(walk) if here)
    return [part for _, part in walk[start:]]


def _from(
    queryset: QuerySet[Row], keys: Sequence[Key], place: Values | None, backward: bool
) -> QuerySet[Row]:
    ordered = queryset.order_by(*(key.ordering(backward) for key in keys))
    if place is None:
        return ordered
    beyond = _beyond(keys, place, backward)
    return ordered.none() if beyond is None else ordered.filter(_bound(keys[0], place[0], backward), beyond)


def _bound(key: Key, value: Any, backward: bool) -> Q:
    """Says again what `_beyond` implies, in the form from which a database starts inside its index."""
    if key.nullable or value is None:
        return Q()
    return Q(**{f"{key.path}__{'gte' if key.upwards(backward) else 'lte'}": value})


def _beyond(keys: Sequence[Key], place: Values, backward: bool) -> Q | None:
    """Rows strictly further than `place`; None if there can be none."""
    if not keys:
        return None
    key, value = keys[0], place[0]
    further = _further(key, value, backward)
    deeper = _beyond(keys[1:], place[1:], backward)
    if deeper is not None:
        same = Q(**{f"{key.path}__isnull": True}) if value is None else Q(**{key.path: value})
        deeper = same & deeper
    if further is None or deeper is None:
        return further if deeper is None else deeper
    return further | deeper


def _further(key: Key, value: Any, backward: bool) -> Q | None:
    if value is None:
        return Q(**{f"{key.path}__isnull": False}) if backward else None
    further = Q(**{f"{key.path}__{'gt' if key.upwards(backward) else 'lt'}": value})
    if key.nullable and not backward:
        further |= Q(**{f"{key.path}__isnull": True})
    return further


_PACK: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "t": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "d": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "c": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "n": (decimal.Decimal, str, decimal.Decimal),
    "u": (uuid.UUID, str, uuid.UUID),
}


def write_cursor(row: Model, keys: Sequence[Key], *, salt: str) -> str:
    """The place of a row as opaque, signed text for a URL."""
    packed = [_pack(key.of(row)) for key in keys]
    return signing.Signer(salt=salt).sign_object(packed)


def read_cursor(text: str, keys: Sequence[Key], *, salt: str) -> Values:
    """:raises BadCursor: changed, from another order, or from before the key of this site changed."""
    try:
        packed = signing.Signer(salt=salt).unsign_object(text)
        place = tuple(_unpack(value) for value in packed)
    except (signing.BadSignature, ValueError, TypeError, KeyError) as problem:
        raise BadCursor from problem
    if len(place) != len(keys):
        raise BadCursor
    return place


def _pack(value: Any) -> Any:
    for tag, (kind, write, _) in _PACK.items():
        if isinstance(value, kind):
            return [tag, write(value)]
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        tag, text = value
        return _PACK[tag][2](text)
    return value
