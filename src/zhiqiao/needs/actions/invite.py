"""Experts are asked in order; a decline or silence brings the next one without anybody's doing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from zhiqiao.directory.models import Expert
from zhiqiao.kit import audit, jobs
from zhiqiao.kit.actors import SYSTEM, By
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.actions.substitute import Named, name_substitute
from zhiqiao.needs.capacity import all_askable
from zhiqiao.needs.enums import DeclineReason, InvitationState, MeetingState, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Invitation, Need

ANSWER_WITHIN = NEED_FLOW.clocks["answer"].within


@transaction.atomic
def invite_experts(
    need: Need,
    experts: Sequence[Expert],
    *,
    by: By,
    at: datetime,
    message: str = "",
    wanted: int = 1,
    why: Mapping[int, list[str]] | None = None,
) -> list[Invitation]:
    """Ask the first ``wanted`` experts and keep the others, in order, as alternates.

    why : the finder's reasons by expert id, kept with the invitation and shown to the expert.
    :raises Refused: nobody is named; an expert cannot be asked (her reason); the need has moved on.
    """
    if not experts:
        refuse("needs.nobody", "请至少选择一位专家。")
    require(NEED_FLOW.check(need, "invite", by))
    _hold(need, experts)
    wanted = max(1, min(wanted, len(experts)))
    made = _line_up(need, experts, at=at, message=message, why=why or {})
    names = "、".join(expert.name for expert in experts)
    note = f"按顺序邀请：{names}；同时联系 {wanted} 位"
    NEED_FLOW.advance(need, "invite", by=by, at=at, note=note, data={"wanted": wanted})
    for invitation in made[:wanted]:
        _send(invitation, at=at)
    return made


@transaction.atomic
def invite_more(
    need: Need, experts: Sequence[Expert], *, by: By, at: datetime, message: str = ""
) -> list[Invitation]:
    """Add alternates to the line of a need whose invitations are out."""
    require(rules.is_handler(by, need))
    if need.stage != Stage.INVITING:
        refuse("needs.not_inviting", "这条需求目前不在“邀请中”环节，不能追加候补专家。")
    _hold(need, experts)
    made = _line_up(need, experts, at=at, message=message, why={})
    names = "、".join(expert.name for expert in experts)
    audit.record("need.invite_more", need, by=by, at=at, after={"experts": names})
    return made


def _hold(need: Need, experts: Iterable[Expert] = ()) -> Need:
    """Lock a need, and then these experts and those in its line, always in this order.

    While the experts are held nobody else can give them a task, so a count of what they have in hand is
    still true when the invitation is written: the last free place goes to one of those who ask at once.
    """
    held = Need.objects.select_for_update(no_key=True).get(pk=need.pk)
    keys = {expert.pk for expert in experts}
    keys |= set(held.invitations.filter(state=InvitationState.QUEUED).values_list("expert_id", flat=True))
    rows = Expert.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    list(rows.values_list("pk", flat=True))
    return held


def _line_up(
    need: Need, experts: Sequence[Expert], *, at: datetime, message: str, why: Mapping[int, list[str]]
) -> list[Invitation]:
    asked = set(need.invitations.values_list("expert_id", flat=True))
    askable = all_askable(need, experts, at)
    rank = need.invitations.aggregate(last=Max("rank"))["last"] or 0
    made = []
    for expert in experts:
        if expert.pk in asked:
            refuse("needs.asked_before", f"{expert.name}已经受邀过这条需求，请另选专家。")
        require(askable[expert.pk])
        rank += 1
        asked.add(expert.pk)
        made.append(
            Invitation.objects.create(
                need=need,
                expert=expert,
                rank=rank,
                state=InvitationState.QUEUED,
                message=message,
                why=why.get(expert.pk, []),
                created_at=at,
            )
        )
    return made


def _send(invitation: Invitation, *, at: datetime) -> None:
    """Send one invitation and start its clock. The notice and the end of the clock are jobs."""
    due_at = NEED_FLOW.due_of(invitation.need, "answer", at).at
    rows = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.QUEUED)
    if rows.update(state=InvitationState.SENT, sent_at=at, due_at=due_at):
        invitation.state, invitation.sent_at, invitation.due_at = InvitationState.SENT, at, due_at
        jobs.enqueue("needs.tell_invited", at=at, invitation_id=invitation.pk)
        jobs.enqueue("needs.lapse_invitation", at=due_at, invitation_id=invitation.pk)


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: By, at: datetime, note: str = "") -> None:
    """An expert says yes; the first yes moves the need on to fixing a date."""
    need = _answer(invitation, InvitationState.ACCEPTED, by=by, at=at, note=note)
    if need.stage == Stage.INVITING:
        NEED_FLOW.advance(
            need,
            "engage",
            by=by,
            at=at,
            note=note or f"{invitation.expert.name}接受邀请",
            data={"invitation": invitation.pk},
        )
        cancel_waiting(need)


@transaction.atomic
def decline_invitation(
    invitation: Invitation,
    *,
    reason: str,
    by: By,
    at: datetime,
    note: str = "",
    substitute: Named | None = None,
) -> None:
    """An expert says no, with a reason; the next one in line is asked at once.

    substitute : a colleague she names in her place; the clerk decides, nobody is asked by this.
    """
    if reason not in DeclineReason.values:
        refuse("needs.reason_missing", "请选择一项婉拒原因，方便我们改邀更合适的专家。")
    need = _answer(invitation, InvitationState.DECLINED, by=by, at=at, note=note, reason=reason)
    if substitute is not None:
        name_substitute(invitation, substitute, by=by, at=at)
    _ask_next(need, at=at)


@transaction.atomic
def lapse_invitation(invitation: Invitation, *, at: datetime) -> bool:
    """Silence past the term counts as no. Harmless to repeat; returns whether anything changed."""
    need = _hold(invitation.need)
    rows = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.SENT, due_at__lte=at)
    if not rows.update(state=InvitationState.LAPSED, answered_at=at):
        return False
    audit.record("invitation.lapse", invitation, by=SYSTEM, at=at, before={"state": InvitationState.SENT})
    _ask_next(need, at=at)
    return True


def _answer(
    invitation: Invitation, state: InvitationState, *, by: By, at: datetime, note: str, reason: str = ""
) -> Need:
    """Write an expert's answer; the conditional UPDATE lets only the first of two answers through."""
    need = _hold(invitation.need)
    invitation.refresh_from_db(fields=("state",))
    require(rules.may_answer(by, invitation))
    Invitation.objects.filter(pk=invitation.pk, state=InvitationState.SENT).update(
        state=state, answered_at=at, note=note, reason=reason
    )
    invitation.state, invitation.answered_at, invitation.reason = state, at, reason
    audit.record(
        f"invitation.{state}",
        invitation,
        by=by,
        at=at,
        after={"need": need.pk, "reason": reason},
        reason=note,
    )
    return need


def _ask_next(need: Need, *, at: datetime) -> None:
    """Send to the next alternate; with nobody left to wait for, the need goes back to matching."""
    if need.stage != Stage.INVITING:
        return
    nxt = _next_in_line(need, at=at)
    if nxt is not None:
        _send(nxt, at=at)
        NEED_FLOW.count_anew(need, "answer", at)
        audit.record("invitation.promote", nxt, by=SYSTEM, at=at, after={"need": need.pk})
    elif not need.invitations.filter(state=InvitationState.SENT).exists():
        NEED_FLOW.advance(
            need, "exhaust", by=SYSTEM, at=at, note="受邀专家均未接受，请重新匹配或登记“没有合适的专家”。"
        )


def _next_in_line(need: Need, *, at: datetime) -> Invitation | None:
    """Return the first alternate who may be asked now; those before her are passed over, and it is recorded.

    Between being put in line and her turn she may have gone on leave, filled her hands, or a tie to the
    enterprise may have come to light.
    """
    waiting = need.invitations.filter(state=InvitationState.QUEUED).order_by("rank", "id")
    line = list(waiting.select_related("expert", "need"))
    askable = all_askable(need, [invitation.expert for invitation in line], at)
    for invitation in line:
        answer = askable[invitation.expert_id]
        if answer:
            return invitation
        Invitation.objects.filter(pk=invitation.pk).update(
            state=InvitationState.CANCELLED, answered_at=at, note=f"轮到时未邀请：{answer}"[:400]
        )
        audit.record(
            "invitation.skip", invitation, by=SYSTEM, at=at, after={"need": need.pk}, reason=str(answer)
        )
    return None


@transaction.atomic
def rematch(need: Need, *, by: By, at: datetime, note: str) -> None:
    """Look for other experts: those engaged so far are released, and nobody asked before is asked again."""
    if not note.strip():
        refuse("needs.note_missing", "请写明为什么要重新匹配。")
    NEED_FLOW.advance(need, "rematch", by=by, at=at, note=note)
    need.invitations.filter(state=InvitationState.ACCEPTED).update(state=InvitationState.CANCELLED)
    cancel_waiting(need)
    need.meetings.filter(state=MeetingState.PLANNED).update(state=MeetingState.CANCELLED, summary=note)


def cancel_waiting(need: Need) -> None:
    """Call off every invitation that nobody has answered."""
    need.invitations.filter(state__in=(InvitationState.QUEUED, InvitationState.SENT)).update(
        state=InvitationState.CANCELLED
    )
