"""回避核查: what stands between experts and the enterprise of a need, before anybody is asked."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.conflicts import Check, Status
from zhiqiao.directory.enums import ConflictLevel, ConflictSource, DirectoryPerm
from zhiqiao.directory.models import ConflictDecision, Expert
from zhiqiao.directory.queries import experts_for
from zhiqiao.kit import audit
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import queries, rules
from zhiqiao.needs.actions import decide_conflict
from zhiqiao.needs.capacity import conflicts_of
from zhiqiao.needs.forms.conflict import DecideForm
from zhiqiao.needs.forms.workbench import picked
from zhiqiao.needs.models import Need
from zhiqiao.orgs.scope import covers

MOST = 30
LONGEST_NAME = 60
STATUS = {
    Status.CLEAR: ("没有发现", "success"),
    Status.NOTED: ("仅提示", "accent"),
    Status.OPEN: ("待核实", "warning"),
    Status.ALLOWED: ("已核实，可以邀请", "success"),
    Status.BARRED: ("需回避", "danger"),
}


@never_cache
def conflicts(request: Signed, pk: int) -> HttpResponse:
    """Show the findings for those in the line and those asked for; a POST decides about one of them."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    if not rules.is_staff(request.user, need):
        raise Http404
    now, told = timezone.now(), bool(covers(request.user, DirectoryPerm.CONFLICT, need.organisation))
    wrong = None
    chosen = _number(request.POST.get("expert", "")) if request.method == "POST" else None
    if chosen is not None:
        expert = get_object_or_404(experts_for(request.user), pk=chosen)
        wrong = DecideForm(expert.pk, request.POST)
        if wrong.is_valid() and _decided(request, need, expert, wrong, now):
            return redirect(f"{reverse('needs:conflicts', args=(pk,))}?expert={expert.pk}")
    rows = _rows(request, need, told, now, wrong)
    _remember_reading(request, need, rows, now)
    context = {"need": need, "rows": rows, "told": told, "name": _name(request), "form": wrong}
    return render(request, "needs/workbench/conflicts.html", context)


def _decided(request: Signed, need: Need, expert: Expert, form: DecideForm, now: datetime) -> bool:
    try:
        decide_conflict(
            need,
            expert,
            may_ask=form.answer(),
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=now,
        )
    except Refused as refused:
        form.add_error(None, refused.refusal.message)
        return False
    messages.success(request, f"已记下对{expert.name}的决定。")
    return True


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _name(request: Signed) -> str:
    return request.GET.get("name", "").replace("\0", "").strip()[:LONGEST_NAME]


def _people(request: Signed, need: Need) -> list[Expert]:
    """Return whom the page speaks of: those asked for within sight, else everybody in the line."""
    seen = experts_for(request.user).order_by("name", "pk")
    named = [*picked(request.GET), request.POST.get("expert", "")]
    if keys := [key for text in named if (key := _number(text)) is not None][:MOST]:
        return list(seen.filter(pk__in=keys))
    if name := _name(request):
        return list(seen.filter(name=name)[:MOST])
    return list(seen.filter(pk__in=[one.expert_id for one in need.invitations.all()])[:MOST])


def _rows(
    request: Signed, need: Need, told: bool, now: datetime, wrong: DecideForm | None
) -> list[dict[str, Any]]:
    people = _people(request, need)
    found = conflicts_of(need, [expert.pk for expert in people], now)
    decisions = _decisions(need, people)
    rows = []
    for expert in people:
        check = found[expert.pk]
        words, tone = STATUS[check.status]
        form = wrong if wrong is not None and wrong.prefix == f"e{expert.pk}" else DecideForm(expert.pk)
        rows.append(
            {
                "expert": expert,
                "words": words,
                "tone": tone,
                "findings": _findings(check, told),
                "hidden": not told and any(one.is_private for one in check.findings),
                "private": told and any(one.is_private for one in check.findings),
                "decisions": decisions.get(expert.pk, []) if told else [],
                "form": form if told and _open(check) else None,
            }
        )
    return rows


def _open(check: Check) -> bool:
    return check.status in (Status.OPEN, Status.ALLOWED) or (
        check.status == Status.BARRED and check.decision is not None
    )


def _findings(check: Check, told: bool) -> list[dict[str, str]]:
    return [
        {
            "source": ConflictSource(one.source).label,
            "words": one.words,
            "level": "待核实" if one.is_unknown else ConflictLevel(one.level).label,
            "tone": "danger"
            if one.level == ConflictLevel.BAR and not one.is_unknown
            else ("warning" if one.stops else "neutral"),
        }
        for one in check.findings
        if told or not one.is_private
    ]


def _decisions(need: Need, people: list[Expert]) -> dict[int, list[ConflictDecision]]:
    rows = ConflictDecision.objects.filter(
        subject_type="needs.need", subject_id=need.pk, expert__in=[expert.pk for expert in people]
    )
    found: dict[int, list[ConflictDecision]] = {}
    for row in rows.order_by("-id"):
        found.setdefault(row.expert_id, []).append(row)
    return found


def _remember_reading(request: Signed, need: Need, rows: list[dict[str, Any]], now: datetime) -> None:
    """Record who read the private ties of whom: they were declared for the decision, not for curiosity."""
    read = [row["expert"].pk for row in rows if row["private"]]
    if read:
        audit.record("conflict.read", need, by=request.user, at=now, after={"experts": read})
