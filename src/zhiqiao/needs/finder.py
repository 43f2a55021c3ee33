"""一键找专家 for a need or for free text: the library's finder with what 科协帮 knows added to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

import zhiqiao_match as engine
from zhiqiao.directory import finder, teams
from zhiqiao.directory.capacity import ANYBODY, Wanted
from zhiqiao.directory.conflicts import Check
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.finder import Candidate, Excerpt, Facts, Found, Profile
from zhiqiao.directory.models import Expert
from zhiqiao.directory.teams import Team
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Answer
from zhiqiao.kit.search import Reader, search
from zhiqiao.needs import capacity, queries, rules
from zhiqiao.needs.enums import SUCCESSES, InvitationState, NeedPerm, Stage
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.needs.search import NEEDS
from zhiqiao.orgs.models import SEGMENT
from zhiqiao.orgs.scope import Who, covers, may_somewhere, roots_of
from zhiqiao_match.segment import Statistics

__all__ = [
    "Alike",
    "Candidate",
    "Excerpt",
    "Found",
    "Team",
    "alike_needs",
    "find_for_need",
    "find_for_text",
    "team_for_need",
    "team_for_text",
]

ALIKE_LOOKED_AT = 20
ALIKE_CHARACTERS = 600


def find_for_need(
    need: Need, who: Who, limit: int = 20, *, at: datetime | None = None, wanted: Wanted = ANYBODY
) -> Found:
    """Find experts for a need, among those ``who`` may see; whoever was asked about it before is left out.

    Whoever has a conflict of interest with the enterprise is checked here already, before anybody is asked.
    at : the instant by which rest, load and cool-off are judged; default now. wanted : the hard filters.
    """
    at = at or timezone.now()
    facts = _Knowledge(who, at, need)
    return finder.find(_asked(need, who, limit), who, facts=facts, where=wanted.where(at), asking=_asking())


def team_for_need(
    need: Need,
    who: Who,
    *,
    at: datetime | None = None,
    wanted: Wanted = ANYBODY,
    only: Collection[int] = (),
) -> Team:
    """Assemble the smallest team that covers what a need asks for, of those who could be invited now.

    only : numbers of the fields to cover (``Team.fields``); none for all of them.
    """
    at = at or timezone.now()
    facts = _Knowledge(who, at, need)
    return teams.assemble(_asked(need, who), who, facts=facts, where=wanted.where(at), only=only)


def team_for_text(text: str, who: Who, *, at: datetime | None = None) -> Team:
    """Assemble the smallest team that covers a description, among those ``who`` may see."""
    query = engine.Query(text, region=_place_of(who))
    return teams.assemble(query, who, facts=_Knowledge(who, at or timezone.now()))


def _asking() -> Statistics:
    """Return how often grams occur among needs: what every second need says tells little about one of them."""
    return Reader(NEEDS, Need.objects.none()).statistics


def _asked(need: Need, who: Who, limit: int = 20) -> engine.Query:
    return engine.Query(
        "\n".join(part for part in (need.body, need.target) if part),
        title=need.title,
        region=need.organisation.path,
        limit=limit,
        exclude=_asked_before(need, who),
    )


def find_for_text(
    text: str, who: Who, limit: int = 20, *, at: datetime | None = None, wanted: Wanted = ANYBODY
) -> Found:
    """Find experts for a few words or a whole description, among those ``who`` may see."""
    at = at or timezone.now()
    query = engine.Query(text, region=_place_of(who), limit=limit)
    return finder.find(query, who, facts=_Knowledge(who, at), where=wanted.where(at), asking=_asking())


def _place_of(who: Who) -> str:
    """Return the path of the place a person works for, "" if she has none or several.

    An enterprise is a leaf; its place is the association above it.
    """
    roots = roots_of(who, NeedPerm.VIEW)
    if len(roots) != 1:
        return ""
    path = roots[0].path
    return path[:-SEGMENT] if roots[0].kind == "enterprise" else path


def _handles(who: Who) -> bool:
    return who is SYSTEM or may_somewhere(who, NeedPerm.HANDLE)


def _asked_before(need: Need, who: Who) -> dict[int, str]:
    """Say of everybody in the line of a need what became of it; the reasons of a decline to handlers only."""
    told = who is SYSTEM or bool(rules.is_handler(who, need))
    return {
        invitation.expert_id: _answer_words(invitation) if told else "这条需求已经联系过这位专家"
        for invitation in need.invitations.all()
    }


def _answer_words(invitation: Invitation) -> str:
    match invitation.state:
        case InvitationState.QUEUED:
            return "已在这条需求的候补名单里"
        case InvitationState.SENT:
            return "已发出邀请，正在等待答复"
        case InvitationState.ACCEPTED:
            return "已接受这条需求的邀请"
        case InvitationState.DECLINED:
            return f"已婉拒这条需求（{invitation.get_reason_display()}）"
        case InvitationState.LAPSED:
            return "这条需求邀请过，逾期没有答复"
        case _:
            return "这条需求邀请过，邀请已取消"


class _Knowledge:
    """What 科协帮 knows of experts at one instant, told as far as the reader may hear it."""

    def __init__(self, who: Who, at: datetime, need: Need | None = None) -> None:
        self.at, self.need, self.told = at, need, _handles(who)
        self.hears_why = need is not None and bool(covers(who, DirectoryPerm.CONFLICT, need.organisation))

    def __call__(self, profiles: Mapping[int, Profile]) -> dict[int, Facts]:
        keys = list(profiles)
        known, record = capacity.standings(keys, self.at), _record_of(keys)
        found = capacity.conflicts_of(self.need, keys, self.at) if self.need else {}
        return {
            key: Facts(
                known[key].open_tasks,
                *record.get(key, (0, 0)),
                barred=self._barred(profile, known[key]) or self._conflict(found.get(key)),
                answered=known[key].answered,
                accepted=known[key].accepted,
                not_mine=known[key].not_mine,
            )
            for key, profile in profiles.items()
        }

    def _conflict(self, check: Check | None) -> str:
        return check.words(told=self.hears_why) if check and self.told else ""

    def _barred(self, profile: Profile, known: capacity.Standing) -> str:
        """Say why she cannot be asked at all; that she has her hands full the engine sees from the count."""
        expert = Expert(
            name=profile.person.name,
            is_active=profile.is_active,
            resting_until=profile.resting_until,
            task_cap=profile.person.task_cap,
        )
        if not (reachable := rules.is_reachable(expert, self.at, -1)):
            return _reason(expert, reachable)
        if answer := capacity.may_be_asked(expert, replace(known, open_tasks=-1), self.at):
            return ""
        return _reason(expert, answer) if self.told else "近期不便接受邀请"


def _reason(expert: Expert, answer: Answer) -> str:
    return str(answer).removeprefix(expert.name).rstrip("。")


def _record_of(keys: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Count, for these experts, the needs with a confirmed outcome they served in, and the solved of them."""
    rows = (
        Invitation.objects.filter(
            expert_id__in=keys,
            state=InvitationState.ACCEPTED,
            need__outcomes__confirmed_at__isnull=False,
            need__outcomes__superseded_at__isnull=True,
        )
        .order_by()
        .values("expert_id")
        .annotate(
            served=Count("need", distinct=True),
            solved=Count("need", distinct=True, filter=Q(need__outcomes__result__in=SUCCESSES)),
        )
    )
    return {row["expert_id"]: (row["served"], row["solved"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Alike:
    """A need that resembles another, and how much, 0..1."""

    need: Need
    alikeness: float


def alike_needs(need: Need, who: Who, top: int = 3) -> list[Alike]:
    """Return needs within the reader's sight that may be the same one asked twice, most alike first.

    Compared are those of the same title, and the nearest few by their text; withdrawn ones are passed over.
    """
    others = queries.needs_for(who).exclude(pk=need.pk).exclude(stage=Stage.WITHDRAWN)
    others = others.select_related("organisation")
    same = {other.pk: other for other in others.filter(title=need.title).order_by("-pk")[:top]}
    nearest = search(NEEDS, need.body[:ALIKE_CHARACTERS], others, ALIKE_LOOKED_AT, title=need.title)
    near = [pk for pk, _ in nearest if pk not in same]
    pool = others.in_bulk(near)
    items = [engine.Item(pk, "", _essence(other)) for pk, other in pool.items()]
    found = [Alike(other, 1.0) for other in same.values()]
    found += [Alike(pool[hit.owner], hit.alikeness) for hit in engine.similar(_essence(need), items, top)]
    return found[:top]


def _essence(need: Need) -> str:
    return f"{need.title}。{need.body}"[:ALIKE_CHARACTERS]
