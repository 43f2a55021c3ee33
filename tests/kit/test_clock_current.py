"""生效中的日历：数据库里的改动压过节假日库，并且很快被看见。"""

import logging
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.signals import request_finished, request_started
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from zhiqiao.kit import clock
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.clock import current
from zhiqiao.kit.clock.models import CalendarDay, WorkingHours

pytestmark = pytest.mark.django_db

CLERK = Actor("person", "7", "李工")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 星期一 10:00


@pytest.fixture(autouse=True)
def fresh_calendar():
    clock.forget()
    yield
    current._end()
    clock.forget()


@contextmanager
def web_request():
    """像测试客户端那样发出请求的开始与结束，但不断开数据库。"""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    try:
        request_started.send(sender=None)
        yield
        request_finished.send(sender=None)
    finally:
        request_started.connect(close_old_connections)
        request_finished.connect(close_old_connections)


def test_an_office_that_changed_nothing_follows_the_library():
    assert not clock.is_working_day(date(2026, 10, 1))
    assert clock.is_working_day(date(2026, 10, 10))
    assert clock.calendar().status(2026) == "published"


def test_a_declared_day_off_wins_over_the_library_at_once():
    assert clock.due(NOW, clock.days(1)).at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    clock.declare_day(
        date(2026, 11, 24), working=False, name="台风停工", source="市防指通知", by=CLERK, at=NOW
    )
    assert clock.due(NOW, clock.days(1)).at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert clock.calendar().name(date(2026, 11, 24)) == "台风停工"


def test_withdrawing_a_day_gives_it_back_to_the_library():
    clock.declare_day(date(2026, 11, 24), working=False, by=CLERK, at=NOW)
    assert clock.withdraw_day(date(2026, 11, 24), by=CLERK, at=NOW, reason="填错日期")
    assert clock.is_working_day(date(2026, 11, 24))
    assert not clock.withdraw_day(date(2026, 11, 24), by=CLERK, at=NOW, reason="再点一次")


def test_every_change_is_in_the_audit_record():
    clock.declare_day(date(2026, 11, 24), working=False, name="停工", by=CLERK, at=NOW)
    clock.declare_day(date(2026, 11, 24), working=True, name="恢复", by=CLERK, at=NOW)
    clock.withdraw_day(date(2026, 11, 24), by=CLERK, at=NOW, reason="撤销")
    entries = [
        (e.verb, (e.before or {}).get("name"), (e.after or {}).get("name")) for e in AuditEntry.objects.all()
    ]
    assert entries == [
        ("clock.declare_day", None, "停工"),
        ("clock.declare_day", "停工", "恢复"),
        ("clock.withdraw_day", "恢复", None),
    ]


def test_a_year_is_published_once_its_national_day_is_declared():
    assert clock.calendar().status(2031) == "assumed"
    assert clock.assumption(NOW, datetime(2031, 1, 2, tzinfo=UTC)).startswith("2027")
    clock.declare_day(date(2031, 10, 1), working=False, name="国庆节", source="国办通知", by=CLERK, at=NOW)
    assert clock.calendar().status(2031) == "published"


def test_summer_hours_are_declared_from_a_date_on():
    summer = clock.Week.of("08:30-12:00", "14:30-18:00")
    clock.declare_hours(date(2027, 7, 1), summer, name="夏令作息", by=CLERK, at=NOW)
    assert clock.calendar().intervals(date(2027, 7, 1)) == clock.intervals("08:30-12:00", "14:30-18:00")
    assert clock.calendar().intervals(date(2027, 6, 30)) == clock.intervals("09:00-12:00", "13:30-17:30")
    assert WorkingHours.objects.get().name == "夏令作息"


def test_an_edit_made_elsewhere_shows_with_the_next_request():
    with web_request():
        assert clock.is_working_day(date(2026, 11, 24))
        CalendarDay.objects.bulk_create([CalendarDay(date=date(2026, 11, 24), working=False)])  # 不经过信号
        assert clock.is_working_day(date(2026, 11, 24))  # 同一个请求里前后一致
    with web_request():
        assert not clock.is_working_day(date(2026, 11, 24))


def test_an_edit_made_elsewhere_shows_outside_requests_after_a_while(monkeypatch):
    assert clock.is_working_day(date(2026, 11, 24))
    CalendarDay.objects.bulk_create([CalendarDay(date=date(2026, 11, 24), working=False)])
    assert clock.is_working_day(date(2026, 11, 24))
    monkeypatch.setattr(current, "RECHECK", -1.0)
    assert not clock.is_working_day(date(2026, 11, 24))


@pytest.mark.parametrize("rows", [1, 100])
def test_a_request_asks_the_database_once_however_many_rows_it_shows(rows):
    clock.calendar()
    with web_request(), CaptureQueriesContext(connection) as queries:
        for _ in range(rows):
            clock.remaining_words(NOW, NOW)
    assert len(queries) == 1


def test_the_calendar_is_not_rebuilt_while_nothing_changes():
    with web_request():
        first = clock.calendar()
    with web_request():
        assert clock.calendar() is first


def test_a_damaged_row_is_reported_and_does_not_stop_the_office(caplog):
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=date(2026, 10, 1), working=True, intervals=[["x", "y"]])]
    )
    with caplog.at_level(logging.ERROR, logger="zhiqiao.kit.clock.current"):
        assert not clock.is_working_day(date(2026, 10, 1))
    assert "2026-10-01" in caplog.text


def test_a_day_off_with_hours_is_refused_by_the_database_too():
    with pytest.raises(ValueError, match="休息日不能有工作时段"):
        clock.declare_day(
            date(2026, 11, 24), working=False, hours=clock.intervals("09:00-10:00"), by=CLERK, at=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarDay.objects.create(date=date(2026, 11, 24), working=False, intervals=[["09:00", "10:00"]])


def test_forms_get_the_reason_for_malformed_hours():
    with pytest.raises(ValidationError) as refused:
        CalendarDay(date=date(2026, 11, 24), working=True, intervals=[["9", "10"]]).full_clean()
    assert refused.value.message_dict == {"intervals": ["时间应写成 09:00 这样的形式：'9'"]}
    with pytest.raises(ValidationError) as refused:
        WorkingHours(starts_on=date(2026, 11, 24), week=[[]]).full_clean()
    assert refused.value.message_dict == {"week": ["一周的作息要写满七天，休息日写空"]}
