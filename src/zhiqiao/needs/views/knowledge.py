"""Solution cards: written at the workbench, read by anybody."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Choice, Column, Register, Text
from zhiqiao.needs import actions, knowledge, queries
from zhiqiao.needs.enums import Kind, NeedPerm
from zhiqiao.needs.forms.knowledge import CardForm
from zhiqiao.needs.models import Need, SolutionCard
from zhiqiao.needs.views.portal_menu import portal_menu
from zhiqiao.orgs.scope import visible

_TONES = {SolutionCard.State.RELEASED: "success", SolutionCard.State.WITHDRAWN: "warning"}
CARDS = Register(
    "solution_cards",
    columns=(
        Column("title", "标题", href=lambda card: card.get_absolute_url(), primary=True),
        Column(
            "state",
            "状态",
            cell=lambda one: badge(
                one.get_state_display(), _TONES.get(SolutionCard.State(one.state), "neutral")
            ),
            export=lambda one: one.get_state_display(),
        ),
        Column("kind", "类别", cell=lambda card: card.get_kind_display()),
        Column("organisation", "单位", cell=lambda card: card.organisation.title),
        Column("edited_at", "修改", kind="when", sort="edited_at"),
    ),
    filters=(
        Text("q", "标题", fields=("title",)),
        Choice("state", "状态", choices=SolutionCard.State.choices, many=True),
    ),
    order=("-edited_at", "-pk"),
    page_size=30,
)
PUBLIC = Register(
    "solutions",
    columns=(
        Column("title", "解决方案", href=lambda card: card.public_url, primary=True),
        Column("kind", "类别", cell=lambda card: card.get_kind_display()),
        Column("result", "结果", cell=lambda card: badge(card.get_result_display(), "success")),
        Column("released_at", "发布", kind="date", sort="released_at"),
    ),
    filters=(
        Text("q", "内容", fields=("title", "problem", "solution")),
        Choice("kind", "类别", choices=Kind.choices, many=True),
    ),
    order=("-released_at", "-pk"),
    page_size=20,
)


def beside(need: Need, handles: bool) -> dict[str, Any] | None:
    """Return what the page of a closed case shows of its card."""
    if not handles or need.stage != "archived":
        return None
    return {"card": SolutionCard.objects.filter(need=need).first()}


@require_POST
def draft(request: Signed, pk: int) -> HttpResponse:
    """Begin the card of a closed case."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    try:
        card = actions.draft_card(need, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(need)
    return redirect(card)


def cards(request: Signed) -> HttpResponse:
    """List the cards of one's units."""
    return render(
        request, "needs/workbench/cards.html", {"listing": CARDS.bind(request.GET, _cards(request))}
    )


def _cards(request: Signed) -> Any:
    rows = visible(SolutionCard.objects.all(), request.user, NeedPerm.HANDLE)
    return rows.select_related("organisation", "need__enterprise__organisation", "need__organisation")


def edit(request: Signed, pk: int) -> HttpResponse:
    """Change a card, release it, take it back."""
    card = get_object_or_404(_cards(request), pk=pk)
    go = request.POST.get("go", "save")
    initial = {"title": card.title, "problem": card.problem, "solution": card.solution}
    writes = request.method == "POST" and go in ("save", "release")
    form = CardForm(request.POST if writes else None, initial=initial)
    if request.method == "POST" and (go == "withdraw" or form.is_valid()) and _done(request, card, go, form):
        return redirect(card)
    found = knowledge.leaks(card.need, (card.title, card.problem, card.solution))
    context = {"card": card, "form": form, "found": found}
    return render(request, "needs/workbench/card.html", context)


def _done(request: Signed, card: SolutionCard, go: str, form: CardForm) -> bool:
    now = timezone.now()
    try:
        if go == "withdraw":
            actions.withdraw_card(card, by=request.user, at=now)
            messages.success(request, "已撤下，别人看不到了。")
            return True
        actions.save_card(card, by=request.user, at=now, **form.cleaned_data)
        if go == "release":
            actions.release_card(card, by=request.user, at=now)
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, "已发布，提需求的企业会看到。" if go == "release" else "已保存。")
    return True


def solutions(request: HttpRequest) -> HttpResponse:
    """List what has been solved, for anybody."""
    listing = PUBLIC.bind(request.GET, knowledge.released())
    return render(request, "needs/portal/solutions.html", {"menu": portal_menu(request), "listing": listing})


def solution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one released card."""
    card = get_object_or_404(knowledge.released().select_related("organisation"), pk=pk)
    return render(request, "needs/portal/solution.html", {"menu": portal_menu(request), "card": card})
