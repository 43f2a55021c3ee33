"""What somebody typed, as a condition and as the likest rows: for registers, search pages and suggestions."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from zhiqiao.kit.search import Library, matching, search

Row = TypeVar("Row", bound=Model)
Matching = Callable[[Library, str], list[int]]
"""Library, word -> the keys of its rows that hold the word: ``kit.search.matching``, or one that remembers."""
Having = Callable[[str, Matching], Q]


def holding(text: str, having: Having, match: Matching = matching) -> Q:
    """Return the condition that a row holds every word of a text, wherever it holds it.

    having : word, where to look it up -> the condition that a row holds this word.
    """
    whole = Q()
    for word in text.split():
        whole &= having(word, match)
    return whole


def likest(found: QuerySet[Row], text: str, libraries: Sequence[Library], top: int) -> list[Row]:
    """Return at most ``top`` of the rows found for a text, the likest first.

    found : rows that hold every word of the text (``holding``). libraries : where likeness is measured, the
    telling one first; rows that hold the words elsewhere (a need by its enterprise's name) follow, newest
    first. The number of queries does not depend on how many rows there are.
    """
    keys: dict[int, None] = {}
    for library in libraries:
        keys |= dict.fromkeys(pk for pk, _ in search(library, text, found, top))
    keys |= dict.fromkeys(found.order_by("-pk").values_list("pk", flat=True)[:top])
    chosen = list(keys)[:top]
    rows = found.filter(pk__among=chosen).in_bulk()
    return [rows[pk] for pk in chosen if pk in rows]
