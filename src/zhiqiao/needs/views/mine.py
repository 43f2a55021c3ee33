"""Where is my need: the list and the page of a case for the enterprise that asked and the invited expert."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from zhiqiao.kit.privacy import masked
from zhiqiao.kit.web.register import Choice, Column, Register
from zhiqiao.needs import links, queries, secrecy, talk, talk_links
from zhiqiao.needs.enums import ASKER_STAGES, InvitationState, NeedPerm, Side, Source, Stage
from zhiqiao.needs.forms.portal import AnswerForm
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.needs.party import Case, case_of, cases_asked, cases_invited
from zhiqiao.needs.views.answers import answers_open, take_answer
from zhiqiao.needs.views.portal_menu import portal_menu
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import may_somewhere, visible

INVITATIONS_SHOWN = 50
SEEN_AT = "门户"
SHOW = {
    "waiting": ("等我办", Q(stage__in=ASKER_STAGES)),
    "open": ("进行中", ~Q(stage__in=queries.FINISHED)),
    "closed": ("已结束", Q(stage__in=queries.FINISHED)),
}
MINE = Register(
    "mine",
    columns=(Column("title", "需求", primary=True),),
    filters=(
        Choice(
            "show",
            "范围",
            choices=tuple((name, title) for name, (title, _) in SHOW.items()),
            where=lambda names: SHOW[names[0]][1],
        ),
    ),
    order=("-created_at", "-pk"),
    page_size=10,
)


@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """List the needs of the reader's enterprise, or those she filled in for one; and her invitations."""
    now = timezone.now()
    needs = _own_needs(request.user)
    listing = MINE.bind(request.GET, needs, at=now)
    context = {
        "menu": portal_menu(request),
        "asks": may_somewhere(request.user, NeedPerm.ASK),
        "staff": may_somewhere(request.user, OrgPerm.VIEW),
        "listing": listing,
        "tabs": _tabs(listing, request.GET.get("show", ""), needs.filter(SHOW["waiting"][1]).count()),
        "asked": cases_asked([row.object for row in listing.rows], request.user, now),  # type: ignore[arg-type]
        "invited": cases_invited(_own_invitations(request.user), request.user, now),  # type: ignore[arg-type]
    }
    return render(request, "needs/portal/mine.html", context)


def _own_needs(who: Any) -> Any:
    """An enterprise sees all of its own. Staff see what was filled in on a visit; the rest is in the register."""
    needs = visible(Need.objects.all(), who, NeedPerm.ASK)
    if may_somewhere(who, OrgPerm.VIEW):
        needs = needs.filter(source=Source.VISIT)
    return needs.select_related("enterprise__organisation", "organisation")


def _own_invitations(who: Any) -> list[Invitation]:
    rows = Invitation.objects.filter(expert__person=who).exclude(state=InvitationState.QUEUED)
    rows = rows.select_related("need__organisation", "need__enterprise__organisation", "expert")
    return list(rows.order_by("-sent_at", "-pk")[:INVITATIONS_SHOWN])


def _tabs(listing: Any, shown: str, waiting: int) -> list[dict[str, Any]]:
    tabs = [{"title": "全部", "url": listing.url(show=None), "current": shown not in SHOW}]
    for name, (title, _) in SHOW.items():
        count = waiting if name == "waiting" and waiting else None
        tabs.append({"title": title, "url": listing.url(show=name), "current": shown == name, "count": count})
    return tabs


@never_cache
def mine_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case to one of its parties, with the answer to give now on top. Staff go to the workbench."""
    rows = queries.needs_for(request.user).select_related("enterprise__organisation", "organisation")
    need = get_object_or_404(rows.distinct(), pk=pk)
    if request.GET.get("submitted") and need.stage == Stage.SUBMITTED:
        return _submitted(request, need)
    case = case_of(need, request.user, timezone.now())  # type: ignore[arg-type]
    if case is None:
        return redirect("needs:detail", pk=need.pk)
    if need.stage == Stage.DRAFT and not case.onlooker:
        return redirect("needs:draft", pk=need.pk)
    if request.method == "POST":
        thanks, wrong = take_answer(request, case)
        if wrong is None:
            messages.success(request, thanks)
            return redirect(request.path)
        return case_page(request, "needs/portal/case.html", case, wrong, menu=portal_menu(request))
    return case_page(request, "needs/portal/case.html", case, menu=portal_menu(request))


def _submitted(request: HttpRequest, need: Need) -> HttpResponse:
    """Confirm that a need has come in, and say what happens next and by when."""
    contacts = [masked(to) for to in (need.contact_phone, need.contact_email) if to]
    staff = may_somewhere(request.user, OrgPerm.VIEW)
    context = {"menu": portal_menu(request), "need": need, "contacts": contacts, "staff": staff}
    return render(request, "needs/portal/submitted.html", context)


def case_page(
    request: HttpRequest, template: str, case: Case, wrong: AnswerForm | None = None, **context: Any
) -> HttpResponse:
    """Render a case for one party.

    wrong : an answer that was not taken. One that can be corrected is shown with what was typed; one that is
    no longer wanted is explained (409).
    """
    forms = answers_open(case)
    shown = {"case": case, "need": case.need, "forms": forms, "calendar": _calendar(case), **context}
    if case.side == Side.ENTERPRISE:
        shown["recommended"] = list(case.need.recommendations.select_related("output"))
    if case.details:
        secrecy.note_look(case.need, by=case.by, at=case.now, where=SEEN_AT)
    shown["watermark"] = secrecy.watermark(case.need, case.by, case.now)
    shown["lines"] = talk.lines_for_party(case, talk_links.party_file(case))
    if wrong is None:
        return render(request, template, shown)
    if wrong.act in forms:
        forms[wrong.act] = wrong
        return render(request, template, shown | {"form": wrong})
    words = [str(error) for errors in wrong.errors.values() for error in errors]
    return render(request, template, shown | {"refusal": "".join(words)}, status=409)


def _calendar(case: Case) -> str:
    """Return the address of the calendar file of the meeting, "" without one. It works without an account."""
    if case.meeting is None:
        return ""
    if case.invitation is not None:
        return reverse("needs:link_calendar", args=(links.sign(case.invitation),))
    return reverse("needs:follow_calendar", args=(links.sign(case.need),))
