"""What 科协帮 knows of experts before they are asked: load, requests, answers, leaves, conflicts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q

from zhiqiao.directory import capacity
from zhiqiao.directory.capacity import QUARTER, Terms
from zhiqiao.directory.conflicts import Check
from zhiqiao.directory.conflicts_facts import checks
from zhiqiao.directory.enums import Purpose
from zhiqiao.directory.models import Expert, Leave
from zhiqiao.kit import clock
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.needs import queries, rules
from zhiqiao.needs.enums import DeclineReason, InvitationState
from zhiqiao.needs.models import Invitation, Need

ANSWERED = (InvitationState.ACCEPTED, InvitationState.DECLINED, InvitationState.LAPSED)
REMEMBERED = timedelta(days=730)
"""For so long "not my field" is passed on to the ranking."""

MOST_REMEMBERED = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """An expert at one instant.

    open_tasks : invitations out and needs under way. requests : invitations sent in the last 90 days.
    answered, accepted : invitations that ended, and those she said yes to. busy_at : when she last said that
    she has no time. not_mine : titles of the needs she declined as not her field, the latest first.
    """

    open_tasks: int = 0
    requests: int = 0
    answered: int = 0
    accepted: int = 0
    busy_at: datetime | None = None
    leave: Leave | None = None
    not_mine: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)


def standings(keys: Collection[int], at: datetime) -> dict[int, Standing]:
    """Return the standing of each of these experts, in a fixed number of queries."""
    keys = list(keys)
    load, terms = queries.open_tasks(keys), capacity.terms_on(at)
    leaves = capacity.leaves_of(keys, clock.local_date(at))
    asked = _requests(keys, at, terms)
    strange = _not_mine(keys, at)
    return {
        key: Standing(
            load.get(key, 0),
            **asked.get(key, {}),
            leave=leaves.get(key),
            not_mine=tuple(strange.get(key, ())),
            terms=terms,
        )
        for key in keys
    }


def _requests(keys: list[int], at: datetime, terms: Terms) -> dict[int, dict[str, Any]]:
    busy = Q(state=InvitationState.DECLINED, reason=DeclineReason.BUSY, answered_at__gt=at - terms.cool_off)
    rows = (
        Invitation.objects.filter(expert__pk__among=keys)
        .order_by()
        .values("expert_id")
        .annotate(
            requests=Count("pk", filter=Q(sent_at__gt=at - QUARTER)),
            answered=Count("pk", filter=Q(state__in=ANSWERED)),
            accepted=Count("pk", filter=Q(state=InvitationState.ACCEPTED)),
            busy_at=Max("answered_at", filter=busy),
        )
    )
    told = ("requests", "answered", "accepted", "busy_at")
    return {row["expert_id"]: {name: row[name] for name in told} for row in rows}  # type: ignore[literal-required]


def _not_mine(keys: list[int], at: datetime) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Invitation.objects.filter(
        expert__pk__among=keys,
        state=InvitationState.DECLINED,
        reason=DeclineReason.FIELD,
        answered_at__gt=at - REMEMBERED,
    )
    for pk, title in rows.order_by("-answered_at").values_list("expert_id", "need__title"):
        titles = found.setdefault(pk, [])
        if len(titles) < MOST_REMEMBERED:
            titles.append(title)
    return found


def may_be_asked(expert: Expert, standing: Standing, at: datetime) -> Answer:
    """Say whether an expert may be asked now: in the library, in the mood, at work, and not asked too often."""
    return (
        rules.is_reachable(expert, at, standing.open_tasks)
        and capacity.is_at_work(expert, standing.leave)
        and capacity.has_cooled_off(expert, standing.busy_at, at, standing.terms)
        and capacity.is_fresh(expert, standing.requests, standing.terms)
    )


def conflicts_of(need: Need, keys: Collection[int], at: datetime) -> dict[int, Check]:
    """Check experts against the enterprise behind a need. Nobody is asked by this, and nobody hears of it."""
    return checks(keys, need.enterprise, purpose=Purpose.NEED, subject=need, at=at)


def is_free_of_conflict(expert: Expert, check: Check) -> Answer:
    """Say whether nothing stands between her and the enterprise; the cause is not told here."""
    if check.may_ask:
        return True
    words = check.words(told=False)
    return Refusal("needs.conflict", f"{expert.name}{words}。可在需求的“回避核查”里查看和决定。")


def all_askable(need: Need, experts: Collection[Expert], at: datetime) -> Mapping[int, Answer]:
    """Answer for each expert whether she may be asked about a need now, with the reason why not."""
    keys = [expert.pk for expert in experts]
    known, found = standings(keys, at), conflicts_of(need, keys, at)
    return {
        expert.pk: _is_one(expert)
        and may_be_asked(expert, known[expert.pk], at)
        and is_free_of_conflict(expert, found[expert.pk])
        for expert in experts
    }


def _is_one(expert: Expert) -> Answer:
    if expert.merged_into_id is None:
        return True
    return Refusal("needs.merged", f"{expert.name}的这条记录已并入另一条，请刷新后选合并后的那条。")
