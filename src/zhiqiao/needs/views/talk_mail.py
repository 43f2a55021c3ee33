"""The tray of letters that nobody has claimed, and the words a unit uses again and again."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import files
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.privacy import masked
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Choice, Column, Register, Text
from zhiqiao.needs import actions
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.forms.talk import ClaimForm, DiscardForm, PassForm, SavedReplyForm
from zhiqiao.needs.models import Letter, SavedReply
from zhiqiao.needs.story import size_words
from zhiqiao.needs.talk_enums import LetterState
from zhiqiao.orgs.enums import HANDLERS
from zhiqiao.orgs.scope import below, roots_of, visible

_TONES = {LetterState.UNCLAIMED: "warning", LetterState.BOUNCED: "danger", LetterState.THREADED: "success"}
LETTERS = Register(
    "letters",
    columns=(
        Column("subject", "主题", cell=str, href=lambda letter: letter.get_absolute_url(), primary=True),
        Column("sender", "寄件人", cell=lambda letter: letter.from_name or masked(letter.from_address)),
        Column(
            "state",
            "状态",
            cell=lambda one: badge(one.get_state_display(), _TONES.get(LetterState(one.state), "neutral")),
            export=lambda one: one.get_state_display(),
        ),
        Column("why", "说明"),
        Column("organisation", "哪个单位看", cell=lambda letter: letter.organisation.title),
        Column("received_at", "收到", kind="when", sort="received_at"),
    ),
    filters=(
        Text("q", "主题或寄件人", fields=("subject", "from_name")),
        Choice("state", "状态", choices=LetterState.choices, many=True),
    ),
    order=("-received_at", "-pk"),
    page_size=30,
)
REPLIES = Register(
    "replies",
    columns=(
        Column("title", "名称", href=lambda reply: reply.get_absolute_url(), primary=True),
        Column("body", "内容", cell=lambda reply: reply.body[:60]),
        Column("organisation", "单位", cell=lambda reply: reply.organisation.title),
        Column("updated_at", "修改", kind="when", sort="updated_at"),
    ),
    filters=(Text("q", "名称或内容", fields=("title", "body")),),
    order=("title", "pk"),
    page_size=30,
)


def tray(request: Signed) -> HttpResponse:
    """List the letters that came in; those that wait to be claimed unless asked otherwise."""
    mine = _letters(request)
    rows = mine if "state" in request.GET or "q" in request.GET else mine.filter(state=LetterState.UNCLAIMED)
    waiting = mine.filter(state=LetterState.UNCLAIMED).count()
    here = reverse("needs:letters")
    every = "&".join(f"state={state}" for state in LetterState.values)
    tabs = [
        {"title": "待认领", "url": here, "count": waiting, "current": rows is not mine},
        {"title": "全部来信", "url": f"{here}?{every}", "current": rows is mine},
    ]
    listing = LETTERS.bind(request.GET, rows)
    return render(request, "needs/workbench/letters.html", {"listing": listing, "tabs": tabs})


def _letters(request: Signed) -> Any:
    rows = visible(Letter.objects.all(), request.user, NeedPerm.HANDLE)
    return rows.select_related("organisation", "need")


def letter(request: Signed, pk: int) -> HttpResponse:
    """Show one letter and settle it: into a case, to another unit, or not at all."""
    one = get_object_or_404(_letters(request), pk=pk)
    go = request.POST.get("go", "") if request.method == "POST" else ""
    sent = {name: request.POST if go == name else None for name in ("claim", "pass", "discard")}
    forms: dict[str, Any] = {
        "claim": ClaimForm(sent["claim"], who=request.user, letter=one),
        "pass": PassForm(sent["pass"], units=_units(request)),
        "discard": DiscardForm(sent["discard"]),
    }
    wrong = None
    if go in forms and forms[go].is_valid():
        try:
            return redirect(_settled(request, one, go, forms[go].cleaned_data))
        except Refused as refused:
            forms[go].add_error(None, str(refused))
    if go in forms:
        wrong = forms[go]
    context = {
        "letter": one,
        "claim": forms["claim"],
        "hand_on": forms["pass"],
        "discard": forms["discard"],
        "form": wrong,
        "waits": one.state == LetterState.UNCLAIMED,
        "files": [_file_shape(one, attachment) for attachment in files.attachments_of(one)],
    }
    return render(request, "needs/workbench/letter.html", context)


def _units(request: Signed) -> Any:
    roots = roots_of(request.user, NeedPerm.HANDLE)
    units = below(roots).filter(Q(kind__in=HANDLERS) | Q(pk__in=[root.pk for root in roots]), is_active=True)
    return units.order_by("path")


def _settled(request: Signed, one: Letter, go: str, given: dict[str, Any]) -> str:
    now = timezone.now()
    if go == "claim":
        need = given["number"]
        actions.claim_letter(
            one, need, role=given["role"], expert_name=given["expert_name"], by=request.user, at=now
        )
        messages.success(request, "已归入这条需求。")
        return reverse("needs:talk", args=(need.pk,))
    if go == "pass":
        actions.pass_letter(one, given["organisation"], by=request.user, at=now)
        messages.success(request, f"已转给{given['organisation'].title}。")
    else:
        actions.discard_letter(one, reason=given["reason"], by=request.user, at=now)
        messages.success(request, "已标为不处理，仍可在“全部来信”里找到。")
    return reverse("needs:letters")


def _file_shape(one: Letter, attachment: Attachment) -> dict[str, Any]:
    url = f"{reverse('needs:letter_file', args=(one.pk,))}?file={attachment.pk}"
    return {"title": attachment.title, "url": url, "size": size_words(attachment.file.size)}


def letter_file(request: Signed, pk: int) -> HttpResponseBase:
    """Hand out a file that came with a letter."""
    one = get_object_or_404(_letters(request), pk=pk)
    asked = request.GET.get("file", "")
    key = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    attachment = files.attachments_of(one).filter(pk=key).first()
    if attachment is None:
        messages.error(request, "这封信里没有这个附件。")
        return redirect(one)
    try:
        return files.open_for(attachment.file)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(one)


def replies(request: Signed) -> HttpResponse:
    """List the saved replies of one's units, and add one."""
    form = SavedReplyForm(request.POST if request.method == "POST" else None, units=_units(request))
    if request.method == "POST" and form.is_valid():
        actions.save_reply(by=request.user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, "常用语已保存。")
        return redirect("needs:saved_replies")
    listing = REPLIES.bind(request.GET, _replies(request))
    return render(request, "needs/workbench/saved_replies.html", {"listing": listing, "form": form})


def _replies(request: Signed) -> Any:
    return visible(SavedReply.objects.select_related("organisation"), request.user, NeedPerm.HANDLE)


def reply(request: Signed, pk: int) -> HttpResponse:
    """Change a saved reply, or take it away."""
    one = get_object_or_404(_replies(request), pk=pk)
    now = timezone.now()
    if request.method == "POST" and request.POST.get("go") == "delete":
        actions.delete_reply(one, by=request.user, at=now)
        messages.success(request, f"常用语“{one.title}”已删除。")
        return redirect("needs:saved_replies")
    initial = {"organisation": one.organisation_id, "title": one.title, "body": one.body}
    form = SavedReplyForm(
        request.POST if request.method == "POST" else None, units=_units(request), initial=initial
    )
    if request.method == "POST" and form.is_valid():
        actions.save_reply(reply=one, by=request.user, at=now, **form.cleaned_data)
        messages.success(request, "常用语已保存。")
        return redirect("needs:saved_replies")
    return render(request, "needs/workbench/saved_reply.html", {"reply": one, "form": form})
