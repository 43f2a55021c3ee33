"""Figures and rates for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from zhiqiao.insights.board import Board
from zhiqiao.insights.figures import FIGURES, RATES
from zhiqiao.insights.lens import NAMES, read_lens
from zhiqiao.orgs.scope import Who


def kpi(names: Sequence[str], who: Who, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one dict for each figure or rate: name, title, value, unit, definition, and what a rate is made of.

    value : int for a figure, float for a rate, None if it cannot be known.
    :raises KeyError: there is no such figure, filter or programme.
    :raises ValueError: a filter cannot be read.
    """
    for name in filters:
        if name not in NAMES:
            raise KeyError(name)
    reading = read_lens(filters, who)
    if filters.get("programme") and reading.lens.programme is None:
        raise KeyError(filters["programme"])
    if reading.problems:
        raise ValueError(reading.problems[0])
    board = Board(reading.lens)
    return [_one(board, name) for name in names or (*FIGURES, *RATES)]


def _one(board: Board, name: str) -> dict[str, Any]:
    if name in FIGURES:
        figure = FIGURES[name]
        return {
            "name": name,
            "title": figure.title,
            "value": board.count(name),
            "unit": figure.unit,
            "definition": figure.definition,
        }
    rate = RATES[name]
    part, whole = board.count(rate.numerator), board.count(rate.denominator)
    return {
        "name": name,
        "title": rate.title,
        "value": rate.value(part, whole),
        "unit": rate.unit,
        "definition": rate.definition,
        "numerator": {"name": rate.numerator, "value": part},
        "denominator": {"name": rate.denominator, "value": whole},
    }
