"""Experts for several needs at once: each need gets its line through the ordinary invitation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from zhiqiao.directory.models import Expert
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Refused
from zhiqiao.needs.actions.bulk import BulkReport
from zhiqiao.needs.actions.invite import invite_experts
from zhiqiao.needs.models import Need


@dataclass(frozen=True, slots=True)
class Lineup:
    """The experts of one need in the order in which they are asked, and why each was proposed."""

    need: Need
    experts: Sequence[Expert]
    why: Mapping[int, list[str]] = field(default_factory=dict)


def staff_many(
    lineups: Iterable[Lineup], *, by: By, at: datetime, wanted: int = 1, message: str = ""
) -> BulkReport:
    """Invite the experts of every need that can be invited for; each need in a transaction of its own.

    wanted : how many experts of a need are asked at the same time; the others wait as alternates.
    """
    report = BulkReport()
    for lineup in sorted(lineups, key=lambda one: one.need.pk):
        try:
            invite_experts(
                lineup.need, lineup.experts, by=by, at=at, message=message, wanted=wanted, why=lineup.why
            )
        except Refused as refused:
            report.refused.append((lineup.need, refused.refusal))
        else:
            report.done.append(lineup.need)
    return report
