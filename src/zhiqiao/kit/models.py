"""The tables of all mechanisms of the kit, gathered where Django looks for them."""

from zhiqiao.kit.audit.models import AuditEntry, AuditHead
from zhiqiao.kit.clock.models import CalendarDay, WorkingHours
from zhiqiao.kit.files.models import Attachment, StoredFile
from zhiqiao.kit.flow.models import Clock, ClockTerm, Pause, Transition
from zhiqiao.kit.jobs.models import Job, Schedule
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.search.models import Collection, Delta, Page, Segment
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.web.models import Draft, Submission

__all__ = [
    "Attachment",
    "AuditEntry",
    "AuditHead",
    "CalendarDay",
    "Clock",
    "ClockTerm",
    "Collection",
    "Delivery",
    "Delta",
    "Draft",
    "ImportRun",
    "Job",
    "Page",
    "Pause",
    "Schedule",
    "Segment",
    "StoredFile",
    "Submission",
    "Transition",
    "WorkingHours",
]
