"""The forms by which the clocks of a case are made to stand still, run again, or hurry."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from zhiqiao.kit import clock
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.forms.workbench import StepForm

NOTE = 1000


class PauseForm(StepForm):
    """Who is waited for, until when at most, and on what evidence."""

    reason = forms.ChoiceField(
        label="等谁", widget=forms.RadioSelect, error_messages={"required": "请选择在等谁。"}
    )
    until = forms.DateField(
        label="最晚等到",
        widget=forms.DateInput,
        help_text="含当天。到时没有答复会自动恢复计时，并通知您。",
        error_messages={"required": "请选择最晚等到哪一天。"},
    )
    note = forms.CharField(
        label="依据",
        max_length=NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="等什么、谁在什么时候答应的，例如“11月23日与陈工电话确认，12月1日前补寄样件”。",
        error_messages={"required": "请写明暂停的依据。"},
    )
    file = forms.FileField(
        label="依据材料", required=False, help_text="聊天截图、邮件、批件等，没有可以不传；不超过 20 MB。"
    )

    def prepare(self) -> None:
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (kind.name, f"{kind.title}（最多 {kind.limit}）") for kind in NEED_FLOW.pauses.values()
        ]

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < clock.local_date(timezone.now()):
            raise forms.ValidationError("这一天已经过去，请选今天或以后的日期。")
        return until

    def values(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        return given | {"until": self._end_of(given["until"])}

    def _end_of(self, on: date) -> datetime:
        """Return when business closes on a date; the midnight after it, if it is a day off."""
        hours = NEED_FLOW.calendar_of(self.need).intervals(on)
        end = timedelta(minutes=hours[-1].end) if hours else timedelta(days=1)
        return clock.midnight(on) + end


class ResumeForm(StepForm):
    """Nothing to fill in."""


class HurryForm(StepForm):
    reason = forms.CharField(
        label="理由",
        max_length=NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明理由，会留在时间线里。"},
    )
