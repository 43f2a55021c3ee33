"""The tables of all mechanisms of the kit, gathered where Django looks for them."""

from zhiqiao.kit.audit.models import AuditEntry, AuditHead
from zhiqiao.kit.clock.models import CalendarDay, WorkingHours
from zhiqiao.kit.files.models import Attachment, StoredFile
from zhiqiao.kit.flow.models import Transition
from zhiqiao.kit.jobs.models import Job, Schedule
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.web.models import Draft, Submission

__all__ = [
    "Attachment",
    "AuditEntry",
    "AuditHead",
    "CalendarDay",
    "Delivery",
    "Draft",
    "ImportRun",
    "Job",
    "Schedule",
    "StoredFile",
    "Submission",
    "Transition",
    "WorkingHours",
]
