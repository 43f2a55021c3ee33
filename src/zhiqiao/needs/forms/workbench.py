"""The forms of the workbench: one for each act at a need."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.models import fields_for_model
from django.http import QueryDict

from zhiqiao.directory.models import Enterprise, Expert
from zhiqiao.directory.queries import enterprises_for, experts_for
from zhiqiao.kit import clock
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.needs import enums, queries
from zhiqiao.needs.enums import InvitationState, MeetingMode, MeetingState
from zhiqiao.needs.models import Need

NOTE = 2000
MOST_EXPERTS = 30
_RANK = re.compile(r"rank_(\d{1,18})")
_BETWEEN_NAMES = re.compile(r"[、,，;；\s]+")


def _lines(
    label: str, *, missing: str = "", rows: int = 4, length: int = NOTE, **named: Any
) -> forms.CharField:
    """Return a field of several lines; it may be left empty unless ``missing`` says what then lacks."""
    return forms.CharField(
        label=label,
        max_length=length,
        required=bool(missing),
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing} if missing else {},
        **named,
    )


def picked(params: QueryDict) -> list[str]:
    """Return the keys of the experts ticked in the finder, in the order of the page."""
    keys = [key for key in params.getlist("expert") if key.isascii() and key.isdigit() and len(key) < 19]
    return list(dict.fromkeys(keys))[:MOST_EXPERTS]


class StepForm(forms.Form):
    """What every act at a need has in common: the need, the reader, and what the address says."""

    def __init__(
        self,
        data: QueryDict | None = None,
        files: Any = None,
        *,
        need: Need,
        who: Any,
        params: QueryDict | None = None,
    ) -> None:
        self.need, self.who, self.params = need, who, params or QueryDict()
        super().__init__(data, files, initial=dict(self.starting_values()))
        self.prepare()

    def starting_values(self) -> Mapping[str, Any]:
        """Return what the fields hold at first."""
        return {}

    def prepare(self) -> None:
        """Fit the fields to the need."""

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        return dict(self.cleaned_data)


class AcceptForm(StepForm):
    note = _lines("附言", rows=3, help_text="会写进时间线，企业也会收到。没有要说的可以不填。")


class SendBackForm(StepForm):
    note = _lines(
        "需要补充什么",
        missing="请写明需要补充什么，企业会收到这段话。",
        help_text="企业会原样收到这段话，请写得具体，好让对方一次补齐。",
    )


class RejectForm(StepForm):
    note = _lines(
        "不予受理的理由",
        missing="请写明不予受理的理由，企业会收到这段话。",
        help_text="企业会原样收到这段话。若有别的部门能帮上忙，请一并告知。",
    )


class WithdrawForm(StepForm):
    note = _lines(
        "撤回的原因", missing="请写明撤回的原因。", help_text="由企业提出的，请写明是谁在什么时候提出的。"
    )


class RematchForm(StepForm):
    note = _lines("为什么要重新匹配", missing="请写明为什么要重新匹配。")


class ArchiveForm(StepForm):
    note = _lines("归档说明", rows=3, help_text="没有要说的可以不填。")


class CancelMeetingForm(StepForm):
    reason = _lines("取消的原因", missing="请写明取消对接的原因，双方会问起。", length=400, rows=3)


class ExpertsForm(StepForm):
    """Experts in an order the clerk decides: a small number beside each name, empty to leave her out."""

    message = _lines(
        "给专家的话",
        rows=4,
        help_text="写进邀请信里。需求内容、推荐理由和答复链接会自动带上，这里只写要特别交代的。",
    )

    def prepare(self) -> None:
        self.experts = self._chosen()
        for rank, expert in enumerate(self.experts, start=1):
            self.fields[f"rank_{expert.pk}"] = forms.IntegerField(
                label=f"{expert.name}的次序", required=False, min_value=1, max_value=99, initial=rank
            )

    def _chosen(self) -> list[Expert]:
        """Return the experts named in what was sent, or else in the address, in that order and within sight."""
        if self.is_bound:
            keys = [int(found[1]) for name in self.data if (found := _RANK.fullmatch(name))]
        else:
            keys = [int(key) for key in picked(self.params)]
        keys = list(dict.fromkeys(keys))[:MOST_EXPERTS]
        known = experts_for(self.who).select_related("organisation").in_bulk(keys)
        return [known[key] for key in keys if key in known]

    @property
    def lines(self) -> list[tuple[Expert, forms.BoundField]]:
        """Return each expert with the field of her place in the line."""
        return [(expert, self[f"rank_{expert.pk}"]) for expert in self.experts]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        places = [(cleaned.get(f"rank_{e.pk}"), order, e) for order, e in enumerate(self.experts)]
        named = sorted((one for one in places if one[0] is not None), key=lambda one: one[:2])
        if not named and not self.errors:
            raise forms.ValidationError("请至少给一位专家写上次序。")
        cleaned["experts"] = [expert for _, _, expert in named]
        return cleaned

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if not _RANK.fullmatch(name)}


class InviteForm(ExpertsForm):
    wanted = forms.IntegerField(
        label="同时联系几位",
        min_value=1,
        max_value=MOST_EXPERTS,
        initial=1,
        help_text="通常一位。其余按次序候补：前面的婉拒或逾期未答复，自动联系下一位。",
    )

    def starting_values(self) -> Mapping[str, Any]:
        """A team is asked all at once; the address says how many they are."""
        wanted = self.params.get("wanted", "")
        return {"wanted": int(wanted)} if wanted.isascii() and wanted.isdigit() and len(wanted) < 3 else {}


class InviteMoreForm(ExpertsForm):
    pass


class WhereForm(StepForm):
    """When and where two sides meet."""

    starts_at = forms.DateTimeField(
        label="开始时间", widget=forms.DateTimeInput, error_messages={"required": "请选择开始时间。"}
    )
    place = forms.CharField(
        label="地点", max_length=200, required=False, help_text="现场对接必填，请写到楼和房间。"
    )
    link = forms.URLField(
        label="会议链接", required=False, assume_scheme="https", help_text="视频对接必填，会写进双方的日历。"
    )


class ScheduleForm(WhereForm):
    mode = forms.ChoiceField(
        label="方式", choices=MeetingMode.choices, widget=forms.RadioSelect, initial=MeetingMode.SITE
    )
    minutes_long = forms.IntegerField(label="时长（分钟）", min_value=10, max_value=1440, initial=90)

    field_order = ("mode", "starts_at", "minutes_long", "place", "link")

    def starting_values(self) -> Mapping[str, Any]:
        return {"place": self.need.enterprise.address}


class MoveMeetingForm(WhereForm):
    def starting_values(self) -> Mapping[str, Any]:
        meeting = next((m for m in self.need.meetings.all() if m.state == MeetingState.PLANNED), None)
        if meeting is None:
            return {}
        return {"starts_at": clock.local(meeting.starts_at), "place": meeting.place, "link": meeting.link}


class HoldForm(StepForm):
    experts = forms.ModelMultipleChoiceField(
        label="到场的专家",
        queryset=Expert.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="每位到场的专家计一次服务。",
        error_messages={"required": "请勾选到场的专家；专家没有到场时，请改期或取消这次对接。"},
    )
    enterprise_people = forms.CharField(
        label="到场的企业人员", max_length=400, required=False, help_text="写姓名，几个人之间用顿号隔开。"
    )
    summary = _lines(
        "对接纪要",
        missing="请写几句对接纪要：谈了什么，有什么结论。",
        rows=6,
        length=8000,
        help_text="谈了什么、有什么结论。专家以后的服务记录里也会有这一次。",
    )
    next_step = _lines("下一步", rows=3, help_text="谁、在什么时候之前、做什么。")

    def prepare(self) -> None:
        engaged = [i.expert_id for i in self.need.invitations.all() if i.state == InvitationState.ACCEPTED]
        field = self.fields["experts"]
        field.queryset = Expert.objects.filter(pk__in=engaged)  # type: ignore[attr-defined]
        field.initial = engaged

    def starting_values(self) -> Mapping[str, Any]:
        return {"enterprise_people": self.need.contact_name}

    def clean_enterprise_people(self) -> list[str]:
        return [name for name in _BETWEEN_NAMES.split(self.cleaned_data["enterprise_people"]) if name]


class ReportForm(StepForm):
    result = forms.ChoiceField(
        label="结果",
        choices=enums.Result.choices,
        widget=forms.RadioSelect,
        help_text="如实登记：办结不等于解决，部分解决、未解决也是结果。",
        error_messages={"required": "请选择一项结果。"},
    )
    reason = forms.ChoiceField(
        label="未解决的原因",
        choices=[("", "（结果为未解决时选择）"), *enums.UnsolvedReason.choices],
        required=False,
    )
    note = _lines(
        "结果说明",
        missing="请用一两句话说明结果，双方会看到这段话。",
        help_text="双方会看到这段话，并据此确认。",
    )
    amount_yuan = forms.DecimalField(
        label="合同金额（元）",
        min_value=0,
        max_digits=14,
        decimal_places=2,
        required=False,
        help_text="签了技术合同或协议的填写，没有就留空。",
    )

    def values(self) -> dict[str, Any]:
        values = super().values()
        amount: Decimal | None = values.pop("amount_yuan")
        return values | {"amount_fen": None if amount is None else int(amount * 100)}


class ProveForm(StepForm):
    level = forms.TypedChoiceField(
        label="证据等级",
        choices=[(v, label) for v, label in enums.EvidenceLevel.choices if v >= enums.EvidenceLevel.DOCUMENT],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择证据等级。"},
    )
    note = _lines(
        "凭什么",
        missing="请写明凭哪份材料，例如合同登记编号、检测报告编号。",
        help_text="合同、报告等请先在“上传材料”里传上来，这里写明是哪一份。",
        length=400,
        rows=3,
    )

    def starting_values(self) -> Mapping[str, Any]:
        outcome = queries.current_outcome(self.need)
        return {"level": outcome.evidence_level if outcome else None}


class AttachForm(StepForm):
    file = forms.FileField(
        label="文件",
        help_text="PDF、图片、Word、Excel 或文本，不超过 20 MB。",
        error_messages={"required": "请选择要上传的文件。", "empty": "这个文件是空的，请换一个。"},
    )
    title = forms.CharField(
        label="标题", max_length=150, required=False, help_text="不填就用文件名，例如“技术服务合同”。"
    )


class ReviseForm(StepForm):
    """The text of a need under way. Both versions stay in the audit record."""

    FIELDS = (
        "title", "body", "target", "kind", "urgency", "visibility", "wanted_on",
        "contact_name", "contact_phone", "contact_email",
    )  # fmt: skip

    def prepare(self) -> None:
        self.fields |= fields_for_model(Need, self.FIELDS)
        self.fields["budget_yuan"] = forms.DecimalField(
            label="拟投入（元）", min_value=0, max_digits=14, decimal_places=2, required=False
        )
        self.fields["contact_name"].required = True
        self.fields["reason"] = _lines(
            "为什么修改", missing="请写明为什么修改，例如：与企业电话核对。", rows=2, length=400
        )

    def starting_values(self) -> Mapping[str, Any]:
        fen = self.need.budget_fen
        yuan = None if fen is None else Decimal(fen) / 100
        return {name: getattr(self.need, name) for name in self.FIELDS} | {"budget_yuan": yuan}

    def values(self) -> dict[str, Any]:
        values = super().values()
        amount: Decimal | None = values.pop("budget_yuan")
        return values | {"budget_fen": None if amount is None else int(amount * 100)}


class IdentifyForm(StepForm):
    """Which enterprise asked, for a need whose list did not say or did not say it right."""

    enterprise = forms.CharField(
        label="企业名称或统一社会信用代码",
        max_length=120,
        help_text="写全称或 18 位代码；还没有登记的企业，请先在“企业”里登记。",
        error_messages={"required": "请写企业名称或统一社会信用代码。"},
    )

    def clean_enterprise(self) -> Enterprise:
        text = clean_text(self.cleaned_data["enterprise"])
        named = Q(organisation__name=text) | Q(credit_code=text.upper())
        found = list(enterprises_for(self.who).filter(named)[:2])
        if not found:
            raise forms.ValidationError("没有找到这家企业，请核对全称或代码；还没有登记的，请先登记。")
        if len(found) > 1:
            raise forms.ValidationError("有两家以上的企业叫这个名字，请写统一社会信用代码。")
        return found[0]


class ExportForm(forms.Form):
    """Why a list leaves the system: kept in the audit record."""

    reason = _lines(
        "用途",
        missing="请写明导出的用途，例如：向市科协报送季度报表。",
        rows=2,
        length=200,
        help_text="会和您的姓名、时间、条数一起记入审计。",
    )
