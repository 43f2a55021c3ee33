"""A need is written: begun with a question, kept as a draft, looked through once more, handed in."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.directory.models import Enterprise
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, knowledge, queries
from zhiqiao.needs.enums import NeedPerm, Source, Stage
from zhiqiao.needs.finder import alike_needs
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.forms.portal import NeedForm, StartForm, WithdrawForm
from zhiqiao.needs.models import Need
from zhiqiao.needs.views.portal_menu import portal_menu
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import Who, covers, visible

QUESTION_KEY = "question"
OPEN_TO_EDIT = (Stage.DRAFT, Stage.RETURNED)
_SENTENCE = re.compile(r"[^\n。；;！？!?]+")
TITLE = 60


def begin(who: Who, text: str) -> Need | None:
    """Open a draft at once for somebody who asks for one enterprise only; None if there is more to say."""
    if not text or not getattr(who, "is_authenticated", False):
        return None
    enterprise = StartForm(enterprises=queries.enterprises_for(who)).only
    return _open_draft(enterprise, text, who) if enterprise else None


def _open_draft(enterprise: Enterprise, text: str, who: Any) -> Need:
    """Open a draft with what is known already: the words typed, and whom to contact."""
    own = not covers(who, OrgPerm.VIEW, enterprise.organisation)  # staff fill it in after a visit
    contact: dict[str, Any] = _contact_of(who) if own else _last_contact(enterprise)
    first = _SENTENCE.search(text)
    return actions.ask(
        enterprise=enterprise,
        by=who,
        at=timezone.now(),
        source=Source.SELF if own else Source.VISIT,
        title=(first[0].strip() if first else text)[:TITLE],
        body=text,
        **contact,
    )


def _contact_of(who: Any) -> dict[str, str]:
    return {"contact_name": who.name, "contact_phone": who.phone or "", "contact_email": who.email or ""}


def _last_contact(enterprise: Enterprise) -> dict[str, str]:
    """Return the contact named in the enterprise's latest need, so that nobody types it again."""
    fields = ("contact_name", "contact_phone", "contact_email")
    last = enterprise.needs.exclude(contact_name="").order_by("-pk").values_list(*fields).first()
    return dict(zip(fields, last, strict=True)) if last else {}


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Begin a need: the question, carried over from the front page, and for which enterprise."""
    enterprises = queries.enterprises_for(request.user)
    searched = request.POST.get("go") == "search"
    if request.method == "GET" or searched:
        text = request.POST.get("text", request.session.get(QUESTION_KEY, ""))
        query = request.POST.get("query", "")
        form = StartForm(enterprises=enterprises, query=query, initial={"text": text, "query": query})
    else:
        form = StartForm(request.POST, enterprises=enterprises, query=request.POST.get("query", ""))
        if form.is_valid():
            need = _open_draft(form.cleaned_data["enterprise"], form.cleaned_data["text"], request.user)
            request.session.pop(QUESTION_KEY, None)
            return redirect("needs:draft", pk=need.pk)
    context = {"menu": portal_menu(request), "form": form, "searched": searched}
    return render(request, "needs/portal/ask.html", context)


@never_cache
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a need, look it through, hand it in. What is typed is saved all along."""
    editable = visible(Need.objects.all(), request.user, NeedPerm.ASK)
    need = get_object_or_404(editable.select_related("enterprise__organisation", "organisation"), pk=pk)
    if request.headers.get("X-Autosave") and request.method == "POST":
        return _autosave(request, need)
    if need.stage not in OPEN_TO_EDIT:
        messages.info(request, "这条需求已经提交，在这里可以看到办到哪一步。")
        return redirect("needs:mine_detail", pk=need.pk)
    if request.method == "POST":
        return _draft_sent(request, need)
    if request.GET.get("step") == "check":
        return _check_page(request, need)
    return _write_page(request, need, NeedForm(need=need))


def _autosave(request: HttpRequest, need: Need) -> HttpResponse:
    """Keep what can be understood. 204: all of it; 422: something will have to be changed; 409: too late."""
    try:
        understood = _keep(request, need)
    except Refused as refused:
        return HttpResponse(refused.refusal.message, status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204 if understood else 422)


def _keep(request: HttpRequest, need: Need) -> bool:
    """Save a draft as far as it can be understood; say whether all of it could be."""
    form = NeedForm(request.POST, strict=False)
    understood = form.is_valid()
    actions.save_draft(need, by=request.user, at=timezone.now(), **form.values())  # type: ignore[arg-type]
    return understood


def _draft_sent(request: HttpRequest, need: Need) -> HttpResponse:
    go = request.POST.get("go")
    if go == "submit":
        return _submit(request, need)
    if go == "withdraw":
        return _withdraw(request, need)
    try:
        _keep(request, need)
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return redirect("needs:mine_detail", pk=need.pk)
    if go == "later":
        messages.success(request, "草稿已保存，可以在“我的需求”里接着写。")
        return redirect("needs:mine")
    form = NeedForm(request.POST)
    if form.is_valid():
        return redirect(f"{request.path}?step=check")
    return _write_page(request, need, form)


def _submit(request: HttpRequest, need: Need) -> HttpResponse:
    try:
        actions.submit(need, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    except Refused as refused:
        return _check_page(request, need, refused.refusal.message)
    return redirect(f"{reverse('needs:mine_detail', args=(need.pk,))}?submitted=1")


def _withdraw(request: HttpRequest, need: Need) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _write_page(request, need, NeedForm(need=need), withdraw=form)
    try:
        actions.withdraw(need, by=request.user, at=timezone.now(), note=form.cleaned_data["note"])  # type: ignore[arg-type]
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return redirect("needs:mine_detail", pk=need.pk)
    messages.success(request, f"“{need.title or '未命名的草稿'}”已撤回。")
    return redirect("needs:mine")


def _write_page(
    request: HttpRequest, need: Need, form: NeedForm, withdraw: WithdrawForm | None = None
) -> HttpResponse:
    returned = (
        queries.timeline(need).filter(step="send_back").last() if need.stage == Stage.RETURNED else None
    )
    context = {
        "menu": portal_menu(request),
        "need": need,
        "form": form,
        "returned": returned,
        "missing": NeedForm.of(need).missing(),
        "withdraw": withdraw or WithdrawForm(),
    }
    return render(request, "needs/portal/write.html", context)


def _check_page(request: HttpRequest, need: Need, refusal: str = "") -> HttpResponse:
    form = NeedForm.of(need)
    context = {
        "menu": portal_menu(request),
        "need": need,
        "answers": answers_of(need, form),
        "missing": form.missing(),
        "refusal": refusal,
        "alike": alike_needs(need, request.user),
        "solved": knowledge.offered(need.title, need.body),
        "handler": need.organisation.title,
        "within": NEED_FLOW.steps["submit"].within,
    }
    return render(request, "needs/portal/check.html", context)


def answers_of(need: Need, form: NeedForm) -> list[dict[str, Any]]:
    """Return the answers to look through, in the order of the questions, without those left empty."""
    shown = {
        "kind": need.get_kind_display(),
        "urgency": need.get_urgency_display(),
        "visibility": dict(form.fields["visibility"].choices)[need.visibility],  # type: ignore[attr-defined]
        "budget_fen": f"{form['budget_fen'].value()} 万元" if need.budget_fen else "",
        "wanted_on": _day(need),
    }
    rows: list[dict[str, Any]] = [{"title": "企业", "value": str(need.enterprise)}]
    for name in ("title", "body", "target", "kind", "visibility", "wanted_on", "budget_fen", "urgency",
                 "contact_name", "contact_phone", "contact_email"):  # fmt: skip
        value = shown.get(name, getattr(need, name))
        if value or name in NeedForm.FIRST:
            rows.append({"title": form[name].label, "value": value})
    return rows


def _day(need: Need) -> str:
    on = need.wanted_on
    return f"{on.year}年{on.month}月{on.day}日" if on else ""
