"""Colleagues whom experts named in their place, shown to the clerk with the experts of that name in the library."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.queries import experts_for
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, queries
from zhiqiao.needs.enums import Stage, SubstituteState
from zhiqiao.needs.models import Need, Substitute

STEPS = {Stage.MATCHING: "invite", Stage.INVITING: "invite_more"}


def proposed(need: Need, who: Any) -> list[dict[str, Any]]:
    """Return the proposals that wait at a need, each with the experts of that name within sight."""
    rows = Substitute.objects.filter(invitation__need=need, state=SubstituteState.OPEN)
    waiting = list(rows.select_related("invitation__expert"))
    if not waiting:
        return []
    known = experts_for(who).filter(name__in={row.name for row in waiting}, is_active=True)
    people = list(known.order_by("name", "pk")[:50])
    return [
        {
            "row": row,
            "by": row.invitation.expert,
            "people": [one for one in people if one.name == row.name],
        }
        for row in waiting
    ]


@require_POST
def settle(request: Signed, pk: int) -> HttpResponse:
    """Take up a proposal, which leads on to the invitation, or put it aside."""
    need = get_object_or_404(queries.needs_for(request.user), pk=pk)
    if (key := _number(request, "substitute")) is None:
        messages.error(request, "没有选中推荐的同行，请在需求页上操作。")
        return redirect(need)
    row = get_object_or_404(Substitute.objects.filter(invitation__need=need), pk=key)
    chosen = _number(request, "expert")
    try:
        if chosen is None:
            actions.leave_substitute(row, by=request.user, at=timezone.now())
            messages.success(request, "已记为不采纳。")
            return redirect(need)
        expert = get_object_or_404(experts_for(request.user), pk=chosen)
        actions.take_substitute(row, expert, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return redirect(need)
    step = STEPS.get(Stage(need.stage))
    if step is None:
        messages.success(request, "已采纳；这条需求现在不在邀请环节，需要时再邀请。")
        return redirect(need)
    return redirect(f"{reverse('needs:step', args=(need.pk, step))}?expert={expert.pk}")


def _number(request: Signed, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
