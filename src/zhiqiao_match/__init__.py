"""The matching engine of 智桥: who can help with this need, why, and why not somebody else.

Pure Python with numpy; knows neither a database nor a web framework. See README.md.
"""

from zhiqiao_match.duplicates import Similar, alikeness, similar
from zhiqiao_match.explain import shared_phrases
from zhiqiao_match.index import Hits, Index
from zhiqiao_match.model import (
    Candidate,
    Evidence,
    Highlight,
    Match,
    Part,
    Phrase,
    Query,
    Weights,
)
from zhiqiao_match.score import DEFAULT_WEIGHTS, Ranking, find, items_of, rank
from zhiqiao_match.segment import Item

__all__ = [
    "DEFAULT_WEIGHTS",
    "Candidate",
    "Evidence",
    "Highlight",
    "Hits",
    "Index",
    "Item",
    "Match",
    "Part",
    "Phrase",
    "Query",
    "Ranking",
    "Similar",
    "Weights",
    "alikeness",
    "find",
    "items_of",
    "rank",
    "shared_phrases",
    "similar",
]
