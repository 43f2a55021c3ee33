"""The parts of a score: each a short function from facts to 0..1, and how they are blended.

None of them looks at more than one person, except `guess_disciplines`, which reads what the need is about
from the people whose evidence is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.index import Hits
from zhiqiao_match.model import Candidate

NEIGHBOURS = 30
FAINT_VOTE = 0.2
SAME_CATEGORY = 0.3
LEVEL_WIDTH = 5

# The five categories (门类) of GB/T 13745-2009 by the first level-1 code of each.
_CATEGORIES = ((110, "A"), (210, "B"), (310, "C"), (410, "D"), (710, "E"))


def saturated(relevance: float, half: float) -> float:
    """This maps relevance >= 0 to 0..1, with 1/2 at `half`: one further fitting word counts less and less.

    Source: the saturation of Okapi BM25, tf / (tf + k); Robertson & Walker (1994).
    """
    return relevance / (relevance + half)


def category(discipline: str) -> str:
    """This returns the category (门类) letter of a GB/T 13745 code, "" where there is none."""
    number = int(discipline[:3]) if discipline[:3].isdigit() else 0
    return next((letter for first, letter in reversed(_CATEGORIES) if number >= first), "")


def discipline_fit(own: Sequence[str], wanted: Mapping[str, float]) -> float:
    """This says how well a person's disciplines fit, 0..1: the best one counts.

    wanted : level-1 code -> importance 0..1. The same category gives .3 of the importance.
    """
    same = (wanted.get(code, 0.0) for code in own)
    categories = {category(code) for code in own} - {""}
    near = (SAME_CATEGORY * weight for code, weight in wanted.items() if category(code) in categories)
    return max(max(same, default=0.0), max(near, default=0.0))


def guess_disciplines(hits: Hits, people: Mapping[int, Candidate]) -> dict[str, float]:
    """This guesses a need's disciplines from the thirty people whose evidence is nearest.

    Each votes with the square of the relevance, shared among the person's disciplines. Returns code ->
    importance 0..1, the strongest 1; what has less than a fifth of the strongest is dropped.
    Source: k-nearest-neighbour categorisation, Yang (1999), "An Evaluation of Statistical Approaches to
    Text Categorization".
    """
    votes: dict[str, float] = {}
    for owner, score in zip(hits.owners[:NEIGHBOURS].tolist(), hits.scores.tolist(), strict=False):
        disciplines = people[owner].disciplines if owner in people else ()
        for code in disciplines:
            votes[code] = votes.get(code, 0.0) + score * score / len(disciplines)
    strongest = max(votes.values(), default=0.0)
    return {code: vote / strongest for code, vote in votes.items() if vote >= FAINT_VOTE * strongest}


def path_parts(path: str) -> tuple[str, ...]:
    """This splits the path of an organisation into its levels.

    At separators where there are any: "01.02.05." → ("01", "02", "05"); else every five characters, the
    fixed width of paths that sort by themselves: "0000100002" → ("00001", "00002").
    """
    levels = [level for level in re.split(r"[^0-9A-Za-z]+", path) if level]
    if levels != [path]:
        return tuple(levels)
    return tuple(path[at : at + LEVEL_WIDTH] for at in range(0, len(path), LEVEL_WIDTH))


def shared_depth(one: Sequence[str], other: Sequence[str]) -> int:
    """This counts the leading parts two paths share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def region_fit(own: str, wanted: str) -> float:
    """This says how near a person's organisation lies, 0..1: the share of the wanted path they share.

    Someone inside the wanted place has 1; each level further up that the two meet costs the same.
    """
    depth = len(path_parts(wanted))
    return shared_depth(path_parts(own), path_parts(wanted)) / depth if depth else 0.0


def load_fit(open_tasks: int, task_cap: int) -> float:
    """This returns the free share of a person's capacity, 0..1; nothing is free at or above the cap."""
    return max(0.0, 1.0 - open_tasks / task_cap) if task_cap else 0.0


def outcome_fit(solved: int, served: int, prior_solved: float, prior_served: float) -> float:
    """This estimates the rate of solved services, 0..1, pulled towards the prior while the record is short.

    (solved + a) / (served + b), the mean of the Beta posterior.
    Source: Gelman et al. (2013), Bayesian Data Analysis, §2.4.
    """
    return (solved + prior_solved) / (served + prior_served)


def blend(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """This combines a table of parts into scores: the weighted sum, times 100.

    values : float64 (people, parts), each 0..1.     shares : float64 (parts,), >= 0, sum 1.
    Returns float64 (people,), 0..100. Raising one value never lowers that person's place, because shares
    are not negative and nobody else's score depends on it.
    Raises ValueError if shapes differ or shares are negative or do not add up to 1.
    Source: Fox & Shaw (1994), "Combination of Multiple Searches", weighted CombSUM.
    """
    if values.ndim != 2 or values.shape[1:] != shares.shape:
        raise ValueError(f"one share per part is needed: {values.shape} and {shares.shape}")
    if (shares < 0).any() or not np.isclose(shares.sum(), 1.0):
        raise ValueError("shares must not be negative and must add up to 1")
    scores: NDArray[np.float64] = np.zeros(len(values))
    for column, share in zip(values.T, shares.tolist(), strict=True):
        scores += 100.0 * share * column
    return scores
