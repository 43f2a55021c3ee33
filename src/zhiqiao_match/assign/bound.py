"""The proof: from prices to a number that no assignment can exceed, recomputed from nothing but the problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from zhiqiao_match.assign.model import Grid, Prices, Problem

CELLS_AT_ONCE = 4_000_000


def weights_of(problem: Problem) -> Grid:
    """This returns the scores with -inf where a pair must not be."""
    return np.where(problem.barred, -np.inf, problem.scores)


def chunks(weights: Grid, prices: Prices, problem: Problem) -> Iterator[tuple[int, Grid]]:
    """This yields (first person, reduced costs of the next people): what a pair is worth beyond its prices."""
    people, items = weights.shape
    height = max(1, CELLS_AT_ONCE // max(1, items))
    for first in range(0, people, height):
        part = weights[first : first + height]
        part = (part if prices.worth is None else part * (1.0 + prices.worth)) - prices.item
        part -= prices.person[first : first + height, None]
        for mix, item, price in prices.mixes:
            part[problem.mixes[mix].members[first : first + height], item] -= price
        yield first, part


def bound_of(problem: Problem, prices: Prices, weights: Grid | None = None) -> float:
    """This returns a total that no assignment can exceed, whatever the prices; good prices make it tight.

    Lagrangean relaxation (Fisher 1981, "The Lagrangian Relaxation Method for Solving Integer Programming
    Problems"): every rule is paid for at its price, and each pair that still gains is counted in full.
    weights : another objective over the same rules; default the scores.
    """
    grid = weights_of(problem) if weights is None else weights

    def gains(first: int, part: Grid) -> float:
        worth = float(np.maximum(part, 0.0).sum())
        inside = [(p - first, i) for p, i in problem.must if first <= p < first + len(part)]
        return worth + sum(min(0.0, float(part[pair])) for pair in inside)

    return fixed_part(problem, prices) + _sum_over(problem, prices, grid, gains)


def fixed_part(problem: Problem, prices: Prices) -> float:
    """This returns what the right-hand sides cost: places, loads and compositions at their prices."""
    person = prices.person
    worth = float(problem.per_item @ prices.item)
    worth += float(np.where(person > 0, problem.cap * person, problem.least * person).sum())
    for mix, item, price in prices.mixes:
        rule = problem.mixes[mix]
        most = problem.per_item[item] if rule.most is None else rule.most
        worth += price * (most if price > 0 else min(rule.least, int(problem.per_item[item])))
    if prices.worth is not None and prices.floors is not None:
        worth -= float(prices.worth @ prices.floors)
    if prices.short is not None:
        worth += float((np.maximum(-prices.short - prices.item, 0) * problem.per_item).sum())
        worth += float((np.maximum(-prices.short - person, 0) * problem.least).sum())
        short_of = [(m, i, p) for m, i, p in prices.mixes if p < 0]
        worth += sum(max(0.0, -prices.short - p) * problem.mixes[m].least for m, i, p in short_of)
    return worth


def _sum_over(problem: Problem, prices: Prices, grid: Grid, gains: Callable[[int, Grid], float]) -> float:
    return float(sum(gains(first, part) for first, part in chunks(grid, prices, problem)))
