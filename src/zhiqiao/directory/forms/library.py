"""What people type into the libraries. A form gives clean values; saving is done by the actions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet

from zhiqiao.directory import queries
from zhiqiao.directory.actions import Proof
from zhiqiao.directory.codes import DISCIPLINES, INDUSTRIES
from zhiqiao.directory.enums import TRL, EvidenceKind, ExpertKind, FieldVisibility, OutputKind, Sharing
from zhiqiao.directory.models import Enterprise, Expert, ResearchOutput, validate_credit_code
from zhiqiao.kit.privacy import masked
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who

REASON_SHORTEST = 4
LEAST_DISCIPLINES = 3
PHONE = RegexValidator(
    r"^\+?[0-9][0-9 \-]{5,18}$", "电话号码只写数字，可以带区号，如 13812345678 或 0571-87001234。"
)
CONTACTS = {"phone": "手机号", "email": "邮箱"}


class OrganisationField(forms.ModelChoiceField):
    """A select of organisations, indented by level."""

    top = 0

    def offer(self, organisations: QuerySet[Organisation]) -> None:
        """Offer these organisations, the first of them at the margin."""
        first = organisations.first()
        self.top = first.depth if first else 0
        self.queryset = organisations

    def label_from_instance(self, obj: Organisation) -> str:
        return indented(obj, self.top)


def indented(organisation: Organisation, top: int) -> str:
    """Return the name of an organisation, set in by its levels below ``top``."""
    return f"{'　' * (organisation.depth - top)}{organisation.title}"


class RevealForm(forms.Form):
    """Why somebody wants to read a contact."""

    field = forms.ChoiceField(choices=list(CONTACTS.items()), widget=forms.HiddenInput)
    reason = forms.CharField(
        label="查看的事由",
        min_length=REASON_SHORTEST,
        max_length=200,
        help_text="会连同您的姓名和时间记入审计记录。",
        error_messages={"required": "请写明查看的事由。", "min_length": "事由太短，请写明为哪件事联系。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ExpertForm(forms.Form):
    """Who an expert is, what she knows, and on what terms she may be asked.

    Contacts are never shown here: an empty box leaves what is on record, so that editing is not a way round
    the record of who read them.
    """

    name = forms.CharField(label="姓名", max_length=60, error_messages={"required": "请填写专家姓名。"})
    kind = forms.ChoiceField(label="类别", choices=ExpertKind.choices, widget=forms.RadioSelect)
    unit = forms.CharField(
        label="单位", max_length=120, required=False, help_text="用来分辨同名的人，请写全称。"
    )
    title = forms.CharField(label="职称", max_length=60, required=False)
    position = forms.CharField(label="职务", max_length=60, required=False)
    keywords = forms.CharField(
        label="研究方向与关键词",
        max_length=400,
        required=False,
        help_text="用空格或顿号隔开。找专家时按这些词和下面的证据匹配。",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 400}),
    )
    organisation = OrganisationField(
        label="推荐单位",
        queryset=Organisation.objects.none(),
        empty_label="请选择",
        help_text="由这个单位维护专家信息，也由它回答关于专家的询问。",
        error_messages={"required": "请选择推荐单位。"},
    )
    phone = forms.CharField(label="手机号", max_length=20, required=False, validators=(PHONE,))
    clear_phone = forms.BooleanField(label="删除已登记的手机号", required=False)
    phone_visibility = forms.ChoiceField(
        label="手机号谁可见", choices=FieldVisibility.choices, initial=FieldVisibility.HANDLERS
    )
    email = forms.EmailField(label="邮箱", required=False)
    clear_email = forms.BooleanField(label="删除已登记的邮箱", required=False)
    email_visibility = forms.ChoiceField(
        label="邮箱谁可见", choices=FieldVisibility.choices, initial=FieldVisibility.HANDLERS
    )
    consent = forms.BooleanField(
        label="本人已同意入库，并知道信息用于匹配技术需求",
        required=False,
        help_text="本人可以随时撤回同意。没有本人同意，信息不对外公开。",
    )
    sharing = forms.ChoiceField(
        label="谁能找到这位专家", choices=Sharing.choices, initial=Sharing.NETWORK, widget=forms.RadioSelect
    )
    task_cap = forms.IntegerField(
        label="同时承担上限",
        min_value=0,
        max_value=50,
        initial=3,
        help_text="手上的邀请和需求达到这个数，就不再邀请。",
    )
    resting_until = forms.DateField(
        label="暂不打扰至", required=False, widget=forms.DateInput, help_text="含当天；不填就是没有。"
    )
    is_active = forms.BooleanField(
        label="在库", required=False, initial=True, help_text="去掉后不再被匹配和邀请，记录仍然保留。"
    )
    namesake = forms.BooleanField(label="不是同一个人，照常登记", required=False)

    def __init__(self, who: Who, expert: Expert | None, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(expert) if expert else {})
        super().__init__(*args, **kwargs)
        self.who, self.expert = who, expert
        self.namesakes: list[Expert] = []
        self.fields["organisation"].offer(queries.homes_for(who))  # type: ignore[attr-defined]
        self._add_disciplines()
        self._settle_contacts()
        if expert is None:
            del self.fields["is_active"]

    def _add_disciplines(self) -> None:
        codes = [row.code for row in self.expert.disciplines.all()] if self.expert else []
        options = [("", "不选"), *((code, f"{code} {name}") for code, name in DISCIPLINES.items())]
        for number in range(max(LEAST_DISCIPLINES, len(codes) + 1)):
            self.fields[f"discipline_{number}"] = forms.ChoiceField(
                label=f"学科{number + 1}",
                choices=options,
                required=False,
                initial=codes[number] if number < len(codes) else "",
            )

    def _settle_contacts(self) -> None:
        for name, words in CONTACTS.items():
            known = getattr(self.expert, name) if self.expert else ""
            if known:
                self.fields[name].help_text = f"已登记 {masked(known)}，不填就不改。"
            else:
                del self.fields[f"clear_{name}"]
                self.fields[name].help_text = f"只填本人确认过的{words}。"

    @property
    def discipline_fields(self) -> list[forms.BoundField]:
        """The selects of disciplines, as many as there are."""
        return [self[name] for name in self.fields if name.startswith("discipline_")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sharing") == Sharing.PUBLIC and not cleaned.get("consent"):
            self.add_error("sharing", "公开之前要有本人同意。请先征得同意并勾选，或改为“全网络工作人员”。")
        if self.expert is None and not self.errors:
            self._look_for_namesakes(cleaned)
        return cleaned

    def _look_for_namesakes(self, cleaned: dict[str, Any]) -> None:
        found = queries.namesakes(self.who, name=cleaned["name"], unit=cleaned["unit"])
        self.namesakes = list(found[:5])
        if self.namesakes and not cleaned.get("namesake"):
            self.add_error(
                "namesake", f"库里已有{cleaned['unit']}的{cleaned['name']}。是同一个人就打开原来的记录修改。"
            )

    def changes(self, at: datetime) -> dict[str, Any]:
        """Return the fields of the model that differ from what is on record."""
        values = {name: self.cleaned_data[name] for name in _COPIED if name in self.cleaned_data}
        for name in CONTACTS:
            if self.cleaned_data[name]:
                values[name] = self.cleaned_data[name].strip()
            elif self.cleaned_data.get(f"clear_{name}"):
                values[name] = ""
        had = self.expert.consented_at if self.expert else None
        values["consented_at"] = (had or at) if self.cleaned_data["consent"] else None
        if self.expert is None:
            return values
        return {name: value for name, value in values.items() if getattr(self.expert, name) != value}

    def disciplines(self) -> tuple[str, ...] | None:
        """Return the chosen codes, or None if they are as they were."""
        chosen = tuple(
            dict.fromkeys(filter(None, (self.cleaned_data[f.name] for f in self.discipline_fields)))
        )
        had = tuple(row.code for row in self.expert.disciplines.all()) if self.expert else ()
        return chosen if chosen != had else None


_COPIED = (
    "name", "kind", "unit", "title", "position", "keywords", "organisation", "phone_visibility",
    "email_visibility", "sharing", "task_cap", "resting_until", "is_active",
)  # fmt: skip


def _initial(expert: Expert) -> dict[str, Any]:
    values = {name: getattr(expert, name) for name in _COPIED}
    return values | {"organisation": expert.organisation_id, "consent": expert.consented_at is not None}


class EvidenceForm(forms.Form):
    """One proof of competence."""

    kind = forms.ChoiceField(
        label="类别",
        choices=[pair for pair in EvidenceKind.choices if pair[0] != EvidenceKind.SERVICE],
        initial=EvidenceKind.PAPER,
    )
    title = forms.CharField(
        label="题名", max_length=300, error_messages={"required": "请填写题名，或勾选删除。"}
    )
    year = forms.IntegerField(label="年份", min_value=1900, max_value=2100, required=False)
    url = forms.URLField(label="链接", required=False, assume_scheme="https")
    text = forms.CharField(
        label="摘要或说明", required=False, max_length=20000, widget=forms.Textarea(attrs={"rows": 2})
    )


class BaseEvidenceFormSet(forms.BaseFormSet):
    """The evidence of one expert; empty rows are left out."""

    deletion_widget = forms.CheckboxInput

    def proofs(self) -> tuple[Proof, ...] | None:
        """Return what is to be kept, or None if nothing was changed."""
        if not self.has_changed():
            return None
        rows = (form.cleaned_data for form in self.forms if form.cleaned_data)
        return tuple(
            Proof(row["kind"], row["title"], row["text"], row["year"], row["url"])
            for row in rows
            if not row.get("DELETE")
        )


EvidenceFormSet = forms.formset_factory(
    EvidenceForm, formset=BaseEvidenceFormSet, extra=1, max_num=200, absolute_max=200, can_delete=True
)


def evidence_forms(expert: Expert | None, data: Any = None, *, more: bool = False) -> BaseEvidenceFormSet:
    """Return the evidence rows of an expert with empty ones below; ``more`` adds three to what was posted."""
    items = queries.given_evidence(expert) if expert else []
    initial = [
        {name: getattr(item, name) or "" for name in ("kind", "title", "year", "url", "text")}
        for item in items
    ]
    if data is not None and more:
        data = data.copy()
        total = data.get("evidence-TOTAL_FORMS", "0")
        data["evidence-TOTAL_FORMS"] = (
            str(min(int(total) + 3, 200)) if total.isascii() and total.isdigit() else total
        )
    return cast(BaseEvidenceFormSet, EvidenceFormSet(data, initial=initial, prefix="evidence"))


class AvailabilityForm(forms.Form):
    """How much an expert takes on, until when she wants peace, and who reads her contacts."""

    task_cap = forms.IntegerField(
        label="同时最多承担几项",
        min_value=0,
        max_value=50,
        help_text="手上的邀请和需求达到这个数，就不再收到新的邀请。填 0 表示暂不接受邀请。",
        error_messages={"required": "请填一个数字，0 表示暂不接受邀请。"},
    )
    resting_until = forms.DateField(
        label="暂不打扰至", required=False, widget=forms.DateInput, help_text="含当天；不填就是随时可以邀请。"
    )
    phone_visibility = forms.ChoiceField(
        label="我的手机号谁可见", choices=FieldVisibility.choices, widget=forms.RadioSelect
    )
    email_visibility = forms.ChoiceField(
        label="我的邮箱谁可见", choices=FieldVisibility.choices, widget=forms.RadioSelect
    )

    def __init__(self, expert: Expert, *args: Any, **kwargs: Any) -> None:
        self.expert = expert
        kwargs["initial"] = {name: getattr(expert, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def changes(self) -> dict[str, Any]:
        """Return what differs from what is on record."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class EnterpriseForm(forms.Form):
    """A new enterprise, below the association of its place."""

    name = forms.CharField(
        label="企业名称",
        max_length=120,
        help_text="按营业执照写全称。",
        error_messages={"required": "请填写企业名称。"},
    )
    credit_code = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        required=False,
        help_text="18 位，最后一位是校验位，抄错一位就能查出来。暂时不知道可以以后再补。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    place = OrganisationField(
        label="所在地",
        queryset=Organisation.objects.none(),
        empty_label="请选择",
        help_text="选到镇街最好：企业的需求由这里的区县科协受理。",
        error_messages={"required": "请选择企业所在的区县或镇街。"},
    )
    industry = forms.ChoiceField(
        label="行业",
        choices=[("", "不选"), *((code, f"{code} {name}") for code, name in INDUSTRIES.items())],
        required=False,
        help_text="国民经济行业分类（GB/T 4754—2017）。",
    )
    industry_text = forms.CharField(label="细分行业", max_length=60, required=False)
    address = forms.CharField(label="地址", max_length=200, required=False)

    def __init__(self, who: Who, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.who = who
        self.known: Enterprise | None = None
        self.fields["place"].offer(queries.places_for(who))  # type: ignore[attr-defined]

    def clean_credit_code(self) -> str:
        """Check the code, and whether the enterprise is entered already."""
        code = "".join(self.cleaned_data["credit_code"].split()).upper()
        if not code:
            return ""
        validate_credit_code(code)
        entered = queries.enterprise_with_code(code)
        if entered is None:
            return code
        self.known = queries.enterprises_for(self.who).filter(pk=entered.pk).first()
        if self.known is None:
            raise forms.ValidationError("这个代码的企业已由另一个地方的科协登记，请联系上一级科协确认归属。")
        raise forms.ValidationError(f"这个代码的企业已经登记：{self.known}。请直接使用，不用再登记一次。")


class OutputForm(forms.Form):
    """A research output that somebody may take up."""

    title = forms.CharField(label="名称", max_length=300, error_messages={"required": "请填写成果名称。"})
    kind = forms.ChoiceField(label="类别", choices=OutputKind.choices, widget=forms.RadioSelect)
    owner = forms.CharField(label="完成单位", max_length=160, required=False)
    abstract = forms.CharField(
        label="简介",
        required=False,
        max_length=20000,
        help_text="解决什么问题，用在哪里，做到什么程度。",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    trl = forms.TypedChoiceField(
        label="技术就绪度",
        choices=[("", "没有评定"), *((level, f"{level} 级：{words}") for level, words in TRL.items())],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="按 GB/T 22900《科学技术研究项目评价通则》九级，选已经做到的一级。",
        widget=forms.RadioSelect,
    )
    organisation = OrganisationField(
        label="入库单位",
        queryset=Organisation.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择入库单位。"},
    )
    sharing = forms.ChoiceField(
        label="谁能看到", choices=Sharing.choices, initial=Sharing.NETWORK, widget=forms.RadioSelect
    )

    def __init__(self, who: Who, output: ResearchOutput | None, *args: Any, **kwargs: Any) -> None:
        if output is not None:
            kwargs["initial"] = {name: getattr(output, name) for name in self.base_fields}
            kwargs["initial"]["organisation"] = output.organisation_id
        super().__init__(*args, **kwargs)
        self.fields["organisation"].offer(queries.homes_for(who))  # type: ignore[attr-defined]

    def apply_to(self, output: ResearchOutput) -> ResearchOutput:
        """Put the clean values onto an output and return it unsaved."""
        for name, value in self.cleaned_data.items():
            setattr(output, name, value)
        return output


def options(organisations: Iterable[Organisation]) -> list[tuple[int, str]]:
    """Return organisations as choices of a filter, indented by level."""
    listed = list(organisations)
    top = min((one.depth for one in listed), default=0)
    return [(one.pk, indented(one, top)) for one in listed]
