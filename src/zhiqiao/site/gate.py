"""The front gate: every request is held against the access table before its view runs."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import Resolver404, resolve

from zhiqiao.kit.web.policy import Access
from zhiqiao.orgs.scope import Who, may_somewhere
from zhiqiao.site.policy import POLICY


class PolicyGate:
    """Middleware that lets a request pass only as the table says. No row: not found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.may_open = partial(may_open, request.user)  # type: ignore[attr-defined]  # asked by templates
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        rows = POLICY.get(match.view_name if match else "")
        if rows is None:
            raise Http404
        method = "GET" if request.method == "HEAD" else request.method or ""
        access = rows.get(method)
        if access is None:
            return HttpResponseNotAllowed(list(rows))
        if holds_nul(request):
            raise BadRequest("U+0000 in address or form")
        return admit(request, access)


def holds_nul(request: HttpRequest) -> bool:
    """Tell whether address or form carries U+0000: nobody types it, and PostgreSQL cannot keep it as text."""
    sent = [("", [request.path]), *request.GET.lists(), *request.POST.lists()]
    return any("\0" in text for name, values in sent for text in (name, *values))


def may_open(person: Who, href: str) -> bool:
    """Tell whether a page would let this person in, so that no link leads her to a closed door.

    Objects are not looked up: a page that lists them lists what she may see.
    """
    try:
        rows = POLICY.get(resolve(urlsplit(href).path).view_name, {})
    except Resolver404:
        return True  # an address of another site, or of a file
    access = rows.get("GET")
    if access is None:
        return False
    if access.kind != "holds" or not getattr(person, "is_authenticated", True):
        return True  # whoever is not signed in is asked to, and then told
    return any(may_somewhere(person, permission) for permission in access.permissions)


def admit(request: HttpRequest, access: Access) -> HttpResponseBase | None:
    """Return nothing to let the request pass, a redirect to the login, or raise."""
    if access.kind in ("public", "link"):
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if access.kind == "signed_in" or any(may_somewhere(request.user, p) for p in access.permissions):
        return None
    raise PermissionDenied
