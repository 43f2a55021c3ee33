"""The register of enterprises, an enterprise's page, and entering a new one."""

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.directory import actions, queries
from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.forms import EnterpriseForm, options
from zhiqiao.directory.models import Enterprise
from zhiqiao.directory.search import enterprises_with
from zhiqiao.directory.views import person_of
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.web.register import Choice, Column, Flag, Register, Text
from zhiqiao.orgs.queries import above, in_subtrees, organisations_for
from zhiqiao.orgs.scope import may_somewhere

# Somebody else was quicker, between the check of the form and the save. Who, is not for every reader.
_TAKEN = "这个代码的企业刚刚由别人登记，请在企业清单里搜索。"

ENTERPRISES = Register(
    "enterprises",
    columns=(
        Column(
            "organisation.name",
            "企业",
            primary=True,
            href=Enterprise.get_absolute_url,
            sort="organisation__name",
        ),
        Column("credit_code", "统一社会信用代码", kind="code"),
        Column("industry", "行业", sort="industry"),
        Column("organisation.parent.title", "所在地"),
        Column("industry_text", "细分行业", optional=True),
        Column("address", "地址", optional=True),
        Column("source", "来源", optional=True),
        Column("updated_at", "更新", kind="when", sort="updated_at", optional=True),
    ),
    filters=(
        Text("q", "企业名称、信用代码或行业", where=enterprises_with, suggest="suggest?in=enterprises"),
        Choice("place", "所在地", where=lambda pks: Q(organisation__in=in_subtrees(pks))),
        Choice("industry", "行业", choices=list(INDUSTRIES.items()), many=True),
        Flag("uncoded", "还没有信用代码", where=Q(credit_code__isnull=True), more=True),
    ),
    order=("organisation__name", "pk"),
)


def enterprises(request: HttpRequest) -> HttpResponse:
    """List the enterprises of one's own part of the network."""
    upper = organisations_for(request.user).filter(kind__in=queries.UPPER).order_by("path")
    listing = ENTERPRISES.bind(
        request.GET, queries.enterprises_for(request.user), choices={"place": options(upper)}
    )
    may_add = may_somewhere(request.user, DirectoryPerm.EDIT)
    return render(request, "directory/enterprises.html", {"listing": listing, "may_add": may_add})


def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an enterprise; its needs are one click away in their own register."""
    shown = get_object_or_404(queries.enterprises_for(request.user), pk=pk)
    organisation = shown.organisation
    line = " › ".join(one.title for one in above(organisation))
    facts = [
        {
            "title": "统一社会信用代码",
            "value": shown.credit_code,
            "note": "校验位已核对" if shown.credit_code else "",
        },
        {"title": "行业", "value": shown.get_industry_display() if shown.industry else ""},
        {"title": "细分行业", "value": shown.industry_text},
        {"title": "所在地", "value": line},
        {"title": "地址", "value": shown.address},
        {"title": "来源", "value": shown.source or "本系统登记"},
    ]
    return render(request, "directory/enterprise.html", {"enterprise": shown, "facts": facts})


def new(request: HttpRequest) -> HttpResponse:
    """Enter an enterprise; a known credit code leads to the one entered already."""
    form = EnterpriseForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.add_enterprise(**form.cleaned_data, by=person_of(request), at=timezone.now())
        except IntegrityError:
            form.add_error("credit_code", _TAKEN)
        except Refused as refused:
            known = refused.refusal.code == "directory.enterprise_known"
            form.add_error("credit_code" if known else None, _TAKEN if known else refused.refusal.message)
        else:
            messages.success(request, f"{added}已登记。")
            return redirect(added)
    return render(request, "directory/enterprise_new.html", {"form": form})
