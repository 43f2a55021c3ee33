"""时间怎样说给人听。"""

from datetime import datetime

import pytest

from zhiqiao.kit import clock
from zhiqiao.kit.clock import CHINA, words

pytestmark = pytest.mark.anydb

STANDARD = clock.standard_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("now", "due_at", "expected"),
    [
        # 2026-11-20 是星期五，11-23 是星期一
        ("2026-11-23T09:00", "2026-11-23T17:30", "今天 17:30 前"),
        ("2026-11-23T08:00", "2026-11-23T17:30", "今天 17:30 前"),
        ("2026-11-23T16:30", "2026-11-23T17:30", "今天 17:30 前"),
        ("2026-11-23T17:05", "2026-11-23T17:30", "还剩 25 分钟"),
        ("2026-11-23T16:00", "2026-11-24T15:00", "还剩 6 个工作小时"),
        ("2026-11-20T16:00", "2026-11-23T11:00", "还剩 3 个工作小时"),
        ("2026-11-20T17:00", "2026-11-23T09:10", "还剩 40 分钟"),
        ("2026-11-23T10:00", "2026-11-24T17:30", "还剩 1 个工作日"),
        ("2026-11-22T10:00", "2026-11-23T17:30", "还剩 1 个工作日"),
        ("2026-11-23T08:00", "2026-11-25T17:30", "还剩 2 个工作日"),
        ("2026-11-23T17:00", "2026-11-25T17:30", "还剩 2 个工作日"),
        ("2026-09-30T10:00", "2026-10-10T17:30", "还剩 3 个工作日"),
        ("2026-11-20T18:00", "2026-11-21T10:00", "明天 10:00 前"),
        ("2026-11-20T18:00", "2026-11-22T10:00", "11月22日 10:00 前"),
        ("2026-11-23T17:30", "2026-11-23T17:30", "今天 17:30 前"),
    ],
)
def test_what_is_left_is_said_in_working_time(now, due_at, expected):
    assert words.remaining_words(at(due_at), at(now), STANDARD) == expected


@pytest.mark.parametrize(
    ("now", "due_at", "expected"),
    [
        ("2026-11-23T10:12", "2026-11-23T10:00", "已逾期 12 分钟"),
        ("2026-11-23T15:00", "2026-11-23T10:00", "已逾期 3 个工作小时"),
        ("2026-11-20T20:00", "2026-11-20T17:30", "已于今天 17:30 到期"),
        ("2026-11-21T10:00", "2026-11-20T17:30", "已于昨天 17:30 到期"),
        ("2026-11-22T10:00", "2026-11-20T17:30", "已于11月20日 17:30 到期"),
        ("2026-11-23T10:00", "2026-11-20T17:30", "已逾期 1 个工作小时"),
        ("2026-11-23T17:30", "2026-11-20T17:30", "已逾期 1 个工作日"),
        ("2026-11-24T09:30", "2026-11-20T17:30", "已逾期 2 个工作日"),
        ("2026-11-23T17:30", "2026-11-23T09:00", "已逾期 1 个工作日"),
        ("2027-11-23T17:30", "2026-11-23T09:00", "已逾期 259 个工作日"),
    ],
)
def test_what_is_over_is_said_in_working_time(now, due_at, expected):
    assert words.remaining_words(at(due_at), at(now), STANDARD) == expected


def test_an_emergency_counts_hours_and_days_as_they_are():
    calendar = clock.ROUND_THE_CLOCK
    assert words.remaining_words(at("2026-10-02T02:00"), at("2026-10-01T22:30"), calendar) == "还剩 3 小时"
    assert words.remaining_words(at("2026-10-05T02:00"), at("2026-10-01T22:30"), calendar) == "还剩 4 天"
    assert words.remaining_words(at("2026-10-01T02:00"), at("2026-10-01T22:30"), calendar) == "已逾期 20 小时"


def test_what_is_left_stays_the_same_through_a_day():
    due_at = STANDARD.due(at("2026-11-23T10:00"), clock.days(3)).at
    said = {words.remaining_words(due_at, at(f"2026-11-23T{hour:02}:00"), STANDARD) for hour in range(24)}
    assert said == {"还剩 3 个工作日"}


def test_an_instant_is_written_in_full():
    assert clock.exact(at("2026-11-22T14:05")) == "2026年11月22日 14:05"
    assert clock.exact(datetime.fromisoformat("2026-11-22T06:05:00+00:00")) == "2026年11月22日 14:05"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("2026-11-22T14:04:30", "刚刚"),
        ("2026-11-22T14:05:00", "刚刚"),
        ("2026-11-22T14:00", "5 分钟前"),
        ("2026-11-22T11:00", "3 小时前"),
        ("2026-11-21T14:05", "昨天 14:05"),
        ("2026-11-20T14:05", "11月20日 14:05"),
        ("2025-11-20T14:05", "2025年11月20日 14:05"),
        ("2026-11-22T15:00", "今天 15:00"),
        ("2026-11-23T09:00", "明天 09:00"),
    ],
)
def test_the_past_is_said_as_people_say_it(then, expected):
    assert clock.ago_words(at(then), at("2026-11-22T14:05:00")) == expected
