"""The steps of a search that are the same wherever postings lie: choose grams, pool per person, keep the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.segment import LENGTH_POWER, Docs, Statistics, distinct
from zhiqiao_match.text import grams_of_one

HEAVIEST_GRAMS = 64
MOST_POSTINGS = 400_000
TITLE_TIMES = 3
LONGEST_QUERY = 20_000

POOL_POWER = 2.0
POOL_ITEMS = 4

_FIRST_GLANCE = 10  # items looked at per person wanted, before it is known how good one must be
_ROUNDING = 1e-5


class Terms(NamedTuple):
    """These are the grams a search looks for: keys int64 (n,), coefficients float32 (n,), heaviest first.

    full : the relevance an item of ordinary length would get if it said all of the query; divides scores.
    """

    keys: NDArray[np.int64]
    coefficients: NDArray[np.float32]
    full: float


def choose_terms(statistics: Statistics, text: str, title: str = "") -> Terms:
    """This chooses and weighs the grams to look up, by an index's document frequencies.

    The 64 heaviest known grams are taken, and all unknown ones: items added since may hold them. In a large
    library the grams that add least per posting are left out, so that at most `MOST_POSTINGS` are read.
    """
    fields = ((title[:LONGEST_QUERY], TITLE_TIMES), (text[:LONGEST_QUERY], 1))
    found = [(grams_of_one(field), times) for field, times in fields if field]
    if not found:
        return Terms(np.empty(0, np.int64), np.empty(0, np.float32), 1.0)
    keys, inverse = np.unique(np.concatenate([grams[0] for grams, _ in found]), return_inverse=True)
    times = np.bincount(inverse, np.concatenate([grams[1] * times for grams, times in found]))
    weights = statistics.weigh(keys).astype(np.float64)
    vector = times * weights
    order = np.lexsort((keys, -vector))
    known = statistics.frequency(keys[order]) > 0
    chosen = order[~known | (np.cumsum(known) <= HEAVIEST_GRAMS)]
    chosen = chosen[_affordable((vector * weights)[chosen], statistics.frequency(keys[chosen]))]
    length = max(float(np.sqrt((vector**2).sum())), statistics.typical_length)
    heaviest = np.sort(vector * weights)[::-1][:HEAVIEST_GRAMS]
    full = float(heaviest.sum() / length**LENGTH_POWER)
    return Terms(keys[chosen], (vector * weights)[chosen].astype(np.float32), full or 1.0)


def _affordable(values: NDArray[np.float64], postings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """This says which grams fit into `MOST_POSTINGS`, those of most value per posting first; at least one."""
    order = np.argsort(-values / np.maximum(postings, 1), kind="stable")
    fits = np.cumsum(postings[order]) <= MOST_POSTINGS
    fits[:1] = True
    affordable = np.empty(len(values), np.bool_)
    affordable[order] = fits
    return affordable


class Pooled(NamedTuple):
    """These are people with their relevance, ascending by owner, and the items it was pooled from.

    people : int64 (p,).   scores : float32 (p,), > 0.   first : int64 (p,), where each one's items begin in
    relevances float32 (n,), tables and places int64 (n,): which item of which table, best first inside a
    person.
    """

    people: NDArray[np.int64]
    scores: NDArray[np.float32]
    first: NDArray[np.int64]
    relevances: NDArray[np.float32]
    tables: NDArray[np.int64]
    places: NDArray[np.int64]


def pool_people(
    tables: Sequence[Docs], found: Sequence[NDArray[np.float32]], owners: NDArray[np.int64], full: float
) -> Pooled:
    """This pools all items of these owners (ascending, unique) per person; who has no relevant item is absent.

    found : relevance of every item, one array per table.     full : see `Terms`.
    """
    if not tables:
        return Pooled(
            owners[:0], np.empty(0, np.float32), owners[:0], np.empty(0, np.float32), owners[:0], owners[:0]
        )
    held = [table.places_of(owners) for table in tables]
    scores = np.concatenate([part[at] for part, at in zip(found, held, strict=True)])
    whose = np.concatenate([table.owners[at] for table, at in zip(tables, held, strict=True)])
    positive = np.flatnonzero(scores > 0)
    order = positive[np.lexsort((-scores[positive], whose[positive]))]
    people, first = np.unique(whose[order], return_index=True)
    relevances = (scores[order] / full).astype(np.float32)
    table_of = np.repeat(np.arange(len(held)), [len(at) for at in held])[order]
    return Pooled(
        people,
        pool(relevances, first),
        first,
        relevances,
        table_of,
        np.concatenate(held)[order].astype(np.int64),
    )


def pool(scores: NDArray[np.float32], first: NDArray[np.int64]) -> NDArray[np.float32]:
    """This pools the relevance of each person's items: the 2-norm of the best four.

    scores : float32 (n,), grouped by person, descending inside a person; first : where each person begins.
    Returns float32 (people,): a single item keeps its relevance, four equal ones give twice as much, and
    what lies beyond the four best adds nothing, so that many weak items never amount to one that fits.

    Source: power mean with p = 2, best of the poolings tried on the gold standard of Stelmakh et al. (2023),
    "A Gold Standard Dataset for the Reviewer Assignment Problem". There everybody has 20 papers; here the
    numbers differ widely, so the mean is taken over a fixed number of places: further work never harms.
    """
    if not len(first):
        return np.empty(0, np.float32)
    rank = np.arange(len(scores)) - np.repeat(first, np.diff(np.append(first, len(scores))))
    powers = np.where(rank < POOL_ITEMS, scores.astype(np.float64) ** POOL_POWER, 0.0)
    sums: NDArray[np.float64] = np.add.reduceat(powers, first)
    return (sums ** (1 / POOL_POWER)).astype(np.float32)


def best_people(
    tables: Sequence[Docs],
    found: Sequence[NDArray[np.float32]],
    top: int,
    full: float,
    *,
    most_items: int = POOL_ITEMS,
) -> NDArray[np.int64]:
    """This returns enough owners, ascending, to be sure that the `top` best people are among them.

    most_items : how many items one person has at most.

    The owners of the very best items are pooled first. Nobody whose best item lies below the last of them
    by more than pooling can make up for (a factor of two for four items) can come before them; whoever has
    a better item is taken in as well.
    """
    wanted = max(top, 1)
    floor = _floor(found, wanted * max(1, min(most_items, _FIRST_GLANCE)))
    owners = _owners_above(tables, found, floor)
    pooled = pool_people(tables, found, owners, full).scores
    if len(pooled) < wanted:
        return _owners_above(tables, found, 0.0) if floor > 0 else owners
    needed = float(np.partition(pooled, -wanted)[-wanted]) * full
    made_up: float = max(1, min(most_items, POOL_ITEMS)) ** (1 / POOL_POWER)
    lowest = needed / made_up * (1 - _ROUNDING)
    return owners if lowest >= floor else _owners_above(tables, found, lowest)


def _owners_above(
    tables: Sequence[Docs], found: Sequence[NDArray[np.float32]], floor: float
) -> NDArray[np.int64]:
    held = [
        table.owners[np.flatnonzero(scores >= np.float32(floor) if floor > 0 else scores > 0)]
        for table, scores in zip(tables, found, strict=True)
    ]
    return distinct(np.concatenate([np.empty(0, np.int64), *held]))


def _floor(found: Sequence[NDArray[np.float32]], wanted: int) -> float:
    """This returns a score that at least `wanted` items reach, 0 if there are not so many.

    It is the `wanted`-th best among the maxima of short stretches, which is quicker than sorting all.
    """
    stretch = max(1, sum(map(len, found)) // (8 * wanted))
    maxima = [
        np.maximum.reduceat(scores, np.arange(0, len(scores), stretch)) for scores in found if len(scores)
    ]
    if sum(map(len, maxima)) <= wanted:
        return 0.0
    return float(np.partition(np.concatenate(maxima), -wanted)[-wanted])


def rank_order(people: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """This orders people by falling score; equal scores by owner."""
    order: NDArray[np.int64] = np.lexsort((people, -scores))
    return order
