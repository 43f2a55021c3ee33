"""The open part of the portal: find experts, read published needs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.filters import LONGEST_TEXT, clean_text
from zhiqiao.kit.web.register import Choice, Column, DateRange, Register, Text
from zhiqiao.kit.web.suggesting import Suggestion, suggestions
from zhiqiao.kit.web.words import holding, likest
from zhiqiao.needs import published
from zhiqiao.needs.enums import Kind
from zhiqiao.needs.finder import Candidate, find_for_text
from zhiqiao.needs.forms.portal import QUESTION, QuestionForm
from zhiqiao.needs.search import PUBLISHED as LIBRARY
from zhiqiao.needs.search import published_with, written_of
from zhiqiao.needs.views.asking import QUESTION_KEY, begin
from zhiqiao.needs.views.portal_menu import portal_menu
from zhiqiao.orgs.scope import may_somewhere
from zhiqiao_match import Part

LONGEST_IN_URL = 300
SHOWN = 10
SUGGESTED = 8

PUBLISHED = Register(
    "published",
    columns=(
        Column(
            "title",
            "需求",
            cell=lambda need: published.public_text(need, need.title),
            href=lambda need: reverse("needs:published_detail", args=(need.pk,)),
            primary=True,
        ),
        Column("kind", "类别", cell=lambda need: need.get_kind_display()),
        Column("enterprise", "企业", cell=published.enterprise_name),
        Column("standing", "进展", cell=lambda need: badge(*published.standing_of(need))),
        Column("submitted_at", "提出时间", kind="date", sort="submitted_at"),
    ),
    filters=(
        Text(
            "q",
            "需求名称或内容",
            where=published_with,
            shows=lambda need: published.public_text(need, written_of(need)),
            suggest="needs:published_suggest",
        ),
        Choice("kind", "类别", choices=Kind.choices, many=True),
        Choice("standing", "进展", choices=tuple(published.STANDINGS.items()), where=published.in_standing),
        DateRange("submitted", "提出时间", field="submitted_at", more=True),
    ),
    order=("-submitted_at", "-pk"),
    page_size=20,
)


@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """Find experts for a question. A short question stands in the URL, a long one in the session."""
    if request.method == "POST":
        return _question_sent(request)
    asked = request.GET.get("q", request.session.get(QUESTION_KEY, "")).replace("\0", "").strip()[:QUESTION]
    found = find_for_text(asked, request.user, SHOWN) if asked else None
    fitting = [one for one in found.candidates if _fits(one)] if found else []
    opens = may_somewhere(request.user, DirectoryPerm.VIEW)
    name = request.GET.get("name", "").strip()
    context = {
        "menu": portal_menu(request),
        "form": QuestionForm(initial={"text": asked}),
        "asked": asked,
        "in_url": request.GET.get("q", ""),
        "found": found,
        "cards": [card(one, rank, opens) for rank, one in enumerate(fitting, start=1)],
        "others": len(found.candidates) - len(fitting) if found else 0,
        "name": name,
        "why_not": found.why_not(name) if found and name else [],
    }
    return render(request, "needs/portal/find.html", context)


def _question_sent(request: HttpRequest) -> HttpResponse:
    """Go on with a question: to the experts, or to the form of a need, which carries it along."""
    form = QuestionForm(request.POST)
    if request.POST.get("go") == "ask":
        request.session[QUESTION_KEY] = form.cleaned_data["text"] if form.is_valid() else ""
        draft = begin(request.user, request.session[QUESTION_KEY])
        if draft is None:
            return redirect("needs:ask")
        del request.session[QUESTION_KEY]
        return redirect("needs:draft", pk=draft.pk)
    if not form.is_valid():
        return render(request, "needs/portal/find.html", {"menu": portal_menu(request), "form": form})
    text = form.cleaned_data["text"]
    if len(text) <= LONGEST_IN_URL:
        return redirect(f"{reverse('needs:find')}?{urlencode({'q': text})}")
    request.session[QUESTION_KEY] = text
    return redirect("needs:find")


def _fits(candidate: Candidate) -> bool:
    """Whether some evidence shares more than single characters with the question."""
    return any(end - start > 1 for _, spans in candidate.evidence for start, end in spans)


def card(candidate: Candidate, rank: int, opens: bool) -> dict[str, Any]:
    """Return a candidate as the card shows her: competence and reasons, never a contact.

    opens : whether the reader has the expert's own page in the library.
    """
    expert = candidate.expert
    return {
        "rank": rank,
        "href": expert.get_absolute_url() if opens else "",
        "name": expert.name,
        "title": expert.title,
        "organisation": " · ".join(
            part for part in (expert.unit, expert.place and expert.place.title) if part
        ),
        "score": candidate.score,
        "tags": [expert.get_kind_display(), *expert.discipline_titles[:2]],
        "parts": [_part(part, len(candidate.evidence)) for part in candidate.parts],
        "evidence": candidate.evidence,
    }


def _part(part: Part, passages: int) -> dict[str, Any]:
    """The passages themselves stand below the bars, so that their bar only counts them."""
    sentence = f"{passages} 项材料与您写的相近" if part.code == "evidence" else part.sentence
    return {"title": part.title, "value": part.value, "sentence": sentence}


def published_needs(request: HttpRequest) -> HttpResponse:
    """List the needs that anybody may read; the filters stand in the URL."""
    listing = PUBLISHED.bind(request.GET, published.published(request.user))
    return render(request, "needs/portal/published.html", {"menu": portal_menu(request), "listing": listing})


def published_suggest(request: HttpRequest) -> HttpResponse:
    """Suggest titles of published needs while somebody types, as anybody may read them."""
    text = clean_text(request.GET.get("q", ""))[:LONGEST_TEXT]
    seen = published.published(request.user).filter(holding(text, published_with))
    rows = likest(seen, text, (LIBRARY,), SUGGESTED) if text else []
    found = [Suggestion(published.public_text(need, need.title), need.get_kind_display()) for need in rows]
    return suggestions(request, text, found)


def published_need(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one published need."""
    need = get_object_or_404(published.published(request.user), pk=pk)
    context = {"menu": portal_menu(request), "need": published.public(need)}
    return render(request, "needs/portal/published_need.html", context)
