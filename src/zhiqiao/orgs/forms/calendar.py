"""What an administrator types about the working time of a unit: its hours, and days unlike the others."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from zhiqiao.kit import clock
from zhiqiao.kit.clock import Week
from zhiqiao.kit.clock.week import Intervals

WEEKDAYS = (
    ("0", "周一"),
    ("1", "周二"),
    ("2", "周三"),
    ("3", "周四"),
    ("4", "周五"),
    ("5", "周六"),
    ("6", "周日"),
)
_BETWEEN = re.compile(r"[，,、；;\s]+")
_SOURCE = {"required": "请写明依据，例如通知的名称和文号。"}
_HOURS_HELP = "一天可以分几段，例如“09:00-12:00 13:30-17:30”，中间空着的就是午休。"


def read_hours(text: str) -> Intervals:
    """Read "09:00-12:00 13:30-17:30", however the parts are separated.

    :raises forms.ValidationError: in words a clerk can act on.
    """
    plain = text.replace("：", ":").replace("—", "-").replace("–", "-").replace("～", "-").replace("~", "-")
    try:
        return clock.intervals(*(part for part in _BETWEEN.split(plain.strip()) if part))
    except (ValueError, TypeError) as error:
        raise forms.ValidationError("时段请写成“09:00-12:00 13:30-17:30”，前后不能重叠。") from error


class HoursForm(forms.Form):
    """The hours of a week from a date on; or the unit's own hours end, and it follows the unit above."""

    starts_on = forms.DateField(label="自何日起", error_messages={"required": "请选择从哪一天起。"})
    follow = forms.BooleanField(label="与上级单位一致，不另设作息", required=False)
    hours = forms.CharField(label="作息", max_length=120, required=False, help_text=_HOURS_HELP)
    weekdays = forms.MultipleChoiceField(
        label="哪几天上班", choices=WEEKDAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    source = forms.CharField(label="依据", max_length=200, error_messages=_SOURCE)

    def clean_starts_on(self) -> date:
        return _not_over(self.cleaned_data["starts_on"])

    def clean_hours(self) -> Intervals:
        text = self.cleaned_data["hours"]
        return read_hours(text) if text.strip() else ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("follow"):
            if not cleaned.get("hours") and "hours" not in self.errors:
                self.add_error("hours", "请填写作息，或勾选“与上级单位一致”。")
            if not cleaned.get("weekdays"):
                self.add_error("weekdays", "请至少选一天。")
        return cleaned

    def week(self) -> Week | None:
        """Return the week that was typed; None = as the unit above."""
        if self.cleaned_data["follow"]:
            return None
        chosen = {int(day) for day in self.cleaned_data["weekdays"]}
        return Week(tuple(self.cleaned_data["hours"] if day in chosen else () for day in range(7)))


class DayForm(forms.Form):
    """One date unlike the others: a day off, a make-up working day, or a day with hours of its own."""

    on = forms.DateField(label="日期", error_messages={"required": "请选择日期。"})
    kind = forms.ChoiceField(
        label="这一天",
        choices=(("off", "休息"), ("work", "上班，按平时的作息"), ("hours", "上班，另定时段")),
        widget=forms.RadioSelect,
        error_messages={"required": "请选择这一天休息还是上班。"},
    )
    hours = forms.CharField(label="时段", max_length=120, required=False, help_text=_HOURS_HELP)
    name = forms.CharField(
        label="名称", max_length=40, required=False, help_text="例如“台风停工”“国庆调休上班”。"
    )
    source = forms.CharField(label="依据", max_length=200, error_messages=_SOURCE)

    def clean_on(self) -> date:
        return _not_over(self.cleaned_data["on"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == "hours":
            if not (cleaned.get("hours") or "").strip():
                self.add_error("hours", "请填写这一天的上班时段。")
            else:
                try:
                    cleaned["hours"] = read_hours(cleaned["hours"])
                except forms.ValidationError as error:
                    self.add_error("hours", error)
        return cleaned

    def facts(self) -> dict[str, Any]:
        """Return what ``clock.declare_day`` takes."""
        given = self.cleaned_data
        own = given["hours"] if given["kind"] == "hours" else None
        return {
            "working": given["kind"] != "off",
            "hours": own,
            "name": given["name"],
            "source": given["source"],
        }


class WithdrawForm(forms.Form):
    """Take one date back."""

    on = forms.DateField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="理由",
        min_length=2,
        max_length=200,
        error_messages={"required": "请写明理由，会记入审计记录。"},
    )


def _not_over(on: date) -> date:
    if on < clock.local_date(timezone.now()):
        raise forms.ValidationError("这一天已经过去。已经过去的时间不改写，请选今天或以后的日期。")
    return on
