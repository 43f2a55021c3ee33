"""Recommending a research output to an enterprise."""

from typing import Any

from django import forms

from zhiqiao.directory.models import ResearchOutput
from zhiqiao.directory.queries import outputs_for


class RecommendForm(forms.Form):
    """An output to recommend, and a word to the enterprise."""

    output = forms.ModelChoiceField(
        queryset=ResearchOutput.objects.none(), error_messages={"required": "请选择一项成果。"}
    )
    note = forms.CharField(
        label="给企业的话", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, who: Any, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["output"].queryset = outputs_for(who)  # type: ignore[attr-defined]
