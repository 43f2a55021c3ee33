"""The workbench of 科协帮: inbox, register, the page of a need, and what is taken away from it on paper or as a file."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.forms.capacity import WantedForm
from zhiqiao.directory.queries import experts_for
from zhiqiao.kit import files
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.web.register import Listing
from zhiqiao.needs import actions, calendar, clocks_page, desk, exports, queries, registers, rules, secrecy
from zhiqiao.needs.actions import BulkReport
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.finder import find_for_need, team_for_need
from zhiqiao.needs.forms.workbench import ExportForm, picked
from zhiqiao.needs.models import Need
from zhiqiao.needs.views import knowledge as knowledge_views
from zhiqiao.needs.views import packages as packages_views
from zhiqiao.needs.views import secrecy as secrecy_views
from zhiqiao.needs.views import shapes, substitutes
from zhiqiao.needs.views import talk as talk_views
from zhiqiao.orgs.scope import may_somewhere, roots_of, visible

INBOX_TABS = (("", "全部"), ("late", "已逾期"), ("today", "今天要办"), ("week", "本周"))
REGISTER_TOOLS = {"may_handle": NeedPerm.HANDLE, "may_export": NeedPerm.EXPORT}
MOST_AT_ONCE = 500
MOST_TOLD = 20
FIELDS = [str(number) for number in range(20)]


def inbox(request: Signed) -> HttpResponse:
    """List the next steps of this person by due time; the counters on top open their rows."""
    now = timezone.now()
    mine, spans = queries.inbox(request.user, now), queries.due_spans(now)
    counts = mine.aggregate(all=Count("pk"), **{key: Count("pk", filter=span) for key, span in spans.items()})
    chosen = request.GET.get("due", "")
    rows = mine.filter(spans[chosen]) if chosen in spans else mine
    listing = registers.INBOX.bind(request.GET, rows.prefetch_related("meetings", "outcomes"), at=now)
    own = {root.path for root in roots_of(request.user, NeedPerm.HANDLE)}
    context = {
        "tabs": _tabs(chosen if chosen in spans else "", counts),
        "listing": listing,
        "work": [shapes.work(row.object, request.user, now, own) for row in listing.rows],
        "counts": counts,
        "now": now,
    }
    return render(request, "needs/workbench/inbox.html", context)


def _tabs(chosen: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "url": f"?due={key}" if key else reverse("needs:inbox"),
            "count": counts[key or "all"],
            "current": key == chosen,
        }
        for key, title in INBOX_TABS
    ]


def register(request: Signed) -> HttpResponse:
    """Show the register of needs; its whole state is in the address."""
    rows, choices = registers.rows_for(request.user), registers.choices_for(request.user)
    listing = registers.NEEDS.bind(request.GET, rows, choices=choices)
    may = {name: may_somewhere(request.user, permission) for name, permission in REGISTER_TOOLS.items()}
    return render(request, "needs/workbench/register.html", {"listing": listing, **may})


def export(request: Signed) -> HttpResponse:
    """Ask what an export is for, then hand out what the register's conditions find, within scope."""
    listing = _exportable(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "needs/workbench/export.html", {"form": form, "listing": listing})
    now = timezone.now()
    book = exports.export(listing, reason=form.cleaned_data["reason"], by=request.user, at=now)
    response = HttpResponse(book, content_type=exports.CONTENT_TYPE)
    name = quote(f"需求-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx")
    response["Content-Disposition"] = f"attachment; filename=\"needs.xlsx\"; filename*=UTF-8''{name}"
    return response


def _exportable(request: Signed) -> Listing[Need]:
    rows = visible(registers.rows_for(request.user), request.user, NeedPerm.EXPORT)
    return registers.NEEDS.bind(request.GET, rows, choices=registers.choices_for(request.user))


def detail(request: Signed, pk: int) -> HttpResponse:
    """Show a need: what to do next, its facts, and all that has happened. Whoever asked has a page of her own."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    if not rules.is_staff(request.user, need):
        return redirect("needs:mine_detail", pk=pk)
    now = timezone.now()
    laid = desk.lay(need, request.user, now)
    finding = any(act.name == "invite" for act in laid.main)
    handling = rules.is_handler(request.user, need)
    beside = talk_views.beside(request, need)
    secrecy.note_look(need, by=request.user, at=now, where="需求页")
    context = {
        **shapes.case(need, now),
        "talk": beside,
        "packages": packages_views.beside(need),
        "secrecy": secrecy_views.beside(need, bool(rules.is_handler(request.user, need))),
        "watermark": secrecy.watermark(need, request.user, now),
        "solution": knowledge_views.beside(need, bool(rules.is_handler(request.user, need))),
        "desk": laid,
        "finding": finding,
        "handling": handling,
    }
    context["clocks"] = clocks_page.panel(need, now)
    context["substitutes"] = substitutes.proposed(need, request.user) if handling else ()
    return render(request, "needs/workbench/detail.html", context)


def _within(request: Signed, pk: int) -> Need:
    """Return a need of this person's part of the network; one she was invited to as an expert is another matter."""
    if not queries.needs_within(request.user).filter(pk=pk).exists():
        raise Http404
    return get_object_or_404(queries.need_page(request.user), pk=pk)


def finder(request: Signed, pk: int) -> HttpResponse:
    """Show the experts found for a need, or why somebody is not among them: a part of its page, or a page."""
    need = _within(request, pk)
    is_part = "HX-Request" in request.headers
    filters = WantedForm(request.user, request.GET)
    few_or_many = shapes.FEW if is_part else shapes.MANY
    found = find_for_need(need, request.user, few_or_many, wanted=filters.wanted())
    asked = request.GET.get("name", "").strip()[:60]
    listed = [one.expert.pk for one in found.candidates]
    others = experts_for(request.user).filter(name=asked, is_active=True).exclude(pk__in=listed)
    context = {
        **shapes.finding(
            need, found, picked(request.GET), timezone.now(), opened=0 if is_part else shapes.OPENED
        ),
        "name": asked,
        "why_not": found.why_not(asked) if asked else (),
        "people": others[: shapes.FEW] if asked else (),
        "is_part": is_part,
        "filters": filters,
    }
    name = "_finder" if is_part else "finder"
    return render(request, f"needs/workbench/{name}.html", context)


def team(request: Signed, pk: int) -> HttpResponse:
    """Show the smallest team that covers what a need asks for: a part of the finder, or a page."""
    need = _within(request, pk)
    is_part = "HX-Request" in request.headers
    filters = WantedForm(request.user, request.GET)
    only = {int(number) for number in request.GET.getlist("field") if number in FIELDS}
    found = team_for_need(need, request.user, wanted=filters.wanted(), only=only)
    context = {
        "need": need,
        "team": found,
        "fields": [(number, words, words in found.asked) for number, words in enumerate(found.fields)],
        "finding": shapes.inviting(need, timezone.now()),
        "is_part": is_part,
    }
    name = "needs/parts/team.html" if is_part else "needs/workbench/team.html"
    return render(request, name, context)


def sheet(request: Signed, pk: int) -> HttpResponse:
    """Show the whole case with its timeline as it goes on paper."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    if not rules.is_staff(request.user, need):  # an invited expert may be staff elsewhere
        raise Http404
    now = timezone.now()
    secrecy.note_look(need, by=request.user, at=now, where="打印办理单")
    context = shapes.on_paper(shapes.case(need)) | {"watermark": secrecy.watermark(need, request.user, now)}
    return render(request, "needs/workbench/sheet.html", context)


def meeting_calendar(request: Signed, pk: int) -> HttpResponse:
    """Hand out the meeting of a need for one's calendar."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    meeting = calendar.meeting_of(need)
    if meeting is None or not _may_have_papers(request, need):
        raise Http404
    url = request.build_absolute_uri(need.get_absolute_url())
    body = calendar.ics(meeting, at=timezone.now(), url=url)
    response = HttpResponse(body, content_type=calendar.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{calendar.file_name(meeting)}"'
    return response


def _may_have_papers(request: Signed, need: Need) -> bool:
    """Of a confidential need an invited expert reads what her own page shows, and nothing of the workbench."""
    inside = rules.is_staff(request.user, need) or rules.is_asker(request.user, need)
    return bool(inside) or not secrecy.is_secret(need)


def file(request: Signed, pk: int, file_pk: int) -> HttpResponseBase:
    """Hand out a file that belongs to a need."""
    need = get_object_or_404(queries.needs_for(request.user), pk=pk)
    if secrecy.is_secret(need) and not (
        rules.is_staff(request.user, need) or rules.is_asker(request.user, need)
    ):
        raise Http404
    secrecy.note_look(need, by=request.user, at=timezone.now(), where="下载材料")
    attachment = files.attachments_of(need).filter(pk=file_pk).first()
    attachment = attachment or talk_views.file_of_talk(request, need, file_pk)
    if attachment is None:
        raise Http404
    try:
        return files.open_for(attachment.file)
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return redirect(need)


def bulk(request: Signed) -> HttpResponse:
    """Take on the ticked needs, each by itself, and tell what went and what did not."""
    rows, choices = registers.rows_for(request.user), registers.choices_for(request.user)
    picked = registers.NEEDS.picked(request.POST, rows, choices=choices).order_by("due_at", "pk")
    report = actions.accept_many(picked[:MOST_AT_ONCE], by=request.user, at=timezone.now())
    _tell(request, report)
    back = request.POST.get("back", "")
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if safe else "needs:inbox")


def _tell(request: Signed, report: BulkReport) -> None:
    if not report.done and not report.refused:
        messages.warning(request, "没有勾选需求，请先勾选再受理。")
    if report.done:
        messages.success(request, f"已受理 {len(report.done)} 条需求，请为它们邀请专家。")
    if report.refused:
        shown = format_html_join(
            "", "<li>{}：{}</li>", ((need, refusal) for need, refusal in report.refused[:MOST_TOLD])
        )
        rest = len(report.refused) - MOST_TOLD
        more = f"另有 {rest} 条未列出。" if rest > 0 else ""
        words = "{} 条没有受理，原因如下：<ul>{}</ul>{}"
        messages.warning(request, format_html(words, len(report.refused), shown, more))
