"""The two sides meet: a date is fixed, moved or cancelled, and what happened is written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from zhiqiao.directory.models import Expert
from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.enums import InvitationState, MeetingMode, MeetingState, Side
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Attendance, Meeting, Need

MINUTES_WITHIN = NEED_FLOW.clocks["minutes"].within


@transaction.atomic
def schedule_meeting(
    need: Need,
    *,
    mode: str,
    starts_at: datetime,
    by: By,
    at: datetime,
    place: str = "",
    link: str = "",
    minutes_long: int = 90,
) -> Meeting:
    """Fix when and how the two sides meet; both get an invitation with a calendar file.

    :raises Refused: the way of meeting lacks its place or link; the need has moved on.
    """
    _require_where(mode, place, link)
    if Meeting.objects.filter(need=need, state=MeetingState.PLANNED).exists():
        refuse("needs.meeting_planned", "已有一次约定好的对接，请先登记、改期或取消。")
    meeting = Meeting.objects.create(
        need=need,
        mode=mode,
        starts_at=starts_at,
        minutes_long=minutes_long,
        place=place,
        link=link,
        created_at=at,
    )
    where = place or link or "电话"
    NEED_FLOW.advance(
        need,
        "schedule",
        by=by,
        at=at,
        note=f"{clock.exact(starts_at)}，{meeting.get_mode_display()}：{where}",
        data={"meeting": meeting.pk},
        counted_from=_end_of(meeting),
    )
    return meeting


def _end_of(meeting: Meeting) -> datetime:
    """The minutes are due some working days after the meeting ends."""
    return meeting.starts_at + timedelta(minutes=meeting.minutes_long)


@transaction.atomic
def move_meeting(
    meeting: Meeting, *, starts_at: datetime, by: By, at: datetime, place: str = "", link: str = ""
) -> None:
    """Change when or where; calendars that hold the meeting update themselves (same UID, next sequence)."""
    require(rules.is_handler(by, meeting.need))
    if meeting.state != MeetingState.PLANNED:
        refuse("needs.meeting_over", "这次对接已经举行或取消，不能改期。")
    _require_where(meeting.mode, place, link)
    before = {"starts_at": meeting.starts_at, "place": meeting.place, "link": meeting.link}
    meeting.starts_at, meeting.place, meeting.link = starts_at, place, link
    meeting.sequence += 1
    meeting.save()
    NEED_FLOW.count_anew(meeting.need, "minutes", _end_of(meeting))
    after = {"starts_at": starts_at, "place": place, "link": link}
    audit.record("meeting.move", meeting, by=by, at=at, before=before, after=after)


@transaction.atomic
def hold_meeting(
    meeting: Meeting,
    *,
    summary: str,
    experts: Sequence[Expert],
    by: By,
    at: datetime,
    enterprise_people: Sequence[str] = (),
    next_step: str = "",
) -> None:
    """Write down that the meeting took place, who was there and what was said.

    Each expert present is one service; the row is unique, so that entering it twice counts once.
    """
    if not summary.strip():
        refuse("needs.summary_missing", "请写几句对接纪要：谈了什么，有什么结论。")
    if not experts:
        refuse("needs.nobody_met", "请勾选到场的专家；专家没有到场时，请改期或取消这次对接。")
    invited = set(
        meeting.need.invitations.filter(state=InvitationState.ACCEPTED).values_list("expert_id", flat=True)
    )
    strangers = [expert.name for expert in experts if expert.pk not in invited]
    if strangers:
        refuse("needs.not_engaged", f"{'、'.join(strangers)}没有接受过这条需求的邀请，请先邀请。")
    rows = Meeting.objects.filter(pk=meeting.pk, state=MeetingState.PLANNED)
    if not rows.update(state=MeetingState.HELD, summary=summary, next_step=next_step):
        refuse("needs.meeting_over", "这次对接已经登记过。刷新后可查看纪要。")
    meeting.state, meeting.summary, meeting.next_step = MeetingState.HELD, summary, next_step
    Attendance.objects.bulk_create(
        [Attendance(meeting=meeting, side=Side.EXPERT, expert=e, name=e.name) for e in experts]
        + [Attendance(meeting=meeting, side=Side.ENTERPRISE, name=n) for n in enterprise_people if n.strip()]
    )
    NEED_FLOW.advance(meeting.need, "hold", by=by, at=at, note=summary, data={"meeting": meeting.pk})


@transaction.atomic
def cancel_meeting(meeting: Meeting, *, by: By, at: datetime, reason: str) -> None:
    """Call a planned meeting off; the need stays where it is and another date can be fixed."""
    require(rules.is_handler(by, meeting.need))
    rows = Meeting.objects.filter(pk=meeting.pk, state=MeetingState.PLANNED)
    if not rows.update(state=MeetingState.CANCELLED, summary=reason):
        refuse("needs.meeting_over", "这次对接已经举行或取消。")
    audit.record("meeting.cancel", meeting, by=by, at=at, reason=reason)


def _require_where(mode: str, place: str, link: str) -> None:
    if mode == MeetingMode.SITE and not place.strip():
        refuse("needs.place_missing", "现场对接请填写地点。")
    if mode == MeetingMode.VIDEO and not link.strip():
        refuse("needs.link_missing", "视频对接请填写会议链接。")
