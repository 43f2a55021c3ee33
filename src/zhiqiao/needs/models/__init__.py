"""A technology need and everything that happens to it on the way to an outcome."""

from zhiqiao.needs.models.case import Need, NumberSeries, Programme
from zhiqiao.needs.models.knowledge import SolutionCard
from zhiqiao.needs.models.package import Package, PackageLayout
from zhiqiao.needs.models.recommendation import Recommendation
from zhiqiao.needs.models.result import Closing, Confirmation, Outcome, Rating
from zhiqiao.needs.models.secrecy import Pledge
from zhiqiao.needs.models.service import Attendance, Invitation, Meeting
from zhiqiao.needs.models.substitute import Substitute
from zhiqiao.needs.models.talk import Letter, Message, MessageMove, Participant, SavedReply

__all__ = [
    "Attendance",
    "Closing",
    "Confirmation",
    "Invitation",
    "Letter",
    "Meeting",
    "Message",
    "MessageMove",
    "Need",
    "NumberSeries",
    "Outcome",
    "Package",
    "PackageLayout",
    "Participant",
    "Pledge",
    "Programme",
    "Rating",
    "Recommendation",
    "SavedReply",
    "SolutionCard",
    "Substitute",
]
