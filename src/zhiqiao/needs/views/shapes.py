"""What the templates of the workbench are given: plain shapes for the components of ``kit.web``."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from zhiqiao.kit import clock
from zhiqiao.needs import desk, queries, story
from zhiqiao.needs.actions.outcome import waiting_for
from zhiqiao.needs.enums import ASKER_STAGES, InvitationState, MeetingState, Side, Stage
from zhiqiao.needs.finder import Candidate, Found
from zhiqiao.needs.models import Invitation, Meeting, Need, Outcome
from zhiqiao.needs.registers import result_of

PICKS = "picks"
_INVITATION_TONES = {
    InvitationState.SENT: "accent",
    InvitationState.ACCEPTED: "success",
    InvitationState.DECLINED: "warning",
    InvitationState.LAPSED: "warning",
}
_MEETING_TONES = {MeetingState.PLANNED: "accent", MeetingState.HELD: "success"}


def facts(need: Need) -> list[dict[str, Any]]:
    """Return the facts of a need in the order in which a clerk asks for them."""
    enterprise = need.enterprise
    budget = "" if need.budget_fen is None else f"{need.budget_fen / 100:,.0f} 元"
    contact = " ".join(part for part in (need.contact_name, need.contact_phone, need.contact_email) if part)
    rows: list[tuple[str, Any, str]] = [
        ("企业", str(enterprise), enterprise.get_absolute_url()),
        ("行业", enterprise.get_industry_display() or enterprise.industry_text, ""),
        ("联系人", contact, ""),
        ("类别", need.get_kind_display(), ""),
        ("紧急程度", need.get_urgency_display(), ""),
        ("拟投入", budget, ""),
        ("期望完成", need.wanted_on and f"{need.wanted_on:%Y-%m-%d}", ""),
        ("受理单位", need.organisation.title, ""),
        ("来源", need.get_source_display(), ""),
        ("公开范围", need.get_visibility_display(), ""),
        ("提交时间", clock.exact(need.submitted_at) if need.submitted_at else "", ""),
    ]
    if programmes := [one.name for one in need.programmes.all()]:
        rows.append(("专项行动", "、".join(programmes), ""))
    return [{"title": title, "value": value, "href": href} for title, value, href in rows]


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
    }


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
            {"side": side.label, "words": "尚未答复", "tone": "neutral"} for side in waiting_for(current, need)
        ]
    return rows


def candidates(need: Need, found: Found) -> list[dict[str, Any]]:
    """Return candidates as cards with a tick box that belongs to the form of the picks."""
    return [_candidate(rank, one) for rank, one in enumerate(found.candidates, start=1)]


def _candidate(rank: int, one: Candidate) -> dict[str, Any]:
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
        "pick": {"name": "expert", "value": expert.pk, "form": PICKS},
    }


def work(need: Need, by: Any, at: datetime) -> dict[str, Any]:
    """Return a need as a line of the inbox: when it is due, what it is, and the acts to take."""
    return {
        "need": need,
        "href": opens(need),
        "acts": desk.lay(need, by, at).main[:2] if need.stage not in ASKER_STAGES else [],
        "pick": need.stage == Stage.SUBMITTED,
    }


def opens(need: Need) -> str:
    """Return where a need of the inbox opens: what is still being written, in the form where it is written."""
    if need.stage == Stage.DRAFT:
        return reverse("needs:draft", args=(need.pk,))
    return need.get_absolute_url()


def case(need: Need, now: datetime | None = None) -> dict[str, Any]:
    """Return everything the page and the printed sheet of a need show."""
    now = now or timezone.now()
    told = story.tell(need)
    return {
        "need": need,
        "bar": told.bar(now),
        "facts": facts(need),
        "invitations": invitations(need),
        "meetings": meetings(need),
        "outcome": outcome(need),
        "ratings": list(need.ratings.all()),
        "files": [story.file_shape(need, one) for one in told.attachments],
        "story": told,
    }
