"""A case of the demo and the steps it can take, each through the real action at an instant of its own.

A life is a generator: it yields the instant at which it wants to go on, and the play resumes all lives in
the order of time, so that numbers, history and the audit chain read as if it had happened.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heapreplace
from random import Random

from zhiqiao.accounts.models import Person
from zhiqiao.directory.enums import ExpertKind
from zhiqiao.kit.actors import By
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import (
    DeclineReason,
    InvitationState,
    MeetingMode,
    Result,
    Source,
    Stage,
    Urgency,
    Visibility,
)
from zhiqiao.needs.models import Invitation, Meeting, Need, Programme
from zhiqiao.site.demo import words
from zhiqiao.site.demo.experts import Profile, is_resting
from zhiqiao.site.demo.moments import Diary
from zhiqiao.site.demo.network import Firm
from zhiqiao.site.demo.texts import NeedText, Problem

Life = Generator[datetime, None, None]
_OPENNESS = (Visibility.PUBLIC, Visibility.MASKED, Visibility.STAFF)
_BUDGETS_FEN = (None, *(wan * 10_000 * 100 for wan in (5, 8, 10, 15, 20, 30, 50, 80)))
_MOVING = ("stage", "stage_at", "due_at", "version")


def play(lives: Iterable[Life]) -> int:
    """Let all lives happen in the order of time; return the number of moments."""
    waiting = [(next(life), number, life) for number, life in enumerate(lives)]
    heapify(waiting)
    moments = 0
    while waiting:
        now, number, life = waiting[0]
        moments += 1
        try:
            then = life.send(None)
        except StopIteration:
            heappop(waiting)
            continue
        if then < now:
            raise AssertionError(f"life {number} goes back in time: {now} {then}")
        heapreplace(waiting, (then, number, life))
    return moments


@dataclass(slots=True)
class World:
    """What all cases share."""

    diary: Diary
    clerks: dict[str, Person]
    contacts: dict[int, Person]
    experts: dict[str, list[Profile]] = field(default_factory=dict)

    def know(self, profiles: Iterable[Profile]) -> None:
        """File experts under the problems they can help with."""
        for profile in profiles:
            for problem in profile.problems:
                self.experts.setdefault(problem.title, []).append(profile)

    def pick(self, problem: Problem, count: int, at: datetime, asked: set[int], rng: Random) -> list[Profile]:
        """Choose experts for a problem: free, not asked before, those who have served less first."""
        free = [
            each
            for each in self.experts[problem.title]
            if each.expert.pk not in asked and each.busy < each.expert.task_cap and not is_resting(each, at)
        ]
        free.sort(key=lambda each: each.served + 2 * each.busy + 3 * rng.random() + _dignity(each))
        return free[:count]


def _dignity(profile: Profile) -> int:
    """Academicians are asked last."""
    return 3 if profile.expert.kind == ExpertKind.ACADEMICIAN else 0


@dataclass(slots=True)
class Case:
    """One need on its way, with everything that is needed to take its next step."""

    world: World
    firm: Firm
    text: NeedText
    rng: Random
    programme: Programme | None = None
    visibility: str = ""
    author: Person | None = None
    need: Need = field(init=False)
    line: dict[int, Profile] = field(default_factory=dict)
    team: list[Profile] = field(default_factory=list)
    now: datetime = field(init=False)

    # --- who acts -------------------------------------------------------------------------------

    @property
    def clerk(self) -> Person:
        return self.world.clerks[self.firm.district.code]

    @property
    def asker(self) -> By:
        """The enterprise: its contact's account, or the link she was sent."""
        return self.world.contacts.get(self.firm.enterprise.pk) or links.enterprise_actor(self.need)

    def expert(self) -> By:
        """The first expert who said yes, by her link."""
        accepted = self.need.invitations.filter(state=InvitationState.ACCEPTED)
        return links.expert_actor(accepted.select_related("expert").earliest("rank", "pk"))

    # --- time -----------------------------------------------------------------------------------

    def later(
        self, low: int, high: int, *, late: float = 0.0, extra: int = 4
    ) -> Generator[datetime, None, datetime]:
        """Wait some working days; with the probability ``late`` up to ``extra`` days longer."""
        days = self.rng.randint(low, high)
        if self.rng.random() < late:
            days = high + self.rng.randint(1, extra)
        return (yield from self.until(self.world.diary.after(self.now, days, self.rng)))

    def until(self, at: datetime) -> Generator[datetime, None, datetime]:
        """Wait for an instant; the case then stands there."""
        yield at
        self.now = at
        return at

    def read_again(self) -> None:
        """Read where the need stands: some actions move a row of their own."""
        self.need.refresh_from_db(fields=_MOVING)

    # --- coming in ------------------------------------------------------------------------------

    def come_in(self, day: date) -> Life:
        """Be asked on a day: by the enterprise itself, or by a clerk who visited it."""
        at = yield from self.until(self.world.diary.on(day, self.rng))
        yield from self.open(at)

    def open(self, at: datetime) -> Life:
        """Write the draft and hand it in; ``author`` is a clerk who did so after a visit."""
        contact = None if self.author else self.world.contacts.get(self.firm.enterprise.pk)
        source = Source.SELF if contact else self.rng.choice((Source.VISIT, Source.VISIT, Source.EVENT))
        by = contact or self.author or self.clerk
        self.write(by, at, source)
        yield from self.until(at + timedelta(minutes=self.rng.randint(6, 15)))
        self.submit(by)

    def write(self, by: By, at: datetime, source: str = Source.SELF) -> None:
        """Open the draft."""
        rng = self.rng
        self.need = actions.ask(
            enterprise=self.firm.enterprise,
            by=by,
            at=at,
            source=source,
            title=self.text.title,
            body=self.text.body,
            target=self.text.target,
            kind=self.text.kind,
            visibility=self.visibility or rng.choices(_OPENNESS, (3, 4, 3))[0],
            urgency=rng.choices((Urgency.NORMAL, Urgency.URGENT), (5, 1))[0],
            budget_fen=rng.choice(_BUDGETS_FEN),
            contact_name=self.firm.contact_name,
            contact_phone=self.firm.contact_phone,
        )

    def submit(self, by: By) -> None:
        """Hand the need in, and count it in the campaign."""
        actions.submit(self.need, by=by, at=self.now)
        if self.programme is not None:
            self.need.programmes.add(self.programme)

    def accept(self) -> Life:
        """Be taken on; one in twenty is returned once to be completed."""
        if self.rng.random() < 0.05:
            yield from self.later(0, 1)
            actions.send_back(self.need, by=self.clerk, at=self.now, note=self.rng.choice(words.INCOMPLETE))
            yield from self.later(1, 5)
            more = f"{self.need.body}\n补充：{self.rng.choice(words.COMPLETED)}"
            actions.save_draft(self.need, by=self.asker, at=self.now, body=more)
            actions.submit(self.need, by=self.asker, at=self.now)
        yield from self.later(0, 2, late=0.06)
        actions.accept(self.need, by=self.clerk, at=self.now)

    # --- experts --------------------------------------------------------------------------------

    def find_experts(self, *, in_vain: bool = False) -> Life:
        """Ask experts until one says yes; ``in_vain`` ends when the last one on the list has said no."""
        again = in_vain or self.rng.random() < 0.04
        while True:
            yield from self.later(0, 3, late=0.07)
            self.invite(self.rng.randint(2, 4))
            while self.need.stage == Stage.INVITING:
                yield from self.be_answered(refuse_all=again)
            if self.need.stage == Stage.ARRANGING or in_vain:
                return
            again = False

    def invite(self, count: int) -> None:
        """Ask the best of those who are free, the others standing by."""
        asked = set(self.need.invitations.values_list("expert_id", flat=True))
        picked = self.world.pick(self.text.problem, count, self.now, asked, self.rng)
        self.ask_these(picked)

    def ask_these(self, picked: list[Profile]) -> None:
        """Ask these experts in this order."""
        for profile in picked:
            profile.busy += 1
            self.line[profile.expert.pk] = profile
        actions.invite_experts(
            self.need,
            [profile.expert for profile in picked],
            by=self.clerk,
            at=self.now,
            message=self.rng.choice(words.INVITATIONS),
            why={each.expert.pk: each.why(self.text.problem, self.firm.district) for each in picked},
        )

    def waiting(self) -> Invitation:
        """Return the invitation whose answer is waited for."""
        sent = self.need.invitations.filter(state=InvitationState.SENT)
        return sent.select_related("expert").earliest("rank", "pk")

    def be_answered(self, *, refuse_all: bool = False) -> Life:
        """Get one answer: yes, no with a reason, or none until the term is over."""
        invitation = self.waiting()
        alternates = self.need.invitations.filter(state=InvitationState.QUEUED).exists()
        lot = self.rng.random()
        if lot < 0.08 and (alternates or refuse_all):
            passed = invitation.due_at or self.now
            yield from self.until(passed + timedelta(minutes=self.rng.randint(1, 5)))
            actions.lapse_invitation(invitation, at=self.now)
        elif refuse_all or (lot < 0.27 and alternates):
            yield from self.later(0, 2)
            self.decline(invitation)
        else:
            yield from self.later(0, 2)
            self.say_yes(invitation)
        self.settle_line()

    def decline(self, invitation: Invitation) -> None:
        """The expert says no; most have no time."""
        reason = self.rng.choices(list(DeclineReason), (6, 3, 1, 2, 1))[0]
        by = links.expert_actor(invitation)
        profile = self.line.get(invitation.expert_id)
        if reason == DeclineReason.BUSY and profile is not None:
            profile.declined_at = self.now
        actions.decline_invitation(
            invitation, reason=reason, by=by, at=self.now, note=self.rng.choice(words.DECLINED[reason])
        )

    def say_yes(self, invitation: Invitation) -> None:
        """The expert says yes."""
        actions.accept_invitation(
            invitation, by=links.expert_actor(invitation), at=self.now, note=self.rng.choice(words.ACCEPTED)
        )
        profile = self.line.pop(invitation.expert_id)
        profile.served += 1
        self.team.append(profile)

    def rematch(self, note: str) -> None:
        """Look for another expert; whoever was engaged is released."""
        actions.rematch(self.need, by=self.clerk, at=self.now, note=note)
        while self.team:
            self.team.pop().busy -= 1

    def settle_line(self) -> None:
        """Read where the need stands now, and let those go who are no longer asked."""
        self.read_again()
        live = (InvitationState.SENT, InvitationState.QUEUED)
        kept = set(self.need.invitations.filter(state__in=live).values_list("expert_id", flat=True))
        for pk in [pk for pk in self.line if pk not in kept]:
            self.line.pop(pk).busy -= 1

    # --- meeting --------------------------------------------------------------------------------

    def meet(self) -> Life:
        """Fix a date and hold the meeting."""
        yield from self.later(0, 3, late=0.06)
        starts_at = self.world.diary.meeting_time(self.now, self.rng.randint(3, 8), self.rng)
        meeting = self.schedule(starts_at)
        if self.rng.random() < 0.05:
            yield from self.later(0, 1)
            starts_at = self.world.diary.meeting_time(starts_at, self.rng.randint(2, 5), self.rng)
            actions.move_meeting(
                meeting,
                starts_at=starts_at,
                by=self.clerk,
                at=self.now,
                place=meeting.place,
                link=meeting.link,
            )
            self.read_again()
        yield from self.until(starts_at + timedelta(minutes=self.rng.randint(95, 150)))
        if self.rng.random() < 0.4:
            yield from self.later(1, 2, late=0.12)
        topics = self.text.problem.topics
        meeting.need = self.need
        actions.hold_meeting(
            meeting,
            summary=self.rng.choice(words.MINUTES).format(a=topics[0], b=topics[1], c=topics[-1]),
            next_step=self.rng.choice(words.NEXT_STEPS),
            experts=[profile.expert for profile in self.team],
            enterprise_people=[self.firm.contact_name],
            by=self.clerk,
            at=self.now,
        )

    def schedule(self, starts_at: datetime) -> Meeting:
        """Fix a date, on site mostly."""
        mode = self.rng.choices(list(MeetingMode), (6, 3, 1))[0]
        place = {
            MeetingMode.SITE: f"{self.firm.enterprise.address}，{self.rng.choice(words.ROOMS)}",
            MeetingMode.PHONE: "",
            MeetingMode.VIDEO: "",
        }[mode]
        link = f"https://meeting.example.com/{self.need.pk:06d}" if mode == MeetingMode.VIDEO else ""
        return actions.schedule_meeting(
            self.need, mode=mode, starts_at=starts_at, place=place, link=link, by=self.clerk, at=self.now
        )

    # --- outcome --------------------------------------------------------------------------------

    def report(self, result: str, reason: str = "") -> None:
        """Write down what came of it."""
        amount = None
        if result == Result.COOPERATION:
            amount = self.rng.choice((6, 8, 12, 15, 20, 28, 35, 50, 80)) * 10_000 * 100
        actions.report_outcome(
            self.need,
            result=result,
            reason=reason,
            note=words.outcome(result, reason, self.text, self.rng),
            amount_fen=amount,
            by=self.clerk,
            at=self.now,
        )

    def agree(self) -> Life:
        """Both sides say yes to the result; now and then the enterprise first wants it put differently."""
        if self.team and self.rng.random() < 0.04:
            yield from self.later(0, 2)
            self.dispute()
            yield from self.later(1, 4)
            outcome = self.need.outcomes.get(superseded_at__isnull=True)
            self.report(outcome.result, outcome.reason)
        sides: list[bool] = [True, False] if self.team else [True]
        self.rng.shuffle(sides)
        for enterprise in sides:
            yield from self.later(0, 2, late=0.05)
            self.answer(self.asker if enterprise else self.expert())

    def answer(self, by: By) -> None:
        """One side confirms."""
        outcome = self.need.outcomes.get(superseded_at__isnull=True)
        actions.answer_outcome(outcome, agrees=True, by=by, at=self.now)
        self.read_again()

    def dispute(self) -> None:
        """The enterprise says that it was otherwise."""
        outcome = self.need.outcomes.get(superseded_at__isnull=True)
        note = self.rng.choice(words.DISPUTES)
        actions.answer_outcome(outcome, agrees=False, by=self.asker, at=self.now, note=note)
        self.read_again()

    def rate(self, result: str, by: By | None = None) -> None:
        """One side says how it went; the enterprise item by item."""
        score = self._around(words.SCORES[Result(result)])
        items = {} if by else {name: self._around(score) for name in words.ITEMS}
        comment = self.rng.choice(words.COMMENTS[score])
        actions.rate(self.need, score=score, items=items, comment=comment, by=by or self.asker, at=self.now)

    def _around(self, score: int) -> int:
        return min(5, max(1, score + self.rng.choice((-1, 0, 0, 0, 1))))

    def let_go(self) -> None:
        """The case is over: its experts have their hands free again."""
        for profile in (*self.team, *self.line.values()):
            profile.busy -= 1
