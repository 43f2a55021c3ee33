"""Deciding on a conflict of interest, and looking somebody up before she is asked."""

from typing import Any

from django import forms

REASON_SHORTEST = 4


class DecideForm(forms.Form):
    """Whether one expert may be asked, and why. Prefixed by her number: a page may hold several."""

    may_ask = forms.ChoiceField(
        label="决定",
        choices=[("yes", "可以邀请"), ("no", "回避，不邀请")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择可以邀请还是回避。"},
    )
    reason = forms.CharField(
        label="理由",
        min_length=REASON_SHORTEST,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 400}),
        help_text="写明怎样核实的、为什么这样定。只有能决定回避的人看得到，并记入审计。",
        error_messages={"required": "请写明理由。"},
    )

    def __init__(self, expert_pk: int, data: Any = None) -> None:
        super().__init__(data, prefix=f"e{expert_pk}")

    def answer(self) -> bool:
        """Return whether she may be asked."""
        return bool(self.cleaned_data["may_ask"] == "yes")
