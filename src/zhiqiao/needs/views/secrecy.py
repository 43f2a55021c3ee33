"""The pledge of an invited expert: enter it with its paper, consent, take it back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import files
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, rules, secrecy
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.forms.secrecy import PledgeForm, WithdrawPledgeForm
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.orgs.scope import visible


def beside(need: Need, handles: bool) -> dict[str, Any] | None:
    """Return what the page of a confidential need shows to its handler: pledges, and who looked."""
    if not secrecy.is_secret(need) or not handles:
        return None
    pledges = {one.expert_id: one for one in need.pledges.all()}
    experts = [
        {"invitation": one, "pledge": pledges.get(one.expert_id)}
        for one in need.invitations.all()
        if one.state != "queued"
    ]
    return {"experts": experts, "looks": secrecy.looks(need)}


def pledge(request: Signed, pk: int) -> HttpResponse:
    """Enter the pledge of one invited expert, or take it back."""
    rows = visible(Invitation.objects.all(), request.user, NeedPerm.HANDLE)
    rows = rows.select_related("expert", "need__organisation", "need__enterprise__organisation")
    invitation = get_object_or_404(rows, pk=pk)
    need = invitation.need
    known = need.pledges.filter(expert_id=invitation.expert_id).first()
    back = request.method == "POST" and request.POST.get("go") == "withdraw"
    enters = request.method == "POST" and not back
    form = PledgeForm(request.POST if enters else None, request.FILES if enters else None)
    withdraw = WithdrawPledgeForm(request.POST if back else None)
    sent = withdraw if back else form
    if request.method == "POST" and sent.is_valid():
        now = timezone.now()
        try:
            if back and known is not None:
                actions.withdraw_pledge(known, by=request.user, at=now, **withdraw.cleaned_data)
                messages.success(request, "已收回，这位专家不能再看到详情。")
            elif enters:
                actions.enter_pledge(invitation, by=request.user, at=now, **form.cleaned_data)
                messages.success(request, "保密承诺已登记。")
            return redirect(need)
        except Refused as refused:
            sent.add_error(None, str(refused))
    papers = [
        {"title": one.title, "at": one.at, "url": f"{reverse('needs:pledge_file', args=(pk,))}?file={one.pk}"}
        for one in (files.attachments_of(known) if known else ())
    ]
    context = {
        "need": need, "invitation": invitation, "pledge": known, "papers": papers, "form": sent, "enter": form,
        "withdraw": withdraw, "handles": bool(rules.is_handler(request.user, need)),
    }  # fmt: skip
    return render(request, "needs/workbench/pledge.html", context)


def pledge_file(request: Signed, pk: int) -> HttpResponseBase:
    """Hand out the signed paper."""
    rows = visible(Invitation.objects.all(), request.user, NeedPerm.HANDLE)
    invitation = get_object_or_404(rows, pk=pk)
    known = invitation.need.pledges.filter(expert_id=invitation.expert_id).first()
    asked = request.GET.get("file", "")
    key = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    attachment = files.attachments_of(known).filter(pk=key).first() if known else None
    if attachment is None:
        messages.error(request, "没有这份材料。")
        return redirect("needs:pledge", pk=pk)
    try:
        return files.open_for(attachment.file)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("needs:pledge", pk=pk)
