"""一键找专家 for a need or for free text: the library's finder with what 科协帮 knows added to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

import zhiqiao_match as engine
from zhiqiao.directory import finder
from zhiqiao.directory.finder import Candidate, Excerpt, Facts, Found, Profile
from zhiqiao.directory.models import Expert
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs import queries, rules
from zhiqiao.needs.enums import SUCCESSES, DeclineReason, InvitationState, NeedPerm, Stage
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.orgs.models import SEGMENT
from zhiqiao.orgs.scope import Who, may_somewhere, roots_of

__all__ = ["Alike", "Candidate", "Excerpt", "Found", "alike_needs", "find_for_need", "find_for_text"]

COOL_OFF = timedelta(days=30)
"""For so long after "no time at present" an expert is not offered again."""

ALIKE_LOOKED_AT = 300
ALIKE_CHARACTERS = 600


def find_for_need(need: Need, who: Who, limit: int = 20, *, at: datetime | None = None) -> Found:
    """Find experts for a need, among those ``who`` may see; whoever was asked about it before is left out.

    at : the instant by which rest, load and cool-off are judged; default now.
    """
    query = engine.Query(
        "\n".join(part for part in (need.body, need.target) if part),
        title=need.title,
        region=need.organisation.path,
        limit=limit,
        exclude=_asked_before(need, who),
    )
    return finder.find(query, who, facts=_Knowledge(who, at or timezone.now()))


def find_for_text(text: str, who: Who, limit: int = 20, *, at: datetime | None = None) -> Found:
    """Find experts for a few words or a whole description, among those ``who`` may see."""
    query = engine.Query(text, region=_place_of(who), limit=limit)
    return finder.find(query, who, facts=_Knowledge(who, at or timezone.now()))


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

    def __init__(self, who: Who, at: datetime) -> None:
        self.at, self.told = at, _handles(who)

    def __call__(self, profiles: Mapping[int, Profile]) -> dict[int, Facts]:
        keys = list(profiles)
        load, record, declined = queries.open_tasks(keys), _record_of(keys), self._declined(keys)
        return {
            key: Facts(load.get(key, 0), *record.get(key, (0, 0)), self._barred(profile, declined.get(key)))
            for key, profile in profiles.items()
        }

    def _barred(self, profile: Profile, declined_at: datetime | None) -> str:
        resting = profile.resting_until is not None and profile.resting_until >= clock.local_date(self.at)
        if resting or not profile.is_active:
            expert = Expert(
                name=profile.person.name, is_active=profile.is_active, resting_until=profile.resting_until
            )
            refusal = str(rules.is_reachable(expert, self.at, 0))
            return refusal.removeprefix(expert.name).rstrip("。")
        if declined_at is None:
            return ""
        return self._cool_off_words(declined_at) if self.told else "近期不便接受邀请"

    def _cool_off_words(self, declined_at: datetime) -> str:
        said, until = clock.local_date(declined_at), clock.local_date(declined_at + COOL_OFF)
        return f"{said.month}月{said.day}日因没有时间婉拒过邀请，{until.month}月{until.day}日前先不打扰"

    def _declined(self, keys: Sequence[int]) -> dict[int, datetime]:
        rows = Invitation.objects.filter(
            expert_id__in=keys,
            state=InvitationState.DECLINED,
            reason=DeclineReason.BUSY,
            answered_at__gt=self.at - COOL_OFF,
        )
        answered = rows.order_by("answered_at").values_list("expert_id", "answered_at")
        return {key: at for key, at in answered if at is not None}


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

    Compared are those of the same title and the latest few hundred; withdrawn ones are passed over.
    """
    others = queries.needs_for(who).exclude(pk=need.pk).exclude(stage=Stage.WITHDRAWN).order_by("-pk")
    latest = others.select_related("organisation")[:ALIKE_LOOKED_AT]
    pool = {other.pk: other for other in latest}
    same = {other.pk: other for other in others.filter(title=need.title).select_related("organisation")[:top]}
    items = [engine.Item(pk, "", _essence(other)) for pk, other in pool.items() if pk not in same]
    found = [Alike(other, 1.0) for other in same.values()]
    found += [Alike(pool[hit.owner], hit.alikeness) for hit in engine.similar(_essence(need), items, top)]
    return found[:top]


def _essence(need: Need) -> str:
    return f"{need.title}。{need.body}"[:ALIKE_CHARACTERS]
