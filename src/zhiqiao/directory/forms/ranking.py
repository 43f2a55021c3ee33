"""A decision about the weights of the ranking."""

from django import forms


class DecisionForm(forms.Form):
    """Accept or decline a version, with a reason."""

    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    act = forms.ChoiceField(choices=[("accept", "采用"), ("decline", "不采用")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label="理由",
        max_length=200,
        help_text="写进审计，便于以后查对。",
        error_messages={"required": "请写明理由，便于以后查对。"},
    )
