"""Importing a ledger in three steps: choose and upload, look at the check, import."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from zhiqiao.accounts.requests import Signed
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.sheets import ImportRun, Report, check, load, template
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.imports import LEDGERS, Box, Importable, importable_by, roots_for

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    """Which file, and for which unit."""

    under = forms.ModelChoiceField(
        label="归入哪个单位", queryset=Organisation.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label="文件",
        help_text="Excel(.xlsx)、CSV 或 JSON 行（.jsonl）。第一行是表头；空格子表示“不改”。",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.jsonl"}),
    )

    def __init__(self, roots: list[Organisation], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["under"]
        field.queryset = Organisation.objects.filter(pk__in=[root.pk for root in roots])
        if len(roots) == 1:
            field.initial, field.widget = roots[0], forms.HiddenInput()


def _ledger(request: Signed, name: str) -> Importable:
    """Return a ledger this person may import; otherwise it is not there for her."""
    for one in importable_by(request.user):
        if one.name == name:
            return one
    raise Http404


def index(request: Signed) -> HttpResponse:
    """Show the ledgers one may import, and one's own last imports."""
    runs = ImportRun.objects.filter(actor_kind="person", actor_key=str(request.user.pk))[:20]
    titles = {name: one.title for name, one in LEDGERS.items()}
    rows = [{"run": run, "title": titles.get(run.ledger, run.ledger)} for run in runs]
    return render(request, "site/imports.html", {"ledgers": importable_by(request.user), "runs": rows})


def upload(request: Signed, ledger: str) -> HttpResponse:
    """Take a file and check it; or, with the token of a checked file, import it."""
    one = _ledger(request, ledger)
    roots = roots_for(request.user, one)
    if request.method == "POST" and "token" in request.POST:
        return _import(request, one, roots)
    form = UploadForm(roots, request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"ledger": one, "form": form}
    if request.method == "POST" and form.is_valid():
        file, under = form.cleaned_data["file"], form.cleaned_data["under"]
        try:
            report = check(one.ledger(under), file, by=request.user, at=timezone.now(), name=file.name)
        except Refused as refused:
            form.add_error("file", refused.refusal.message)
        else:
            token = Box.put(file, file.name, owner=request.user.pk)
            context |= {"report": report, "token": token, "under": under}
    return render(request, "site/import.html", context)


def _import(request: Signed, one: Importable, roots: list[Organisation]) -> HttpResponse:
    under = get_object_or_404(Organisation.objects.filter(pk__in=[r.pk for r in roots]), pk=_number(request))
    kept = Box.take(request.POST["token"], owner=request.user.pk)
    if kept is None:
        messages.error(request, "这份文件已经过期（保留一天），请重新上传。")
        return redirect("import", ledger=one.name)
    path, name = kept
    try:
        report: Report = load(
            one.ledger(under),
            path,
            by=request.user,
            at=timezone.now(),
            name=name,
            skip_bad="skip_bad" in request.POST,
            again="again" in request.POST,
        )
    except Refused as refused:
        messages.error(request, refused.refusal.message)
        return redirect("import", ledger=one.name)
    (messages.success if report.saved else messages.error)(request, f"{name}：{report.words}")
    if report.saved and not report.bad:
        return redirect(_where(one.name))
    return render(
        request,
        "site/import.html",
        {
            "ledger": one,
            "form": UploadForm(roots),
            "report": report,
            "token": request.POST["token"],
            "under": under,
        },
    )


def _number(request: Signed) -> int:
    text = request.POST.get("under", "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _where(name: str) -> str:
    """Return where the imported rows are seen."""
    pages = {
        "needs": "needs:inbox",
        "experts": "directory:experts",
        "enterprises": "directory:enterprises",
        "outputs": "directory:outputs",
        "organisations": "orgs:list",
    }
    return reverse(pages[name])


def blank(request: Signed, ledger: str) -> HttpResponse:
    """Give the empty workbook of a ledger."""
    one = _ledger(request, ledger)
    root = roots_for(request.user, one)[0]
    return _workbook(template(one.ledger(root)), f"{one.title}模板.xlsx")


def errors(request: Signed, ledger: str) -> HttpResponse:
    """Give the refused rows of a checked file as a workbook to be corrected and imported again."""
    one = _ledger(request, ledger)
    kept = Box.take(request.POST.get("token", ""), owner=request.user.pk)
    roots = roots_for(request.user, one)
    under = get_object_or_404(Organisation.objects.filter(pk__in=[r.pk for r in roots]), pk=_number(request))
    if kept is None:
        messages.error(request, "这份文件已经过期（保留一天），请重新上传。")
        return redirect("import", ledger=one.name)
    path, name = kept
    report = check(one.ledger(under), path, by=request.user, at=timezone.now(), name=name)
    return _workbook(report.error_book(), f"{one.title}_有误的行.xlsx")


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = _attachment(name)
    return response


def _attachment(name: str) -> str:
    from urllib.parse import quote

    return f"attachment; filename*=UTF-8''{quote(name)}"
