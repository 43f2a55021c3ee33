"""Closed cases become solution cards: names and contacts are taken out, and looked for again before release."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from zhiqiao.kit.search import Library, search
from zhiqiao.needs import queries
from zhiqiao.needs.models import Attendance, Need, SolutionCard
from zhiqiao.needs.published import REMOVED, names_of_enterprise, without_contacts
from zhiqiao.needs.talk_enums import TalkRole
from zhiqiao_match import Item
from zhiqiao_match.duplicates import alikeness

COMPARED = 600
LOOKED_AT = 20
AT_LEAST = 0.2
"""Alikeness (Dice, 0..1) below which a card is not offered: fewer than a fifth of the characters are shared."""

# Full-width digits, letters and signs are the same telephone or address to a reader.
_HALF = str.maketrans(
    {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()}
    | {0xFF20: 0x40, 0xFF0E: 0x2E}
)
_LOOSE_PHONE = re.compile(r"(?<!\d)1[3-9](?:[\s.\-—－]*\d){9}(?!\d)")
_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}|\d{17}[\dXx])(?![0-9A-Za-z])"
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；）)]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\u4e00-\u9fff]{2,12}(?:路|街|大道|巷|弄)\s*\d{1,5}\s*号(?:\d{1,4}(?:幢|栋|室|楼))*")
_PATTERNS = ((_LOOSE_PHONE, "电话"), (_CODE, "证件号或信用代码"), (_LINK, "网址"), (_ADDRESS, "地址"))


@dataclass(frozen=True, slots=True)
class Draft:
    """What a card begins with, before a clerk has read it."""

    title: str
    problem: str
    solution: str


def draft_of(need: Need) -> Draft:
    """Write the first version of a card from a closed case, already without names and contacts."""
    met = [meeting for meeting in need.meetings.all() if meeting.state == "held"]
    said = [part for meeting in met for part in (meeting.summary, meeting.next_step) if part]
    outcome = queries.current_outcome(need)
    if outcome is not None:
        said.append(f"结果：{outcome.get_result_display()}。{outcome.note}")
    problem = "\n\n".join(part for part in (need.body, need.target) if part)
    return Draft(scrub(need, need.title)[:120], scrub(need, problem), scrub(need, "\n\n".join(said)))


def scrub(need: Need, text: str) -> str:
    """Take out of a text who it was: the enterprise, people, units, telephones, addresses, codes, links."""
    text = text.translate(_HALF)
    for name, instead in _names(need):
        text = _spelt(name).sub(instead, text)
    for pattern, _ in _PATTERNS:
        text = pattern.sub(REMOVED, text)
    return without_contacts(text)


def leaks(need: Need, texts: Iterable[str]) -> list[str]:
    """Return what in some texts still tells who it was, as words for a clerk; empty = nothing found."""
    text = "\n".join(texts).translate(_HALF)
    found = [name for name, _ in _names(need) if _spelt(name).search(text)]
    for pattern, what in _PATTERNS:
        found += [f"{what} {match.group(0)}" for match in pattern.finditer(text)]
    if without_contacts(text) != text:
        found.append("电话、邮箱或微信号")
    return list(dict.fromkeys(found))


def _names(need: Need) -> list[tuple[str, str]]:
    """Return every name that belongs to a case, with what stands for it, the longest first."""
    found = dict.fromkeys(names_of_enterprise(need), "该企业")
    found |= dict.fromkeys(filter(None, [need.contact_name]), "联系人")
    for invitation in need.invitations.select_related("expert"):
        found |= {invitation.expert.name: "专家", invitation.expert.unit: "专家所在单位"}
    for attendance in Attendance.objects.filter(meeting__need=need):
        found.setdefault(attendance.name, "参加人")
    for one in need.participants.all():
        staff = one.role == TalkRole.STAFF
        found.setdefault(one.name, "工作人员" if staff else "来信人")
    for step in queries.timeline(need):
        if step.actor_kind == "person":
            found.setdefault(step.actor_name, "工作人员")
    names = ((name.strip(), instead) for name, instead in found.items())
    return sorted((pair for pair in names if len(pair[0]) > 1), key=lambda pair: -len(pair[0]))


def _spelt(name: str) -> re.Pattern[str]:
    """A name is found with white space between its characters too."""
    return re.compile(r"\s*".join(re.escape(char) for char in name if not char.isspace()))


def released() -> QuerySet[SolutionCard]:
    """Return the cards anybody may read."""
    return SolutionCard.objects.filter(state=SolutionCard.State.RELEASED).order_by("-released_at", "-pk")


def offered(title: str, body: str, top: int = 3) -> list[SolutionCard]:
    """Return released cards that may already answer a question, most alike first."""
    text = f"{title}。{body}"[:COMPARED]
    near = [pk for pk, _ in search(SOLUTIONS, text, released(), LOOKED_AT, title=title)]
    cards = released().in_bulk(near)
    scored = [(alikeness(text, f"{card.title}。{card.problem}"[:COMPARED]), card) for card in cards.values()]
    likely = sorted((pair for pair in scored if pair[0] >= AT_LEAST), key=lambda pair: (-pair[0], pair[1].pk))
    return [card for _, card in likely[:top]]


def _items(keys: Sequence[int]) -> Iterator[Item]:
    for card in released().filter(pk__in=list(keys)).order_by("pk"):
        yield Item(card.pk, "", f"{card.title}\n{card.problem}\n{card.solution}")


SOLUTIONS = Library("solutions", SolutionCard, _items)
