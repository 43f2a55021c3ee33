"""New weights for the ranking: proposed by the learning, accepted or declined by a person."""

from datetime import datetime

from django.db import transaction

from zhiqiao.directory.models import RankingWeights
from zhiqiao.directory.ranking import in_force
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import Answer, Refusal, refuse, require
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import Who, sees_all
from zhiqiao_match.learn import Proposal


def may_decide(who: Who) -> Answer:
    """Say whether a person decides on the ranking. It is one for the whole network, so its top decides."""
    if sees_all(who, OrgPerm.MANAGE):
        return True
    return Refusal("directory.ranking_top", "排序权重全网络共用，由最上级科协的系统管理员决定。")


@transaction.atomic
def propose_weights(proposal: Proposal, *, by: By, at: datetime) -> RankingWeights:
    """Enter a new version for somebody to decide on. One that is still open gives way to it."""
    present = in_force()
    RankingWeights.objects.filter(is_accepted__isnull=True).update(
        is_accepted=False, decided_at=at, decided_by=actor_of(by).name, reason="有了更新的建议"
    )
    row = RankingWeights.objects.create(
        version=proposal.weights.version,
        based_on=present.version,
        values=proposal.weights.as_dict(),
        cases=proposal.cases,
        before=proposal.before,
        after=proposal.after,
        low=proposal.low,
        high=proposal.high,
        proposed_at=at,
    )
    audit.record("ranking.propose", row, by=by, at=at, after={"version": row.version})
    return row


@transaction.atomic
def decide_weights(row: RankingWeights, *, accept: bool, reason: str, by: By, at: datetime) -> RankingWeights:
    """Accept a version, which is in force from then on, or decline it. An accepted one can be accepted again
    later, to return to it.

    :raises Refused: not hers to decide; no reason; already decided by somebody else.
    """
    require(may_decide(by))
    if not reason.strip():
        refuse("directory.ranking_reason", "请写明理由，便于以后查对。")
    rows = RankingWeights.objects.filter(pk=row.pk)
    open_to = rows.exclude(is_accepted=False) if accept else rows.filter(is_accepted__isnull=True)
    changed = open_to.update(
        is_accepted=accept, reason=reason.strip(), decided_at=at, decided_by=actor_of(by).name
    )
    if not changed:
        refuse("directory.ranking_decided", "这一版已经有了决定，请刷新页面查看。")
    row.refresh_from_db()
    audit.record(
        "ranking.decide",
        row,
        by=by,
        at=at,
        after={"version": row.version, "accepted": accept},
        reason=row.reason,
    )
    return row
