"""What an administrator types about the terms of a unit or of a programme."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from zhiqiao.kit import clock
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Programme

LONGEST_DAYS = 250


class TermForm(forms.Form):
    """The term of one clock from a date on; empty = as the unit above has it."""

    clock = forms.ChoiceField(label="哪一项时限", error_messages={"required": "请选择哪一项时限。"})
    campaign = forms.ModelChoiceField(
        Programme.objects.none(),
        label="只对专项行动",
        required=False,
        empty_label="全部需求",
        help_text="选了专项行动，就只对计入它的需求生效，并优先于对全部需求的规定。",
    )
    amount = forms.IntegerField(
        label="期限（工作日）",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="不填就与上级单位一致。",
    )
    warn_days = forms.IntegerField(
        label="提前几个工作日提醒", required=False, min_value=1, max_value=30, help_text="不填就不提醒。"
    )
    escalates = forms.BooleanField(label="逾期逐级提醒到岗位", required=False, initial=True)
    open_too = forms.BooleanField(label="到那一天，在办的也按新期限重算", required=False, initial=True)
    starts_on = forms.DateField(label="自何日起", error_messages={"required": "请选择从哪一天起。"})
    source = forms.CharField(
        label="依据", max_length=200, error_messages={"required": "请写明依据，例如文件的名称和文号。"}
    )

    def __init__(self, programmes: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = NEED_FLOW.clocks.values()
        self.fields["clock"].choices = [(kind.name, kind.title) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = programmes  # type: ignore[attr-defined]

    def clean_starts_on(self) -> date:
        starts_on: date = self.cleaned_data["starts_on"]
        if starts_on < clock.local_date(timezone.now()):
            raise forms.ValidationError("已经过去的时间不改写，请选今天或以后的日期。")
        return starts_on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        amount, warn = cleaned.get("amount"), cleaned.get("warn_days")
        if amount and warn and warn >= amount:
            self.add_error("warn_days", "提醒要早于到期，天数应小于期限。")
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what ``declare_term`` takes."""
        given = dict(self.cleaned_data)
        campaign, name = given.pop("campaign"), given.pop("clock")
        return given | {"name": name, "campaign": str(campaign.pk) if campaign else ""}
