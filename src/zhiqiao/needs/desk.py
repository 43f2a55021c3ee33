"""What somebody can do at a need just now, and for whom the rest waits: the buttons of its page and of the inbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.needs import rules
from zhiqiao.needs.enums import MeetingState, Source, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Meeting, Need
from zhiqiao.needs.queries import FINISHED, current_outcome

Fits = Callable[[Need, datetime], bool]
Rule = Callable[[By, Need], Answer]


@dataclass(frozen=True, slots=True)
class Act:
    """Something the workbench offers at a need: a step of the flow, or a small act within a stage.

    fits : whether it makes sense now, beyond the stage; the action itself still has the last word.
    who : for an act that is no step, the rule that its action asks.
    """

    name: str
    title: str
    fits: Fits = lambda need, at: True
    who: Rule = rules.is_handler

    @property
    def is_step(self) -> bool:
        return self.name in NEED_FLOW.steps


@dataclass(frozen=True, slots=True)
class Desk:
    """What a person finds on her desk: the next acts, others that are possible, and who has the other steps.

    writes : the need is still being written, and she may go on with it where it is written.
    """

    main: list[Act]
    more: list[Act]
    waiting: list[tuple[str, str]]
    writes: bool = False


def planned_meeting(need: Need) -> Meeting | None:
    """Return the meeting that has been fixed and not held yet."""
    return next((m for m in need.meetings.all() if m.state == MeetingState.PLANNED), None)


def _has_date(need: Need, at: datetime) -> bool:
    return planned_meeting(need) is not None


def _has_no_date(need: Need, at: datetime) -> bool:
    return planned_meeting(need) is None


def _is_over(need: Need, at: datetime) -> bool:
    """Say whether the enterprise has rated or has had its time to."""
    return need.stage != Stage.RATING or need.due_at is None or at >= need.due_at


def _is_submitted(need: Need, at: datetime) -> bool:
    return need.stage != Stage.DRAFT


def _is_open(need: Need, at: datetime) -> bool:
    return need.stage not in FINISHED and need.stage != Stage.DRAFT


def _came_by_ledger(need: Need, at: datetime) -> bool:
    """Say whether the enterprise was read from a list, where it may be missing or misspelt."""
    return need.source == Source.IMPORT and _is_open(need, at)


def _has_outcome(need: Need, at: datetime) -> bool:
    return current_outcome(need) is not None


ACTS = {
    act.name: act
    for act in (
        Act("accept", "受理"),
        Act("send_back", "退回补正"),
        Act("reject", "不予受理"),
        Act("invite", "邀请专家"),
        Act("invite_more", "追加候补专家", lambda need, at: need.stage == Stage.INVITING),
        Act("schedule", "约定对接", _has_no_date),
        Act("hold", "登记对接", _has_date),
        Act("move_meeting", "改期", _has_date),
        Act("cancel_meeting", "取消对接", _has_date),
        Act("report", "登记结果"),
        Act("archive", "归档", _is_over),
        Act("rematch", "重新匹配"),
        Act("prove", "补充成效证据", _has_outcome),
        Act("attach", "上传材料", _is_submitted, rules.may_ask),
        Act("revise", "修改需求", _is_open),
        Act("identify", "核实企业", _came_by_ledger),
        Act("pause", "暂停计时", lambda need, at: bool(NEED_FLOW.may_pause(need))),
        Act("resume", "恢复计时", lambda need, at: need.paused_until is not None),
        Act("hurry", "转为应急计时", lambda need, at: _is_open(need, at) and not need.round_the_clock),
        Act("unhurry", "取消应急计时", lambda need, at: _is_open(need, at) and need.round_the_clock),
        Act("withdraw", "撤回"),
    )
}

_NEXT: dict[str, tuple[str, ...]] = {
    Stage.SUBMITTED: ("accept", "send_back", "reject"),
    Stage.MATCHING: ("invite", "resume"),
    Stage.ARRANGING: ("schedule", "resume"),
    Stage.SCHEDULED: ("hold", "resume", "move_meeting", "schedule"),
    Stage.MET: ("report", "resume", "schedule"),
    Stage.RATING: ("archive",),
    Stage.CLOSING: ("archive",),
}
"""What moves a need on from each stage, the likeliest first; everything else stands under 其他操作."""


def may(act: str, need: Need, by: By) -> Answer:
    """Say whether somebody may do an act at this need now, or why not."""
    if ACTS[act].is_step:
        return NEED_FLOW.check(need, act, by)
    return ACTS[act].who(by, need)


def lay(need: Need, by: By, at: datetime) -> Desk:
    """Lay out a person's desk. Asks the rules of the present stage only, so it costs no query of its own."""
    steps = NEED_FLOW.next_steps(need.stage)
    answers = {step.name: step.who(by, need) for step in steps if step.who is not rules.is_system}
    open_now = [act for act in ACTS.values() if _is_offered(act, need, by, at, answers)]
    first = _NEXT.get(need.stage, ())
    main = [act for name in first for act in open_now if act.name == name]
    writes = bool(answers.get("submit", False))
    return Desk(main, [act for act in open_now if act not in main], _waiting(answers, writes), writes)


def _is_offered(act: Act, need: Need, by: By, at: datetime, answers: dict[str, Answer]) -> bool:
    answer = answers.get(act.name, False) if act.is_step else act.who(by, need)
    return bool(answer) and act.fits(need, at)


def _waiting(answers: dict[str, Answer], writes: bool) -> list[tuple[str, str]]:
    """Return the steps that are not this person's, as (titles, who can take them).

    An answer for the enterprise or the expert is never given at the workbench, even by a member of staff
    who may ask on an enterprise's behalf: silence is not yes.
    """
    told: dict[str, list[str]] = {}
    for name, answer in answers.items():
        if name == "dispute" or (name == "submit" and writes):
            continue  # an objection comes from whoever is waited for to confirm; and nobody waits for herself
        step = NEED_FLOW.steps[name]
        if name not in ACTS:
            who = (step.who.__doc__ or "").strip().partition("\n")[0]
            told.setdefault(f"由{who}办理。", []).append(step.title)
        elif isinstance(answer, Refusal):
            told.setdefault(answer.message, []).append(step.title)
    return [("、".join(titles), sentence) for sentence, titles in told.items()]
