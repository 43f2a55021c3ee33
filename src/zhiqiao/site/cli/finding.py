"""一键找专家 in a terminal: the operator of the machine sees the whole library."""

from typing import Any

from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.finder import Found, find_for_text


def answer(text: str, *, limit: int) -> Found:
    """Find experts for a text in the whole library."""
    return find_for_text(text, SYSTEM, limit=limit)


def answer_as_dict(found: Found, why_not: str) -> dict[str, Any]:
    """Return the answer in plain values."""
    return {
        "milliseconds": round(found.milliseconds, 1),
        "candidates": [
            {
                "rank": rank,
                "id": candidate.expert.pk,
                "name": candidate.expert.name,
                "unit": candidate.expert.unit,
                "score": round(candidate.score, 1),
                "reasons": list(candidate.reasons),
                "parts": [
                    {"code": p.code, "title": p.title, "value": round(p.value, 3), "sentence": p.sentence}
                    for p in candidate.parts
                ],
            }
            for rank, candidate in enumerate(found.candidates, start=1)
        ],
        "why_not": found.why_not(why_not) if why_not else [],
    }
