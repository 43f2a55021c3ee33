"""How long something may take, and when that is over."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from zhiqiao.kit.clock.words import assumption


class Unit(Enum):
    HOURS = "个工作小时"
    DAYS = "个工作日"
    CALENDAR_DAYS = "个自然日"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as a rule states it: "4 working hours", "5 working days".

    ``round_the_clock`` counts every hour of every day, for emergencies.
    """

    unit: Unit
    amount: int | float
    round_the_clock: bool = False

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError("期限要大于零")
        if self.unit is not Unit.HOURS and self.amount != int(self.amount):
            raise ValueError("按日计算的期限要是整数")

    def __str__(self) -> str:
        if self.round_the_clock:
            return f"{self.amount:g} " + ("小时" if self.unit is Unit.HOURS else "天")
        return f"{self.amount:g} {self.unit.value}"


def hours(amount: int | float, *, round_the_clock: bool = False) -> Duration:
    """Exactly so many working hours, counted from the instant itself."""
    return Duration(Unit.HOURS, amount, round_the_clock)


def days(amount: int, *, round_the_clock: bool = False) -> Duration:
    """Until close of business of the n-th working day after the starting day.

    The starting day does not count (民法典 article 201); from a day off, the next working day is day 1.
    """
    return Duration(Unit.DAYS, amount, round_the_clock)


def calendar_days(amount: int) -> Duration:
    """So many days with days off counted; a last day that is a day off moves on to the next working day.

    Ends at close of business, and the starting day does not count (民法典 articles 201 and 203).
    """
    return Duration(Unit.CALENDAR_DAYS, amount)


@dataclass(frozen=True, slots=True)
class Due:
    """When a duration is over.

    at : the instant, UTC.
    assumed_years : years it was counted through whose holidays are not published; empty = certain.
    """

    at: datetime
    assumed_years: tuple[int, ...] = ()

    @property
    def assumed(self) -> bool:
        return bool(self.assumed_years)

    @property
    def note(self) -> str:
        """What a screen adds to the date: empty, or which year's holidays are still to come."""
        return assumption(self.assumed_years)
