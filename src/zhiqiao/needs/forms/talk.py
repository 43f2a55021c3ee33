"""What is typed into a case's conversation, into the tray of letters, and into the saved replies."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from zhiqiao.kit.web.filters import clean_text
from zhiqiao.needs import queries, talk_people
from zhiqiao.needs.enums import InvitationState, NeedPerm
from zhiqiao.needs.forms.portal import AnswerForm
from zhiqiao.needs.models import Letter, Need
from zhiqiao.needs.talk_enums import Audience, TalkRole
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import visible

LONGEST = 4000
_ACCEPTED = "PDF、图片、Word、Excel 或文本，每个不超过 20 MB，可以选几个。"


class _Several(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; the cleaned value is a list."""

    def __init__(self, **named: Any) -> None:
        super().__init__(label="附件", required=False, widget=_Several(), help_text=_ACCEPTED, **named)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given if one]


def _words(label: str, rows: int, missing: str = "", **named: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST,
        required=bool(missing),
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing} if missing else {},
        **named,
    )


class StaffTalkForm(forms.Form):
    """A message or an internal note from the workbench. Whoever does not handle the case writes notes only."""

    to = forms.ChoiceField(label="写给谁", widget=forms.RadioSelect)
    body = _words("内容", 5, help_text="内部备注里写 @姓名，会提醒能看到这条需求的同事。")
    papers = FilesField()

    def __init__(
        self, data: QueryDict | None = None, uploads: Any = None, *, need: Need, handles: bool, **named: Any
    ) -> None:
        super().__init__(data, uploads, **named)
        self.need = need
        self.fields["to"].choices = self._choices(handles)  # type: ignore[attr-defined]
        self.fields["to"].initial = Audience.ENTERPRISE if handles else Audience.STAFF

    def _choices(self, handles: bool) -> list[tuple[str, str]]:
        note = (str(Audience.STAFF), "内部备注，企业和专家看不到")
        if not handles:
            return [note]
        choices = [(str(Audience.ENTERPRISE), "企业")]
        asked = [i for i in self.need.invitations.all() if i.state != InvitationState.QUEUED]
        if any(talk_people.is_engaged(i) for i in asked):
            choices.append((str(Audience.ALL), "企业和参与的专家"))
        choices += [(f"invitation-{i.pk}", f"只给{i.expert.name}（专家）") for i in asked]
        guests = self.need.participants.filter(role=TalkRole.GUEST).exclude(email="")
        choices += [(f"guest-{one.pk}", f"只给{one.name}（{one.email}）") for one in guests]
        return [*choices, note]

    def addressed(self, at: Any) -> dict[str, Any]:
        """Return audience and addressee as the action takes them."""
        kind, _, pk = self.cleaned_data["to"].partition("-")
        if kind == "invitation":
            invitation = self.need.invitations.select_related("expert__person").get(pk=int(pk))
            return {"audience": Audience.ONE, "addressee": talk_people.expert(invitation, self.need, at=at)}
        if kind == "guest":
            return {"audience": Audience.ONE, "addressee": self.need.participants.get(pk=int(pk))}
        return {"audience": kind, "addressee": None}


class TalkForm(AnswerForm):
    """A message from the enterprise or an expert."""

    act = "talk"
    FIELD_OF = {"talk.empty": "body", "talk.long": "body"}
    body = _words("想说的话", 4)
    only = forms.BooleanField(label="只给受理单位看，不给另一方看", required=False)
    papers = FilesField()

    def __init__(self, data: QueryDict | None = None, uploads: Any = None, *, others: bool = True) -> None:
        super().__init__(data)
        self.files = uploads if uploads is not None else MultiValueDict()
        if not others:  # there is nobody else yet who could read it
            del self.fields["only"]


class MoveForm(forms.Form):
    """Where a message belongs: the number of another case within the reader's own."""

    number = forms.CharField(
        label="应该在哪条需求",
        max_length=20,
        help_text="写编号，例如 XQ-2026-0371。",
        error_messages={"required": "请写那条需求的编号。"},
    )
    reason = forms.CharField(
        label="为什么移动",
        max_length=200,
        help_text="两条需求里都会留下这句话。",
        error_messages={"required": "请写一句为什么移动。"},
    )

    def __init__(self, data: QueryDict | None = None, *, who: Any, **named: Any) -> None:
        super().__init__(data, **named)
        self.who = who

    def clean_number(self) -> Need:
        return find_need(self.cleaned_data["number"], self.who)


def find_need(number: str, who: Any) -> Need:
    """Return the need of a number that somebody handles.

    :raises ValidationError: there is none within her scope.
    """
    mine = visible(queries.needs_for(who), who, NeedPerm.HANDLE)
    found = mine.filter(number=clean_text(number).upper()).select_related(
        "organisation", "enterprise__organisation"
    )
    need = found.first()
    if need is None:
        raise forms.ValidationError("在您经办的范围里没有这个编号，请核对后再填。")
    return need


class ClaimForm(forms.Form):
    """Which case a letter belongs to, and who wrote it."""

    number = forms.CharField(
        label="归入哪条需求",
        max_length=20,
        help_text="写编号，例如 XQ-2026-0371。",
        error_messages={"required": "请写需求的编号。"},
    )
    role = forms.ChoiceField(
        label="是谁写的",
        widget=forms.RadioSelect,
        choices=[
            (TalkRole.ENTERPRISE, "企业的人：企业和受理单位看得到"),
            (TalkRole.EXPERT, "受邀的专家：本人和受理单位看得到"),
            (TalkRole.GUEST, "其他人：本人和受理单位看得到"),
        ],
        error_messages={"required": "请选择是谁写的，这决定谁看得到。"},
    )
    expert_name = forms.CharField(
        label="专家姓名", max_length=40, required=False, help_text="邀请了几位专家时填写。"
    )

    def __init__(self, data: QueryDict | None = None, *, who: Any, letter: Letter) -> None:
        initial = {"number": letter.need.number} if letter.need_id and letter.need else {}
        super().__init__(data, initial=initial)
        self.who = who

    def clean_number(self) -> Need:
        return find_need(self.cleaned_data["number"], self.who)


class PassForm(forms.Form):
    """Which unit is to look after a letter."""

    organisation = forms.ModelChoiceField(
        label="转给",
        queryset=Organisation.objects.none(),
        empty_label="请选择单位",
        error_messages={"required": "请选择转给哪个单位。"},
    )

    def __init__(self, data: QueryDict | None = None, *, units: Any) -> None:
        super().__init__(data)
        self.fields["organisation"].queryset = units  # type: ignore[attr-defined]


class DiscardForm(forms.Form):
    """Why nothing is done about a letter."""

    reason = forms.CharField(
        label="为什么不处理",
        max_length=200,
        help_text="例如：广告；已电话答复。",
        error_messages={"required": "请写一句为什么不处理。"},
    )


class SavedReplyForm(forms.Form):
    """Words to be used again."""

    organisation = forms.ModelChoiceField(
        label="哪个单位用",
        queryset=Organisation.objects.none(),
        empty_label=None,
        help_text="下级单位也能选用。",
        error_messages={"required": "请选择单位。"},
    )
    title = forms.CharField(
        label="名称", max_length=40, error_messages={"required": "请起个名称，例如“请补充图纸”。"}
    )
    body = _words(
        "内容",
        6,
        "请写内容。",
        help_text="可以写 {需求}、{编号}、{企业}、{受理单位}，选用时自动换成这条需求的。",
    )

    def __init__(
        self, data: QueryDict | None = None, *, units: Iterable[Organisation] | Any, **named: Any
    ) -> None:
        super().__init__(data, **named)
        self.fields["organisation"].queryset = units  # type: ignore[attr-defined]


class LayoutForm(forms.Form):
    """How a unit's archive packages are laid out."""

    lines = _words(
        "目录",
        8,
        "请至少写一行，例如“办理单 = 01办理单”。",
        help_text="一行一项：内容 = 文件夹。不写的内容不放进归档包。",
    )


def filled(body: str, need: Need) -> str:
    """Return saved words with the facts of one case in place."""
    facts = {
        "需求": need.title, "编号": need.number or "", "企业": str(need.enterprise), "受理单位": need.organisation.name,
    }  # fmt: skip
    for name, value in facts.items():
        body = body.replace("{" + name + "}", value)
    return body
