"""The calendar file of a meeting (RFC 5545): a later file replaces the entry that an earlier one made."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from zhiqiao.needs.enums import MeetingMode, MeetingState
from zhiqiao.needs.models import Meeting, Need

CONTENT_TYPE = "text/calendar; charset=utf-8"


def meeting_of(need: Need) -> Meeting | None:
    """Return the meeting a calendar should hold: the one planned, else the latest."""
    meetings = sorted(need.meetings.all(), key=lambda m: (m.state == MeetingState.PLANNED, m.starts_at, m.pk))
    return meetings[-1] if meetings else None


def ics(meeting: Meeting, *, at: datetime, url: str = "") -> bytes:
    """Return a meeting as an iCalendar file.

    The UID never changes and SEQUENCE rises with every change, so that a calendar which holds the meeting
    moves it; a meeting called off comes with METHOD CANCEL and takes itself out.

    url : page about the meeting for this reader, absolute; at : when the file is made.
    """
    cancelled = meeting.state == MeetingState.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", "-//Zhiqiao//Needs//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(_event(meeting, at=at, url=url, cancelled=cancelled))
    return calendar.to_ical()


def file_name(meeting: Meeting) -> str:
    """Return what to call the file."""
    return f"{meeting.need.number or 'meeting'}.ics"


def _event(meeting: Meeting, *, at: datetime, url: str, cancelled: bool) -> Event:
    need = meeting.need
    event = Event()
    event.add("uid", f"need-meeting-{meeting.pk}@{urlsplit(settings.SITE_URL).hostname or 'zhiqiao'}")
    event.add("sequence", meeting.sequence + cancelled)
    starts_at = meeting.starts_at.astimezone(UTC)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", starts_at)
    event.add("dtend", starts_at + timedelta(minutes=meeting.minutes_long))
    event.add("summary", f"技术对接：{need.title}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("organizer", _organiser(need))
    if where := meeting.place or meeting.link or MeetingMode(meeting.mode).label:
        event.add("location", where)
    event.add("description", "\n".join(_lines(meeting)))
    if url:
        event.add("url", url)
    if not cancelled:
        event.add_component(_reminder())
    return event


def _organiser(need: Need) -> vCalAddress:
    sender = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">") or "noreply@localhost"
    address = vCalAddress(f"mailto:{sender}")
    address.params["CN"] = vText(need.organisation.name)
    return address


def _lines(meeting: Meeting) -> list[str]:
    need = meeting.need
    lines = [f"需求：{need.number or ''} {need.title}".replace("  ", " "), f"企业：{need.enterprise}"]
    if need.contact_name:
        lines.append(f"企业联系人：{need.contact_name} {need.contact_phone}".rstrip())
    if meeting.link:
        lines.append(f"会议链接：{meeting.link}")
    return [*lines, f"组织单位：{need.organisation.name}"]


def _reminder() -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", "技术对接即将开始")
    alarm.add("trigger", timedelta(hours=-2))
    return alarm
