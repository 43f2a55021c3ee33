"""One page for each act at a need: what it will lead to, its form, and the one call that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.models import Expert
from zhiqiao.kit import clock
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Answer, Refusal, Refused, refuse, require
from zhiqiao.kit.flow import Step
from zhiqiao.kit.web.models import Draft
from zhiqiao.needs import actions, desk, finder, queries
from zhiqiao.needs.actions.invite import ANSWER_WITHIN
from zhiqiao.needs.actions.meet import MINUTES_WITHIN
from zhiqiao.needs.capacity import all_askable
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.forms import clocks as clock_forms
from zhiqiao.needs.forms import workbench as forms
from zhiqiao.needs.models import Meeting, Need
from zhiqiao.needs.notices import ToEnterprise, ToExpert
from zhiqiao.needs.views import shapes

Do = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one act.

    do : the action, called as do(need, by=, at=, **values of the form). button : what the button says.
    more : what it leads to, beyond what the flow and the notices know. clock : by when the next step is due,
    where the action itself sets it. tone : "danger" for what cannot be taken back.
    """

    form: type[forms.StepForm]
    do: Do
    button: str
    more: tuple[str, ...] = ()
    tone: str = ""
    clock: str = ""


def _at_meeting(act: Do, name: str) -> Do:
    """Turn an act on the planned meeting into one on its need."""

    def do(need: Need, *, by: By, at: datetime, **values: Any) -> None:
        act(_planned(need, name, by), by=by, at=at, **values)

    return do


def _planned(need: Need, name: str, by: By) -> Meeting:
    meeting = desk.planned_meeting(need)
    if meeting is None:
        require(desk.may(name, need, by))
        refuse("needs.no_meeting", "现在没有约定好的对接，可能刚刚已登记或取消。刷新后可查看进展。")
    return meeting


def _invite(need: Need, *, by: By, at: datetime, experts: list[Expert], **values: Any) -> None:
    """Invite, and keep with each invitation why the finder proposed her."""
    found = finder.find_for_need(need, by, limit=50, at=at)
    why = {one.expert.pk: list(one.reasons) for one in found.candidates}
    actions.invite_experts(need, experts, by=by, at=at, why=why, **values)


def _prove(need: Need, *, by: By, at: datetime, **values: Any) -> None:
    outcome = queries.current_outcome(need)
    if outcome is None:
        refuse("needs.no_outcome", "还没有登记结果，登记之后才能补充成效证据。")
    actions.attach_proof(outcome, by=by, at=at, **values)


def _unhurry(need: Need, *, by: By, at: datetime, reason: str) -> None:
    actions.hurry_clocks(need, on=False, reason=reason, by=by, at=at)


_IN_TURN = f"每位专家有 {ANSWER_WITHIN}答复；婉拒或逾期，系统自动联系下一位，名单用完再退回匹配。"

PAGES: dict[str, Page] = {
    "accept": Page(forms.AcceptForm, actions.accept, "受理"),
    "send_back": Page(forms.SendBackForm, actions.send_back, "退回补正"),
    "reject": Page(
        forms.RejectForm, actions.reject, "不予受理",
        ("案件就此办结，不产生结果。这一步不能撤销，企业可以另行提出新的需求。",), "danger",
    ),
    "invite": Page(forms.InviteForm, _invite, "发出邀请", (_IN_TURN,)),
    "invite_more": Page(forms.InviteMoreForm, actions.invite_more, "追加候补", (
        "新追加的排在现有候补之后，轮到时才会收到邀请。",
    )),
    "schedule": Page(forms.ScheduleForm, actions.schedule_meeting, "约定对接", (
        "双方会收到时间、地点和可以加进日历的文件。",
    ), clock=f"对接结束后 {MINUTES_WITHIN}内登记纪要"),
    "hold": Page(forms.HoldForm, _at_meeting(actions.hold_meeting, "hold"), "登记对接"),
    "move_meeting": Page(forms.MoveMeetingForm, _at_meeting(actions.move_meeting, "move_meeting"), "改期", (
        "日历文件会更新：双方重新打开链接下载，原来的日程随之移动。请电话告知双方。",
    )),
    "cancel_meeting": Page(
        forms.CancelMeetingForm, _at_meeting(actions.cancel_meeting, "cancel_meeting"), "取消对接",
        ("需求留在当前环节，可以重新约定时间。请电话告知双方。",), "danger",
    ),
    "report": Page(forms.ReportForm, actions.report_outcome, "登记结果", (
        "结果要企业和参与的专家都确认才算数；有一方不同意，会退回到“已对接”，由您重新登记。",
    )),
    "rematch": Page(forms.RematchForm, actions.rematch, "重新匹配", (
        "尚未答复的邀请和约定好的对接一并取消。已联系过的专家保留记录，不会再次联系。",
    )),
    "archive": Page(forms.ArchiveForm, actions.archive, "归档", (
        "案件办结。到场专家的服务记录增加一条，以后找专家时会用到。",
    )),
    "withdraw": Page(
        forms.WithdrawForm, actions.withdraw, "撤回",
        ("案件就此办结，尚未答复的邀请一并取消。这一步不能撤销。",), "danger",
    ),
    "pause": Page(clock_forms.PauseForm, actions.pause_clocks, "暂停计时", (
        "这条需求的所有时限都停下，恢复后顺延；办理下一步会自动恢复。",
        "暂停的起止、理由和依据留在时间线，也计入统计。等企业的，会通知企业。",
    )),
    "resume": Page(clock_forms.ResumeForm, actions.resume_clocks, "恢复计时", ("各项时限从现在起继续，顺延暂停的时间。",)),
    "hurry": Page(clock_forms.HurryForm, actions.hurry_clocks, "转为应急", (
        "从现在起夜间和节假日也计时，各项时限随之提前。",
    )),
    "unhurry": Page(clock_forms.HurryForm, _unhurry, "取消应急", ("各项时限改回按工作时间计算。",)),
    "prove": Page(forms.ProveForm, _prove, "保存"),
    "attach": Page(forms.AttachForm, actions.attach_file, "上传"),
    "identify": Page(forms.IdentifyForm, actions.identify_enterprise, "保存"),
    "revise": Page(forms.ReviseForm, actions.revise, "保存修改", ("修改前后的内容都留在审计记录里。",)),
}  # fmt: skip


def step(request: Signed, pk: int, step: str) -> HttpResponse:
    """Show what an act leads to and its form; a POST does it, or says in words why it cannot be done."""
    page = PAGES.get(step)
    if page is None:
        raise Http404
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    context = _context(request, step, page, need)
    form = context["form"]
    if form.is_bound and form.is_valid() and _done(request, page, need, form):
        Draft.objects.filter(person=request.user, form=context["draft"]).delete()
        messages.success(request, f"“{desk.ACTS[step].title}”已办好。", extra_tags="toast")
        return redirect(need)
    return render(request, "needs/workbench/step.html", context | _experts(request, step, need, form))


def _done(request: Signed, page: Page, need: Need, form: forms.StepForm) -> bool:
    """Do the one thing; a refusal becomes an error of the form."""
    need.version = _seen(request, need)
    try:
        page.do(need, by=request.user, at=timezone.now(), **form.values())
    except Refused as refused:
        form.add_error(None, refused.refusal.message)
        return False
    return True


def _seen(request: Signed, need: Need) -> int:
    """Return the version of the need that the reader had before her when she opened the form.

    With it the flow can tell her that a colleague has been quicker, even if the need has come back to the
    same stage since. It stands in the address, so that a draft restored later does not bring an old one back.
    """
    version = request.GET.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else need.version


def _context(request: Signed, step: str, page: Page, need: Need) -> dict[str, Any]:
    now, is_post = timezone.now(), request.method == "POST"
    sent = (request.POST, request.FILES) if is_post else ()
    answer = True if is_post else _answer(step, need, request.user, now)
    return {
        "need": need,
        "seen": _seen(request, need) if is_post else need.version,
        "draft": f"need-{need.pk}-{step}",
        "brief": shapes.brief(need),
        "act": desk.ACTS[step],
        "page": page,
        "form": page.form(*sent, need=need, who=request.user, params=request.GET),
        "closed": "" if answer else str(answer),
        "effects": effects(step, page, now, need),
    }


def _experts(request: Signed, step: str, need: Need, form: forms.StepForm) -> dict[str, Any]:
    """Return what the choice of experts needs: the line so far, or the finder's proposals to begin with."""
    now = timezone.now()
    if not isinstance(form, forms.ExpertsForm) or not desk.may(step, need, request.user):
        return {}
    if form.experts:
        return {"choosing": True, "chosen": _chosen(form, now)}
    found = finder.find_for_need(need, request.user, shapes.MANY)
    return {"choosing": True, **shapes.finding(need, found, (), now)}


def _answer(step: str, need: Need, by: Any, at: datetime) -> Answer:
    answer = desk.may(step, need, by)
    if answer and not desk.ACTS[step].fits(need, at):
        return Refusal("needs.not_now", "这条需求现在不需要这一步，请回到需求页看看下一步是什么。")
    return answer


def effects(step: str, page: Page, now: datetime, need: Need) -> list[str]:
    """Say what an act will lead to: where the need goes, by when the next step is due, and who hears of it."""
    told = []
    if flow_step := NEED_FLOW.steps.get(step):
        when = page.clock or _next_within(flow_step, now, need)
        told.append(f"需求转到“{NEED_FLOW.stages(flow_step.target).label}”，{when}。")
        if words := ToEnterprise.WORDS.get(step):
            told.append(f"企业会收到通知：“{words}”。")
        if words := ToExpert.WORDS.get(step):
            told.append(f"参与的专家会收到通知：“{words}”。")
    return [*told, *page.more]


def _next_within(step: Step, now: datetime, need: Need) -> str:
    own = next((name for name in step.starts if NEED_FLOW.clocks[name].is_of_stage), None)
    if own is None:
        return "本案办结"
    within, due = NEED_FLOW.term_of(need, own, now).within, NEED_FLOW.due_of(need, own, now)
    note = f"（{due.note}）" if due.note else ""
    return f"下一步应在 {within}内办理，即 {clock.exact(due.at)} 前{note}"


def _chosen(form: Any, now: datetime) -> list[dict[str, Any]]:
    """Return the lines of an invitation: expert, place in the line, what she has in hand, why she cannot be asked."""
    load = queries.open_tasks([expert.pk for expert in form.experts])
    askable = all_askable(form.need, form.experts, now)
    lines = []
    for expert, place in form.lines:
        in_hand = load.get(expert.pk, 0)
        blocked = askable[expert.pk]
        lines.append(
            {"expert": expert, "place": place, "in_hand": in_hand, "blocked": "" if blocked else str(blocked)}
        )
    return lines
