"""What fits across the libraries, each as a part of another page and as a page of its own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.directory.queries import expert_page, outputs_for
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, finder, matches, queries, registers, rules
from zhiqiao.needs.forms.recommend import RecommendForm
from zhiqiao.needs.matches import Fit
from zhiqiao.needs.models import Need, Recommendation


def of_need(request: Signed, pk: int) -> HttpResponse:
    """Show what fits a need: outputs to recommend, solved needs to learn from, and perhaps the same one twice."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    if (
        not rules.is_staff(request.user, need)
        or not queries.register_of_needs(request.user).filter(pk=pk).exists()
    ):
        return redirect(need)  # seen as its expert: she has a page of her own
    few = _is_part(request)
    outputs = matches.outputs_for_need(need, request.user, _top(few))
    made = {one.output_id: one for one in need.recommendations.all()}
    context = {
        "need": need,
        "outputs": [_output(need, fit, made.get(fit.row.pk), request) for fit in outputs],
        "solved": [_solved(fit) for fit in matches.solved_like(need, request.user, _top(few))],
        "alike": finder.alike_needs(need, request.user),
        "back": request.path if not few else need.get_absolute_url(),
    }
    return _answer(request, "need", context)


def of_expert(request: Signed, pk: int) -> HttpResponse:
    """Show the needs within the reader's sight that an expert could help with."""
    expert = get_object_or_404(expert_page(request.user), pk=pk)
    found = matches.needs_for_expert(expert, request.user, _top(_is_part(request)))
    return _answer(request, "expert", {"expert": expert, "needs": [_need(fit) for fit in found]})


def of_output(request: Signed, pk: int) -> HttpResponse:
    """Show the needs within the reader's sight that an output could answer."""
    output = get_object_or_404(outputs_for(request.user), pk=pk)
    found = matches.needs_for_output(output, request.user, _top(_is_part(request)))
    rows = [_need(fit) | _recommending(fit.row, output, request) for fit in found]
    back = output.get_absolute_url() if _is_part(request) else request.path
    return _answer(request, "output", {"output": output, "needs": rows, "back": back})


def recommend(request: Signed, pk: int) -> HttpResponse:
    """Recommend an output to the enterprise behind a need, and go back to where one was."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    form = RecommendForm(request.user, request.POST)
    if not form.is_valid():
        messages.error(request, "没有推荐出去：请在成果旁边按“推荐给企业”，附言不超过 400 字。")
        return redirect(need)
    try:
        actions.recommend_output(need, by=request.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        messages.error(request, refused.refusal.message)
    else:
        words = f"已推荐给{need.enterprise}，企业会收到通知，时间线里留有记录。"
        messages.success(request, words)
    back = request.POST.get("back", "")
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if safe else need)


def _is_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _top(few: bool) -> int:
    return matches.FEW if few else matches.MANY


def _answer(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    part = _is_part(request)
    template = f"needs/matches/_{name}.html" if part else f"needs/matches/{name}.html"
    return render(request, template, context | {"is_part": part, "few": matches.FEW})


def _need(fit: Fit[Need]) -> dict[str, Any]:
    """Return a need as a line: what it is, how far, and why it fits."""
    need = fit.row
    place = (need.number or "", str(need.enterprise), need.organisation.title)
    return {
        "fit": fit,
        "href": need.get_absolute_url(),
        "badge": registers.stage_badge(need),
        "place": [part for part in place if part],
    }


def _solved(fit: Fit[Need]) -> dict[str, Any]:
    """Return a solved need as a line: its result, and who helped."""
    return _need(fit) | {"result": registers.result_of(fit.row), "helpers": matches.helpers_of(fit.row)}


def _output(
    need: Need, fit: Fit[ResearchOutput], made: Recommendation | None, request: Signed
) -> dict[str, Any]:
    """Return an output as a line beside a need, and whether it can be recommended."""
    output = fit.row
    readiness = f"就绪度 {output.get_trl_display()}" if output.trl else ""
    place = (output.owner, readiness, f"{output.organisation.title}入库")
    return {
        "fit": fit,
        "href": output.get_absolute_url(),
        "kind": output.get_kind_display(),
        "place": [part for part in place if part],
        **_asked(need, output, made, request),
    }


def _recommending(need: Need, output: ResearchOutput, request: Signed) -> dict[str, Any]:
    made = next((one for one in need.recommendations.all() if one.output_id == output.pk), None)
    return _asked(need, output, made, request)


def _asked(
    need: Need, output: ResearchOutput, made: Recommendation | None, request: Signed
) -> dict[str, Any]:
    """Return what a row needs to recommend: who did it already, or whether the reader may."""
    return {
        "need": need,
        "output": output,
        "made": made,
        "may": made is None and bool(rules.may_recommend(request.user, need, output)),
    }
