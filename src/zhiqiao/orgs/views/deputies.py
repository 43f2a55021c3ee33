"""Who stands in for the holder of a role: the page on which an administrator says so."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.accounts.models import Person, clean_login
from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import clock
from zhiqiao.kit.errors import Refused
from zhiqiao.orgs.actions.deputies import appoint_deputy, end_deputy
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.forms import ReasonForm
from zhiqiao.orgs.models import Grant
from zhiqiao.orgs.roles import role
from zhiqiao.orgs.scope import visible


class DeputyForm(forms.Form):
    """Who stands in, from and until, and why."""

    login = forms.CharField(
        label="代理人的手机号或邮箱",
        max_length=120,
        help_text="对方登录用的那一个。",
        error_messages={"required": "请填写代理人的手机号或邮箱。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    since = forms.DateField(label="自", error_messages={"required": "请选择从哪一天起。"})
    until = forms.DateField(
        label="至", help_text="含当天，到期自动结束。", error_messages={"required": "请选择到哪一天止。"}
    )
    reason = forms.CharField(
        label="事由", max_length=200, required=False, help_text="例如“休假”“出差”“挂职”。"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "login" in cleaned:
            try:
                cleaned["person"] = Person.objects.get_by_natural_key(clean_login(cleaned["login"]))
            except Person.DoesNotExist:
                self.add_error("login", "没有找到这个账号，请核对，或先为对方开账号。")
        if cleaned.get("since") and cleaned.get("until") and cleaned["until"] < cleaned["since"]:
            self.add_error("until", "结束的日子不能早于开始的日子。")
        return cleaned

    def span(self) -> tuple[datetime, datetime]:
        """Return the first instant of the first day and the first one after the last."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return clock.midnight(since), clock.midnight(until + timedelta(days=1))


def deputies(request: Signed, pk: int) -> HttpResponse:
    """List who stands in for the holder of a role, appoint somebody, or end it."""
    grants = Grant.objects.select_related("organisation", "person")
    held = get_object_or_404(visible(grants, request.user, OrgPerm.MANAGE), pk=pk)
    ending = request.method == "POST" and "deputy" in request.POST
    form = DeputyForm(request.POST if request.method == "POST" and not ending else None)
    if ending:
        _end(request, held)
        return redirect("orgs:deputies", pk=pk)
    if form.is_bound and form.is_valid() and _appointed(request, held, form):
        return redirect("orgs:deputies", pk=pk)
    now = timezone.now()
    rows = [
        {"deputy": one, "over": one.until <= now, "form": ReasonForm(auto_id=f"end_{one.pk}_%s")}
        for one in held.deputies.select_related("person").order_by("-since", "-pk")[:50]
    ]
    context = {
        "held": held,
        "role": role(held.role),
        "organisation": held.organisation,
        "form": form,
        "rows": rows,
    }
    return render(request, "orgs/deputies.html", context)


def _appointed(request: Signed, held: Grant, form: DeputyForm) -> bool:
    since, until = form.span()
    given = form.cleaned_data
    try:
        appoint_deputy(
            held,
            given["person"],
            since=since,
            until=until,
            by=request.user,
            at=timezone.now(),
            reason=given["reason"],
        )
    except Refused as refused:
        form.add_error(None, refused.refusal.message)
        return False
    messages.success(request, f"已由{given['person'].name}代理，到期自动结束。")
    return True


def _end(request: Signed, held: Grant) -> None:
    form, key = ReasonForm(request.POST), request.POST["deputy"]
    deputy = held.deputies.select_related("person", "grant__organisation").filter(
        pk=int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
    )
    one = deputy.first()
    if one is None:
        messages.error(request, "没有找到这次代理，可能刚刚已经结束。")
    elif not form.is_valid():
        messages.error(request, f"没有结束：{form.errors['reason'][0]}")
    else:
        try:
            end_deputy(one, by=request.user, at=timezone.now(), reason=form.cleaned_data["reason"])
            messages.success(request, f"{one.person.name}的代理已经结束。")
        except Refused as refused:
            messages.error(request, refused.refusal.message)
