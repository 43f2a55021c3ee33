"""The register of experts, an expert's page, and the form behind both."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from zhiqiao.directory import actions, identity, queries, rules
from zhiqiao.directory.capacity import leaves_of
from zhiqiao.directory.codes import DISCIPLINES
from zhiqiao.directory.enums import DirectoryPerm, ExpertKind, FieldVisibility
from zhiqiao.directory.forms import (
    CONTACTS,
    ExpertForm,
    RevealForm,
    evidence_forms,
    options,
)
from zhiqiao.directory.models import Expert
from zhiqiao.directory.search import experts_with, written_of
from zhiqiao.directory.views import person_of
from zhiqiao.kit import audit, clock
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.kit.privacy import masked
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Choice, Column, Flag, Register, Text
from zhiqiao.orgs.queries import in_subtrees
from zhiqiao.orgs.scope import covers, may_somewhere


def load_words(expert: Expert, in_hand: int) -> str:
    """Return what an expert has in hand against her limit: 1 / 3."""
    return f"{in_hand} / {expert.task_cap}"


def state(expert: Expert, in_hand: int, at: datetime, *, is_away: bool = False) -> tuple[str, str]:
    """Return whether an expert may be asked now, as words and tone."""
    if not expert.is_active:
        return "不在库", "neutral"
    if expert.resting_until and expert.resting_until >= clock.local_date(at):
        return "暂不打扰", "warning"
    if is_away:
        return "休假", "warning"
    if in_hand >= expert.task_cap:
        return "已到上限", "warning"
    return "可邀请", "success"


def _state_cell(expert: Any) -> SafeString:
    words, tone = state(expert, expert.in_hand, expert.shown_at, is_away=expert.is_away)
    return format_html("{} {}", load_words(expert, expert.in_hand), badge(words, tone))


EXPERTS = Register(
    "experts",
    columns=(
        Column("name", "姓名", primary=True, href=Expert.get_absolute_url, sort=("name", "unit")),
        Column("kind", "类别", sort="kind"),
        Column("unit", "单位", sort="unit"),
        Column("disciplines", "学科", cell=lambda expert: "、".join(expert.discipline_titles)),
        Column("organisation.title", "推荐单位"),
        Column("state", "在手 / 上限", kind="badge", cell=_state_cell),
        Column("title", "职称", sort="title", optional=True),
        Column("position", "职务", optional=True),
        Column("keywords", "研究方向", optional=True),
        Column("sharing", "共享范围", optional=True),
        Column("consented_at", "本人同意", kind="date", optional=True),
        Column("updated_at", "更新", kind="when", sort="updated_at", optional=True),
    ),
    filters=(
        Text(
            "q", "姓名、单位、方向或论文", where=experts_with, shows=written_of, suggest="suggest?in=experts"
        ),
        Choice("kind", "类别", choices=ExpertKind.choices, many=True),
        Choice(
            "discipline", "学科", choices=list(DISCIPLINES.items()), many=True, where=queries.in_disciplines
        ),
        Choice("organisation", "推荐单位", where=lambda pks: Q(organisation__in=in_subtrees(pks))),
        Text("title", "职称", fields=("title",), more=True),
        Flag("available", "现在可邀请", where=queries.available),
        Flag("left", "只看不在库的", where=Q(is_active=False), more=True),
    ),
    order=("name", "pk"),
)


def experts(request: HttpRequest) -> HttpResponse:
    """List the experts a person may see; every filter is in the URL."""
    at = timezone.now()
    rows = queries.register_of_experts(request.user)
    if request.GET.get("q"):
        rows = rows.prefetch_related("evidence")
    sources = options(queries.sources_of(request.user, queries.experts_for(request.user)))
    listing = EXPERTS.bind(request.GET, rows, at=at, choices={"organisation": sources})
    in_hand = queries.open_tasks(expert.pk for expert in listing.page.rows)
    away = leaves_of(in_hand, clock.local_date(at))
    for expert in listing.page.rows:
        expert.in_hand, expert.shown_at = in_hand.get(expert.pk, 0), at  # type: ignore[attr-defined]
        expert.is_away = expert.pk in away  # type: ignore[attr-defined]
    may_add = may_somewhere(request.user, DirectoryPerm.EDIT)
    return render(request, "directory/experts.html", {"listing": listing, "may_add": may_add})


@never_cache
def expert(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an expert; a POST says why one of her contacts is read, and shows it this once."""
    shown = queries.expert_page(request.user).filter(pk=pk).first()
    if shown is None:
        return _merged_into(request, pk)
    at = timezone.now()
    within = queries.contacts_for(request.user).filter(pk=pk).exists()
    answers = {name: _contact_answer(request, shown, name, within=within) for name in CONTACTS}
    revealed, reveal = "", None
    if request.method == "POST":
        name = request.POST.get("field")
        reveal = RevealForm(request.POST, auto_id=f"{name if name in CONTACTS else 'contact'}_%s")
        revealed = _reveal(request, shown, reveal, answers, at) if reveal.is_valid() else ""
    in_hand = queries.open_tasks([shown.pk]).get(shown.pk, 0)
    context = {
        "expert": shown,
        "state": state(shown, in_hand, at, is_away=bool(leaves_of([pk], clock.local_date(at)))),
        "load": load_words(shown, in_hand),
        "contacts": [_contact(shown, name, answers[name], reveal, revealed) for name in CONTACTS],
        "may_edit": covers(request.user, DirectoryPerm.EDIT, shown.organisation),
        "may_decide": covers(request.user, DirectoryPerm.CONFLICT, shown.organisation),
        "form": reveal,
        "facts": _facts(shown),
        "terms": _terms(shown, in_hand),
    }
    return render(request, "directory/expert.html", context)


def _merged_into(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead the address of a row that was merged away to whom it stands for now."""
    row = get_object_or_404(Expert, pk=pk, merged_into__isnull=False)
    return redirect(get_object_or_404(queries.experts_for(request.user), pk=identity.surviving(row).pk))


def _contact_answer(request: HttpRequest, shown: Expert, name: str, *, within: bool) -> Answer:
    """Say whether the reader may see a contact, or why not: her own permission first, then the expert's choice."""
    if not within:
        home = shown.organisation.title
        return Refusal("directory.no_contact", f"联系方式由{home}掌握，您没有那里的查看权限。")
    return rules.may_see_field(request.user, shown, name)


def _reveal(
    request: HttpRequest, shown: Expert, form: RevealForm, answers: dict[str, Answer], at: datetime
) -> str:
    """Record the reading, then allow it; the order matters."""
    field = form.cleaned_data["field"]
    if not answers[field]:
        form.add_error(None, str(answers[field]))
        return ""
    audit.record(
        "expert.contact",
        shown,
        by=person_of(request),
        at=at,
        after={"field": field},
        reason=form.cleaned_data["reason"],
    )
    return str(field)


def _contact(
    shown: Expert, name: str, answer: Answer, reveal: RevealForm | None, revealed: str
) -> dict[str, Any]:
    """Say how one contact is shown: hidden, masked with the reason, or masked with a way to read it."""
    value = getattr(shown, name)
    visibility = getattr(shown, f"{name}_visibility")
    posted = reveal is not None and reveal.data.get("field") == name
    return {
        "name": name,
        "title": CONTACTS[name],
        "value": value if revealed == name else masked(value) if visibility != FieldVisibility.NOBODY else "",
        "known": bool(value),
        "revealed": revealed == name,
        "may": bool(answer),
        "why_not": "" if answer else str(answer),
        "visibility": getattr(shown, f"get_{name}_visibility_display")(),
        "form": reveal if posted else RevealForm(initial={"field": name}, auto_id=f"{name}_%s"),
    }


def _facts(shown: Expert) -> list[dict[str, Any]]:
    return [
        {"title": "单位", "value": shown.unit},
        {"title": "职称", "value": shown.title},
        {"title": "职务", "value": shown.position},
        {"title": "学科", "value": "、".join(shown.discipline_titles), "note": "GB/T 13745 一级学科"},
        {"title": "研究方向", "value": shown.keywords},
        {"title": "所在地", "value": shown.place.title if shown.place else ""},
    ]


def _terms(shown: Expert, in_hand: int) -> list[dict[str, Any]]:
    agreed = f"{clock.local_date(shown.consented_at):%Y-%m-%d}" if shown.consented_at else "还没有登记"
    return [
        {"title": "在手", "value": f"{in_hand} 项", "note": f"本人上限 {shown.task_cap} 项"},
        {"title": "暂不打扰", "value": _resting_words(shown)},
        {"title": "本人同意", "value": agreed},
        {"title": "谁能找到", "value": shown.get_sharing_display()},
        {"title": "推荐单位", "value": shown.organisation.title},
        {"title": "来源", "value": shown.source or "本系统登记"},
    ]


def _resting_words(shown: Expert) -> str:
    """Return until when an expert wants to be left in peace."""
    return f"至 {shown.resting_until:%Y-%m-%d}（含）" if shown.resting_until else "没有"


def new(request: HttpRequest) -> HttpResponse:
    """Enter an expert."""
    return _form_page(request, None)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an expert of one's own organisations."""
    return _form_page(request, get_object_or_404(queries.editable_experts(request.user), pk=pk))


def _form_page(request: HttpRequest, known: Expert | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    more = data is not None and "more" in data
    evidence = evidence_forms(known, data, more=more)
    form = ExpertForm(request.user, known, data)
    if data is not None and not more and form.is_valid() and evidence.is_valid():
        at = timezone.now()
        saved = actions.save_expert(
            known or Expert(),
            by=person_of(request),
            at=at,
            belongings=actions.Belongings(form.disciplines(), evidence.proofs()),
            changes=form.changes(at),
        )
        messages.success(request, f"{saved.name}的信息已保存，马上可以找到。")
        return redirect(saved)
    if more:  # more rows are asked for, nothing is judged yet
        form = ExpertForm(request.user, known, initial=_typed(request, known))
    context = {"form": form, "evidence": evidence, "expert": known, "judged": not more}
    return render(request, "directory/expert_form.html", context)


def _typed(request: HttpRequest, known: Expert | None) -> dict[str, Any]:
    return {
        name: field.widget.value_from_datadict(request.POST, {}, name)
        for name, field in ExpertForm(request.user, known).fields.items()
    }
