"""A technology need and everything that happens to it on the way to an outcome."""

from zhiqiao.needs.models.case import Need, NumberSeries, Programme
from zhiqiao.needs.models.result import Closing, Confirmation, Outcome, Rating
from zhiqiao.needs.models.service import Attendance, Invitation, Meeting

__all__ = [
    "Attendance",
    "Closing",
    "Confirmation",
    "Invitation",
    "Meeting",
    "Need",
    "NumberSeries",
    "Outcome",
    "Programme",
    "Rating",
]
