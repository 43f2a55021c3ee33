"""一键找专家 in a terminal: the operator of the machine sees the whole library."""

from collections.abc import Iterator
from typing import Any

from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.finder import Found, Team, find_for_text, team_for_text

BAR = 10  # characters


def answer(text: str, *, limit: int) -> Found:
    """Find experts for a text in the whole library."""
    return find_for_text(text, SYSTEM, limit=limit)


def team_for(text: str) -> Team:
    """Assemble the smallest team for a text from the whole library."""
    return team_for_text(text, SYSTEM)


def answer_as_dict(found: Found, why_not: str, team: Team | None = None) -> dict[str, Any]:
    """Return the answer in plain values."""
    return ({} if team is None else {"team": _team_as_dict(team)}) | {
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


def _team_as_dict(team: Team) -> dict[str, Any]:
    return {
        "sentence": team.sentence,
        "members": [
            {
                "id": member.expert.pk,
                "name": member.expert.name,
                "unit": member.expert.unit,
                "covers": [{"text": one.words, "value": round(one.value, 3)} for one in member.covers],
            }
            for member in team.members
        ],
        "uncovered": list(team.uncovered),
    }


def answer_in_words(found: Found, why_not: str, team: Team | None = None) -> Iterator[str]:
    """Yield the answer as lines: who, with what score, what each part adds and why; then who is not there."""
    for rank, candidate in enumerate(found.candidates, start=1):
        yield f"{rank}. {candidate.expert}  {candidate.score:.0f} 分"
        for part in candidate.parts:
            yield f"   {part.title} {_bar(part.value)} {part.sentence}"
    for sentence in found.why_not(why_not) if why_not else ():
        yield f"为什么没有{why_not}：{sentence}"
    if team is not None:
        yield f"组一支团队：{team.sentence}"
        for member in team.members:
            yield f"   {member.expert}"
            for one in member.covers:
                yield f"     {_bar(one.value)} {one.words}"
    yield f"{len(found.candidates)} 位，用时 {found.milliseconds:.0f} 毫秒"


def _bar(value: float) -> str:
    """Draw a value of 0..1: ▇▇▇▇······."""
    full = round(max(0.0, min(1.0, value)) * BAR)
    return "▇" * full + "·" * (BAR - full)
