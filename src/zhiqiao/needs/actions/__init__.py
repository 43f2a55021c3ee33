"""Every write on needs, in the order in which a case lives."""

from zhiqiao.needs.actions.closing import archive, withdraw
from zhiqiao.needs.actions.intake import (
    accept,
    ask,
    file_need,
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

__all__ = [
    "accept",
    "accept_invitation",
    "answer_outcome",
    "archive",
    "ask",
    "attach_proof",
    "cancel_meeting",
    "decline_invitation",
    "file_need",
    "hold_meeting",
    "invite_experts",
    "invite_more",
    "lapse_invitation",
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
