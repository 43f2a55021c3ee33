"""Every write on needs, in the order in which a case lives."""

from zhiqiao.needs.actions.bulk import BulkReport, accept_many
from zhiqiao.needs.actions.closing import archive, withdraw
from zhiqiao.needs.actions.conflict import decide_conflict
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
from zhiqiao.needs.actions.knowledge import draft_card, release_card, save_card, withdraw_card
from zhiqiao.needs.actions.meet import cancel_meeting, hold_meeting, move_meeting, schedule_meeting
from zhiqiao.needs.actions.outcome import answer_outcome, attach_proof, rate, report_outcome
from zhiqiao.needs.actions.package import ask_for_package, make_package, open_package, save_layout
from zhiqiao.needs.actions.papers import attach_file
from zhiqiao.needs.actions.pause import hurry_clocks, pause_clocks, resume_clocks
from zhiqiao.needs.actions.recommend import recommend_output
from zhiqiao.needs.actions.secrecy import enter_pledge, withdraw_pledge
from zhiqiao.needs.actions.staff import Lineup, staff_many
from zhiqiao.needs.actions.substitute import Named, leave_substitute, take_substitute
from zhiqiao.needs.actions.talk import (
    delete_reply,
    follow,
    move_message,
    save_reply,
    undo_move,
    write_message,
)
from zhiqiao.needs.actions.talk_mail import claim_letter, discard_letter, pass_letter, receive_letter

__all__ = [
    "EDITABLE",
    "BulkReport",
    "Lineup",
    "Named",
    "accept",
    "accept_invitation",
    "accept_many",
    "answer_outcome",
    "archive",
    "ask",
    "ask_for_package",
    "attach_file",
    "attach_proof",
    "cancel_meeting",
    "claim_letter",
    "decide_conflict",
    "decline_invitation",
    "delete_reply",
    "discard_letter",
    "draft_card",
    "enter_pledge",
    "file_need",
    "follow",
    "hold_meeting",
    "hurry_clocks",
    "identify_enterprise",
    "invite_experts",
    "invite_more",
    "lapse_invitation",
    "leave_substitute",
    "make_package",
    "missing_from",
    "move_meeting",
    "move_message",
    "open_package",
    "pass_letter",
    "pause_clocks",
    "rate",
    "receive_letter",
    "recommend_output",
    "reject",
    "release_card",
    "rematch",
    "report_outcome",
    "resume_clocks",
    "revise",
    "save_card",
    "save_draft",
    "save_layout",
    "save_reply",
    "schedule_meeting",
    "send_back",
    "staff_many",
    "submit",
    "take_substitute",
    "undo_move",
    "withdraw",
    "withdraw_card",
    "withdraw_pledge",
    "write_message",
]
