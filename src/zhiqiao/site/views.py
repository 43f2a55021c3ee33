"""Pages that belong to no subject: signing in and out, preferences, one's own page, notices, drafts."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.forms import LoginForm, PasswordForm
from zhiqiao.accounts.requests import Signed
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.web.models import Draft
from zhiqiao.needs import published
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.forms.portal import QuestionForm
from zhiqiao.needs.queries import inbox
from zhiqiao.needs.views.portal_menu import portal_menu
from zhiqiao.orgs.scope import in_words, may_somewhere

COOKIE_AGE = 365 * 24 * 3600
DRAFT_BYTES = 64 * 1024
NOT_TYPED = ("csrfmiddlewaretoken", "_once")
CARDS = 3


def home(request: HttpRequest) -> HttpResponse:
    """The portal's front page: ask, find, and what has been achieved so far."""
    context = {
        "menu": portal_menu(request),
        "form": QuestionForm(),
        "figures": published.figures(),
        "recent": published.recent(CARDS),
        "solved": published.solved(CARDS),
        "waiting": inbox(request.user).count() if request.user.is_authenticated else 0,
        "staff": may_somewhere(request.user, NeedPerm.HANDLE),
    }
    return render(request, "site/home.html", context)


@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with phone or e-mail, and go on to where one wanted to go."""
    form = LoginForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.person:
        login(request, form.person)
        return redirect(_next(request) or _start_of(form.person))
    return render(request, "site/login.html", {"form": form, "next": _next(request)})


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    here = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}
    )
    return target if here else ""


def _start_of(person: Any) -> str:
    """Staff start at their inbox; everybody else at the portal."""
    return "needs:inbox" if may_somewhere(person, NeedPerm.HANDLE) else "home"


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.info(request, "您已退出登录。")
    return redirect("home")


def preferences(request: HttpRequest) -> HttpResponse:
    """Remember theme and 长者模式 in cookies; works without JavaScript."""
    response = redirect(_next(request) or "home")
    for name, values in (("theme", {"light", "dark", "auto"}), ("elder", {"on", "off"})):
        if request.POST.get(name) in values:
            response.set_cookie(name, request.POST[name], max_age=COOKIE_AGE, samesite="Lax")
    return response


def me(request: Signed) -> HttpResponse:
    """Tell a person in words what she may see and do."""
    return render(
        request, "site/me.html", {"menu": portal_menu(request), "sentences": in_words(request.user)}
    )


def password(request: Signed) -> HttpResponse:
    """Change one's own password; every other session of the account ends."""
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        accounts.change_password(
            request.user, password=form.cleaned_data["new"], by=request.user, at=timezone.now()
        )
        update_session_auth_hash(request, request.user)
        messages.success(request, "密码已修改，其他设备上的登录已失效。")
        return redirect("me")
    return render(request, "site/password.html", {"form": form})


def notices(request: Signed) -> HttpResponse:
    """List one's notices; a POST marks them all read."""
    mine = Delivery.objects.filter(person=request.user, channel="site")
    if request.method == "POST":
        mine.filter(read_at__isnull=True).update(read_at=timezone.now())
        return redirect("notices")
    return render(request, "site/notices.html", {"menu": portal_menu(request), "notices": mine[:100]})


def notice(request: Signed, pk: int) -> HttpResponse:
    """Open a notice: mark it read and go to where one acts."""
    delivery = get_object_or_404(Delivery, pk=pk, person=request.user, channel="site")
    Delivery.objects.filter(pk=delivery.pk, read_at__isnull=True).update(read_at=timezone.now())
    return redirect(delivery.url or "notices")


@never_cache
def draft(request: Signed, form: str) -> HttpResponse:
    """Keep (POST) or give back (GET) what this person has typed into a form and not sent."""
    mine = Draft.objects.filter(person=request.user, form=form)
    if request.method != "POST":  # HEAD as well: looking must not overwrite what is kept
        kept = mine.first()
        return JsonResponse(
            {"values": kept.values if kept else {}, "saved_at": kept.saved_at if kept else None}
        )
    values = {name: request.POST.getlist(name) for name in request.POST if name not in NOT_TYPED}
    if len(json.dumps(values)) > DRAFT_BYTES:
        return JsonResponse({"message": "内容太长，没有自动保存，请先提交或另存。"}, status=413)
    now = timezone.now()
    Draft.objects.update_or_create(
        person=request.user, form=form, defaults={"values": values, "saved_at": now}
    )
    return JsonResponse({"saved_at": now})


def health(request: HttpRequest) -> HttpResponse:
    """Answer a load balancer: the process runs and reaches its database."""
    Draft.objects.exists()
    return JsonResponse({"status": "ok"})


def locked_out(request: HttpRequest, credentials: Any, *args: Any) -> HttpResponse:
    """Tell somebody whose account is locked for a while what to do."""
    return render(request, "site/locked.html", status=429)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form that was open too long."""
    return render(request, "403_csrf.html", status=403)
