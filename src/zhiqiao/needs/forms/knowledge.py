"""What a clerk writes on a solution card."""

from django import forms


def _words(label: str, rows: int, missing: str, **named: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing},
        **named,  # type: ignore[arg-type]
    )


class CardForm(forms.Form):
    """Title, problem, solution. No names: they are looked for when the card is released."""

    title = forms.CharField(label="标题", max_length=120, error_messages={"required": "请写标题。"})
    problem = _words("遇到的问题", 8, "请写遇到的问题。", help_text="不写企业名称、人名和联系方式。")
    solution = _words("怎样解决的", 8, "请写怎样解决的。", help_text="写做法和效果，让别的企业能参考。")
