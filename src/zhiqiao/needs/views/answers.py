"""The answers of a party: which forms a case shows her, and what becomes of one that is sent.

The same for somebody signed in and for the holder of a link; who may do what is asked by the actions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from zhiqiao.kit.errors import Refused, refuse, require
from zhiqiao.needs import actions, queries, talk_people
from zhiqiao.needs.actions.talk import default_via
from zhiqiao.needs.enums import Side
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.forms import portal as forms
from zhiqiao.needs.forms.portal import AnswerForm
from zhiqiao.needs.forms.talk import TalkForm
from zhiqiao.needs.models import Invitation
from zhiqiao.needs.party import Case
from zhiqiao.needs.talk_enums import Audience

Do = Callable[[Case, Any, datetime], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer: its form, what it does, and what is said afterwards."""

    form: type[AnswerForm]
    do: Do
    thanks: str


def _accept(case: Case, form: AnswerForm, at: datetime) -> object:
    note = form.cleaned_data["note"]
    return actions.accept_invitation(_invitation(case), by=case.by, at=at, note=note)


def _decline(case: Case, form: AnswerForm, at: datetime) -> object:
    given = form.cleaned_data
    named = actions.Named(given["colleague"], given["colleague_unit"], given["colleague_note"])
    return actions.decline_invitation(
        _invitation(case),
        reason=given["reason"],
        note=given["note"],
        substitute=named if named.name else None,
        by=case.by,
        at=at,
    )


def _confirm(case: Case, form: AnswerForm, at: datetime) -> object:
    outcome = queries.current_outcome(case.need)
    if outcome is None:
        require(NEED_FLOW.check(case.need, "confirm", case.by))
        refuse("needs.no_outcome", "受理单位还没有登记结果，登记以后会请您确认。")
    agrees = form.cleaned_data["agrees"] == "yes"
    return actions.answer_outcome(outcome, agrees=agrees, by=case.by, at=at, note=form.cleaned_data["note"])


def _rate(case: Case, form: Any, at: datetime) -> object:
    given = form.cleaned_data
    return actions.rate(
        case.need, score=given["score"], items=form.items(), comment=given["comment"], by=case.by, at=at
    )


def _withdraw(case: Case, form: AnswerForm, at: datetime) -> object:
    return actions.withdraw(case.need, by=case.by, at=at, note=form.cleaned_data["note"])


@transaction.atomic
def _supplement(case: Case, form: AnswerForm, at: datetime) -> object:
    actions.save_draft(case.need, by=case.by, at=at, **form.cleaned_data)
    return actions.submit(case.need, by=case.by, at=at)


def _talk(case: Case, form: AnswerForm, at: datetime) -> object:
    """An expert who has not accepted writes to the association alone; so does who ticks the box."""
    given, addressee = form.cleaned_data, None
    invitation = case.invitation
    if invitation is None:
        audience = Audience.ENTERPRISE if given.get("only", True) else Audience.ALL
    elif talk_people.is_engaged(invitation) and not given.get("only"):
        audience = Audience.ALL
    else:
        audience, addressee = Audience.ONE, talk_people.expert(invitation, case.need, at=at)
    return actions.write_message(
        case.need, body=given["body"], audience=audience, addressee=addressee, uploads=given["papers"],
        via=default_via(case.by), by=case.by, at=at,
    )  # fmt: skip


def _invitation(case: Case) -> Invitation:
    if case.invitation is None:
        raise BadRequest("not an expert")
    return case.invitation


_TALK = Answer(TalkForm, _talk, "已发送。有回信会提醒您，也会显示在这一页。")
OF_ENTERPRISE = {
    "talk": _TALK,
    "confirm": Answer(forms.ConfirmForm, _confirm, "收到您的答复，谢谢。"),
    "rate": Answer(forms.EnterpriseRateForm, _rate, "收到您的评价，谢谢。"),
    "supplement": Answer(forms.SupplementForm, _supplement, "补充的内容已经提交，受理单位会重新受理。"),
    "withdraw": Answer(forms.WithdrawForm, _withdraw, "需求已撤回。以后需要，随时可以再提。"),
}
OF_EXPERT = {
    "talk": _TALK,
    "accept": Answer(
        forms.AcceptForm, _accept, "感谢您接受邀请。受理单位会与您约定对接的时间，仍然用这个链接查看。"
    ),
    "decline": Answer(forms.DeclineForm, _decline, "收到您的答复，谢谢。我们会改请其他专家。"),
    "confirm": OF_ENTERPRISE["confirm"],
    "rate": Answer(forms.RateForm, _rate, "收到您的评价，谢谢。"),
}


def answers_open(case: Case) -> dict[str, AnswerForm]:
    """Return the empty forms of the answers that wait for this party."""
    offered = {
        "accept": case.answers,
        "decline": case.answers,
        "confirm": case.confirms,
        "rate": case.rates,
        "supplement": case.supplements,
        "withdraw": case.withdraws,
        "talk": case.talks,
    }
    return {name: _form(case, name, None) for name in _answers(case) if offered[name]}


def take_answer(request: HttpRequest, case: Case) -> tuple[str, AnswerForm | None]:
    """Carry out the answer that was sent. Returns the words of thanks, or the form with what is wrong.

    An answer that is no longer wanted is refused in the words of its rule.

    :raises BadRequest: the request names no answer of this party.
    """
    name = request.POST.get("act", "")
    answer = _answers(case).get(name)
    if answer is None:
        raise BadRequest("no such answer")
    form = _form(case, name, request.POST, request.FILES)
    if not form.is_valid():
        return "", form
    try:
        answer.do(case, form, timezone.now())
    except Refused as refused:
        form.refused(refused.refusal.code, refused.refusal.message)
        return "", form
    return answer.thanks, None


def _answers(case: Case) -> dict[str, Answer]:
    return OF_ENTERPRISE if case.side == Side.ENTERPRISE else OF_EXPERT


def _form(case: Case, name: str, data: Any, uploads: Any = None) -> AnswerForm:
    kind = _answers(case)[name].form
    if kind is TalkForm:
        return TalkForm(data, uploads, others=case.others)
    return kind(data, need=case.need) if kind is forms.SupplementForm else kind(data)
