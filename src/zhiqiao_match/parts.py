"""The parts of a score: each a short function from facts to 0..1, and how they are blended.

None of them looks at more than one person, except `guess_disciplines`, which reads what the need is about
from the people whose evidence is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.model import Candidate
from zhiqiao_match.rescore import Closest

NEIGHBOURS = 30
FAINT_VOTE = 0.2
SAME_CATEGORY = 0.3
LEVEL_WIDTH = 5

# What two codes are worth that have the section, one level of digits, or two in common, and then part.
_SHARED_LEVELS = (0.3, 0.6, 0.8, 0.8)
_DISCIPLINE_WIDTHS = (3, 5, 7)
_INDUSTRY_WIDTHS = (2, 3, 4)

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
    """This says how well a person's disciplines fit, 0..1: the best pair counts.

    wanted : GB/T 13745 code -> importance 0..1. A person whose code is the wanted one or lies below it has
    all of its importance; one who meets it further up has .8 (second level), .6 (first level) or .3 (the
    same 门类) of it.
    """
    return max(
        (weight * _discipline_closeness(code, want) for code in own for want, weight in wanted.items()),
        default=0.0,
    )


@lru_cache(maxsize=1 << 14)
def _discipline_closeness(own: str, wanted: str) -> float:
    if own.startswith(wanted) and wanted:
        return 1.0
    met = _levels_met(own, wanted, _DISCIPLINE_WIDTHS)
    if met:
        return _SHARED_LEVELS[met]
    return SAME_CATEGORY if category(own) and category(own) == category(wanted) else 0.0


def industry_fit(own: Sequence[str], wanted: Sequence[str]) -> float:
    """This says how near the industries a person has worked for are to the wanted ones, 0..1.

    Codes of GB/T 4754: section letter, division (two digits), group (three), class (four); the letter may
    stand before the digits or be missing. The same or a narrower code gives 1; meeting at the group .8, at
    the division .6, at the section .3.
    """
    pairs = ((_industry(code), _industry(want)) for code in own for want in wanted)
    return max((_industry_closeness(one, other) for one, other in pairs), default=0.0)


def _industry_closeness(own: tuple[str, str], wanted: tuple[str, str]) -> float:
    if own == wanted or (wanted[1] and own[1].startswith(wanted[1])):
        return 1.0
    if met := _levels_met(own[1], wanted[1], _INDUSTRY_WIDTHS):
        return _SHARED_LEVELS[met]
    if not own[0] or own[0] != wanted[0]:
        return 0.0
    return 1.0 if not wanted[1] else _SHARED_LEVELS[0]


# The divisions with which the sections A … T of GB/T 4754-2017 begin.
_SECTIONS = (
    *((1, "A"), (6, "B"), (13, "C"), (44, "D"), (47, "E"), (51, "F"), (53, "G"), (61, "H"), (63, "I")),
    *((66, "J"), (70, "K"), (71, "L"), (73, "M"), (76, "N"), (80, "O"), (83, "P"), (84, "Q"), (86, "R")),
    *((91, "S"), (97, "T")),
)


def _industry(code: str) -> tuple[str, str]:
    """This splits a code into its section letter and its digits; the letter is found where it is missing."""
    letter, digits = (code[:1].upper(), code[1:]) if code[:1].isalpha() else ("", code)
    if not letter and digits[:2].isdigit():
        letter = next((name for first, name in reversed(_SECTIONS) if int(digits[:2]) >= first), "")
    return letter, digits


def _levels_met(one: str, other: str, widths: Sequence[int]) -> int:
    """This counts the levels at which two codes of fixed widths agree."""
    return sum(1 for width in widths if len(one) >= width and one[:width] == other[:width])


def guess_disciplines(near: Closest, people: Mapping[int, Candidate]) -> dict[str, float]:
    """This guesses a need's disciplines from the thirty people whose evidence is nearest.

    Each votes with the square of the relevance, shared among the person's level-1 disciplines. Returns code
    -> importance 0..1, the strongest 1; what has less than a fifth of the strongest is dropped.
    Source: k-nearest-neighbour categorisation, Yang (1999), "An Evaluation of Statistical Approaches to
    Text Categorization".
    """
    votes: dict[str, float] = {}
    for owner, score in zip(near.owners[:NEIGHBOURS].tolist(), near.scores.tolist(), strict=False):
        disciplines = people[owner].disciplines if owner in people else ()
        codes = sorted({code[:3] for code in disciplines})
        for code in codes:
            votes[code] = votes.get(code, 0.0) + score * score / len(codes)
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
    """This estimates a rate, 0..1, pulled towards the prior while the record is short.

    (solved + a) / (served + b), the mean of the Beta posterior. A rate and not a number: who is asked often
    has many successes for that reason alone, and would be asked more often still.
    Source: Gelman et al. (2013), Bayesian Data Analysis, §2.4.
    """
    return (solved + prior_solved) / (served + prior_served)


def chance_fit(offered: int, half: float) -> float:
    """This says how much a person is still to be discovered, 0..1: 1/2 after `half` offers.

    A small counterweight to the circle of being shown, chosen, and shown again.
    Source: the examination hypothesis and exposure; Singh & Joachims (2018), "Fairness of Exposure in
    Rankings".
    """
    return half / (half + offered)


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
