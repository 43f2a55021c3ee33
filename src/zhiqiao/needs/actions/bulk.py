"""One act on many needs: each is taken by itself, so that one that cannot go does not hold up the others."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Refusal, Refused
from zhiqiao.needs.actions.intake import accept
from zhiqiao.needs.models import Need


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What went, and what did not and why."""

    done: list[Need] = field(default_factory=list)
    refused: list[tuple[Need, Refusal]] = field(default_factory=list)


def accept_many(needs: Iterable[Need], *, by: By, at: datetime) -> BulkReport:
    """Take on every one of these needs that can be taken on; each in a transaction of its own."""
    report = BulkReport()
    for need in needs:
        try:
            accept(need, by=by, at=at)
        except Refused as refused:
            report.refused.append((need, refused.refusal))
        else:
            report.done.append(need)
    return report
