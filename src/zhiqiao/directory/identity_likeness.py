"""Which rows of the expert library may be one and the same person: a pure question of what they say.

Rows of one name only: a name alone proves nothing, and different names are never put together by a machine.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

SHORTEST_UNIT = 4
"""A unit that begins with another of at least so many characters is taken for a part of it."""

SHORTEST_TITLE = 8
"""Titles below this length ("简介", "述职报告") are shared by strangers."""

MOST_IN_BUCKET = 40
"""Of so many rows that share a trait the first are compared; a trait of more tells nothing."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a row says about who she is. titles : of her evidence, as written."""

    pk: int
    name: str
    unit: str = ""
    phone: str = ""
    email: str = ""
    source_key: str = ""
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows, the smaller number first, and in Chinese why they may be one person."""

    first: int
    second: int
    reasons: tuple[str, ...]


@lru_cache(maxsize=8192)
def bare(text: str) -> str:
    """Return a text reduced to its letters, digits and characters, so that spelling does not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(mark for mark in folded if mark.isalnum())


def likely_pairs(people: Iterable[Traits]) -> list[Pair]:
    """Return the pairs of one name that share a unit, a contact, a source number or evidence; by number."""
    buckets: dict[tuple[str, ...], list[Traits]] = defaultdict(list)
    for one in people:
        for trait in _traits(one):
            buckets[bare(one.name), *trait].append(one)
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for (_, kind, *_rest), bucket in buckets.items():
        for a, b in combinations(sorted(bucket, key=lambda one: one.pk)[:MOST_IN_BUCKET], 2):
            if a.pk == b.pk or (kind == "unit" and not same_unit(a.unit, b.unit)):
                continue
            reason = _WORDS[kind]
            if reason not in found[a.pk, b.pk]:
                found[a.pk, b.pk].append(reason)
    order = list(_WORDS.values())
    return [
        Pair(first, second, tuple(sorted(reasons, key=order.index)))
        for (first, second), reasons in sorted(found.items())
    ]


_WORDS = {
    "phone": "姓名和手机号相同",
    "email": "姓名和邮箱相同",
    "key": "姓名和来源编号相同",
    "unit": "姓名和单位相同",
    "title": "姓名相同，有同一项证据",
}


def _traits(one: Traits) -> Iterator[tuple[str, ...]]:
    if unit := bare(one.unit):
        yield "unit", unit[:SHORTEST_UNIT]
    if len(phone := "".join(mark for mark in one.phone if mark.isdigit())) >= 7:
        yield "phone", phone[-11:]
    if one.email:
        yield "email", one.email.strip().casefold()
    if one.source_key:
        yield "key", one.source_key.strip()
    for title in {bare(title) for title in one.titles}:
        if len(title) >= SHORTEST_TITLE:
            yield "title", title


def same_unit(one: str, other: str) -> bool:
    """Say whether two units are the same, or one is a part of the other (浙江大学, 浙江大学机械学院)."""
    short, long = sorted((bare(one), bare(other)), key=len)
    return bool(short) and (short == long or (len(short) >= SHORTEST_UNIT and long.startswith(short)))
