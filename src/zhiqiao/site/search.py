"""The search box of the workbench: needs, experts, enterprises, outputs and organisations, each within scope."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

import zhiqiao_match as engine
from zhiqiao.directory import queries as directory
from zhiqiao.directory import search as library
from zhiqiao.directory.search import written_of
from zhiqiao.kit.search import Library, matching
from zhiqiao.kit.search import search as likeness
from zhiqiao.kit.web.filters import clean_text
from zhiqiao.kit.web.passages import Passage, marked, places
from zhiqiao.kit.web.suggesting import Suggestion, suggestions
from zhiqiao.kit.web.words import Having, holding, likest
from zhiqiao.needs import search as needs
from zhiqiao.needs.queries import register_of_needs
from zhiqiao.orgs import search as orgs
from zhiqiao.orgs.queries import organisations_for
from zhiqiao.orgs.scope import Who

MOST = 5
MOST_SUGGESTED = 8
EACH_SUGGESTED = 3
LONGEST = 100
NEAREST = 5
SHORT = 24


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the search shows it: what it is, where it stands, and the text in which hits are shown."""

    title: str
    place: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of record that can be searched.

    rows : who -> what she may see. having : a word -> the condition that a row holds it. libraries : where
    likeness is measured. line : how a row is shown. register : the URL of the list of all.
    """

    key: str
    title: str
    register: str
    rows: Callable[[Who], QuerySet[Any]]
    having: Having
    libraries: Sequence[Library]
    line: Callable[[Any], Line]


def _need(need: Any) -> Line:
    place = (need.number or "", str(need.enterprise), need.get_stage_display())
    return Line(need.title, place, needs.written_of(need))


def _expert(expert: Any) -> Line:
    place = (expert.unit, expert.title, expert.get_kind_display())
    return Line(expert.name, place, written_of(expert))


def _enterprise(enterprise: Any) -> Line:
    parent = enterprise.organisation.parent
    place = (enterprise.credit_code or "", parent.title if parent else "")
    trade = f"{enterprise.get_industry_display()}。{enterprise.industry_text}"
    return Line(enterprise.organisation.name, place, trade)


def _output(output: Any) -> Line:
    return Line(output.title, (output.owner, output.get_kind_display()), output.abstract)


def _organisation(organisation: Any) -> Line:
    parent = organisation.parent
    place = (organisation.get_kind_display(), parent.title if parent else "", organisation.code)
    return Line(organisation.name, place, organisation.short_name)


def _experts(who: Who) -> QuerySet[Any]:
    return directory.experts_for(who).prefetch_related("evidence")


def _organisations(who: Who) -> QuerySet[Any]:
    """Enterprises stand under their own heading."""
    return organisations_for(who).exclude(kind="enterprise").select_related("parent")


KINDS = (
    Kind("needs", "需求", "needs:register", register_of_needs, needs.needs_with, (needs.NEEDS,), _need),
    Kind("experts", "专家", "directory:experts", _experts, library.experts_with,
         (library.EXPERT_CARDS, library.EXPERTS), _expert),
    Kind("enterprises", "企业", "directory:enterprises", directory.enterprises_for, library.enterprises_with,
         (library.ENTERPRISES,), _enterprise),
    Kind("outputs", "成果", "directory:outputs", directory.outputs_for, library.outputs_with,
         (library.OUTPUTS,), _output),
    Kind("organisations", "组织", "orgs:list", _organisations, orgs.organisations_with,
         (orgs.ORGANISATIONS,), _organisation),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One row of an answer, with what was searched for highlighted."""

    row: Model
    title: Passage
    place: list[str]
    passage: Passage | None


@dataclass(frozen=True, slots=True)
class Group:
    """What one kind holds: how many rows exactly, the likest of them, and where all of them are listed."""

    kind: Kind
    count: int
    url: str
    results: list[Result] = field(default_factory=list)

    @property
    def rest(self) -> int:
        return self.count - len(self.results)


def search(request: HttpRequest) -> HttpResponse:
    """Find what a few words name. The number of a need, typed whole, opens it at once."""
    text = _asked(request)
    if text and (exact := register_of_needs(request.user).filter(number=text.upper()).first()):
        return redirect(exact)
    found = _found(KINDS, text, request.user)
    groups = [group for kind, rows in found if (group := _group(kind, text, rows)).count]
    nearest = _nearest(text, request.user) if text and not groups else []
    context = {"search_text": text, "groups": groups, "nearest": nearest}
    return render(request, "site/search.html", context)


def suggest(request: HttpRequest) -> HttpResponse:
    """Suggest while somebody types: records to open; with ``in=``, words to search one register for."""
    text, only = _asked(request), request.GET.get("in", "")
    wanted = [kind for kind in KINDS if kind.key == only] if only else KINDS
    each = MOST_SUGGESTED if only else EACH_SUGGESTED
    found = [
        _suggestion(kind, row, text.split(), fills=bool(only))
        for kind, rows in _found(wanted, text, request.user)
        for row in _by_title(kind, text, likest(rows, text, kind.libraries, each))
    ]
    return suggestions(request, text, found[:MOST_SUGGESTED])


def _asked(request: HttpRequest) -> str:
    return clean_text(request.GET.get("q", ""))[:LONGEST]


def _found(kinds: Iterable[Kind], text: str, who: Who) -> Iterator[tuple[Kind, QuerySet[Any]]]:
    """Yield the rows of each kind that hold every word; a word is looked up once, whoever asks for it."""
    match = cache(matching)
    for kind in kinds if text else ():
        yield kind, kind.rows(who).filter(holding(text, kind.having, match))


def _by_title(kind: Kind, text: str, rows: list[Any]) -> list[Any]:
    """Put first what says the words in its heading: that is what a suggestion shows."""
    return sorted(
        rows, key=lambda row: not all(places(kind.line(row).title, (word,)) for word in text.split())
    )


def _suggestion(kind: Kind, row: Any, words: list[str], *, fills: bool) -> Suggestion:
    line = kind.line(row)
    place = next((part for part in line.place if part), "")
    if fills:
        return Suggestion(line.title, place)
    hidden = [word for word in words if not places(line.title, (word,))]
    passage = marked(line.text, hidden, SHORT) if hidden else Passage("")
    return Suggestion(line.title, kind.title, row.get_absolute_url(), passage if passage.spans else None)


def _group(kind: Kind, text: str, rows: QuerySet[Any]) -> Group:
    count = rows.count()
    url = f"{reverse(kind.register)}?{urlencode({'q': text})}"
    found = likest(rows, text, kind.libraries, MOST) if count else []
    return Group(kind, count, url, [_result(kind, row, text.split()) for row in found])


def _result(kind: Kind, row: Any, words: list[str]) -> Result:
    """Show a row; the passage tells where the words stand that its heading does not show."""
    line = kind.line(row)
    read = "\n".join((line.title, *line.place))
    passage = marked(line.text, words)
    hidden = any(not marked(read, (word,)).spans for word in words)
    place = [part for part in line.place if part]
    return Result(row, marked(line.title, words), place, passage if hidden and passage.spans else None)


def _nearest(text: str, who: Who) -> list[Group]:
    """Where nothing holds all the words: needs, experts and outputs that say something alike."""
    groups = []
    for kind in KINDS:
        if kind.key not in ("needs", "experts", "outputs"):
            continue
        rows = kind.rows(who)
        keys = [pk for pk, _ in likeness(kind.libraries[-1], text, rows, NEAREST)]
        known = rows.filter(pk__among=keys).in_bulk()
        results = [found for pk in keys if pk in known and (found := _near(kind, known[pk], text))]
        if results:
            groups.append(Group(kind, len(results), "", results))
    return groups


def _near(kind: Kind, row: Any, text: str) -> Result | None:
    """Show a row with the words it shares with what was asked; nothing if it shares none that say anything."""
    line = kind.line(row)
    phrases = engine.shared_phrases(
        text, f"{line.title}\n{line.text}", lambda found: [float(len(one)) for one in found]
    )
    told = [phrase.text for phrase in phrases if len(phrase.text) > 1]
    if not told:
        return None
    passage = marked(line.text, told)
    place = [part for part in line.place if part]
    return Result(row, marked(line.title, told), place, passage if passage.spans else None)
