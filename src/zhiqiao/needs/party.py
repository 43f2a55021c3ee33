"""What a party of a case reads: where it stands in words, what she is to answer, and the part of its story
that concerns her. The two parties are the enterprise that asked and the expert who was invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import prefetch_related_objects

from zhiqiao.accounts.models import Person
from zhiqiao.kit import clock
from zhiqiao.kit.actors import By
from zhiqiao.kit.flow import Transition
from zhiqiao.needs import links, queries, rules, secrecy, talk
from zhiqiao.needs.calendar import meeting_of
from zhiqiao.needs.enums import (
    InvitationState,
    MeetingMode,
    MeetingState,
    NeedPerm,
    Side,
    Stage,
    Visibility,
)
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Confirmation, Invitation, Meeting, Need, Outcome
from zhiqiao.needs.party_story import told_to_enterprise, told_to_expert
from zhiqiao.needs.published import masked_enterprise, public_text
from zhiqiao.needs.story import Event, Story, of_message
from zhiqiao.orgs.scope import nearest_holders

PEOPLE_TO_CALL = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, for one reader: a headline, a sentence with times, and how it should look."""

    headline: str
    sentence: str = ""
    tone: str = "info"


def load(needs: Sequence[Need]) -> dict[int, list[Transition]]:
    """Fetch what the pages of a party show, and return the steps each need took, in a fixed number of queries."""
    prefetch_related_objects(
        needs, "invitations__expert", "meetings__attendance", "outcomes__confirmations", "ratings", "pledges"
    )
    history: dict[int, list[Transition]] = {need.pk: [] for need in needs}
    steps = Transition.objects.filter(subject_type="needs.need", subject_id__in=list(history))
    for step in steps.order_by("id"):
        history[step.subject_id].append(step)
    for need in needs:
        for meeting in need.meetings.all():
            meeting.need = need
    return history


def speaks_for_enterprise(by: By, need: Need) -> bool:
    """Say whether somebody is the enterprise itself: by its link, or by a role that is not one of staff.

    Staff may fill in a need for an enterprise of their area; they are not asked to answer in its name.
    """
    return bool(rules.is_asker(by, need)) and not rules.is_staff(by, need)


def invitation_to(by: By, need: Need) -> Invitation | None:
    """Return the invitation of the expert behind ``by``, once it has been sent."""
    for invitation in need.invitations.all():
        if invitation.state != InvitationState.QUEUED and rules.speaks_for(by, invitation):
            return invitation
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """A need as one party sees it. ``invitation`` is hers if she is the expert, else None.

    onlooker : somebody who may read the need as the enterprise does, and answers nothing.
    """

    need: Need
    by: By
    side: Side
    history: list[Transition]
    now: datetime
    invitation: Invitation | None = None
    onlooker: bool = False

    @property
    def outcome(self) -> Outcome | None:
        return queries.current_outcome(self.need) if self.takes_part and self.details else None

    @property
    def takes_part(self) -> bool:
        """The enterprise always does; an expert from her yes until other experts are sought instead."""
        return self.side == Side.ENTERPRISE or (
            self.invitation is not None
            and self.invitation.state == InvitationState.ACCEPTED
            and not self.replaced
        )

    @property
    def acts(self) -> bool:
        """Whether answers are asked of her, and not of others only."""
        return self.takes_part and not self.onlooker

    @property
    def replaced(self) -> bool:
        """Whether other experts were sought after this one had accepted."""
        accepted_at = self.invitation.answered_at if self.invitation else None
        return accepted_at is not None and any(
            t.step == "rematch" and t.at >= accepted_at for t in self.history
        )

    @property
    def meeting(self) -> Meeting | None:
        """The meeting planned, or the one held last."""
        if not self.takes_part or not self.details:
            return None
        found = meeting_of(self.need)
        return found if found and found.state != MeetingState.CANCELLED else None

    @property
    def own_answer(self) -> Confirmation | None:
        """What this side has answered to the present outcome."""
        outcome = self.outcome
        answers = outcome.confirmations.all() if outcome else ()
        return next((one for one in answers if one.side == self.side), None)

    @property
    def confirms(self) -> bool:
        """Whether the outcome waits for this side."""
        return self.acts and self.need.stage == Stage.CONFIRMING and self.own_answer is None

    @property
    def rates(self) -> bool:
        """Whether this side may still say how it went."""
        open_now = self.need.stage in (Stage.RATING, Stage.CLOSING)
        return self.acts and open_now and all(r.side != self.side for r in self.need.ratings.all())

    @property
    def answers(self) -> bool:
        """Whether the invitation waits for the expert."""
        return self.invitation is not None and bool(rules.may_answer(self.by, self.invitation))

    @property
    def supplements(self) -> bool:
        return self.acts and self.side == Side.ENTERPRISE and self.need.stage == Stage.RETURNED

    @property
    def withdraws(self) -> bool:
        return self.side == Side.ENTERPRISE and bool(NEED_FLOW.check(self.need, "withdraw", self.by))

    @property
    def talks(self) -> bool:
        """Whether this party may write to the handling association now."""
        if self.onlooker or self.need.stage == Stage.DRAFT:
            return False
        return self.side == Side.ENTERPRISE or self.invitation is not None

    @property
    def others(self) -> bool:
        """Whether an expert and the enterprise already talk, so that one may want to write past the other."""
        return any(one.state == InvitationState.ACCEPTED for one in self.need.invitations.all())

    @property
    def knows_enterprise(self) -> bool:
        """An expert reads the name of the enterprise if it is public, or once she has accepted."""
        if self.side == Side.ENTERPRISE or self.need.visibility == Visibility.PUBLIC:
            return True
        return (
            self.details and self.invitation is not None and self.invitation.state == InvitationState.ACCEPTED
        )

    @property
    def details(self) -> bool:
        """Whether she may read what the case is about; of a confidential one, an expert after her pledge only."""
        return self.invitation is None or secrecy.is_open_to(self.invitation)

    @property
    def enterprise(self) -> str:
        return str(self.need.enterprise) if self.knows_enterprise else masked_enterprise(self.need)

    @property
    def title(self) -> str:
        return self._text(self.need.title) if self.details else secrecy.TITLE

    @property
    def body(self) -> str:
        return self._text(self.need.body) if self.details else secrecy.HIDDEN

    @property
    def target(self) -> str:
        return self._text(self.need.target) if self.details else ""

    def _text(self, text: str) -> str:
        """Whoever does not know the enterprise must not read its name or telephone in the text either."""
        return text if self.knows_enterprise else public_text(self.need, text)

    @property
    def due_at(self) -> datetime | None:
        """By when this party has to answer; None while it is not her turn."""
        if self.answers and self.invitation is not None:
            return self.invitation.due_at
        waits = self.supplements or self.confirms or (self.rates and self.need.stage == Stage.RATING)
        return self.need.due_at if waits else None

    @property
    def tone(self) -> str:
        """The tone of the standing for a badge."""
        return self.standing.tone.replace("info", "accent")

    @property
    def steps(self) -> list[dict[str, str]]:
        """The step bar; by when the present step is due stands in words right below it."""
        return [stop | {"due_words": ""} for stop in Story(self.need, self.history, [], []).bar(self.now)]

    @property
    def standing(self) -> Standing:
        if self.onlooker:
            return Standing(Stage(self.need.stage).label)
        return _for_enterprise(self) if self.side == Side.ENTERPRISE else _for_expert(self)

    @property
    def events(self) -> list[Event]:
        """The story as far as it concerns this party, latest first."""
        told = told_to_enterprise(self) if self.side == Side.ENTERPRISE else told_to_expert(self)
        told += [of_message(one) for one in talk.for_case(self)]
        return sorted(told, key=lambda event: event.when)[::-1]

    @property
    def people(self) -> list[Person]:
        """Whom to call at the handling association."""
        return nearest_holders(NeedPerm.HANDLE, self.need.organisation)[:PEOPLE_TO_CALL]


def case_of(need: Need, by: By, now: datetime) -> Case | None:
    """Return a need within the scope of ``by`` as she sees it; None for staff, who have a page of their own."""
    history = load([need])[need.pk]
    if speaks_for_enterprise(by, need):
        return Case(need, by, Side.ENTERPRISE, history, now)
    if invitation := invitation_to(by, need):
        return Case(need, by, Side.EXPERT, history, now, invitation)
    return None if rules.is_staff(by, need) else Case(need, by, Side.ENTERPRISE, history, now, onlooker=True)


def case_of_invitation(invitation: Invitation, now: datetime) -> Case:
    """Return a need as the holder of an invitation's link sees it."""
    by = links.expert_actor(invitation)
    return Case(
        invitation.need, by, Side.EXPERT, load([invitation.need])[invitation.need_id], now, invitation
    )


def cases_asked(needs: Sequence[Need], by: By, now: datetime) -> list[Case]:
    """Return needs as the enterprises that asked see them; staff who filled one in look on."""
    history = load(needs)
    return [
        Case(need, by, Side.ENTERPRISE, history[need.pk], now, onlooker=not speaks_for_enterprise(by, need))
        for need in needs
    ]


def cases_invited(invitations: Sequence[Invitation], by: By, now: datetime) -> list[Case]:
    """Return needs as the expert sees them to whom these invitations went."""
    history = load([invitation.need for invitation in invitations])
    return [Case(one.need, by, Side.EXPERT, history[one.need_id], now, one) for one in invitations]


def _for_enterprise(case: Case) -> Standing:
    need, handler, due = case.need, case.need.organisation.title, _due(case)
    if need.paused_until is not None:
        until = clock.moment(need.paused_until, case.now)
        return Standing("暂停计时", f"{handler}正在等有关方面答复，最晚 {until} 继续办理。")
    match need.stage:
        case Stage.DRAFT:
            return Standing("还没有提交", "写的内容已经保存，补齐以后就可以提交。", "warning")
        case Stage.SUBMITTED:
            return Standing("等待受理", f"{handler}会在{due}前答复是否受理。")
        case Stage.RETURNED:
            return Standing(
                "需要您补充", f"{_last_note(case, 'send_back')}请在{due}前补充后重新提交。", "warning"
            )
        case Stage.MATCHING:
            return Standing("正在找专家", f"{handler}已经受理，正在挑选合适的专家，{due}前发出邀请。")
        case Stage.INVITING:
            return Standing(
                "等专家答复", f"邀请已经发出，最晚{due}有答复；专家不便参加时，会自动改邀下一位。"
            )
        case Stage.ARRANGING:
            return Standing("正在约时间", f"已有专家接受邀请，{handler}会在{due}前与您约定对接。")
        case Stage.SCHEDULED:
            return Standing("对接已约定", _meeting_words(case.meeting))
        case Stage.MET:
            return Standing("对接已举行", f"{handler}会在{due}前登记结果，再请您确认。")
        case Stage.CONFIRMING | Stage.RATING | Stage.CLOSING:
            return _towards_the_end(case)
        case Stage.REJECTED:
            return Standing("没有受理", _last_note(case, "reject"), "warning")
        case Stage.WITHDRAWN:
            return Standing("已撤回", _last_note(case, "withdraw"))
        case _:
            return Standing("已办结归档", _outcome_words(case), "success")


def _for_expert(case: Case) -> Standing:
    invitation, handler = case.invitation, case.need.organisation.title
    if invitation is None or invitation.state == InvitationState.SENT:
        until = clock.exact(invitation.due_at) if invitation and invitation.due_at else ""
        return Standing("请您答复", f"请在 {until} 前答复，不便参加也请告诉我们一声。", "warning")
    if invitation.state == InvitationState.CANCELLED and invitation.answered_at is not None:
        return Standing("已改请其他专家", f"{handler}为这条需求另请了专家，感谢您的支持。")
    if invitation.state != InvitationState.ACCEPTED:
        return Standing(invitation.get_state_display(), str(rules.may_answer(case.by, invitation)))
    if case.replaced:
        return Standing("已改请其他专家", f"{handler}为这条需求另请了专家，感谢您的支持。")
    match case.need.stage:
        case Stage.SCHEDULED:
            return Standing("对接已约定", _meeting_words(case.meeting))
        case Stage.MET:
            return Standing("对接已举行", f"{handler}登记结果后，会请您确认。")
        case Stage.CONFIRMING | Stage.RATING | Stage.CLOSING:
            return _towards_the_end(case)
        case Stage.ARCHIVED:
            return Standing("已办结归档", f"{_outcome_words(case)}感谢您的参与。", "success")
        case Stage.WITHDRAWN:
            return Standing("需求已撤回", "企业撤回了这条需求，不再需要对接，感谢您的支持。")
        case _:
            return Standing("您已接受邀请", f"{handler}会与您约定对接的时间和方式。", "success")


def _towards_the_end(case: Case) -> Standing:
    if case.confirms:
        return Standing("请您确认结果", f"请在{_due(case)}前答复：登记的结果与实际是否相符。", "warning")
    if case.need.stage == Stage.CONFIRMING:
        other = Side.EXPERT if case.side == Side.ENTERPRISE else Side.ENTERPRISE
        return Standing("等另一方确认", f"您已确认结果，正在等{other.label}一方答复。")
    if case.rates:
        by_when = f"请在{_due(case)}前评价，" if case.need.stage == Stage.RATING else ""
        return Standing("请您评价", f"双方已经确认结果。{by_when}说说这次服务怎么样。", "warning")
    if case.need.stage == Stage.RATING:
        return Standing("结果已经确认", "正在等企业评价，之后办结归档。", "success")
    return Standing("即将归档", f"结果已经双方确认，{case.need.organisation.title}会办理归档。", "success")


def _due(case: Case) -> str:
    """Say by when the present step is due: " 11月25日 17:30 ", or 期限."""
    due_at = case.need.due_at
    if case.need.stage == Stage.INVITING:  # what was promised is the last answer, whatever other clock runs
        sent = [one.due_at for one in case.need.invitations.all() if one.state == InvitationState.SENT]
        due_at = max((at for at in sent if at is not None), default=due_at)
    return f" {clock.moment(due_at, case.now)} " if due_at else "近期"


def _meeting_words(meeting: Meeting | None) -> str:
    if meeting is None:
        return "时间和地点另行通知。"
    where = meeting.place if meeting.mode == MeetingMode.SITE else MeetingMode(meeting.mode).label
    return f"{clock.exact(meeting.starts_at)}，约 {meeting.minutes_long} 分钟，{where}。"


def _outcome_words(case: Case) -> str:
    outcome = case.outcome
    return f"结果：{outcome.get_result_display()}。" if outcome and outcome.confirmed_at else ""


def _last_note(case: Case, step: str) -> str:
    note = next((t.note for t in reversed(case.history) if t.step == step and t.note), "")
    return note if not note or note[-1] in "。！？" else f"{note}。"
