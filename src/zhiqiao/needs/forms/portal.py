"""What enterprises and experts type: a question, a need, an answer."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from zhiqiao.directory.models import Enterprise
from zhiqiao.kit import clock
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.needs.enums import DeclineReason, Kind, Urgency, Visibility
from zhiqiao.needs.models import Need, Rating

QUESTION = 2000
_PHONE = re.compile(r"\+?\d{7,15}(?:转\d{1,6})?")
_MONEY = re.compile(r"(\d+(?:\.\d+)?)(万元?|亿元?|元)?")
_FEN = {"元": 100, "万": 10_000 * 100, "亿": 100_000_000 * 100}
HIGHEST_BUDGET_FEN = 10**15
_DATES = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


def _text(label: str, *, length: int, rows: int = 0, missing: str = "", **named: Any) -> forms.CharField:
    """Return a text field; ``missing`` is what is said when it is needed and empty."""
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(
        label=label,
        max_length=length,
        required=bool(missing),
        widget=widget,
        error_messages={"required": missing, "max_length": f"“{label}”最多 {length} 字，请删减一些。"},
        **named,
    )


def half_width(text: str) -> str:
    """Return digits, letters and signs as a keyboard in half width types them."""
    return unicodedata.normalize("NFKC", text).strip()


class QuestionForm(forms.Form):
    """The one box of the front page."""

    text = _text("您的技术难题", length=QUESTION, rows=3, missing="请写一两句话，说说遇到了什么难题。")


class PhoneField(forms.CharField):
    """A telephone number in any spelling; spaces and hyphens are dropped."""

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        number = re.sub(r"[\s()\-—–]", "", half_width(typed))
        if number and not _PHONE.fullmatch(number):
            raise forms.ValidationError("电话看起来不对，请核对。手机号 11 位；座机带区号。")
        return number


class BudgetField(forms.CharField):
    """An amount as people write it, 30 or 30 万元 or 5000元; a bare number is 万元. Gives fen or None."""

    def clean(self, value: Any) -> int | None:
        typed = re.sub(r"[\s,，]", "", half_width(super().clean(value)))
        if not typed:
            return None
        found = _MONEY.fullmatch(typed)
        if not found:
            raise forms.ValidationError("请写一个数，例如 30 万元；没有确定就留空。")
        fen = int(Decimal(found[1]) * _FEN[(found[2] or "万")[0]])
        if fen > HIGHEST_BUDGET_FEN:
            raise forms.ValidationError("这个数太大了，请核对单位：不写单位时按万元计。")
        return fen

    def prepare_value(self, value: Any) -> Any:
        """Write fen the way they were typed: in 万元."""
        return f"{value / _FEN['万']:.6f}".rstrip("0").rstrip(".") if isinstance(value, int) else value


class NeedForm(forms.Form):
    """A need: six questions first, the rest folded.

    strict : whether what a submission cannot do without must be there; a draft takes anything.
    """

    FIRST = ("title", "body", "kind", "visibility", "contact_name", "contact_phone")
    MORE = ("target", "wanted_on", "budget_fen", "urgency", "contact_email")

    title = _text(
        "需求名称",
        length=120,
        missing="请给需求起个名字，一句话说清要解决什么。",
        help_text="一句话说清要解决什么。",
    )
    body = _text(
        "需求内容",
        length=8000,
        rows=8,
        missing="请写写需求内容：现在怎么做、遇到什么问题、试过什么办法。",
        help_text="现在怎么做、问题出在哪里、试过什么办法。写得具体，专家找得准。",
    )
    kind = forms.ChoiceField(label="类别", choices=Kind.choices, initial=Kind.RESEARCH)
    visibility = forms.ChoiceField(
        label="公开范围",
        choices=[
            (Visibility.STAFF, "只给科协和受邀专家看"),
            (Visibility.SECRET, "保密：只有经办人看得到，专家签了保密承诺、受理单位同意后才能看详情"),
            (Visibility.NETWORK, "登录的工作人员和入库专家可看内容，不显示企业名称"),
            (Visibility.MASKED, "公开内容，不显示企业名称"),
            (Visibility.PUBLIC, "公开内容和企业名称"),
        ],
        initial=Visibility.STAFF,
        widget=forms.RadioSelect,
        help_text="公开以后，更多专家能看到。联系方式任何时候都不公开。",
    )
    contact_name = _text("联系人", length=40, missing="请写联系人，受理单位要知道找谁。")
    contact_phone = PhoneField(
        label="联系电话",
        max_length=30,
        error_messages={"required": "请写联系电话；不方便的话，在“更多”里写邮箱也行。"},
    )
    target = _text(
        "指标要求",
        length=4000,
        rows=3,
        help_text="达到什么程度算解决，最好有数字。例：裂纹率降到千分之三以下。",
    )
    wanted_on = forms.DateField(
        label="期望完成",
        required=False,
        input_formats=_DATES,
        widget=forms.DateInput,
        error_messages={"invalid": "日期看不懂，请写成 2026-12-31 的样子。"},
    )
    budget_fen = BudgetField(
        label="拟投入", max_length=30, required=False, help_text="不写单位时按万元计。没有确定就留空。"
    )
    urgency = forms.ChoiceField(
        label="紧急程度", choices=Urgency.choices, initial=Urgency.NORMAL, widget=forms.RadioSelect
    )
    contact_email = forms.EmailField(
        label="联系邮箱",
        required=False,
        error_messages={"invalid": "邮箱看起来不对，应像 name@example.cn。"},
    )

    def __init__(
        self, data: QueryDict | None = None, *, need: Need | None = None, strict: bool = True, **named: Any
    ) -> None:
        initial = {name: getattr(need, name) for name in self.base_fields} if need else {}
        super().__init__(data, initial=initial, **named)
        self.strict = strict
        if not strict:
            for field in self.fields.values():
                field.required = False

    @classmethod
    def of(cls, need: Need) -> "NeedForm":
        """Return the strict form filled in with what a draft holds, validated: its errors are what lacks."""
        drawn = cls(need=need)
        data = QueryDict(mutable=True)
        for bound in drawn:
            value = bound.value()
            data[bound.html_name] = "" if value is None else str(value)
        return cls(data, need=need)

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    @property
    def more_open(self) -> bool:
        """Whether the folded part holds something: an error, or an answer that is not the default."""
        default = {"urgency": Urgency.NORMAL}
        return any(
            self[name].errors or self[name].value() not in ("", None, default.get(name)) for name in self.MORE
        )

    def clean_wanted_on(self) -> Any:
        on = self.cleaned_data["wanted_on"]
        if on and self.strict and on < clock.local_date(timezone.now()):
            raise forms.ValidationError("期望完成的日子已经过了，请核对。")
        return on

    def clean(self) -> dict[str, Any]:
        """One way to reach the contact is enough: with an e-mail address the telephone may be left out."""
        cleaned = super().clean() or {}
        if cleaned.get("contact_email") and self.has_error("contact_phone", "required"):
            del self.errors["contact_phone"]
            cleaned["contact_phone"] = ""
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what was typed and understood; a draft keeps these and leaves the rest as it was."""
        sent = {name: value for name, value in self.cleaned_data.items() if name in self.data}
        # A choice that a draft leaves open keeps what the need has.
        return {
            name: value
            for name, value in sent.items()
            if value != "" or name not in ("kind", "visibility", "urgency")
        }

    def missing(self) -> list[str]:
        """Return the labels of what a submission still lacks."""
        return [str(self[name].label) for name in (*self.FIRST, *self.MORE) if self[name].errors]


class AnswerForm(forms.Form):
    """What every answer of a party has in common: its name goes with it, and its fields are prefixed by it."""

    act = ""
    # Code of a refusal -> the field it is about.
    FIELD_OF: Mapping[str, str] = {}

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix=self.act)

    def refused(self, code: str, message: str) -> None:
        """Show the words of a refusal where they belong."""
        self.add_error(self.FIELD_OF.get(code), message)


class AcceptForm(AnswerForm):
    act = "accept"
    note = _text("您方便的时间", length=400, help_text="受理单位会据此约定对接。")


class DeclineForm(AnswerForm):
    act = "decline"
    FIELD_OF = {"needs.reason_missing": "reason", "needs.substitute_contact": "colleague"}
    reason = forms.ChoiceField(
        label="不便参加的原因",
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择一项原因，方便我们改邀更合适的专家。"},
    )
    note = _text("想补充的话", length=400)
    colleague = forms.CharField(
        label="可以请哪位同行",
        max_length=60,
        required=False,
        help_text="只写姓名。由受理单位决定是否邀请，不会直接联系。",
    )
    colleague_unit = forms.CharField(label="同行的单位", max_length=120, required=False)
    colleague_note = forms.CharField(label="为什么推荐", max_length=200, required=False)


class ConfirmForm(AnswerForm):
    act = "confirm"
    FIELD_OF = {"needs.note_missing": "note"}
    agrees = forms.ChoiceField(
        label="登记的结果与实际相符吗",
        choices=[("yes", "相符，我确认"), ("no", "不相符")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择“相符”或“不相符”。"},
    )
    note = _text(
        "哪里不相符", length=1000, rows=3, help_text="不相符时请写明，受理单位会据此联系您；相符可以不写。"
    )


class RateForm(AnswerForm):
    """The expert's rating: one mark and a comment."""

    act = "rate"
    FIELD_OF = {"needs.score": "score"}
    score = forms.TypedChoiceField(
        label="总体评分",
        coerce=int,
        choices=[
            (5, "5 分，很满意"),
            (4, "4 分，满意"),
            (3, "3 分，一般"),
            (2, "2 分，不太满意"),
            (1, "1 分，不满意"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "请选一个总体评分。"},
    )
    comment = _text("想说的话", length=1000, rows=3)

    def items(self) -> dict[str, int]:
        """Return the marks of the single items that were given."""
        return {}


class EnterpriseRateForm(RateForm):
    """The enterprise's rating: four items besides."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        for name, title in Rating.ITEMS:
            self.fields[name] = forms.TypedChoiceField(
                label=title,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", "不评"), *((mark, f"{mark} 分") for mark in range(5, 0, -1))],
            )
        self.order_fields(["score", *(name for name, _ in Rating.ITEMS), "comment"])

    def items(self) -> dict[str, int]:
        marks = ((name, self.cleaned_data.get(name)) for name, _ in Rating.ITEMS)
        return {name: mark for name, mark in marks if mark}


class WithdrawForm(AnswerForm):
    act = "withdraw"
    FIELD_OF = {"needs.note_missing": "note"}
    note = _text("撤回的原因", length=400, rows=2, missing="请写明撤回的原因。")


class SupplementForm(AnswerForm):
    """What a contact without an account adds to a need that came back."""

    act = "supplement"
    body = _text(
        "需求内容", length=8000, rows=8, missing="请写写需求内容。", help_text="在原来的内容上补充修改。"
    )
    target = _text("指标要求", length=4000, rows=3)

    def __init__(self, data: QueryDict | None = None, *, need: Need | None = None) -> None:
        super().__init__(data)
        if need is not None:
            self.initial = {"body": need.body, "target": need.target}


class StartForm(forms.Form):
    """Where a need begins: what it is about, and for which enterprise.

    enterprises : those the reader may ask for. A few are offered at once, of many she searches first.
    """

    FEW = 6
    FOUND = 10

    text = _text(
        "遇到了什么难题",
        length=QUESTION,
        rows=5,
        missing="请写一两句话，说说遇到了什么难题。",
        help_text="先写一两句话就行，下一步再补充。",
    )
    query = _text("企业名称或统一社会信用代码", length=60)
    enterprise = forms.ModelChoiceField(
        label="哪家企业的需求",
        queryset=Enterprise.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "请选择是哪家企业的需求。",
            "invalid_choice": "这家企业不在您能办理的范围里，请重新选择。",
        },
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        enterprises: QuerySet[Enterprise],
        query: str = "",
        **named: Any,
    ) -> None:
        super().__init__(data, **named)
        field: Any = self.fields["enterprise"]
        field.queryset = enterprises
        few = list(enterprises[: self.FEW + 1])
        self.searching = len(few) > self.FEW
        self.wanted = clean_text(query)
        self.offered = self._found(enterprises) if self.searching else few
        field.widget.choices = [(one.pk, self._words(one)) for one in self.offered]
        if len(self.offered) == 1:
            self.initial.setdefault("enterprise", self.offered[0].pk)

    def _found(self, enterprises: QuerySet[Enterprise]) -> list[Enterprise]:
        if not self.wanted:
            chosen = self.data.get("enterprise", "")
            return list(enterprises.filter(pk=chosen)) if chosen.isdecimal() and len(chosen) < 18 else []
        named = Q(organisation__name__icontains=self.wanted) | Q(credit_code__istartswith=self.wanted)
        return list(enterprises.filter(named).order_by("organisation__name", "pk")[: self.FOUND])

    @property
    def only(self) -> Enterprise | None:
        """The enterprise, where there is nothing to choose."""
        return self.offered[0] if len(self.offered) == 1 and not self.searching else None

    @staticmethod
    def _words(enterprise: Enterprise) -> str:
        return f"{enterprise}（{enterprise.credit_code}）" if enterprise.credit_code else str(enterprise)
