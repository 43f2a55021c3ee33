"""The story of a case as one of its parties reads it: the steps that concern her, in words for her."""

from typing import TYPE_CHECKING

from zhiqiao.kit.flow import Transition
from zhiqiao.needs.enums import InvitationState
from zhiqiao.needs.story import Event

if TYPE_CHECKING:
    from zhiqiao.needs.party import Case

# Step -> what a party reads of it, and whether the words written with it are meant for her.
FOR_ENTERPRISE = {
    "submit": ("提交需求", False),
    "accept": ("受理", True),
    "send_back": ("请您补充", True),
    "reject": ("不予受理", True),
    "invite": ("发出专家邀请", False),
    "exhaust": ("受邀专家暂未接受，继续寻找", False),
    "engage": ("专家接受邀请", True),
    "schedule": ("约定对接", True),
    "hold": ("完成对接", True),
    "rematch": ("重新寻找专家", False),
    "report": ("登记结果", True),
    "dispute": ("对结果有异议", True),
    "confirm": ("双方确认结果", False),
    "rate": ("企业评价", True),
    "archive": ("办结归档", True),
    "withdraw": ("撤回需求", True),
}
FOR_EXPERT = {
    name: FOR_ENTERPRISE[name] for name in ("schedule", "hold", "report", "dispute", "confirm", "archive")
} | {"withdraw": ("企业撤回需求", False), "rematch": ("改请其他专家", False)}
_TONES = {"confirm": "success", "archive": "success", "send_back": "warning", "dispute": "warning"}


def told_to_enterprise(case: "Case") -> list[Event]:
    return [_event(t, FOR_ENTERPRISE) for t in case.history if t.step in FOR_ENTERPRISE]


def told_to_expert(case: "Case") -> list[Event]:
    """Her own invitation and answer; and while she takes part, what both sides share."""
    invitation = case.invitation
    if invitation is None:
        return []
    events = []
    if invitation.sent_at:
        events.append(Event(case.need.organisation.title, invitation.sent_at, "发出邀请", invitation.message))
    if invitation.answered_at:
        what = {"accepted": "您接受邀请", "declined": "您婉拒邀请"}.get(invitation.state, "答复期限已过")
        who = invitation.expert.name if invitation.state != InvitationState.LAPSED else "智桥"
        events.append(Event(who, invitation.answered_at, what, invitation.note))
    if invitation.state != InvitationState.ACCEPTED or invitation.answered_at is None:
        return events
    for transition in case.history if case.details else ():
        if transition.at >= invitation.answered_at and transition.step in FOR_EXPERT:
            events.append(_event(transition, FOR_EXPERT))
            if transition.step == "rematch":
                break
    return events


def _event(transition: Transition, words: dict[str, tuple[str, bool]]) -> Event:
    what, with_note = words[transition.step]
    note = transition.note if with_note else ""
    return Event(transition.actor_name, transition.at, what, note, _TONES.get(transition.step, "accent"))
