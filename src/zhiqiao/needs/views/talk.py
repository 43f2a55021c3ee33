"""The conversation of a case at the workbench: read, write, follow, put a message into the right case."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit import files
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.web.models import Draft
from zhiqiao.needs import actions, queries, rules, secrecy, talk, talk_links
from zhiqiao.needs.enums import NeedPerm, Stage
from zhiqiao.needs.forms.talk import MoveForm, StaffTalkForm, filled
from zhiqiao.needs.models import Message, Need, SavedReply
from zhiqiao.needs.talk_enums import Audience, Via
from zhiqiao.orgs.scope import visible

SHOWN_BESIDE = 4


def thread(request: Signed, pk: int) -> HttpResponse:
    """Show the whole conversation of a case and take what is written into it."""
    need = get_object_or_404(queries.need_page(request.user), pk=pk)
    if not rules.is_staff(request.user, need):
        raise Http404
    secrecy.note_look(need, by=request.user, at=timezone.now(), where="往来")
    handles = bool(rules.is_handler(request.user, need))
    form = StaffTalkForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        need=need,
        handles=handles,
        initial=_begun(request, need),
    )
    if request.method == "POST" and form.is_valid() and _written(request, need, form):
        return redirect(f"{reverse('needs:talk', args=(need.pk,))}#latest")
    return render(request, "needs/workbench/talk.html", context_of(request, need, form))


def _begun(request: Signed, need: Need) -> dict[str, Any]:
    """Start with a saved reply, if one was picked."""
    picked = request.GET.get("use", "")
    if not (picked.isascii() and picked.isdigit() and len(picked) < 19):
        return {}
    reply = replies_for(need).filter(pk=int(picked)).first()
    return {"body": filled(reply.body, need)} if reply else {}


def _written(request: Signed, need: Need, form: StaffTalkForm) -> bool:
    given, now = form.cleaned_data, timezone.now()
    try:
        actions.write_message(
            need, body=given["body"], via=Via.WORKBENCH, by=request.user, at=now, uploads=given["papers"],
            **form.addressed(now),
        )  # fmt: skip
    except Refused as refused:
        form.add_error(
            "body" if refused.refusal.code in ("talk.empty", "talk.nobody") else None, str(refused)
        )
        return False
    Draft.objects.filter(person=request.user, form=draft_name(need)).delete()
    words = "备注已保存，企业和专家看不到。" if given["to"] == Audience.STAFF else "已发送。"
    messages.success(request, words)
    return True


def context_of(request: Signed, need: Need, form: StaffTalkForm | None = None) -> dict[str, Any]:
    """Return what the page of a conversation and its part on the page of a need show."""
    handles = bool(rules.is_handler(request.user, need))
    writes = need.stage != Stage.DRAFT and bool(talk.may_note(request.user, need))
    lines = talk.lines_for_staff(need, talk_links.workbench_file, handles=handles)
    own = need.participants.filter(person=request.user, follows=True)
    return {
        "need": need,
        "lines": lines,
        "form": form or (StaffTalkForm(need=need, handles=handles) if writes else None),
        "writes": writes,
        "handles": handles,
        "follows": writes and own.exists(),
        "replies": list(replies_for(need)) if handles else [],
        "draft": draft_name(need),
    }


def beside(request: Signed, need: Need) -> dict[str, Any]:
    """Return what the page of a need shows of its conversation: the last few messages, and where to write."""
    handles = bool(rules.is_handler(request.user, need))
    lines = talk.lines_for_staff(need, talk_links.workbench_file, handles=False)
    writes = need.stage != Stage.DRAFT and bool(talk.may_note(request.user, need))
    return {"lines": lines[-SHOWN_BESIDE:], "count": len(lines), "writes": writes, "handles": handles}


def draft_name(need: Need) -> str:
    return f"talk-{need.pk}"


def replies_for(need: Need) -> Any:
    """Return the saved replies of the handling unit and of those above it."""
    paths = need.organisation.ancestor_paths()
    return SavedReply.objects.filter(organisation__path__in=paths).select_related("organisation")


@require_POST
def follow(request: Signed, pk: int) -> HttpResponse:
    """Be told of what is said in a case, or no longer."""
    need = get_object_or_404(queries.needs_for(request.user).select_related("organisation"), pk=pk)
    on = request.POST.get("on") == "1"
    try:
        actions.follow(need, on=on, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        words = "已关注，这条需求有新的往来会提醒您。" if on else "已取消关注。"
        messages.success(request, words)
    return redirect("needs:talk", pk=pk)


def move(request: Signed, pk: int) -> HttpResponse:
    """Put a message into the case it belongs to."""
    message = _message(request, pk)
    form = MoveForm(request.POST if request.method == "POST" else None, who=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.move_message(
                message, form.cleaned_data["number"], by=request.user, at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已移到那条需求，两条需求里都有记录；移错了可以在那里撤销。")
            return redirect("needs:talk", pk=message.need_id)
    context = {"message": message, "need": message.need, "form": form}
    return render(request, "needs/workbench/talk_move.html", context)


@require_POST
def undo(request: Signed, pk: int) -> HttpResponse:
    """Put a moved message back where it was."""
    message = _message(request, pk)
    latest = message.moves.filter(undone_at__isnull=True).order_by("-pk").first()
    if latest is None:
        messages.error(request, "这条来信没有移动过，或者已经移回。")
        return redirect("needs:talk", pk=message.need_id)
    latest.source, latest.target = _whole(latest.source_id), _whole(latest.target_id)
    try:
        actions.undo_move(latest, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("needs:talk", pk=message.need_id)
    messages.success(request, "已移回原来的需求，两边都有记录。")
    return redirect("needs:talk", pk=latest.source_id)


def _whole(pk: int) -> Need:
    return Need.objects.select_related("organisation", "enterprise__organisation").get(pk=pk)


def _message(request: Signed, pk: int) -> Message:
    rows = visible(Message.objects.all(), request.user, NeedPerm.HANDLE)
    return get_object_or_404(
        rows.select_related("need__organisation", "need__enterprise__organisation"), pk=pk
    )


def file_of_talk(request: Signed, need: Need, file_pk: int) -> Attachment | None:
    """Return a file of a case's conversation, for staff."""
    if not rules.is_staff(request.user, need):
        return None
    said = need.messages.values("pk")
    return Attachment.objects.select_related("file").filter(
        pk=file_pk, subject_type="needs.message", subject_id__in=said
    ).first()  # fmt: skip


def file_behind_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Hand out a file of a conversation to a party who may still read the message it belongs to."""
    attachment = talk_links.attachment_of(token)
    if attachment is None:
        raise Http404
    try:
        return files.open_for(attachment.file)
    except Refused as refused:
        return HttpResponse(str(refused), status=410, content_type="text/plain; charset=utf-8")
