"""The holidays the State Council has published, from a maintained library; rows in the database win.

The library knows days off and make-up working days (调休) of the years published when it was released.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from zhiqiao.kit.clock.calendar import Calendar, Day

# 《全国年节及纪念日放假办法》(国务院令第795号, in force from 2025) fixes these by date; the other holidays
# follow the lunar calendar and move weekends about, which only the yearly notice settles.
FIXED_HOLIDAYS: Mapping[tuple[int, int], str] = MappingProxyType(
    {
        (1, 1): "元旦",
        (5, 1): "劳动节",
        (5, 2): "劳动节",
        (10, 1): "国庆节",
        (10, 2): "国庆节",
        (10, 3): "国庆节",
    }
)


@lru_cache(maxsize=1)
def library_days() -> Mapping[date, Day]:
    """Return every day off and make-up working day the library knows (2004 onwards), named in Chinese."""
    from chinese_calendar import Holiday
    from chinese_calendar.constants import holidays, workdays

    names = {holiday.value: holiday.chinese for holiday in Holiday}
    days = {on: Day(False, names.get(name, name)) for on, name in holidays.items()}
    days.update({on: Day(True, f"{names.get(name, name)}调休上班") for on, name in workdays.items()})
    return MappingProxyType(days)


def published_years(days: Mapping[date, Day]) -> frozenset[int]:
    """Return the years whose notice is out: those in which the 1st of October is declared a day off."""
    return frozenset(on.year for on, day in days.items() if (on.month, on.day) == (10, 1) and not day.working)


@lru_cache(maxsize=1)
def standard_calendar() -> Calendar:
    """Return the calendar of an office that has changed nothing."""
    days = library_days()
    return Calendar(exceptions=days, published=published_years(days), assumed=FIXED_HOLIDAYS)
