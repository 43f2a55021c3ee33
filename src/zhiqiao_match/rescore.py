"""The second look: a short list of texts is read in full, and judged by more than the index can afford.

The index finds a few hundred promising texts among millions with the heaviest grams of a need. Here each of
them is read again with all grams. Three things are weighed better than there, none of them learned from
judged pairs:

  informative length  a text is long if it says much, not if it has many characters: length is the sum of the
                      squared weights of its grams, so "技术的研究与应用" costs a title next to nothing;
  fields              title and body of a need each have half of the say, however long the body is;
  commonness          a gram counts less if it is common among the texts or among the needs: "降低成本" is rare
                      in titles of outputs, but every second need says it, so it tells nothing about this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.retrieve import LONGEST_QUERY, pool, rank_order
from zhiqiao_match.segment import DAMPED, Item, Statistics, find_sorted
from zhiqiao_match.synonyms import with_other_names
from zhiqiao_match.text import FIRST_PAIR, gram_weights, grams_of, grams_of_one

# The usual constants of Okapi BM25: k1, b and k3. None of them was tuned.
SATURATION = 1.2
LENGTH_SHARE = 0.75
REPETITION = 8.0
TITLE_SHARE = 0.5

LONGEST_TEXT = 2_000
COMMON_SHARE = 0.02
COMMON_FLOOR = 10
_HIGHEST_COUNT = len(DAMPED) - 1


class Need(NamedTuple):
    """This is a need, read once: keys int64 (n,) ascending, coefficients float64 (n,) > 0.

    full : what a text gets that holds as much as an ordinary one and says the heaviest of all that.
    """

    keys: NDArray[np.int64]
    coefficients: NDArray[np.float64]
    full: float


class Closest(NamedTuple):
    """These are owners by relevance, best first; equal ones by owner.

    owners : int64 (n,).     scores : float32 (n,), > 0.     best : each one's items, best first, equal ones
    by key; only those with relevance.
    """

    owners: NDArray[np.int64]
    scores: NDArray[np.float32]
    best: tuple[tuple[Item, ...], ...]


def importance(
    keys: NDArray[np.int64], library: Statistics, asking: Statistics | None = None
) -> NDArray[np.float64]:
    """This weighs grams by how much they tell, float64 (n,), >= 0: kind times inverse document frequency.

    asking : frequencies among needs, where they are kept. The frequency in the library and the higher one of
             the two then each give half of the weight. One need is subtracted everywhere: the need that is
             being asked may itself have been counted, and what only one need says is no phrase of needs.

    Source: Sparck Jones (1972), "A Statistical Interpretation of Term Specificity"; that needs have frequencies
    of their own is ours, measured in docs/matching.md.
    """
    share = library.frequency(keys) / max(library.items, 1)
    idf = _idf(share, library.items)
    if asking is not None and asking.items:
        asked = np.maximum(asking.frequency(keys) - 1, 0) / asking.items
        idf = (idf + _idf(np.maximum(share, asked), library.items)) / 2
    weights: NDArray[np.float64] = idf * gram_weights(keys)
    return weights


def _idf(share: NDArray[np.float64], items: int) -> NDArray[np.float64]:
    half = 0.5 / max(items, 1)
    idf: NDArray[np.float64] = np.log1p(np.maximum(1 - share + half, 0.0) / (share + half))
    return idf


def read_need(text: str, title: str, library: Statistics, asking: Statistics | None = None) -> Need:
    """This weighs the grams of a need: title and body each a vector of length one, half of each.

    Where one of them is missing or says nothing the library knows, the other has all the say. Other names of
    what is needed (`synonyms`) belong to the body. What a field repeats counts more, less and less (k3 = 8).
    """
    body = with_other_names(text[:LONGEST_QUERY], title)
    fields = [(title[:LONGEST_QUERY], TITLE_SHARE), (body, 1 - TITLE_SHARE)]
    found = [(*grams_of_one(field), share) for field, share in fields]
    keys = np.unique(np.concatenate([grams for grams, _, _ in found]))
    weights = importance(keys, library, asking)
    known = library.frequency(keys) > 0
    vector = np.zeros(len(keys))
    for grams, counts, share in found:
        at = np.searchsorted(keys, grams)
        part = counts * (REPETITION + 1) / (counts + REPETITION) * weights[at]
        length = float(np.sqrt((part[known[at]] ** 2).sum()))
        if length > 0:
            vector[at] += share * part / length
    coefficients = vector * weights
    chosen = coefficients > 0
    heaviest = np.flatnonzero(known)[np.argsort(-coefficients[known], kind="stable")]
    told = np.cumsum(library.weigh(keys[heaviest]).astype(np.float64) ** 2)
    fits = heaviest[: 1 + int(np.searchsorted(told, library.typical_length**2))]
    return Need(keys[chosen], coefficients[chosen], float(coefficients[fits].sum()) or 1.0)


def relevance(need: Need, texts: Sequence[str], library: Statistics) -> NDArray[np.float64]:
    """This says how much of the need each text says, float64 (texts,), >= 0; 1 = all that fits into a text.

    The sum over shared grams of coefficient × saturated count, as in BM25 with its usual k1 = 1.2, b = .75;
    length is information (see the head of this file) against the median of the library. A text's figure
    does not depend on the other texts.
    Source: Robertson & Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    found = grams_of([text[:LONGEST_TEXT] for text in texts])
    keys, number = np.unique(found.keys, return_inverse=True)
    pairs, counts = np.unique(found.texts * len(keys) + number, return_counts=True)
    text_of, key_of = np.divmod(pairs, max(len(keys), 1))
    counts = np.minimum(counts, _HIGHEST_COUNT)
    said = (library.weigh(keys).astype(np.float64)[key_of] * DAMPED[counts]) ** 2
    length = np.bincount(text_of, said, minlength=len(texts)) / library.typical_length**2
    places, shared = find_sorted(need.keys, keys)
    met = shared[key_of]
    text_of, key_of, counts = text_of[met], key_of[met], counts[met]
    slack = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length[text_of])
    gains = need.coefficients[places[key_of]] * counts * (SATURATION + 1) / (counts + slack)
    return np.bincount(text_of, gains, minlength=len(texts)) / need.full


def closest(
    text: str,
    items: Iterable[Item],
    *,
    library: Statistics,
    title: str = "",
    asking: Statistics | None = None,
) -> Closest:
    """This judges texts anew and pools them per owner (`retrieve.pool`); owners with nothing in common are out.

    items  : the texts on the short list; of items with the same (owner, key) the last one counts.
    The order in which they come does not matter.
    Costs about 10 ms for 200 texts of 200 characters.
    """
    unique = {(item.owner, item.key): item for item in items}
    ordered = [unique[place] for place in sorted(unique)]
    need = read_need(text, title, library, asking)
    found = relevance(need, [item.text for item in ordered], library)
    scores = (found * [item.weight for item in ordered]).astype(np.float32)
    owners = np.fromiter((item.owner for item in ordered), np.int64, len(ordered))
    positive = np.flatnonzero(scores > 0)
    order = positive[np.lexsort((-scores[positive], owners[positive]))]
    people, first = np.unique(owners[order], return_index=True)
    pooled = pool(scores[order], first)
    groups = np.split(order, first[1:]) if len(first) else []
    ranked = rank_order(people, pooled)
    best = tuple(tuple(ordered[place] for place in groups[at].tolist()) for at in ranked.tolist())
    return Closest(people[ranked], pooled[ranked], best)


def phrase_weights(phrases: Sequence[str], library: Statistics) -> list[float]:
    """This weighs phrases by their pairs and tokens, a single character by itself; >= 0, same order.

    A phrase weighs 0 if even its rarest gram stands in 2 % of the items. In a library of fewer than 500
    items ten are allowed, so that nothing is taken for common only because there is little to compare.
    """
    found = grams_of(phrases)
    keys, texts = found.keys, found.texts
    paired = np.bincount(texts[keys >= FIRST_PAIR], minlength=len(phrases)) > 0
    told = (keys >= FIRST_PAIR) | ~paired[texts]
    keys, texts = keys[told], texts[told]
    rare = library.frequency(keys) <= max(COMMON_SHARE * library.items, COMMON_FLOOR)
    speaking = np.bincount(texts, rare, minlength=len(phrases)) > 0
    weights = np.bincount(texts, library.weigh(keys), minlength=len(phrases))
    return [float(weight) for weight in np.where(speaking, weights, 0.0)]
