"""工作日历的纯计算：时段、调休、期限。"""

import csv
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiqiao.kit import clock
from zhiqiao.kit.clock import CHINA, ROUND_THE_CLOCK, Calendar, Day, Interval, Week, intervals

pytestmark = pytest.mark.anydb

STANDARD = clock.standard_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def due(start: str, duration: clock.Duration, calendar: Calendar = STANDARD) -> str:
    return calendar.due(at(start), duration).at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


# --- 时段 -------------------------------------------------------------------------------------------


def test_intervals_are_read_in_order_and_written_back():
    assert intervals("13:30-17:30", "09:00-12:00") == (Interval(540, 720), Interval(810, 1050))
    assert str(Interval(540, 720)) == "09:00-12:00"
    assert Week.from_json(clock.STANDARD_WEEK.to_json()) == clock.STANDARD_WEEK


@pytest.mark.parametrize(
    "text",
    [
        "9:00-12:00",
        "12:00-09:00",
        "09:00-09:00",
        "23:00-24:30",
        "09:00",
        "",
        "09:00-12:00-13:00",
        "09：00-12：00",
    ],
)
def test_malformed_intervals_are_refused(text):
    with pytest.raises((ValueError, TypeError)):
        intervals(text)


def test_overlapping_intervals_are_refused():
    with pytest.raises(ValueError, match="时段重叠：09:00-12:00 与 11:59-13:00"):
        intervals("09:00-12:00", "11:59-13:00")


def test_hours_on_a_day_off_are_refused():
    with pytest.raises(ValueError, match="休息日不能有工作时段"):
        Day(False, "春节", intervals("09:00-12:00"))
    with pytest.raises(ValueError, match="至少要有一个工作时段"):
        Day(True, "值班", ())


# --- 工作日与工作分钟 ----------------------------------------------------------------------------------


def test_the_lunch_break_does_not_count():
    assert STANDARD.working_minutes(at("2026-11-23T11:30"), at("2026-11-23T14:00")) == 60
    assert STANDARD.working_minutes(at("2026-11-23T12:00"), at("2026-11-23T13:30")) == 0


def test_nights_and_weekends_do_not_count():
    assert STANDARD.working_minutes(at("2026-11-20T17:00"), at("2026-11-23T09:15")) == 45
    assert STANDARD.working_minutes(at("2026-11-21T00:00"), at("2026-11-23T00:00")) == 0


def test_a_make_up_saturday_is_a_full_working_day():
    saturday = date(2026, 10, 10)
    assert STANDARD.is_working_day(saturday)
    assert STANDARD.name(saturday) == "国庆节调休上班"
    assert STANDARD.intervals(saturday) == intervals("09:00-12:00", "13:30-17:30")
    assert STANDARD.working_minutes(at("2026-10-10T00:00"), at("2026-10-11T00:00")) == 420


def test_national_day_counts_nothing_from_the_1st_to_the_7th():
    assert STANDARD.working_minutes(at("2026-09-30T17:30"), at("2026-10-08T09:00")) == 0
    assert STANDARD.name(date(2026, 10, 1)) == "国庆节"


def test_seconds_are_exact_in_working_time_and_whole_minutes_in_working_minutes():
    start, end = at("2026-11-23T11:59:30.250000"), at("2026-11-23T13:30:45")
    assert STANDARD.working_time(start, end) == timedelta(seconds=74, microseconds=750_000)
    assert STANDARD.working_minutes(start, end) == 1


def test_the_same_instant_counts_the_same_in_any_zone():
    start, end = at("2026-11-20T09:00"), at("2026-11-24T10:00")
    assert STANDARD.working_minutes(start.astimezone(UTC), end.astimezone(UTC)) == STANDARD.working_minutes(
        start, end
    )


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="时刻要带时区"):
        STANDARD.working_minutes(datetime(2026, 11, 20, 9), at("2026-11-20T10:00"))  # noqa: DTZ001 - that is the point


def test_a_day_with_its_own_hours_uses_them():
    calendar = Calendar(exceptions={date(2026, 2, 14): Day(True, "除夕前值班", intervals("09:00-11:00"))})
    assert calendar.working_minutes(at("2026-02-14T00:00"), at("2026-02-15T00:00")) == 120
    assert due("2026-02-13T10:00", clock.days(1), calendar) == "2026-02-14 11:00"


def test_new_office_hours_leave_earlier_weeks_as_they_were():
    summer = Week.of("08:30-12:00", "14:30-17:30")
    calendar = Calendar(later_weeks={date(2026, 7, 1): summer, date(2026, 10, 1): clock.STANDARD_WEEK})
    assert calendar.working_minutes(at("2026-06-30T00:00"), at("2026-07-01T00:00")) == 420
    assert calendar.working_minutes(at("2026-07-01T00:00"), at("2026-07-02T00:00")) == 390
    assert calendar.working_minutes(at("2025-07-01T00:00"), at("2025-07-02T00:00")) == 420
    assert calendar.working_minutes(at("2026-10-12T00:00"), at("2026-10-13T00:00")) == 420
    assert due("2026-06-30T16:30", clock.hours(2), calendar) == "2026-07-01 09:30"


# --- 期限 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-23T09:00", 3, "2026-11-23 12:00"),  # 恰好到午休为止，不算到下午
        ("2026-11-23T09:00", 3.5, "2026-11-23 14:00"),
        ("2026-11-23T12:30", 1, "2026-11-23 14:30"),  # 午休时开始
        ("2026-11-23T17:00", 4, "2026-11-24 14:00"),
        ("2026-11-20T20:00", 7, "2026-11-23 17:30"),  # 周五晚上开始，一整天
        ("2026-09-30T16:00", 4, "2026-10-08 11:30"),  # 跨国庆
        ("2026-10-09T17:00", 1, "2026-10-10 09:30"),  # 调休的星期六
        ("2025-12-31T17:00", 1, "2026-01-04 09:30"),  # 跨年；1月4日星期日调休上班
    ],
)
def test_hours_end_exactly_after_that_much_working_time(start, hours, expected):
    assert due(start, clock.hours(hours)) == expected


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-23T09:00", 1, "2026-11-24 17:30"),  # 开始当日不计入
        ("2026-11-23T23:59", 1, "2026-11-24 17:30"),
        ("2026-11-20T10:00", 1, "2026-11-23 17:30"),  # 周五起，周一为第一日
        ("2026-11-21T10:00", 1, "2026-11-23 17:30"),  # 周六起，周一为第一日
        ("2026-11-22T10:00", 5, "2026-11-27 17:30"),
        ("2026-09-30T16:00", 2, "2026-10-09 17:30"),
        ("2026-09-30T16:00", 3, "2026-10-10 17:30"),  # 调休的星期六是第三日
        ("2026-02-13T16:00", 2, "2026-02-24 17:30"),  # 春节前一天是调休星期六，春节后 24 日上班
    ],
)
def test_days_end_at_close_of_business_and_do_not_count_the_first(start, days, expected):
    assert due(start, clock.days(days)) == expected


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-16T10:00", 5, "2026-11-23 17:30"),  # 第五日是星期六，顺延到星期一
        ("2026-11-16T10:00", 4, "2026-11-20 17:30"),
        ("2026-09-28T10:00", 5, "2026-10-08 17:30"),
    ],
)
def test_calendar_days_count_days_off_and_move_on_from_a_day_off(start, days, expected):
    assert due(start, clock.calendar_days(days)) == expected


def test_an_emergency_runs_round_the_clock():
    assert due("2026-10-01T22:00", clock.hours(4, round_the_clock=True)) == "2026-10-02 02:00"
    assert due("2026-10-01T22:00", clock.days(1, round_the_clock=True)) == "2026-10-03 00:00"
    assert ROUND_THE_CLOCK.working_minutes(at("2026-10-01T22:00"), at("2026-10-02T02:00")) == 240
    assert ROUND_THE_CLOCK.status(2099) == "published"


@pytest.mark.parametrize("amount", [0, -1])
def test_a_duration_is_longer_than_nothing(amount):
    with pytest.raises(ValueError, match="期限要大于零"):
        clock.days(amount)


def test_days_come_whole():
    with pytest.raises(ValueError, match="整数"):
        clock.days(1.5)


def test_durations_read_as_a_rule_states_them():
    durations = (clock.hours(4), clock.days(5), clock.calendar_days(30), clock.hours(2, round_the_clock=True))
    assert [str(each) for each in durations] == ["4 个工作小时", "5 个工作日", "30 个自然日", "2 小时"]


def test_a_calendar_without_working_time_says_so_instead_of_searching_for_ever():
    nobody_works = Calendar(Week(((),) * 7))
    for duration in (clock.hours(1), clock.days(1)):
        with pytest.raises(OverflowError, match="没有足够的工作时间"):
            nobody_works.due(at("2026-11-23T09:00"), duration)


# --- 尚未公布的年份 -----------------------------------------------------------------------------------


def test_a_year_not_published_is_shown_as_such():
    calendar = Calendar(published={2026}, assumed={(1, 1): "元旦"})
    answer = calendar.due(at("2026-12-31T10:00"), clock.days(1))
    assert (
        answer.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") == "2027-01-04 17:30"
    )  # 元旦是法定的固定日期
    assert (calendar.status(2026), calendar.status(2027)) == ("published", "assumed")
    assert answer.assumed
    assert answer.note == "2027 年节假日安排尚未公布，按周末和法定固定节日推算"


def test_a_published_year_needs_no_note():
    answer = STANDARD.due(at("2026-11-23T10:00"), clock.days(1))
    assert (answer.assumed, answer.note) == (False, "")


def test_a_fixed_holiday_is_assumed_only_while_its_year_is_not_published():
    assumed = {(5, 1): "劳动节"}
    assert not Calendar(assumed=assumed).is_working_day(date(2028, 5, 1))
    assert Calendar(assumed=assumed, published={2028}).is_working_day(date(2028, 5, 1))
    notice = Calendar(assumed=assumed, exceptions={date(2028, 5, 1): Day(True, "调休")})
    assert notice.is_working_day(date(2028, 5, 1))


# --- 与国务院通知逐日核对 -----------------------------------------------------------------------------


def test_every_changed_day_agrees_with_the_published_notices(real_data: Path):
    path = real_data / "holidays" / "cn_holidays_2015_2026.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [(date.fromisoformat(row["date"]), row["is_off_day"] == "0") for row in csv.DictReader(file)]
    compared = [(on, works) for on, works in rows if STANDARD.status(on.year) == "published"]
    assert [on for on, works in compared if STANDARD.is_working_day(on) != works] == []
    assert len(compared) == 405


def test_no_other_day_is_changed(real_data: Path):
    path = real_data / "holidays" / "cn_holidays_2015_2026.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        changed = {date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    every = (date(2015, 1, 1) + timedelta(days=i) for i in range((date(2027, 1, 1) - date(2015, 1, 1)).days))
    wrong = [on for on in every if on not in changed and STANDARD.is_working_day(on) != (on.weekday() < 5)]
    assert wrong == []


# --- 性质 -------------------------------------------------------------------------------------------

instants = st.datetimes(datetime(2003, 1, 1), datetime(2032, 1, 1), timezones=st.just(CHINA))  # noqa: DTZ001 - zone added by hypothesis
nearby = st.datetimes(datetime(2026, 9, 1), datetime(2026, 11, 1), timezones=st.just(CHINA))  # noqa: DTZ001 - zone added by hypothesis
tricky = Calendar(
    Week((*[intervals("08:30-12:00", "14:00-17:15", "19:00-20:00")] * 4, intervals("09:00-11:00"), (), ())),
    later_weeks={date(2026, 10, 1): clock.STANDARD_WEEK},
    exceptions={date(2026, 9, 26): Day(True, "夜班", intervals("00:00-06:00", "22:00-24:00"))},
)
calendars = st.sampled_from([STANDARD, ROUND_THE_CLOCK, tricky])


def minutes_by_counting(calendar: Calendar, a: datetime, b: datetime) -> int:
    """控制：一分钟一分钟地数。"""
    minute, count = a.replace(second=0, microsecond=0), 0
    while (minute := minute + timedelta(minutes=1)) <= b:
        before = minute - timedelta(minutes=1)
        of_day = before.hour * 60 + before.minute
        count += any(each.start <= of_day < each.end for each in calendar.intervals(before.date()))
    return count


@settings(deadline=None)
@given(calendars, nearby, st.timedeltas(timedelta(), timedelta(days=4)))
def test_working_minutes_equal_a_count_minute_by_minute(calendar, start, length):
    assert calendar.working_minutes(start, start + length) == minutes_by_counting(
        calendar, start, start + length
    )


@settings(deadline=None)
@given(calendars, instants, instants, instants)
def test_working_minutes_add_up(calendar, a, b, c):
    count = calendar.working_minutes
    assert count(a, b) + count(b, c) == count(a, c)
    assert count(a, b) == -count(b, a)
    assert calendar.working_time(a, b) + calendar.working_time(b, c) == calendar.working_time(a, c)


@settings(deadline=None)
@given(calendars, instants, st.timedeltas(timedelta(), timedelta(days=400)))
def test_working_time_never_runs_backwards_nor_faster_than_time(calendar, start, length):
    assert timedelta() <= calendar.working_time(start, start + length) <= length


@settings(deadline=None)
@given(calendars, instants, st.fractions(min_value=0, max_value=4000).filter(bool))
def test_due_in_hours_leaves_exactly_those_hours(calendar, start, amount):
    hours = float(amount)
    wanted = timedelta(microseconds=round(hours * 3_600_000_000))
    if wanted:
        end = calendar.due(start, clock.hours(hours)).at
        assert calendar.working_time(start, end) == wanted
        assert (
            calendar.working_time(start, end - timedelta(microseconds=1)) < wanted
        )  # the earliest such instant


@settings(deadline=None)
@given(calendars, instants, st.integers(1, 600))
def test_due_in_days_ends_on_the_nth_working_day(calendar, start, count):
    end = calendar.due(start, clock.days(count)).at
    last_moment = end - timedelta(microseconds=1)  # 24:00 belongs to the day it ends
    assert calendar.working_days(start.date(), clock.local_date(last_moment)) == count
    assert calendar.working_time(last_moment, end) == timedelta(microseconds=1)
    if count <= 30:
        days = (start.date() + timedelta(days=i) for i in range(1, 400))
        assert clock.local_date(last_moment) == [on for on in days if calendar.is_working_day(on)][count - 1]


@settings(deadline=None)
@given(
    calendars,
    instants,
    instants,
    st.sampled_from([clock.hours(0.5), clock.hours(40), clock.days(3), clock.calendar_days(10)]),
)
def test_a_later_start_is_never_due_earlier(calendar, a, b, duration):
    earlier, later = sorted((a, b))
    assert calendar.due(earlier, duration).at <= calendar.due(later, duration).at


@settings(deadline=None)
@given(calendars, instants, st.lists(st.floats(0.01, 2000), min_size=2, max_size=5, unique=True))
def test_a_longer_duration_is_never_due_earlier(calendar, start, amounts):
    ends = [calendar.due(start, clock.hours(amount)).at for amount in sorted(amounts)]
    assert all(one <= following for one, following in pairwise(ends))


def test_decades_cost_no_more_than_days():
    """控制：不逐日循环。跨 29 年与跨 29 天，走过的年份表只建一次。"""
    calendar = Calendar()
    calendar.working_minutes(at("2003-01-01T09:00"), at("2032-01-01T09:00"))
    layouts = calendar._years
    assert len(layouts) <= 14  # 七种星期起点 × 平年闰年
    calendar.due(at("2003-01-01T09:00"), clock.hours(50_000))
    assert calendar._years is layouts
    assert len(layouts) <= 14
