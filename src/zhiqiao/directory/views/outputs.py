"""The register of research outputs, an output's page, and the form behind both."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from zhiqiao.directory import actions, queries
from zhiqiao.directory.enums import TRL, DirectoryPerm, OutputKind
from zhiqiao.directory.forms import OutputForm, options
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.directory.search import outputs_with
from zhiqiao.directory.views import person_of
from zhiqiao.kit.web.register import Choice, Column, Register, Text
from zhiqiao.orgs.queries import in_subtrees
from zhiqiao.orgs.scope import covers, may_somewhere

LEVELS = [(level, f"{level} {words}") for level, words in TRL.items()]

OUTPUTS = Register(
    "outputs",
    columns=(
        Column("title", "成果", primary=True, href=ResearchOutput.get_absolute_url, sort="title"),
        Column("kind", "类别", sort="kind"),
        Column("trl", "技术就绪度", sort="trl"),
        Column("owner", "完成单位", sort="owner"),
        Column("organisation.title", "入库单位"),
        Column("updated_at", "更新", kind="when", sort="updated_at"),
        Column("sharing", "共享范围", optional=True),
        Column("source", "来源", optional=True),
    ),
    filters=(
        Text(
            "q",
            "名称、完成单位或简介",
            where=outputs_with,
            shows=lambda output: output.abstract,
            suggest="suggest?in=outputs",
        ),
        Choice("kind", "类别", choices=OutputKind.choices, many=True),
        Choice("trl", "技术就绪度", choices=LEVELS, many=True),
        Choice("organisation", "入库单位", where=lambda pks: Q(organisation__in=in_subtrees(pks))),
    ),
    order=("-updated_at", "-pk"),
)


def outputs(request: HttpRequest) -> HttpResponse:
    """List the research outputs a person may see, newest first."""
    rows = queries.outputs_for(request.user)
    sources = options(queries.sources_of(request.user, rows))
    listing = OUTPUTS.bind(request.GET, rows, choices={"organisation": sources})
    may_add = may_somewhere(request.user, DirectoryPerm.EDIT)
    return render(request, "directory/outputs.html", {"listing": listing, "may_add": may_add})


def output(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a research output with its readiness in words."""
    shown = get_object_or_404(queries.outputs_for(request.user), pk=pk)
    facts = [
        {"title": "类别", "value": shown.get_kind_display()},
        {"title": "完成单位", "value": shown.owner},
        {"title": "入库单位", "value": shown.organisation.title},
        {"title": "谁能看到", "value": shown.get_sharing_display()},
        {"title": "来源", "value": shown.source or "本系统登记"},
    ]
    may_edit = covers(request.user, DirectoryPerm.EDIT, shown.organisation)
    context = {"output": shown, "facts": facts, "levels": TRL, "may_edit": may_edit}
    return render(request, "directory/output.html", context)


def new(request: HttpRequest) -> HttpResponse:
    """Enter a research output."""
    return _form_page(request, None)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an output of one's own organisations."""
    return _form_page(request, get_object_or_404(queries.editable_outputs(request.user), pk=pk))


def _form_page(request: HttpRequest, known: ResearchOutput | None) -> HttpResponse:
    form = OutputForm(request.user, known, request.POST or None)
    if request.method == "POST" and form.is_valid():
        saved = actions.save_output(
            form.apply_to(known or ResearchOutput()), by=person_of(request), at=timezone.now()
        )
        messages.success(request, "成果已保存。")
        return redirect(saved)
    return render(request, "directory/output_form.html", {"form": form, "output": known})
