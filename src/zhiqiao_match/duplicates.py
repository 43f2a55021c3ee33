"""Needs that look like one another, offered to a clerk as possible duplicates; never merged here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from zhiqiao_match.index import Index
from zhiqiao_match.segment import Item
from zhiqiao_match.text import grams_of_one

LIKELY = 0.6
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Similar:
    """This is a text that resembles another: the owner of the item, and how alike they are, 0..1."""

    owner: int
    key: str
    alikeness: float


def alikeness(one: str, other: str) -> float:
    """This says how alike two titles or texts are, 0..1: shared grams, counted twice, of all grams.

    1 for equal texts up to case, width, spaces and punctuation; 0 if they share no character.
    Source: Dice (1945), "Measures of the Amount of Ecologic Association Between Species", on multisets.
    """
    (keys, counts), (other_keys, other_counts) = grams_of_one(one), grams_of_one(other)
    every = int(counts.sum() + other_counts.sum())
    if not every:
        return 0.0
    _, here, there = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
    return 2.0 * float(np.minimum(counts[here], other_counts[there]).sum()) / every


def similar(
    text: str, items: Index | Iterable[Item], top: int = 5, *, at_least: float = LIKELY
) -> tuple[Similar, ...]:
    """This returns the texts most like this one, most alike first; equal ones by owner, then key.

    items    : an index of the texts (kept by the caller when there are many), or the texts themselves.
    at_least : alikeness below which nothing is offered, 0..1; .6 = the same need in other words or with a
               sentence added.
    """
    index = items if isinstance(items, Index) else Index.build(items)
    hits = index.search(text, top * _LOOKED_AT)
    found = [Similar(item.owner, item.key, alikeness(text, item.text)) for best in hits.best for item in best]
    likely = [entry for entry in found if entry.alikeness >= at_least]
    return tuple(sorted(likely, key=lambda entry: (-entry.alikeness, entry.owner, entry.key))[:top])


def clusters(texts: Sequence[str], *, at_least: float = LIKELY) -> list[int]:
    """This puts texts that are nearly the same into one group: the number of each text's group.

    A text belongs with every text at least that alike, and so does what those belong with. Used where twins
    must not be counted as two, as in the intervals of the benches.
    """
    index = Index.build(Item(number, "", text) for number, text in enumerate(texts))
    group = list(range(len(texts)))

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for number, text in enumerate(texts):
        for entry in similar(text, index, at_least=at_least):
            one, other = sorted((root(number), root(entry.owner)))
            group[other] = one
    return [root(number) for number in range(len(texts))]
