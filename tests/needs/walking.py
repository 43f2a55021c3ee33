"""A walk through the loop of needs at random, and an oracle that knows the loop by heart and recomputes every figure.

The walker tries anything with anybody: most of it must be refused. What went through is judged by a table written
here, not by the flow's own; due times and minutes are counted day by day, not by the calendar's running total.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tests import factories
from tests.needs.oracle import PAUSABLE, STAGE_CLOCKS, START, closed_rows, minutes_between
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.flow import Transition, upkeep
from zhiqiao.kit.flow.terms import declare_term
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import InvitationState, MeetingState
from zhiqiao.needs.models import Need

STAFF, ASKER, EXPERT, SYS = "staff", "asker", "expert", "system"
LEGAL = {
    "submit": ("draft returned", "submitted", (ASKER, STAFF)),
    "accept": ("submitted", "matching", (STAFF,)),
    "send_back": ("submitted", "returned", (STAFF,)),
    "reject": ("submitted", "rejected", (STAFF,)),
    "invite": ("matching", "inviting", (STAFF,)),
    "exhaust": ("inviting", "matching", (SYS,)),
    "engage": ("inviting", "arranging", (EXPERT,)),
    "schedule": ("arranging scheduled met", "scheduled", (STAFF,)),
    "hold": ("scheduled", "met", (STAFF,)),
    "rematch": ("arranging scheduled met", "matching", (STAFF,)),
    "report": ("matching arranging scheduled met", "confirming", (STAFF, ASKER)),
    "dispute": ("confirming", "met", (ASKER, EXPERT)),
    "confirm": ("confirming", "rating", (ASKER, EXPERT)),
    "rate": ("rating", "closing", (ASKER,)),
    "archive": ("rating closing", "archived", (STAFF,)),
    "withdraw": (
        "draft submitted returned inviting matching arranging scheduled met", "withdrawn", (ASKER, STAFF),
    ),
}  # fmt: skip
"""Step → stages it may leave, the stage it leads to, and who may take it."""

FINISHED = {"archived", "rejected", "withdrawn"}
FORWARD = {
    "draft": ("submit",), "returned": ("submit",), "submitted": ("accept",), "matching": ("invite",),
    "inviting": ("answer",), "arranging": ("schedule",), "scheduled": ("hold",), "met": ("report",),
    "confirming": ("agree",), "rating": ("rate", "archive"), "closing": ("archive",),
}  # fmt: skip
"""What leads on from a stage, tried more often than the rest, so that cases get to the end."""
MOST_OPEN = 15


class Illegal(AssertionError):
    """Something went through that the loop does not allow, or a figure does not agree with what happened."""


@dataclass
class Walker:
    """The world of one walk, and what has happened so far."""

    seed: int
    now: datetime = START
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    pks: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    remembered: datetime = START
    closed: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.net = factories.network(at=START - timedelta(days=30))
        self.experts = [
            factories.expert(organisation=self.net.city, task_cap=9999, at=START) for _ in range(12)
        ]
        self.clerks = (self.net.clerk, self.net.second_clerk, self.net.city_clerk)
        self.strangers = (self.net.neighbour, self.net.sibling_clerk, self.net.leader, self.net.auditor)

    # --- walking --------------------------------------------------------------------------------

    def walk(self, steps: int) -> None:
        """Do so many things at random."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        """Let time pass, then try one thing."""
        rng = self.rng
        self.now += timedelta(minutes=rng.choice((0, 1, 7, 45, 180, 180, 600, 1900)))
        lot = rng.random()
        if lot < 0.06:
            self.upkeep()
        elif lot < 0.065:
            self.change_rules()
        elif len(self.live) < MOST_OPEN and (lot < 0.2 or not self.live):
            self.open_case()
        else:
            self.try_something(self.pick())

    def pick(self) -> Need:
        """Choose a case: mostly one that is open, now and then one that is over."""
        rows = Need.objects.select_related("organisation", "enterprise__organisation")
        over = not self.live or self.rng.random() < 0.05
        return rows.get(pk=self.rng.choice(self.pks if over else self.live))

    def open_case(self) -> None:
        need = actions.ask(
            enterprise=self.net.enterprise, by=self.net.contact, at=self.now, title="磨削裂纹", body="原因不明。",
            contact_name="陈工", contact_phone="13800001111",
        )  # fmt: skip
        self.pks.append(need.pk)
        self.live.append(need.pk)
        self.taken["ask"] += 1

    def try_something(self, need: Need) -> None:
        """Try an act that fits the stage, or any act at all, by somebody who may or by anybody."""
        fitting = [name for name, stages in ACTS.items() if need.stage in stages.split() or stages == "*"]
        lot, onwards = self.rng.random(), FORWARD.get(need.stage)
        name = self.rng.choice(fitting if fitting and lot < 0.9 else list(ACTS))
        if onwards and lot < 0.45:
            name = self.rng.choice(onwards)
        before = Transition.objects.filter(subject_id=need.pk).count()
        state = (need.stage, need.stage_at, need.version)
        try:
            with transaction.atomic():
                getattr(self, f"_{name}")(need)
        except (Refused, Skip) as refused:
            code = refused.refusal.code if isinstance(refused, Refused) else "skip"
            self.refused[code] += 1
            if Transition.objects.filter(subject_id=need.pk).count() != before:
                raise Illegal(f"{name} was refused and yet left a step") from refused
            return
        self.taken[name] += 1
        self._judge(need, name, before, state)

    def _judge(self, need: Need, name: str, before: int, state: tuple[str, datetime, int]) -> None:
        """Hold what was written against the table above."""
        new = list(Transition.objects.filter(subject_id=need.pk).order_by("id")[before:])
        stage, since, version = state
        for one in new:
            sources, target, who = LEGAL[one.step]
            if one.source != stage or stage not in sources.split() or one.target != target:
                raise Illegal(f"{name}: {one.step} from {stage} ({one.source}) to {one.target}")
            if self._kind_of(one) not in who:
                raise Illegal(f"{name}: {one.step} by {one.actor_name} ({one.actor_kind})")
            passed = minutes_between(need.organisation.path, since, one.at)
            if one.waited_minutes + one.paused_minutes != passed:
                raise Illegal(f"{one.step}: {one.waited_minutes}+{one.paused_minutes} of {passed} minutes")
            self.taken[one.step] += 1
            stage, since = one.target, one.at
        if Need.objects.values_list("stage", "version").get(pk=need.pk) != (stage, version + len(new)):
            raise Illegal(f"{name}: the need stands elsewhere than its history says")
        if stage in FINISHED:
            self.live.remove(need.pk)

    def _kind_of(self, one: Transition) -> str:
        if one.actor_kind == "link":
            return ASKER if one.actor_key.startswith("need:") else EXPERT
        if one.actor_kind == "system":
            return SYS
        keys = {str(person.pk) for person in self.clerks}
        return STAFF if one.actor_key in keys else ASKER if one.actor_key == str(self.net.contact.pk) else "?"

    def someone(self, *likely: Any) -> Any:
        """Return somebody who may, or one time in eight a stranger."""
        return self.rng.choice(self.strangers) if self.rng.random() < 0.12 else self.rng.choice(likely)

    # --- what the machine does by itself --------------------------------------------------------

    def upkeep(self) -> None:
        """Climb ladders, end pauses; what is late may be done late."""
        upkeep.end_pauses(self.now)
        upkeep.ring(self.now)

    def change_rules(self) -> None:
        """Change the calendar or a term of the unit, and let open clocks follow; remember what is closed."""
        self.remember_closed()
        rng, on = self.rng, clock.local_date(self.now) + timedelta(days=self.rng.randint(0, 12))
        place = self.net.district.path
        kind = rng.randrange(3)
        if kind == 0:
            clock.declare_day(on, working=rng.random() < 0.4, by=SYSTEM, at=self.now, place=place)
        elif kind == 1:
            week = rng.choice(
                (None, clock.Week.of("08:30-11:30", "14:00-17:00"), clock.Week.of("09:00-15:00"))
            )
            clock.declare_hours(on, week, by=SYSTEM, at=self.now, place=place)
        else:
            name = rng.choice(
                sorted({name for names in STAGE_CLOCKS.values() for name in names} - {"answer"})
            )
            declare_term(
                "need", name, starts_on=on, amount=rng.choice((None, 1, 4, 9)), by=SYSTEM, at=self.now,
                source="试", place=place, warn_days=rng.choice((None, 1)), open_too=rng.random() < 0.5,
            )  # fmt: skip
        self.taken["rules"] += 1
        self.recount()

    def recount(self) -> None:
        after: int | None = 0
        while after is not None:
            after = upkeep.recount(self.now, after, limit=50)

    def remember_closed(self) -> None:
        """Remember how every stopped clock was judged: it must never change."""
        self.closed |= {row[0]: row for row in closed_rows(self.remembered)}
        self.remembered = self.now

    # --- acts -----------------------------------------------------------------------------------

    def _submit(self, need: Need) -> None:
        actions.submit(
            need, by=self.someone(self.net.contact, links.enterprise_actor(need), self.net.clerk), at=self.now
        )

    def _accept(self, need: Need) -> None:
        actions.accept(need, by=self.someone(*self.clerks), at=self.now)

    def _send_back(self, need: Need) -> None:
        actions.send_back(need, by=self.someone(*self.clerks), at=self.now, note="请补充照片。")

    def _reject(self, need: Need) -> None:
        actions.reject(need, by=self.someone(*self.clerks), at=self.now, note="不属于技术需求。")

    def _invite(self, need: Need) -> None:
        asked = set(need.invitations.values_list("expert_id", flat=True))
        free = [expert for expert in self.experts if expert.pk not in asked]
        chosen = self.rng.sample(free, min(len(free), self.rng.randint(1, 3)))
        actions.invite_experts(need, chosen, by=self.someone(*self.clerks), at=self.now)

    def _answer(self, need: Need) -> None:
        sent = need.invitations.select_related("expert", "need__organisation").filter(
            state=InvitationState.SENT
        )
        invitation = self._one(sent)
        by = self.someone(links.expert_actor(invitation), links.expert_actor(invitation), self.net.clerk)
        if self.rng.random() < 0.5:
            actions.accept_invitation(invitation, by=by, at=self.now)
        else:
            actions.decline_invitation(invitation, reason="busy", by=by, at=self.now)

    def _lapse(self, need: Need) -> None:
        sent = need.invitations.select_related("expert", "need__organisation").filter(
            state=InvitationState.SENT
        )
        if not actions.lapse_invitation(self._one(sent), at=self.now):
            raise Skip

    def _schedule(self, need: Need) -> None:
        starts_at = self.now + timedelta(days=self.rng.randint(1, 9))
        actions.schedule_meeting(
            need, mode="phone", starts_at=starts_at, by=self.someone(*self.clerks), at=self.now
        )

    def _hold(self, need: Need) -> None:
        meeting = self._planned(need)
        came = [
            i.expert for i in need.invitations.select_related("expert").filter(state=InvitationState.ACCEPTED)
        ]
        actions.hold_meeting(
            meeting, summary="谈了。", experts=came, by=self.someone(*self.clerks), at=self.now
        )

    def _move(self, need: Need) -> None:
        starts_at = self.now + timedelta(days=self.rng.randint(1, 9))
        actions.move_meeting(
            self._planned(need), starts_at=starts_at, by=self.someone(*self.clerks), at=self.now
        )

    def _cancel(self, need: Need) -> None:
        actions.cancel_meeting(
            self._planned(need), by=self.someone(*self.clerks), at=self.now, reason="改天。"
        )

    def _rematch(self, need: Need) -> None:
        actions.rematch(need, by=self.someone(*self.clerks), at=self.now, note="换一位。")

    def _report(self, need: Need) -> None:
        result = self.rng.choice(("solved", "partly", "unsolved"))
        reason = "technology" if result == "unsolved" else ""
        by = self.someone(*self.clerks, links.enterprise_actor(need))
        actions.report_outcome(need, result=result, reason=reason, note="结果。", by=by, at=self.now)

    def _agree(self, need: Need) -> None:
        outcome = self._one(need.outcomes.filter(superseded_at__isnull=True))
        accepted = need.invitations.select_related("expert", "need").filter(state=InvitationState.ACCEPTED)
        sides = [links.enterprise_actor(need), *(links.expert_actor(one) for one in accepted)]
        agrees = self.rng.random() < 0.75
        actions.answer_outcome(outcome, agrees=agrees, by=self.someone(*sides), at=self.now, note="是这样。")

    def _rate(self, need: Need) -> None:
        actions.rate(need, score=4, by=self.someone(links.enterprise_actor(need)), at=self.now)

    def _archive(self, need: Need) -> None:
        actions.archive(need, by=self.someone(*self.clerks), at=self.now)

    def _withdraw(self, need: Need) -> None:
        if self.rng.random() < 0.8:
            raise Skip  # else hardly anybody would get to the end
        by = self.someone(links.enterprise_actor(need), self.net.clerk)
        actions.withdraw(need, by=by, at=self.now, note="不需要了。")

    def _pause(self, need: Need) -> None:
        until = self.now + timedelta(minutes=self.rng.choice((-5, 30, 700, 3000, 9000, 20000, 90000)))
        reason = self.rng.choice(("enterprise", "expert", "budget", "approval"))
        by = self.someone(*self.clerks)
        actions.pause_clocks(need, reason=reason, until=until, note="电话约定。", by=by, at=self.now)
        if by not in self.clerks or need.stage not in PAUSABLE:
            raise Illegal(f"paused at {need.stage} by {by}")

    def _resume(self, need: Need) -> None:
        actions.resume_clocks(need, by=self.someone(*self.clerks), at=self.now)

    def _planned(self, need: Need) -> Any:
        planned = need.meetings.select_related("need__organisation", "need__enterprise__organisation")
        return self._one(planned.filter(state=MeetingState.PLANNED))

    def _one(self, rows: Any) -> Any:
        found = list(rows)
        if not found:
            raise Skip
        return self.rng.choice(found)


class Skip(Exception):
    """There is nothing to do this to."""


ACTS = {
    "submit": "draft returned", "accept": "submitted", "send_back": "submitted", "reject": "submitted",
    "invite": "matching", "answer": "inviting", "lapse": "inviting", "schedule": "arranging met",
    "hold": "scheduled", "move": "scheduled", "cancel": "scheduled", "rematch": "arranging scheduled met",
    "report": "matching met", "agree": "confirming", "rate": "rating closing", "archive": "rating closing",
    "withdraw": "submitted matching", "pause": "matching arranging scheduled met",
    "resume": "matching arranging scheduled met",
}  # fmt: skip
"""Act of the walker → the stages in which it likes to try it."""
