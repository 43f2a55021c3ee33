"""What the templates of the workbench are given: plain shapes for the components of ``kit.web``."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.urls import reverse
from django.utils import timezone

from zhiqiao.kit import clock
from zhiqiao.needs import desk, links, queries, story
from zhiqiao.needs.actions.outcome import waiting_for
from zhiqiao.needs.enums import InvitationState, MeetingState, Side, Stage
from zhiqiao.needs.finder import Candidate, Found
from zhiqiao.needs.models import Invitation, Meeting, Need, Outcome
from zhiqiao.needs.registers import result_of, stage_badge
from zhiqiao.needs.sheets import UNKNOWN_ENTERPRISE

PICKS = "picks"
_IN_FORM = {"invite", "engage", "schedule", "hold", "report", "confirm", "rate"}
FEW, MANY = 5, 10
"""How many candidates stand beside a need, and on a page of their own."""
OPENED = 3
_INVITATION_TONES = {
    InvitationState.SENT: "accent",
    InvitationState.ACCEPTED: "success",
    InvitationState.DECLINED: "warning",
    InvitationState.LAPSED: "warning",
}
_FOR_ASKER = {
    Stage.DRAFT: "继续填写",
    Stage.RETURNED: "补充后提交",
    Stage.CONFIRMING: "确认结果",
    Stage.RATING: "评价",
}
_MEETING_TONES = {MeetingState.PLANNED: "accent", MeetingState.HELD: "success"}


def facts(need: Need) -> list[dict[str, Any]]:
    """Return the facts of a need in the order in which a clerk asks for them; what nobody gave is left out."""
    enterprise = need.enterprise
    rows = [
        *brief(need),
        _fact("行业", enterprise.get_industry_display() or enterprise.industry_text),
        _fact("类别", need.get_kind_display()),
        _fact("紧急程度", need.get_urgency_display()),
        _fact("拟投入", "" if need.budget_fen is None else f"{need.budget_fen / 100:,.0f} 元"),
        _fact("期望完成", f"{need.wanted_on:%Y-%m-%d}" if need.wanted_on else ""),
        _fact("来源", need.get_source_display()),
        _fact("公开范围", need.get_visibility_display()),
        _fact("提交时间", clock.exact(need.submitted_at) if need.submitted_at else ""),
        _fact("专项行动", "、".join(one.name for one in need.programmes.all())),
    ]
    return [row for row in rows if row["value"]]


def brief(need: Need) -> list[dict[str, Any]]:
    """Return the facts needed to recognise a case and to telephone."""
    enterprise = need.enterprise
    known = str(enterprise) != UNKNOWN_ENTERPRISE
    note = "" if known else "台账里没有写是哪家企业，请用“核实企业”补上。"
    contact = " ".join(part for part in (need.contact_name, need.contact_phone, need.contact_email) if part)
    return [
        _fact("企业", str(enterprise), enterprise.get_absolute_url(), note),
        _fact("联系人", contact or "未填，请用“修改需求”补上"),
        _fact("受理单位", need.organisation.title),
    ]


def _fact(title: str, value: str, href: str = "", note: str = "") -> dict[str, Any]:
    return {"title": title, "value": value, "href": href, "note": note}


def invitations(need: Need) -> list[dict[str, Any]]:
    """Return the line of experts, in order."""
    return [_invitation(one) for one in need.invitations.all()]


def _invitation(one: Invitation) -> dict[str, Any]:
    state = InvitationState(one.state)
    reason = one.get_reason_display() if one.reason else ""
    return {
        "row": one,
        "tone": _INVITATION_TONES.get(state, "neutral"),
        "due_at": one.due_at if state == InvitationState.SENT else None,
        "note": "：".join(part for part in (reason, one.note) if part),
        "hand_over": _link_to_hand_over(one),
    }


def _link_to_hand_over(one: Invitation) -> str:
    """Return the expert's own link where no message reaches her: somebody has to pass it on."""
    reached = one.expert.phone or one.expert.email or one.expert.person_id
    live = one.state in (InvitationState.SENT, InvitationState.ACCEPTED)
    return links.invitation_url(one) if live and not reached else ""


def meetings(need: Need) -> list[dict[str, Any]]:
    """Return the meetings, each with who was there."""
    return [_meeting(one) for one in need.meetings.all()]


def _meeting(one: Meeting) -> dict[str, Any]:
    came = {side: "、".join(a.name for a in one.attendance.all() if a.side == side) for side in Side.values}
    return {
        "row": one,
        "tone": _MEETING_TONES.get(MeetingState(one.state), "neutral"),
        "where": one.place or one.link,
        "experts": came[Side.EXPERT],
        "people": came[Side.ENTERPRISE],
    }


def outcome(need: Need) -> dict[str, Any] | None:
    """Return the outcome as it stands, with each side's answer; silence shows as silence."""
    current = queries.current_outcome(need)
    if current is None:
        return None
    return {
        "row": current,
        "words": result_of(need),
        "tone": "success" if current.confirmed_at else "warning",
        "amount": "" if current.amount_fen is None else f"{current.amount_fen / 100:,.2f} 元",
        "answers": _answers(current, need),
    }


def _answers(current: Outcome, need: Need) -> list[dict[str, Any]]:
    rows = [
        {
            "side": one.get_side_display(),
            "words": "同意" if one.agrees else "不同意",
            "tone": "success" if one.agrees else "danger",
            "who": one.by_name,
            "at": one.at,
            "note": one.note,
        }
        for one in current.confirmations.all()
    ]
    if need.stage == Stage.CONFIRMING:
        rows += [
            {"side": side.label, "words": "尚未答复", "tone": "neutral"}
            for side in waiting_for(current, need)
        ]
    return rows


def finding(
    need: Need, found: Found, kept: Sequence[str], at: datetime, *, opened: int = 0
) -> dict[str, Any]:
    """Return what the finder's panel shows: cards with a tick box that belongs to the form of the picks.

    kept : keys of experts picked before; those not among the cards stay picked unseen.
    opened : of how many candidates the evidence is laid open.
    """
    cards = [_candidate(rank, one, kept, opened) for rank, one in enumerate(found.candidates, start=1)]
    shown = {str(one.expert.pk) for one in found.candidates}
    return {
        "need": need,
        "found": found,
        "candidates": cards,
        "picks": PICKS,
        "kept": [key for key in kept if key not in shown],
        "finding": inviting(need, at),
    }


def inviting(need: Need, at: datetime) -> str:
    """Return the act by which experts are asked just now: to begin with, or beside those asked already."""
    return "invite_more" if desk.ACTS["invite_more"].fits(need, at) else "invite"


def _candidate(rank: int, one: Candidate, kept: Sequence[str], opened: int) -> dict[str, Any]:
    expert = one.expert
    return {
        "rank": rank,
        "name": expert.name,
        "title": expert.title,
        "organisation": expert.unit,
        "href": expert.get_absolute_url(),
        "score": one.score,
        "tags": [expert.get_kind_display(), *expert.discipline_titles[:2]],
        "parts": one.parts,
        "evidence": one.evidence,
        "evidence_words": f"相关材料 {len(one.evidence)} 项",
        "opened": rank <= opened,
        "pick": {"name": "expert", "value": expert.pk, "form": PICKS, "checked": str(expert.pk) in kept},
    }


def work(need: Need, by: Any, at: datetime, own: Collection[str] = ()) -> dict[str, Any]:
    """Return a need as a line of the inbox: when it is due, what it is, and the acts to take.

    own : paths of the reader's own organisations; a need handled by another one says by which.
    """
    acts = desk.lay(need, by, at).main[:2]
    return {
        "need": need,
        "handler": "" if need.organisation.path in own else need.organisation.title,
        "href": opens(need),
        "acts": acts,
        "label": _FOR_ASKER.get(Stage(need.stage), "打开"),
        "pick": any(act.name == "accept" for act in acts),
        "group": _group(need.due_at, at),
    }


def _group(due_at: datetime | None, at: datetime) -> str:
    """Return the heading under which a line of the inbox stands."""
    if due_at is None:
        return "暂停或没有时限"
    days = (clock.local_date(due_at) - clock.local_date(at)).days
    if due_at < at:
        return "已逾期"
    return {0: "今天", 1: "明天"}.get(days, "本周" if days < 7 - clock.local(at).weekday() else "以后")


def opens(need: Need) -> str:
    """Return where a need of the inbox opens: what is still being written, in the form where it is written."""
    if need.stage in (Stage.DRAFT, Stage.RETURNED):
        return reverse("needs:draft", args=(need.pk,))
    return need.get_absolute_url()


def on_paper(case: dict[str, Any]) -> dict[str, Any]:
    """Arrange a case for the sheet: facts two abreast, and the timeline in two columns to be read down.

    What stands in the form above (minutes, result, who was invited) is not said again in the timeline.
    """
    said = _IN_FORM - {"report"} if len(case["need"].outcomes.all()) > 1 else _IN_FORM
    lines = [
        {"event": one, "note": "" if one.step in said else one.note}
        for one in case["story"].events
        if one.step != "note"
    ]
    half = (len(lines) + 1) // 2
    facts = case["facts"]
    return {
        **case,
        "pairs": [facts[i : i + 2] for i in range(0, len(facts), 2)],
        "lines": list(zip_longest(lines[:half], lines[half:])),
    }


def case(need: Need, now: datetime | None = None) -> dict[str, Any]:
    """Return everything the page and the printed sheet of a need show."""
    now = now or timezone.now()
    told = story.tell(need)
    return {
        "need": need,
        "stage": stage_badge(need),
        "finished": need.stage in queries.FINISHED,
        "bar": told.bar(now),
        "facts": facts(need),
        "invitations": invitations(need),
        "meetings": meetings(need),
        "outcome": outcome(need),
        "ratings": list(need.ratings.all()),
        "files": [story.file_shape(need, one) for one in told.attachments],
        "story": told,
    }
