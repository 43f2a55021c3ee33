"""Working time: due dates, time spent, and the words for both. See README.md."""

from zhiqiao.kit.clock.calendar import ROUND_THE_CLOCK, Calendar, Day
from zhiqiao.kit.clock.current import (
    assumption,
    calendar,
    due,
    forget,
    is_working_day,
    remaining_words,
    working_minutes,
)
from zhiqiao.kit.clock.durations import Due, Duration, calendar_days, days, hours
from zhiqiao.kit.clock.editing import declare_day, declare_hours, withdraw_day
from zhiqiao.kit.clock.instants import CHINA, local, local_date, midnight
from zhiqiao.kit.clock.published import standard_calendar
from zhiqiao.kit.clock.week import STANDARD_WEEK, Interval, Week, intervals
from zhiqiao.kit.clock.words import ago_words, exact, moment

__all__ = [
    "CHINA",
    "ROUND_THE_CLOCK",
    "STANDARD_WEEK",
    "Calendar",
    "Day",
    "Due",
    "Duration",
    "Interval",
    "Week",
    "ago_words",
    "assumption",
    "calendar",
    "calendar_days",
    "days",
    "declare_day",
    "declare_hours",
    "due",
    "exact",
    "forget",
    "hours",
    "intervals",
    "is_working_day",
    "local",
    "local_date",
    "midnight",
    "moment",
    "remaining_words",
    "standard_calendar",
    "withdraw_day",
    "working_minutes",
]
