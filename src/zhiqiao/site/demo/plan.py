"""What becomes of every need of 双千行动, so that its published figures come out of the records.

478 submitted = 393 closed + 85 still open; 223 of the closed ones solved or in cooperation; 520 services.
Here the lots are cast; ``lives`` lets them happen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from zhiqiao.needs.enums import Result, Stage, UnsolvedReason

NEEDS, CLOSED, SUCCESSES, SERVICES = 478, 393, 223, 520

_RESULTS = {Result.SOLVED: 131, Result.COOPERATION: 92, Result.PARTLY: 58}
_UNSOLVED = {
    UnsolvedReason.TECHNOLOGY: 33,
    UnsolvedReason.COST: 24,
    UnsolvedReason.NO_EXPERT: 19,
    UnsolvedReason.GAVE_UP: 16,
    UnsolvedReason.ELSEWHERE: 13,
    UnsolvedReason.OTHER: 7,
}
# How many of the unsolved ones ended before anybody met.
_NEVER_MET = {UnsolvedReason.NO_EXPERT: 19, UnsolvedReason.GAVE_UP: 8, UnsolvedReason.ELSEWHERE: 7}

# Where the 85 open ones stand, and at which of them the two sides have met once.
_OPEN = (
    (Stage.RETURNED, 3, 0),
    (Stage.MATCHING, 12, 6),
    (Stage.INVITING, 10, 0),
    (Stage.ARRANGING, 9, 0),
    (Stage.SCHEDULED, 11, 11),
    (Stage.MET, 16, 16),
    (Stage.CONFIRMING, 14, 14),
    (Stage.RATING, 6, 6),
    (Stage.CLOSING, 4, 4),
)

# How the extra services arise: (cases, meetings). In some of the cases another expert is found in between.
_LONGER = ((76, 2), (14, 3))
_ANEW = 9

# How many needs came in month by month, roughly: a slow start, two busy autumns, the end of the campaign.
_BUSY = (
    ("2020-03", 4), ("2020-04", 10), ("2020-05", 15), ("2020-06", 19), ("2020-07", 20), ("2020-08", 17),
    ("2020-09", 25), ("2020-10", 24), ("2020-11", 27), ("2020-12", 22), ("2021-01", 14), ("2021-02", 6),
    ("2021-03", 24), ("2021-04", 29), ("2021-05", 32), ("2021-06", 30), ("2021-07", 25), ("2021-08", 20),
    ("2021-09", 17), ("2021-10", 11),
)  # fmt: skip


@dataclass(slots=True)
class Lot:
    """What is to become of one need.

    day : on which it comes in. result : what is reported; None while open. stage : where it stands in the
    end. meetings : how often the two sides met in the years of the campaign. anew : after the first time
    another expert was looked for. turn : counts the open ones of a stage.
    """

    day: date
    stage: Stage
    result: Result | None = None
    reason: str = ""
    meetings: int = 0
    anew: bool = False
    turn: int = 0


def lots(rng: Random) -> list[Lot]:
    """Cast all 478 lots, in the order in which the needs come in."""
    closed = [*_closed(rng)]
    drawn = [*closed, *_open(rng)]
    services = sum(lot.meetings for lot in drawn)
    if (len(drawn), len(closed), services) != (NEEDS, CLOSED, SERVICES):
        raise AssertionError(f"the lots do not add up: {len(drawn)}, {len(closed)}, {services}")
    return sorted(drawn, key=lambda lot: lot.day)


def _closed(rng: Random) -> Iterator[Lot]:
    fates: list[tuple[Result, str, bool]] = [
        (result, "", True) for result, count in _RESULTS.items() for _ in range(count)
    ]
    for why, count in _UNSOLVED.items():
        never = _NEVER_MET.get(why, 0)
        fates += [(Result.UNSOLVED, why.value, number >= never) for number in range(count)]
    rng.shuffle(fates)
    longer = [meetings for count, meetings in _LONGER for _ in range(count)]
    for result, reason, met in fates:
        meetings = (longer.pop() if longer else 1) if met else 0
        day = _day(rng, before="2021-08" if meetings > 1 else "2021-11")
        yield Lot(day, Stage.ARCHIVED, result, reason, meetings, anew=meetings == 2 and len(longer) < _ANEW)


def _open(rng: Random) -> Iterator[Lot]:
    """The rest came in towards the end; what became of them since is told by ``leftovers``."""
    for stage, count, met in _OPEN:
        for number in range(count):
            late = stage == Stage.RETURNED
            first, span = (date(2021, 12, 6), 20) if late else (date(2021, 7, 12), 122)
            day = first + timedelta(days=int(span * rng.random() ** 0.7))
            yield Lot(day, stage, meetings=int(number < met), turn=number)


def _day(rng: Random, before: str) -> date:
    """Draw a day of a month before ``before``, busy months more often."""
    months = [(month, weight) for month, weight in _BUSY if month < before]
    month = rng.choices([name for name, _ in months], [weight for _, weight in months])[0]
    first = 16 if month == "2020-03" else 1
    last = 12 if month == "2021-10" else 28
    return date(int(month[:4]), int(month[5:]), rng.randint(first, last))
