"""每个单位可以有自己的作息和日子：离得最近的说了算；时限的提前与顺延。"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.clock import ROUND_THE_CLOCK, days, hours
from zhiqiao.kit.jobs.models import Job

CITY, DISTRICT, OTHER = "00001", "0000100001", "0000100002"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 星期一 10:00
TUESDAY = date(2026, 11, 24)
EARLY = clock.Week.of("08:00-12:00", "13:00-16:00")
SUNDAYS = clock.Week.of("10:00-16:00", weekdays=range(7))


@pytest.fixture(autouse=True)
def fresh_calendar():
    clock.forget()
    yield
    clock.forget()


def _china(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=clock.CHINA)


@pytest.mark.django_db
def test_the_nearest_unit_decides_about_hours_and_days():
    clock.declare_hours(TUESDAY, EARLY, by=SYSTEM, at=NOW, place=CITY)
    clock.declare_hours(TUESDAY, SUNDAYS, by=SYSTEM, at=NOW, place=DISTRICT)
    clock.declare_day(date(2026, 11, 25), working=False, by=SYSTEM, at=NOW, place=CITY)
    clock.declare_day(date(2026, 11, 25), working=True, by=SYSTEM, at=NOW, place=DISTRICT)
    sunday = date(2026, 11, 29)
    assert [clock.is_working_day(sunday, place) for place in ("", CITY, OTHER, DISTRICT)] == [
        False,
        False,
        False,
        True,
    ]
    off = [clock.is_working_day(date(2026, 11, 25), place) for place in ("", CITY, OTHER, DISTRICT)]
    assert off == [True, False, False, True]
    assert clock.calendar(OTHER).intervals(TUESDAY) == EARLY.days[1]
    assert clock.calendar(DISTRICT).intervals(date(2026, 11, 23)) == clock.STANDARD_WEEK.days[0]


@pytest.mark.django_db
def test_a_unit_that_gives_up_hours_of_its_own_follows_the_one_above_from_that_day():
    clock.declare_hours(date(2026, 1, 1), EARLY, by=SYSTEM, at=NOW, place=CITY)
    clock.declare_hours(date(2026, 1, 1), SUNDAYS, by=SYSTEM, at=NOW, place=DISTRICT)
    clock.declare_hours(TUESDAY, None, by=SYSTEM, at=NOW, place=DISTRICT)
    here = clock.calendar(DISTRICT)
    assert here.intervals(date(2026, 11, 23)) == SUNDAYS.days[0]
    assert here.intervals(TUESDAY) == EARLY.days[1]


@pytest.mark.django_db
def test_units_that_have_set_nothing_share_one_calendar():
    clock.declare_hours(TUESDAY, EARLY, by=SYSTEM, at=NOW, place=CITY)
    assert clock.calendar(DISTRICT) is clock.calendar(OTHER) is clock.calendar(CITY)
    assert clock.calendar("00002") is clock.calendar()


@pytest.mark.django_db
def test_a_change_names_its_place_in_the_audit_and_asks_for_open_clocks_to_follow():
    clock.declare_day(TUESDAY, working=False, by=SYSTEM, at=NOW, place=DISTRICT)
    assert clock.withdraw_day(
        TUESDAY, by=SYSTEM, at=NOW + timedelta(minutes=1), reason="填错", place=DISTRICT
    )
    assert not clock.withdraw_day(TUESDAY, by=SYSTEM, at=NOW, reason="再点一次", place=CITY)
    assert AuditEntry.objects.get(verb="clock.declare_day").after["place"] == DISTRICT
    assert Job.objects.filter(name="kit.recount_clocks").count() == 2


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (days(1), _china(24, 9)),  # 前一个工作日的上班时刻
        (days(2), _china(23, 9)),
        (days(3), _china(20, 9)),  # 越过周末
        (hours(2), _china(25, 15, 30)),
        (hours(5), _china(25, 11)),  # 越过午休
        (hours(8), _china(24, 16, 30)),  # 越过下班
        (hours(3, round_the_clock=True), _china(25, 14, 30)),
    ],
)
def test_when_to_warn(duration, expected):
    assert clock.standard_calendar().before(_china(25, 17, 30), duration) == expected


@pytest.mark.parametrize(
    ("begun", "ended", "expected"),
    [
        (_china(23, 10), _china(23, 16), _china(25, 17, 30)),  # 当天停、当天恢复：不变
        (_china(23, 10), _china(24, 9), _china(26, 17, 30)),  # 隔一个工作日：顺延一天
        (_china(23, 10), _china(30, 10), datetime(2026, 12, 2, 17, 30, tzinfo=clock.CHINA)),
        (_china(25, 10), _china(27, 10), _china(27, 17, 30)),  # 到期当天停：恢复当天到期
        (_china(25, 10), _china(28, 10), _china(30, 17, 30)),  # 休息日恢复：下一个工作日
        (_china(26, 10), _china(30, 10), _china(25, 17, 30)),  # 已经逾期：不再改变
    ],
)
def test_a_due_time_moves_by_what_it_stood_still(begun, ended, expected):
    due = _china(25, 17, 30)
    assert clock.standard_calendar().after_standing(due, days(2), begun, ended) == expected


def test_hours_keep_exactly_what_was_left():
    calendar = clock.standard_calendar()
    due = calendar.due(_china(23, 10), hours(6)).at
    moved = calendar.after_standing(due, hours(6), _china(23, 11), _china(26, 16))
    assert calendar.working_minutes(_china(26, 16), moved) == calendar.working_minutes(_china(23, 11), due)


def test_round_the_clock_moves_by_the_very_time():
    due = _china(24, 3)
    assert ROUND_THE_CLOCK.after_standing(due, hours(9), _china(23, 20), _china(23, 23)) == due + timedelta(
        hours=3
    )


instants = st.integers(0, 700 * 24 * 60).map(
    lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


@given(instants, st.integers(1, 30), st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40))
def test_a_pause_never_brings_a_due_time_forward_and_never_costs_a_day(start, term, wait, length):
    calendar = clock.standard_calendar()
    due, begun = calendar.due(start, days(term)).at, start + timedelta(minutes=wait)
    ended = begun + timedelta(minutes=length)
    moved = calendar.after_standing(due, days(term), begun, ended)
    assert moved >= due
    left = calendar.working_days(clock.local_date(begun), clock.local_date(due))
    after = calendar.working_days(clock.local_date(ended), clock.local_date(moved))
    assert moved == due if due <= begun else after >= min(left, after)
    if due > begun and ended > begun:
        assert left <= after <= left + 1


@given(instants, st.sampled_from([days(1), days(4), hours(3), hours(20)]))
def test_a_warning_leaves_the_time_it_promises(due, duration):
    calendar = clock.standard_calendar()
    due = calendar.due(due, days(1)).at
    warned = calendar.before(due, duration)
    assert warned < due
    if duration.unit.name == "HOURS":
        assert calendar.working_minutes(warned, due) == int(duration.amount * 60)
    else:
        assert calendar.working_days(clock.local_date(warned), clock.local_date(due)) == duration.amount
