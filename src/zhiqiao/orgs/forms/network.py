"""What administrators type: units, people and their roles; and a new person's first password."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.html import format_html

from zhiqiao.accounts.models import Person, clean_login
from zhiqiao.kit import clock
from zhiqiao.orgs import rules
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.orgs.roles import Role, all_roles
from zhiqiao.orgs.scope import Who

_UNITS = (Kind.SOCIETY, Kind.ENTERPRISE_ASSOCIATION, Kind.PARK_ASSOCIATION, Kind.UNIVERSITY_ASSOCIATION)
KINDS_BELOW: dict[str, tuple[Kind, ...]] = {
    Kind.PROVINCE: (Kind.CITY, Kind.DISTRICT, *_UNITS),
    Kind.CITY: (Kind.DISTRICT, Kind.TOWN, *_UNITS),
    Kind.DISTRICT: (Kind.TOWN, *_UNITS),
    Kind.TOWN: (Kind.VILLAGE, *_UNITS[1:]),
    Kind.PARK_ASSOCIATION: (Kind.ENTERPRISE_ASSOCIATION,),
}
"""What may stand below what. Enterprises are entered in their own register."""


class OrganisationForm(forms.Form):
    """A unit below another."""

    name = forms.CharField(
        label="名称", max_length=120, help_text="写全称。", error_messages={"required": "请填写组织名称。"}
    )
    short_name = forms.CharField(
        label="简称", max_length=40, required=False, help_text="页面上显示的叫法；不填就用全称。"
    )
    kind = forms.ChoiceField(
        label="类型", widget=forms.RadioSelect, error_messages={"required": "请选择组织类型。"}
    )
    code = forms.CharField(
        label="代码",
        max_length=18,
        required=False,
        help_text="行政区划代码，学会和园区可填统一社会信用代码。同一类型里不能重复。",
    )

    def __init__(self, parent: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent
        kinds = [(kind.value, kind.label) for kind in KINDS_BELOW.get(parent.kind, ())]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name, code = cleaned.get("name", ""), cleaned.get("code", "")
        if name and Organisation.objects.filter(parent=self.parent, name=name).exists():
            self.add_error("name", f"{self.parent.title}下面已有“{name}”。")
        if code and Organisation.objects.filter(kind=cleaned.get("kind", ""), code=code).exists():
            self.add_error("code", "这个代码已有同类组织在用，请核对。")
        return cleaned


class RoleField(forms.ChoiceField):
    """A choice of roles, each with the sentence that says what it may do."""

    def offer(self, roles: list[Role]) -> None:
        """Offer these roles."""
        self.choices = [
            (role.name, format_html("<strong>{}</strong>　{}", role.title, role.sentence)) for role in roles
        ]


class GrantForm(forms.Form):
    """A role for somebody, with its end."""

    role = RoleField(label="角色", widget=forms.RadioSelect, error_messages={"required": "请选择角色。"})
    until = forms.DateField(
        label="有效期至",
        required=False,
        widget=forms.DateInput,
        help_text="含当天，到期自动失效；不填就是长期有效。借调、挂职和临时帮忙的请填上。",
    )

    def __init__(self, who: Who, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        answers = [(role, rules.may_grant(who, role.name, organisation)) for role in all_roles()]
        self.fields["role"].offer([role for role, answer in answers if answer])  # type: ignore[attr-defined]
        self.beyond = [(role.title, str(answer)) for role, answer in answers if not answer]

    def clean_until(self) -> date | None:
        """An end that is over would be no grant at all."""
        until: date | None = self.cleaned_data["until"]
        if until and until < clock.local_date(timezone.now()):
            raise forms.ValidationError("有效期已经过去，请填今天或以后的日期。")
        return until

    def until_instant(self) -> datetime | None:
        """Return the first instant after the last day."""
        until: date | None = self.cleaned_data["until"]
        return clock.midnight(until + timedelta(days=1)) if until else None


class KnownPersonForm(GrantForm):
    """A role for somebody who has an account."""

    login = forms.CharField(
        label="手机号或邮箱",
        max_length=120,
        help_text="对方登录用的那一个。还没有账号的，请改用“新开账号”。",
        error_messages={"required": "请填写对方的手机号或邮箱。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("login", "role", "until")

    def clean(self) -> dict[str, Any]:
        """Find the person, and refuse what she holds already."""
        cleaned = super().clean() or {}
        if "login" in cleaned:
            try:
                cleaned["person"] = Person.objects.get_by_natural_key(clean_login(cleaned["login"]))
            except Person.DoesNotExist:
                self.add_error("login", "没有找到这个账号，请核对，或改用“新开账号”。")
                return cleaned
            self._check(cleaned["person"], cleaned.get("role", ""))
        return cleaned

    def _check(self, person: Person, role: str) -> None:
        if not person.is_active:
            self.add_error("login", f"{person.name}的账号已停用，请先启用再授权。")
        held = Grant.objects.valid(timezone.now()).filter(
            person=person, role=role, organisation=self.organisation
        )
        if role and held.exists():
            self.add_error("role", f"{person.name}在{self.organisation.title}已有这个角色。")


class NewPersonForm(GrantForm):
    """Somebody new, with her first role here."""

    name = forms.CharField(label="姓名", max_length=80, error_messages={"required": "请填写姓名。"})
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        required=False,
        help_text="用来登录和接收通知。手机号和邮箱至少填一项。",
        validators=(RegexValidator(r"^\+?[0-9][0-9 \-]{5,18}$", "手机号只写数字，如 13812345678。"),),
    )
    email = forms.EmailField(label="邮箱", required=False)
    field_order = ("name", "phone", "email", "role", "until")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("phone") or cleaned.get("email") or self.errors.get("email")):
            self.add_error("phone", "请填写手机号或邮箱，二者至少一项。")
        return cleaned


class ReasonForm(forms.Form):
    """Why something is taken away or given back."""

    reason = forms.CharField(
        label="理由",
        min_length=2,
        max_length=200,
        error_messages={"required": "请写明理由，会记入审计记录。", "min_length": "理由太短，请写清楚。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
