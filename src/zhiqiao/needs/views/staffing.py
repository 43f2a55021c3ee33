"""The page that finds experts for several needs at once, and puts each list into its need's line."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from zhiqiao.accounts.requests import Signed
from zhiqiao.directory.queries import experts_for
from zhiqiao.needs import actions, queries, registers
from zhiqiao.needs.actions import BulkReport, Lineup
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.finder import find_for_need
from zhiqiao.needs.models import Need
from zhiqiao.needs.staffing import CANDIDATES, MOST_EACH, MOST_NEEDS, Placed, Proposal, Wish, propose
from zhiqiao.orgs.scope import visible

LONGEST_MESSAGE = 2000
MOST_IN_LINE = 30
MOST_PAIRS = MOST_NEEDS * MOST_IN_LINE
_PAIR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_LINE = re.compile(r"([0-9]{1,18})-([0-9]{1,9}):([0-9]{1,18}(?:,[0-9]{1,18})*)")


def pick(request: Signed) -> HttpResponse:
    """Go from the ticked rows of the register to their page; nothing is written, so the form stays usable."""
    rows, choices = registers.rows_for(request.user), registers.choices_for(request.user)
    ticked = registers.NEEDS.picked(request.POST, rows, choices=choices).order_by("due_at", "pk")
    keys = list(ticked.values_list("pk", flat=True)[: MOST_NEEDS + 1])
    if not keys:
        messages.warning(request, "没有勾选需求，请先勾选再安排专家。")
        return _go(reverse("needs:register"))
    if len(keys) > MOST_NEEDS:
        messages.info(request, f"一次最多安排 {MOST_NEEDS} 条，这里是时限最近的 {MOST_NEEDS} 条。")
    address = QueryDict(mutable=True)
    address.setlist("need", [str(key) for key in keys[:MOST_NEEDS]])
    return _go(f"{reverse('needs:staffing')}?{address.urlencode()}")


def _go(address: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": address})


def staff(request: Signed) -> HttpResponse:
    """Show the proposal for the needs in the address; a POST sends the invitations of what was shown."""
    if request.method == "POST":
        return _confirmed(request)
    wish = _wish(request.GET)
    needs = _needs(request, request.GET.getlist("need"))
    proposal = propose(needs, request.user, wish, at=timezone.now()) if needs else Proposal()
    context = {
        "needs": needs,
        "proposal": proposal,
        "wish": wish,
        "before": [_written(pair) for pair in proposal.pairs],
        "struck": [_written(pair) for pair in sorted(wish.struck)],
        "each_choices": range(1, MOST_EACH + 1),
        "ready": any(line.seats for line in proposal.lines),
    }
    return render(request, "needs/workbench/staffing.html", context)


def _needs(request: Signed, keys: list[str]) -> list[Need]:
    """Return the needs named in the address that this person handles, in that order."""
    wanted = [int(key) for key in dict.fromkeys(keys) if key.isascii() and key.isdigit() and len(key) < 19]
    rows = visible(queries.need_page(request.user), request.user, NeedPerm.HANDLE)
    known = {need.pk: need for need in rows.filter(pk__in=wanted[:MOST_NEEDS])}
    return [known[key] for key in wanted if key in known]


def _wish(params: QueryDict) -> Wish:
    """Read what is asked; what cannot be understood is as if it were not there."""
    struck = frozenset(_pairs([*params.getlist("struck"), *params.getlist("out")]))
    wish = Wish(
        each=_number(params.get("each"), Wish().each, MOST_EACH),
        apart=params.get("apart", "1") == "1",
        even=params.get("even") == "1",
        struck=struck - frozenset(_pairs(params.getlist("back"))),
        before=tuple(_pairs(params.getlist("before"))),
    )
    return wish


def _pairs(written: list[str]) -> list[Placed]:
    found = [_PAIR.fullmatch(text) for text in written[:MOST_PAIRS]]
    return [(int(match[1]), int(match[2])) for match in found if match]


def _written(pair: Placed) -> str:
    return f"{pair[0]}-{pair[1]}"


def _number(text: str | None, default: int, most: int) -> int:
    if not text or not text.isascii() or not text.isdigit():
        return default
    return max(1, min(most, int(text[:4])))


def _confirmed(request: Signed) -> HttpResponse:
    """Send the invitations of what stood on the page; each need by itself."""
    now = timezone.now()
    named = [match for text in request.POST.getlist("line")[:MOST_NEEDS] if (match := _LINE.fullmatch(text))]
    needs = {need.pk: need for need in _needs(request, [match[1] for match in named])}
    lineups = []
    for match in named:
        need = needs.get(int(match[1]))
        if need is not None:
            need.version = int(match[2])
            lineups.append(_lineup(request, need, match[3].split(",")[:MOST_IN_LINE], now))
    report = actions.staff_many(
        lineups,
        by=request.user,
        at=now,
        wanted=_number(request.POST.get("wanted"), 1, MOST_EACH),
        message=request.POST.get("message", "").strip()[:LONGEST_MESSAGE],
    )
    _tell(request, report)
    return redirect("needs:register" if report.done or not lineups else _again(needs))


def _lineup(request: Signed, need: Need, keys: list[str], at: Any) -> Lineup:
    known = experts_for(request.user).in_bulk([int(key) for key in keys])
    experts = [known[int(key)] for key in dict.fromkeys(keys) if int(key) in known]
    found = find_for_need(need, request.user, CANDIDATES, at=at)
    return Lineup(need, experts, {one.expert.pk: list(one.reasons) for one in found.candidates})


def _again(needs: dict[int, Need]) -> str:
    address = QueryDict(mutable=True)
    address.setlist("need", [str(key) for key in needs])
    return f"{reverse('needs:staffing')}?{address.urlencode()}"


def _tell(request: Signed, report: BulkReport) -> None:
    if not report.done and not report.refused:
        messages.warning(request, "没有可以发出的邀请，请先选需求。")
    if report.done:
        messages.success(request, f"已为 {len(report.done)} 条需求发出邀请，其余专家按次序候补。")
    if report.refused:
        shown = format_html_join("", "<li>{}：{}</li>", report.refused)
        words = "{} 条没有发出，原因如下：<ul>{}</ul>"
        messages.warning(request, format_html(words, len(report.refused), shown))
