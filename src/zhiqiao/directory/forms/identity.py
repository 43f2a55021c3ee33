"""Deciding that two rows are one person, or that they are not."""

from typing import Any

from django import forms

from zhiqiao.directory.models import Expert

REASON_SHORTEST = 4


class ReasonForm(forms.Form):
    """On what a decision about somebody's identity rests."""

    reason = forms.CharField(
        label="依据",
        min_length=REASON_SHORTEST,
        max_length=400,
        help_text="例：电话核实；同一邮箱；两人年龄相差二十岁。会连同您的姓名和时间留存。",
        error_messages={"required": "请写明判断的依据。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class MergeForm(ReasonForm):
    """Which of the two rows stays."""

    keep = forms.ChoiceField(
        label="保留哪一条",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择保留哪一条记录。"},
        help_text="另一条的证据、邀请、服务和行动名单并到这一条；这一条空着的栏目用另一条补上。可以拆开还原。",
    )

    field_order = ("keep", "reason")

    def __init__(self, one: Expert, other: Expert, data: Any = None) -> None:
        super().__init__(data, prefix="merge")
        self.rows = {str(row.pk): row for row in (one, other)}
        self.fields["keep"].choices = [  # type: ignore[attr-defined]
            (key, f"编号 {row.pk}：{row}，{row.organisation.title}推荐") for key, row in self.rows.items()
        ]

    def in_order(self) -> tuple[Expert, Expert]:
        """Return the row that stays and the one that is merged into it."""
        kept = self.rows[self.cleaned_data["keep"]]
        return kept, next(row for row in self.rows.values() if row.pk != kept.pk)


class ApartForm(ReasonForm):
    """They are different people."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="apart")


class SplitForm(ReasonForm):
    """A merge was a mistake. Prefixed by the merge: a page may hold several."""

    def __init__(self, merge_pk: int, data: Any = None) -> None:
        super().__init__(data, prefix=f"split{merge_pk}")
