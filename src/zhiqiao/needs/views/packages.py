"""Archive packages at the workbench: ask for one, watch it being made, take it away; the layout of a unit."""

from typing import Any
from urllib.parse import quote

from django import forms as django_forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import paper
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, packages, queries
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.forms.talk import LayoutForm
from zhiqiao.needs.models import Need, Package, PackageLayout
from zhiqiao.needs.story import size_words
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import visible

SHOWN_BESIDE = 3


def beside(need: Need) -> list[Package]:
    """Return the latest packages of a case."""
    return list(Package.objects.filter(need=need)[:SHOWN_BESIDE])


@require_POST
def ask(request: Signed, pk: int) -> HttpResponse:
    """Ask for the package of a case."""
    need = get_object_or_404(queries.needs_for(request.user).select_related("organisation"), pk=pk)
    try:
        package = actions.ask_for_package(need, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(need)
    return redirect(package)


def package(request: Signed, pk: int) -> HttpResponse:
    """Show how far a package is; a part of its page when it asks for itself."""
    one = _package(request, pk)
    name = "_package" if "HX-Request" in request.headers else "package"
    context = {"package": one, "need": one.need, "size": size_words(one.size), "no_pdf": paper.why_no_pdf()}
    return render(request, f"needs/workbench/{name}.html", context)


def package_file(request: Signed, pk: int) -> HttpResponseBase:
    """Hand a package out; that it was is kept."""
    one = _package(request, pk)
    try:
        actions.open_package(one, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(one)
    name = quote(f"{one.need.number or one.pk}-归档包.zip")
    response = FileResponse(one.path.open("rb"), content_type="application/zip")
    response["Content-Disposition"] = f"attachment; filename=\"package.zip\"; filename*=UTF-8''{name}"
    response["Cache-Control"] = "private, no-store"
    return response


def _package(request: Signed, pk: int) -> Package:
    rows = visible(Package.objects.all(), request.user, NeedPerm.HANDLE)
    return get_object_or_404(
        rows.select_related("need__organisation", "need__enterprise__organisation"), pk=pk
    )


def layout(request: Signed, pk: int) -> HttpResponse:
    """Show and change how a unit's packages are laid out."""
    unit = get_object_or_404(visible(Organisation.objects.all(), request.user, NeedPerm.HANDLE), pk=pk)
    own = PackageLayout.objects.filter(organisation=unit).first()
    form = LayoutForm(
        request.POST if request.method == "POST" else None,
        initial={"lines": own.lines if own else packages.DEFAULT_LAYOUT},
    )
    if request.method == "POST" and form.is_valid() and _kept(request, unit, form):
        messages.success(request, "归档目录已保存，以后制作的归档包按它存放。")
        return redirect(reverse("needs:package_layout", args=(unit.pk,)))
    context: dict[str, Any] = {"unit": unit, "form": form, "own": own, "contents": list(packages.CONTENTS)}
    return render(request, "needs/workbench/package_layout.html", context)


def _kept(request: Signed, unit: Organisation, form: django_forms.Form) -> bool:
    try:
        actions.save_layout(unit, lines=form.cleaned_data["lines"], by=request.user, at=timezone.now())
    except Refused as refused:
        form.add_error("lines", str(refused))
        return False
    return True
