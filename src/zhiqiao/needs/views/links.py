"""Pages behind a signed link: an expert answers, an enterprise follows, without an account.

The link is the key, so these pages are neither cached nor indexed, and no other site learns their address
(``Referrer-Policy: same-origin`` from the settings; ``no-referrer`` would take the Origin away from our own
forms, and the guard against forged requests would turn every answer down).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.needs import calendar, links
from zhiqiao.needs.enums import InvitationState, Side
from zhiqiao.needs.party import Case, case_of, case_of_invitation
from zhiqiao.needs.views.answers import take_answer
from zhiqiao.needs.views.mine import case_page

View = Callable[..., HttpResponse]


def behind_link(view: View) -> View:
    """Keep a page behind a link out of caches and search engines."""

    @never_cache
    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = view(request, *args, **named)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return kept


@behind_link
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The expert's page: answer the invitation; later the meeting, the outcome to confirm, the rating."""
    case = _expert_case(token)
    return _invalid(request, token, "invitation") if case is None else _page(request, case)


@behind_link
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """The enterprise's page: where the need is, the outcome to confirm, the rating."""
    case = _enterprise_case(token)
    return _invalid(request, token, "need") if case is None else _page(request, case)


@behind_link
def answer_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The meeting as a calendar file, for the expert."""
    return _calendar(_expert_case(token), reverse("needs:answer", args=(token,)))


@behind_link
def follow_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The meeting as a calendar file, for the enterprise."""
    return _calendar(_enterprise_case(token), reverse("needs:follow", args=(token,)))


def _expert_case(token: str) -> Case | None:
    invitation = links.invitation_of(token)
    if invitation is None or invitation.state == InvitationState.QUEUED:
        return None
    return case_of_invitation(invitation, timezone.now())


def _enterprise_case(token: str) -> Case | None:
    need = links.need_of(token)
    return case_of(need, links.enterprise_actor(need), timezone.now()) if need else None


def _page(request: HttpRequest, case: Case) -> HttpResponse:
    template = f"needs/links/{'follow' if case.side == Side.ENTERPRISE else 'answer'}.html"
    if request.method != "POST":
        return case_page(request, template, case)
    thanks, wrong = take_answer(request, case)
    if wrong is not None:
        return case_page(request, template, case, wrong)
    messages.success(request, thanks)
    return redirect(request.path)


def _calendar(case: Case | None, page: str) -> HttpResponse:
    meeting = calendar.meeting_of(case.need) if case and case.takes_part and case.details else None
    if meeting is None:
        raise Http404
    content = calendar.ics(meeting, at=timezone.now(), url=f"{settings.SITE_URL}{page}")
    headers = {"Content-Disposition": f'attachment; filename="{calendar.file_name(meeting)}"'}
    return HttpResponse(content, content_type=calendar.CONTENT_TYPE, headers=headers)


def _invalid(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """Explain a link that opens nothing: too old (410), or not one of ours (404)."""
    expired = _was_ours(token, kind)
    return render(request, "needs/links/invalid.html", {"expired": expired}, status=410 if expired else 404)


def _was_ours(token: str, kind: str) -> bool:
    """Whether a link is too old, or its subject is gone. One of a place in line not yet called is neither."""
    if links.invitation_of(token) is not None:
        return False
    try:
        name: str = signing.loads(token, salt=links.SALT)
    except signing.BadSignature:
        return False
    return name.partition(":")[0] == kind
