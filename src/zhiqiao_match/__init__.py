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
from zhiqiao_match.rescore import closest
from zhiqiao_match.score import DEFAULT_WEIGHTS, Ranking, find, items_of, part_values, rank
from zhiqiao_match.segment import Item
from zhiqiao_match.team import Team, assemble_team, fields_of, fits_of

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
    "Team",
    "Weights",
    "alikeness",
    "assemble_team",
    "closest",
    "fields_of",
    "find",
    "fits_of",
    "items_of",
    "part_values",
    "rank",
    "shared_phrases",
    "similar",
]
