"""日历文件：编号不变、序号递增，改期能移动，取消能撤走。"""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests import factories
from zhiqiao.needs import actions, calendar
from zhiqiao.needs.enums import MeetingState, Stage
from zhiqiao.needs.models import Need

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def read(body):
    """读出方法和唯一的事件。"""
    whole = Calendar.from_ical(body)
    (event,) = whole.walk("VEVENT")
    return str(whole["METHOD"]), event


def meeting_of(need):
    return need.meetings.select_related("need__organisation", "need__enterprise__organisation").get()


def test_a_planned_meeting_becomes_an_entry_with_place_and_time(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED)
    meeting = meeting_of(need)
    method, event = read(calendar.ics(meeting, at=NOW, url="https://zhiqiao.example/needs/1"))
    assert method == "PUBLISH"
    assert event["DTSTART"].dt == meeting.starts_at.replace(microsecond=0)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=90)
    assert event["DTSTAMP"].dt == NOW
    assert (str(event["LOCATION"]), str(event["STATUS"]), int(event["SEQUENCE"])) == (
        "企业一号会议室", "CONFIRMED", 0,
    )  # fmt: skip
    assert need.title in str(event["SUMMARY"])
    assert str(net.enterprise) in str(event["DESCRIPTION"])


def test_moving_keeps_the_uid_and_raises_the_sequence(net):
    meeting = meeting_of(factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED))
    _, first = read(calendar.ics(meeting, at=NOW))
    later = meeting.starts_at + timedelta(days=1)
    actions.move_meeting(meeting, starts_at=later, place="二号会议室", by=net.clerk, at=timezone.now())
    _, second = read(calendar.ics(meeting, at=NOW + timedelta(hours=1)))
    assert str(first["UID"]) == str(second["UID"])
    assert (int(first["SEQUENCE"]), int(second["SEQUENCE"])) == (0, 1)
    assert second["DTSTART"].dt == later.replace(microsecond=0)


def test_calling_off_takes_the_entry_out(net):
    meeting = meeting_of(factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED))
    _, planned = read(calendar.ics(meeting, at=NOW))
    actions.cancel_meeting(meeting, by=net.clerk, at=timezone.now(), reason="改天再约")
    method, event = read(calendar.ics(meeting_of(meeting.need), at=NOW))
    assert (method, str(event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert str(event["UID"]) == str(planned["UID"])
    assert int(event["SEQUENCE"]) > int(planned["SEQUENCE"])


def test_two_meetings_have_two_uids(net):
    pair = [meeting_of(factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED)) for _ in range(2)]
    uids = {str(read(calendar.ics(meeting, at=NOW))[1]["UID"]) for meeting in pair}
    assert len(uids) == 2


def test_the_planned_meeting_goes_before_a_later_cancelled_one(net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED)
    planned = meeting_of(need)
    need.meetings.create(
        mode="video",
        state=MeetingState.CANCELLED,
        starts_at=planned.starts_at + timedelta(days=9),
        created_at=timezone.now(),
    )
    assert calendar.meeting_of(Need.objects.get(pk=need.pk)) == planned


def test_the_file_is_handed_out_in_scope_and_not_without_a_meeting(net, as_person):
    need = factories.need(enterprise=net.enterprise, stage=Stage.SCHEDULED)
    response = as_person(net.clerk).get(reverse("needs:calendar", args=(need.pk,)))
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert read(response.content)[1]["URL"].endswith(need.get_absolute_url())
    without = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    assert as_person(net.clerk).get(reverse("needs:calendar", args=(without.pk,))).status_code == 404
    assert as_person(net.neighbour).get(reverse("needs:calendar", args=(need.pk,))).status_code == 404
