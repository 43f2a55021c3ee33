"""Who is who in the expert library: pairs that may be one person, merging, telling apart, splitting again."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.directory import identity, queries
from zhiqiao.directory.actions.identity import merge_experts, split_experts, take_back, tell_apart
from zhiqiao.directory.enums import FieldVisibility
from zhiqiao.directory.forms.identity import ApartForm, MergeForm, ReasonForm, SplitForm
from zhiqiao.directory.models import Distinction, Expert
from zhiqiao.directory.views import person_of
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.privacy import masked

LONGEST_NAME = 60
CONTACTS = ("phone", "email")
COMPARED = (
    ("unit", "单位"),
    ("title", "职称"),
    ("position", "职务"),
    ("keywords", "研究方向"),
    ("phone", "手机号"),
    ("email", "邮箱"),
    ("source_key", "来源编号"),
)


def pairs(request: HttpRequest) -> HttpResponse:
    """List the pairs of rows that may be one person, a stretch of names at a time."""
    after = request.GET.get("after", "").replace("\0", "")[:LONGEST_NAME]
    batch = identity.pairs_for(request.user, after)
    return render(request, "directory/expert_pairs.html", {"batch": batch, "after": after})


def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who an expert's row stands for, and beside another row whether they are one; a POST decides."""
    shown = get_object_or_404(queries.editable_experts(request.user).select_related("person"), pk=pk)
    other = _other(request, shown)
    forms = _forms(request, shown, other)
    if request.method == "POST" and (done := _done(request, shown, other, forms)):
        messages.success(request, done[0])
        return redirect(done[1])
    context = {
        "expert": shown,
        "other": other,
        "compared": _compared(shown, other) if other else [],
        "forms": forms,
        "form": next((form for form in forms.values() if form.errors), None),
        "merges": _merges(shown, forms),
        "apart": _apart(shown),
        "twins": _twins(request, shown, other),
    }
    return render(request, "directory/expert_identity.html", context)


def _other(request: HttpRequest, shown: Expert) -> Expert | None:
    """Return the row to compare with, if the reader may change that one, too."""
    text = request.POST.get("with") or request.GET.get("with", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    rows = queries.editable_experts(request.user).select_related("person")
    return get_object_or_404(rows.exclude(pk=shown.pk), pk=int(text))


def _forms(request: HttpRequest, shown: Expert, other: Expert | None) -> dict[str, ReasonForm]:
    act = request.POST.get("act", "")
    forms: dict[str, ReasonForm] = {}
    if other is not None:
        forms["merge"] = MergeForm(shown, other, request.POST if act == "merge" else None)
        forms["apart"] = ApartForm(request.POST if act == "apart" else None)
    for merge in identity.live_merges().filter(survivor=shown):
        name = f"split{merge.pk}"
        forms[name] = SplitForm(merge.pk, request.POST if act == name else None)
    return forms


def _done(
    request: HttpRequest, shown: Expert, other: Expert | None, forms: dict[str, ReasonForm]
) -> tuple[str, Any] | None:
    """Do what was sent; return what to say and where to go, None if it was not to be done."""
    act, at = request.POST.get("act", ""), timezone.now()
    form = forms.get(act)
    try:
        if act == "unapart":
            return _taken_back(request, shown, at)
        if form is None or not form.is_valid():
            return None
        reason = form.cleaned_data["reason"]
        if isinstance(form, MergeForm):
            kept, away = form.in_order()
            merge_experts(kept, away, by=person_of(request), at=at, reason=reason)
            return f"已合并为一位：{kept}。", kept
        if isinstance(form, SplitForm):
            merge = get_object_or_404(
                identity.live_merges(), survivor=shown, pk=int(act.removeprefix("split"))
            )
            split_experts(merge, by=person_of(request), at=at, reason=reason)
            return "已拆开还原，并记为不是同一人。", reverse("directory:expert_identity", args=(shown.pk,))
        if other is not None:
            tell_apart(shown, other, by=person_of(request), at=at, reason=reason)
        return "已记为不是同一人，以后不再提示，导入时也不会合并。", reverse("directory:expert_pairs")
    except Refused as refused:
        if form is None:
            messages.error(request, refused.refusal.message)
        else:
            form.add_error(None, refused.refusal.message)
    return None


def _taken_back(request: HttpRequest, shown: Expert, at: datetime) -> tuple[str, Any]:
    text = request.POST.get("distinction", "")
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    distinction = get_object_or_404(_apart(shown), pk=key)
    take_back(distinction, by=person_of(request), at=at)
    return "已撤销，这两条记录会重新列入“可能是同一人”。", reverse(
        "directory:expert_identity", args=(shown.pk,)
    )


def _compared(one: Expert, other: Expert) -> list[dict[str, Any]]:
    """Return the two rows side by side; contacts only so far as to tell whether they are the same."""
    rows = []
    for name, title in COMPARED:
        values = [getattr(one, name), getattr(other, name)]
        if any(values):
            same = values[0] == values[1]
            shown = [_shown(row, name) for row in (one, other)]
            rows.append({"title": title, "one": shown[0], "other": shown[1], "same": same})
    rows.append(
        {
            "title": "证据",
            "one": "\n".join(item.title for item in one.evidence.all()[:10]),
            "other": "\n".join(item.title for item in other.evidence.all()[:10]),
            "same": False,
        }
    )
    return rows


def _shown(row: Expert, name: str) -> str:
    """Return a field as far as it may be seen: a contact masked, or only that there is one."""
    value: str = getattr(row, name)
    if name not in CONTACTS or not value:
        return value
    return "已登记" if getattr(row, f"{name}_visibility") == FieldVisibility.NOBODY else masked(value)


def _merges(shown: Expert, forms: dict[str, ReasonForm]) -> list[dict[str, Any]]:
    rows = shown.merges.select_related("other").order_by("-pk")
    return [{"row": merge, "form": forms.get(f"split{merge.pk}")} for merge in rows]


def _apart(shown: Expert) -> Any:
    rows = Distinction.objects.filter(revoked_at__isnull=True).select_related("first", "second")
    return (rows.filter(first=shown) | rows.filter(second=shown)).order_by("-pk")


def _twins(request: HttpRequest, shown: Expert, other: Expert | None) -> list[dict[str, Any]]:
    """Return the rows that may be the same person and that the reader may change, with the reasons."""
    found = {}
    for pair in identity.twins_of([shown]).get(shown.pk, []):
        found[pair.second if pair.first == shown.pk else pair.first] = pair.reasons
    rows = queries.editable_experts(request.user).filter(pk__in=found)
    return [{"expert": row, "reasons": found[row.pk]} for row in rows if other is None or row.pk != other.pk]
