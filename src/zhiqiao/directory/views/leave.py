"""Leaves and declared ties of an expert: on her own pages, and on those of the unit that answers for her."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.directory import queries
from zhiqiao.directory.actions.conflicts import declare, withdraw_relation
from zhiqiao.directory.actions.leave import cancel_leave, take_leave
from zhiqiao.directory.forms.leave import LeaveForm, RelationForm
from zhiqiao.directory.models import Expert
from zhiqiao.directory.views import person_of
from zhiqiao.kit import audit
from zhiqiao.kit.errors import Refused

MOST = 50


@never_cache
def my_leave(request: HttpRequest) -> HttpResponse:
    """An expert enters and cancels her leaves."""
    return _leave(request, _mine(request), "directory/my_leave.html")


@never_cache
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit that recommends an expert enters and cancels her leaves, as she told it."""
    return _leave(
        request,
        get_object_or_404(queries.editable_experts(request.user), pk=pk),
        "directory/expert_leave.html",
    )


@never_cache
def my_ties(request: HttpRequest) -> HttpResponse:
    """An expert declares the ties that may stand between her and an enterprise."""
    return _ties(request, _mine(request), "directory/my_ties.html")


@never_cache
def ties(request: HttpRequest, pk: int) -> HttpResponse:
    """Who decides on conflicts reads and enters the ties of an expert; that she read them is recorded."""
    shown = get_object_or_404(queries.experts_with_ties_for(request.user), pk=pk)
    if request.method == "GET" and shown.relations.exists():
        audit.record("expert.ties", shown, by=person_of(request), at=timezone.now())
    return _ties(request, shown, "directory/expert_ties.html")


def _mine(request: HttpRequest) -> Expert:
    return get_object_or_404(Expert.objects.select_related("organisation"), person=request.user)


def _leave(request: HttpRequest, shown: Expert, template: str) -> HttpResponse:
    now = timezone.now()
    form = LeaveForm(request.POST if request.POST.get("act") == "add" else None)
    try:
        if request.POST.get("act") == "cancel":
            row = get_object_or_404(shown.leaves, pk=_number(request, "leave"))
            cancel_leave(row, by=person_of(request), at=now)
            messages.success(request, "已取消，可以照常邀请。")
            return redirect(request.path)
        if form.is_bound and form.is_valid():
            take_leave(shown, by=person_of(request), at=now, **form.cleaned_data)
            messages.success(request, "已登记，这段时间不会邀请。")
            return redirect(request.path)
    except Refused as refused:
        form.add_error(None, refused.refusal.message)
    rows = shown.leaves.filter(cancelled_at__isnull=True).order_by("-ends_on", "-pk")[:MOST]
    return render(request, template, {"expert": shown, "form": form, "leaves": rows})


def _ties(request: HttpRequest, shown: Expert, template: str) -> HttpResponse:
    now = timezone.now()
    form = RelationForm(request.user, request.POST if request.POST.get("act") == "add" else None)
    try:
        if request.POST.get("act") == "withdraw":
            row = get_object_or_404(shown.relations, pk=_number(request, "relation"))
            withdraw_relation(row, by=person_of(request), at=now)
            messages.success(request, "已撤销，不再计入。")
            return redirect(request.path)
        if form.is_bound and form.is_valid():
            declare(shown, by=person_of(request), at=now, **form.values())
            messages.success(request, "已登记。")
            return redirect(request.path)
    except Refused as refused:
        form.add_error(None, refused.refusal.message)
    rows = shown.relations.filter(withdrawn_at__isnull=True).select_related(
        "enterprise__organisation", "other"
    )
    return render(request, template, {"expert": shown, "form": form, "ties": rows.order_by("-pk")[:MOST]})


def _number(request: HttpRequest, name: str) -> Any:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
