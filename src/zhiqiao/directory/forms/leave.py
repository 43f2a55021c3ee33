"""When an expert is away, and what she declares about her ties."""

from typing import Any

from django import forms

from zhiqiao.directory import queries
from zhiqiao.directory.enums import RelationKind
from zhiqiao.orgs.scope import Who


class LeaveForm(forms.Form):
    """A time in which she is not asked."""

    starts_on = forms.DateField(
        label="从", widget=forms.DateInput, error_messages={"required": "请选择开始日期。"}
    )
    ends_on = forms.DateField(
        label="到",
        widget=forms.DateInput,
        help_text="含当天。",
        error_messages={"required": "请选择结束日期。"},
    )
    note = forms.CharField(
        label="说明", max_length=120, required=False, help_text="例：出国访问。只有本人和推荐单位看得到。"
    )


class RelationForm(forms.Form):
    """A tie to an enterprise or a person that may have to be weighed before she is asked."""

    kind = forms.ChoiceField(label="关系", choices=RelationKind.choices, widget=forms.RadioSelect)
    party = forms.CharField(
        label="单位或姓名",
        max_length=120,
        help_text="写单位全称；亲属、师生写对方姓名和单位。",
        error_messages={"required": "请写明是哪个单位或哪个人。"},
    )
    starts_on = forms.DateField(label="开始", required=False, widget=forms.DateInput)
    ends_on = forms.DateField(
        label="结束", required=False, widget=forms.DateInput, help_text="还在继续就不填。"
    )
    note = forms.CharField(label="说明", max_length=400, required=False)

    def __init__(self, who: Who, data: Any = None) -> None:
        super().__init__(data)
        self.who = who

    def values(self) -> dict[str, Any]:
        """Return what to save; a unit that is an enterprise of the library is saved as this enterprise, too."""
        values = dict(self.cleaned_data)
        values["enterprise"] = queries.enterprise_named(values["party"])
        return values
