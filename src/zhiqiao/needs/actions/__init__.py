"""Every write on needs, in the order in which a case lives."""

from zhiqiao.needs.actions.bulk import BulkReport, accept_many
from zhiqiao.needs.actions.closing import archive, withdraw
from zhiqiao.needs.actions.intake import (
    EDITABLE,
    accept,
    ask,
    file_need,
    identify_enterprise,
    missing_from,
    reject,
    revise,
    save_draft,
    send_back,
    submit,
)
from zhiqiao.needs.actions.invite import (
    accept_invitation,
    decline_invitation,
    invite_experts,
    invite_more,
    lapse_invitation,
    rematch,
)
from zhiqiao.needs.actions.meet import cancel_meeting, hold_meeting, move_meeting, schedule_meeting
from zhiqiao.needs.actions.outcome import answer_outcome, attach_proof, rate, report_outcome
from zhiqiao.needs.actions.papers import attach_file

__all__ = [
    "EDITABLE",
    "BulkReport",
    "accept",
    "accept_invitation",
    "accept_many",
    "answer_outcome",
    "archive",
    "ask",
    "attach_file",
    "attach_proof",
    "cancel_meeting",
    "decline_invitation",
    "file_need",
    "hold_meeting",
    "identify_enterprise",
    "invite_experts",
    "invite_more",
    "lapse_invitation",
    "missing_from",
    "move_meeting",
    "rate",
    "reject",
    "rematch",
    "report_outcome",
    "revise",
    "save_draft",
    "schedule_meeting",
    "send_back",
    "submit",
    "withdraw",
]
