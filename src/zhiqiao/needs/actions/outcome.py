"""What came of it: reported, answered by both sides, rated."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.enums import EvidenceLevel, InvitationState, Result, Side, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Confirmation, Meeting, Need, Outcome, Rating


@transaction.atomic
def report_outcome(
    need: Need,
    *,
    result: str,
    note: str,
    by: By,
    at: datetime,
    reason: str = "",
    amount_fen: int | None = None,
) -> Outcome:
    """Write down what came of a need. It counts once the sides that took part have agreed.

    :raises Refused: "unsolved" without a reason; a success without any meeting held; the need has moved on.
    """
    if result == Result.UNSOLVED and not reason:
        refuse("needs.reason_missing", "结果为“未解决”时，请选择原因。")
    if not note.strip():
        refuse("needs.note_missing", "请用一两句话说明结果，双方会看到这段话。")
    met = Meeting.objects.filter(need=need, state="held").exists()
    if result != Result.UNSOLVED and not met:
        refuse("needs.not_met", "还没有登记过对接，不能登记为已解决、达成合作或部分解决。请先登记对接。")
    require(NEED_FLOW.check(need, "report", by))
    Outcome.objects.filter(need=need, superseded_at__isnull=True).update(superseded_at=at)
    outcome = Outcome.objects.create(
        need=need,
        result=result,
        reason=reason if result == Result.UNSOLVED else "",
        note=note,
        amount_fen=amount_fen,
        reported_at=at,
        reported_by=actor_of(by).name,
    )
    NEED_FLOW.advance(
        need,
        "report",
        by=by,
        at=at,
        note=f"{outcome.get_result_display()}：{note}",
        data={"outcome": outcome.pk, "result": result},
    )
    return outcome


@transaction.atomic
def answer_outcome(outcome: Outcome, *, agrees: bool, by: By, at: datetime, note: str = "") -> None:
    """One side says yes or no to the reported outcome. Silence is not yes.

    A no, with its words, sends the case back to the handling association. When every side that took part
    has said yes, the outcome counts and the case goes on to rating.
    """
    need = Need.objects.select_for_update().get(pk=outcome.need_id)
    outcome.refresh_from_db()
    side = rules.side_of(by, need)
    if side is None:
        refuse("needs.not_party", "只有提出需求的企业和参与对接的专家可以确认结果。")
    if need.stage != Stage.CONFIRMING or outcome.superseded_at is not None:
        require(NEED_FLOW.check(need, "confirm", by))
        refuse("needs.superseded", "结果已重新登记，请刷新后确认新的结果。")
    if not agrees and not note.strip():
        refuse("needs.note_missing", "请写明哪里与实际不符，受理单位会据此联系您。")
    if outcome.confirmations.filter(side=side).exists():
        refuse("needs.answered", f"{Side(side).label}一方已经答复过这个结果。")
    Confirmation.objects.create(
        outcome=outcome, side=side, agrees=agrees, note=note, by_name=actor_of(by).name, at=at
    )
    audit.record("outcome.answer", outcome, by=by, at=at, after={"side": side, "agrees": agrees}, reason=note)
    if not agrees:
        NEED_FLOW.advance(need, "dispute", by=by, at=at, note=note, data={"side": side})
    elif waiting_for(outcome, need) == ():
        _settle(outcome, need, by=by, at=at)


def waiting_for(outcome: Outcome, need: Need) -> tuple[Side, ...]:
    """Return the sides that took part and have not answered yet, enterprise first."""
    engaged = need.invitations.filter(state=InvitationState.ACCEPTED).exists()
    sides = (Side.ENTERPRISE, Side.EXPERT) if engaged else (Side.ENTERPRISE,)
    answered = set(outcome.confirmations.values_list("side", flat=True))
    return tuple(side for side in sides if side not in answered)


def _settle(outcome: Outcome, need: Need, *, by: By, at: datetime) -> None:
    level = max(outcome.evidence_level, EvidenceLevel.ENTERPRISE)
    Outcome.objects.filter(pk=outcome.pk).update(confirmed_at=at, evidence_level=level)
    outcome.confirmed_at, outcome.evidence_level = at, level
    NEED_FLOW.advance(
        need,
        "confirm",
        by=by,
        at=at,
        note=f"双方确认：{outcome.get_result_display()}",
        data={"outcome": outcome.pk, "result": outcome.result},
    )


@transaction.atomic
def attach_proof(outcome: Outcome, *, level: int, by: By, at: datetime, note: str) -> None:
    """Raise the evidence level of an outcome on the strength of a document that was attached."""
    require(rules.is_handler(by, outcome.need))
    before = outcome.evidence_level
    Outcome.objects.filter(pk=outcome.pk).update(evidence_level=level)
    outcome.evidence_level = level
    audit.record(
        "outcome.proof", outcome, by=by, at=at, before={"level": before}, after={"level": level}, reason=note
    )


@transaction.atomic
def rate(
    need: Need,
    *,
    score: int,
    by: By,
    at: datetime,
    items: dict[str, int] | None = None,
    comment: str = "",
) -> Rating:
    """One side says how it went, 1 to 5. The enterprise's rating moves the case on to be archived.

    The expert may rate at the same stages; her rating moves nothing.
    """
    side = rules.side_of(by, need)
    if side is None:
        refuse("needs.not_party", "只有提出需求的企业和参与对接的专家可以评价。")
    if not 1 <= score <= 5:
        refuse("needs.score", "请在 1 到 5 分之间选择。")
    if need.stage not in (Stage.RATING, Stage.CLOSING):
        refuse("needs.not_rating", "双方确认结果之后、归档之前可以评价。")
    if Rating.objects.filter(need=need, side=side).exists():
        refuse("needs.rated", "您这一方已经评价过了，谢谢。")
    rating = Rating.objects.create(
        need=need,
        side=side,
        score=score,
        items=items or {},
        comment=comment,
        by_name=actor_of(by).name,
        at=at,
    )
    if side == Side.ENTERPRISE:
        NEED_FLOW.advance(need, "rate", by=by, at=at, note=f"{score} 分。{comment}", data={"score": score})
    else:
        audit.record("need.rate", need, by=by, at=at, after={"side": side, "score": score}, reason=comment)
    return rating
