"""The search box of the workbench: needs, experts and enterprises, each within what the reader may see."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from zhiqiao.directory.queries import enterprises_for, experts_for
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.needs.queries import register_of_needs

MOST = 20
LONGEST = 100


def search(request: HttpRequest) -> HttpResponse:
    """Find what a few words name. The number of a need, typed whole, opens it at once."""
    text = clean_text(request.GET.get("q", ""))[:LONGEST]
    needs = register_of_needs(request.user)
    if text and (exact := needs.filter(number=text.upper()).first()):
        return redirect(exact)
    found = {
        "needs": needs.filter(_all_words(text, "title", "number", "enterprise__organisation__name")),
        "experts": experts_for(request.user).filter(_all_words(text, "name", "unit")),
        "enterprises": enterprises_for(request.user).filter(
            _all_words(text, "organisation__name", "credit_code")
        ),
    }
    shown = {kind: rows[:MOST] if text else rows.none() for kind, rows in found.items()}
    return render(request, "site/search.html", {"search_text": text, "most": MOST, **shown})


def _all_words(text: str, *fields: str) -> Q:
    """Return the condition that every word stands in one of the fields."""
    whole = Q()
    for word in text.split():
        whole &= Q(*(Q(**{f"{field}__icontains": word}) for field in fields), _connector=Q.OR)
    return whole
