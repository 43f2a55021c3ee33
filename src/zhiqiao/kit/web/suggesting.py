"""What is suggested below a search field while somebody types: a list of options, and nothing around it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhiqiao.kit.web.passages import Passage, places


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One option: what it says, where it belongs, and the page it opens; without one it completes the words.

    passage : where the words typed stand, if not in ``words``.
    """

    words: str
    place: str = ""
    href: str = ""
    passage: Passage | None = None


def suggestions(request: HttpRequest, text: str, found: Iterable[Suggestion]) -> HttpResponse:
    """Answer with the options, what was typed highlighted; equal options once. Kept nowhere on the way."""
    told = dict.fromkeys(found)
    options = [(one, places(one.words, text.split())) for one in told]
    response = render(request, "kit/parts/suggestions.html", {"options": options})
    response["Cache-Control"] = "private, no-store"
    return response
