"""How experts are ranked: the weights in force, and the versions learned from closed cases."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.directory import ranking
from zhiqiao.directory.actions.ranking import decide_weights, may_decide
from zhiqiao.directory.forms.ranking import DecisionForm
from zhiqiao.directory.models import RankingWeights
from zhiqiao.directory.views import person_of
from zhiqiao.kit.errors import Refused
from zhiqiao_match import Weights

MOST = 20


def weights(request: HttpRequest) -> HttpResponse:
    """Show the weights, and the proposals with their effect; the top of the network decides on them."""
    form = DecisionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        row = get_object_or_404(RankingWeights, version=form.cleaned_data["version"])
        try:
            _decide(request, row, form)
            return redirect(request.path)
        except Refused as refused:
            form.add_error(None, refused.refusal.message)
    return render(request, "directory/ranking.html", _context(request, form))


def _decide(request: HttpRequest, row: RankingWeights, form: forms.Form) -> None:
    accept = form.cleaned_data["act"] == "accept"
    decide_weights(
        row, accept=accept, reason=form.cleaned_data["reason"], by=person_of(request), at=timezone.now()
    )
    messages.success(
        request, f"已采用 {row.version}，从现在起生效。" if accept else f"已不采用 {row.version}。"
    )


def _context(request: HttpRequest, form: forms.Form) -> dict[str, object]:
    present = ranking.in_force()
    rows = list(RankingWeights.objects.all()[:MOST])
    waiting = next((row for row in rows if row.is_accepted is None), None)
    asked = request.GET.get("version", "")
    again = next((row for row in rows if row.is_accepted and row.version == asked != present.version), None)
    return {
        "form": form,
        "present": present,
        "shares": ranking.shares_of(present, Weights()),
        "rows": rows,
        "waiting": waiting,
        "again": again,
        "effect": ranking.effect_of(waiting) if waiting else None,
        "proposed": ranking.shares_of(ranking.effect_of(waiting).weights, present) if waiting else [],
        "may_decide": bool(may_decide(request.user)),
    }
