"""What closed needs teach about the ranking: who was asked, who said yes, and whether it helped."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

import zhiqiao_match as engine
from zhiqiao.directory import ranking
from zhiqiao.directory.actions.ranking import propose_weights
from zhiqiao.directory.finder import profiles
from zhiqiao.directory.models import Expert, RankingWeights
from zhiqiao.directory.search import EXPERTS
from zhiqiao.kit import clock
from zhiqiao.kit.actors import By
from zhiqiao.kit.search import Reader
from zhiqiao.needs.enums import SUCCESSES, DeclineReason, InvitationState
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.needs.search import NEEDS
from zhiqiao_match.learn import Case, propose

MOST_CASES = 2000
ACCEPTED, SOLVED = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One expert asked about one closed need."""

    need: int
    expert: int
    place: int
    accepted: bool
    solved: bool

    @property
    def gain(self) -> float:
        return 0.0 if not self.accepted else SOLVED if self.solved else ACCEPTED


def learn_weights(*, by: By, at: datetime) -> RankingWeights | None:
    """Learn from all closed needs, and propose new weights; nothing while there are too few, or if the day's
    proposal is there already."""
    version = f"{clock.local_date(at):%Y%m%d}"
    if RankingWeights.objects.filter(version=version).exists():
        return None
    proposal = propose(closed_cases(), ranking.in_force(), version=version)
    return None if proposal is None else propose_weights(proposal, by=by, at=at)


def closed_cases() -> list[Case]:
    """Return the latest closed needs as the engine learns from them, in the order of their numbers."""
    asked = _asked()
    by_need, by_expert = defaultdict(list), defaultdict(list)
    for one in asked:
        by_need[one.need].append(one)
        by_expert[one.expert].append(one)
    known = profiles(Expert.objects.filter(pk__among=by_expert))
    needs = Need.objects.filter(pk__among=sorted(by_need)[-MOST_CASES:]).select_related("organisation")
    experts = Reader(EXPERTS, Expert.objects.none())
    asking = Reader(NEEDS, Need.objects.none()).statistics
    cases = []
    for need in needs.order_by("pk"):
        rows = by_need[need.pk]
        people = [
            _without(known[one.expert].person, need.pk, by_expert[one.expert])
            for one in rows
            if one.expert in known
        ]
        found = engine.part_values(_query(need), people, index=experts, asking=asking)
        kept = [one for one in rows if one.expert in found]
        cases.append(
            Case(
                np.array([found[one.expert] for one in kept]).reshape(len(kept), -1),
                np.array([one.gain for one in kept]),
                np.array([one.place for one in kept], dtype=np.int64),
            )
        )
    return [case for case in cases if len(case.gains) > 1]


def _asked() -> list[Asked]:
    """Read who was asked about needs with a confirmed outcome. "No time" says nothing about fit and is left out."""
    rows = (
        Invitation.objects.filter(
            state__in=(InvitationState.ACCEPTED, InvitationState.DECLINED, InvitationState.LAPSED),
            need__outcomes__confirmed_at__isnull=False,
            need__outcomes__superseded_at__isnull=True,
        )
        .exclude(state=InvitationState.DECLINED, reason=DeclineReason.BUSY)
        .order_by("need_id", "rank", "pk")
        .values_list("need_id", "expert_id", "rank", "state", "need__outcomes__result")
    )
    return [
        Asked(need, expert, max(1, rank), state == InvitationState.ACCEPTED, result in SUCCESSES)
        for need, expert, rank, state, result in rows
    ]


def _without(person: engine.Candidate, need: int, record: Iterable[Asked]) -> engine.Candidate:
    """Give a person the record she has apart from this need: what is to be foretold must not be known."""
    other: Sequence[Asked] = [one for one in record if one.need != need]
    accepted = [one for one in other if one.accepted]
    return replace(
        person,
        answered=len(other),
        accepted=len(accepted),
        served=len(accepted),
        solved=sum(one.solved for one in accepted),
    )


def _query(need: Need) -> engine.Query:
    body = "\n".join(part for part in (need.body, need.target) if part)
    return engine.Query(body, title=need.title, region=need.organisation.path)
