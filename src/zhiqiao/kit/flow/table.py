"""A loop as a table: its steps, its clocks, and by whose calendar and terms they run."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models

from zhiqiao.kit import clock
from zhiqiao.kit.flow import terms
from zhiqiao.kit.flow.kinds import ClockKind, PauseKind, Rung, Step


class Table:
    """What a loop is made of; nothing here writes.

    clocks : every clock by name; steps start them. ladder : who is told when one of them is over.
    pauses : for what the clocks may stand still, in the stages ``pausable``.
    office : the path of the unit whose calendar and terms count for a subject; campaigns : keys of the
    campaigns it counts in.
    """

    def __init__(
        self,
        name: str,
        title: str,
        stages: type[models.TextChoices],
        steps: Iterable[Step],
        *,
        clocks: Iterable[ClockKind] = (),
        ladder: Iterable[Rung] = (),
        pauses: Iterable[PauseKind] = (),
        pausable: Iterable[str] = (),
        office: Callable[[Any], str] = lambda subject: "",
        campaigns: Callable[[Any], Collection[str]] = lambda subject: (),
    ) -> None:
        self.name, self.title, self.stages = name, title, stages
        self.clocks = {kind.name: kind for kind in clocks}
        self.steps = {step.name: self._with_clock(step) for step in steps}
        self.ladder, self.pauses = tuple(ladder), {kind.name: kind for kind in pauses}
        self.pausable = tuple(pausable)
        self.place_of, self._campaigns = office, campaigns
        for step in self.steps.values():
            stages(step.target)  # a misspelt stage fails at import, not in front of a clerk
            for source in step.source:
                stages(source)
        for kind in self.clocks.values():
            for end in kind.ends:
                self.steps[end]

    def _with_clock(self, step: Step) -> Step:
        """Fill in the term of the stage's clock; a step that only has a term gets a clock of its own name."""
        if step.within is not None and not step.starts:
            made = ClockKind(step.name, f"{step.title}之后", step.within, "", warn=None, climbs=0)
            self.clocks[step.name] = made
            return replace(step, starts=(step.name,))
        own = [self.clocks[name] for name in step.starts if self.clocks[name].is_of_stage]
        if len(own) > 1:
            raise ValueError(f"step {step.name} starts several clocks of one stage")
        return replace(step, within=own[0].within if own else None)

    def ladder_of(self, name: str) -> tuple[Rung, ...]:
        """Return the rungs a clock climbs once it is over."""
        return self.ladder[: self.clocks[name].climbs]

    def calendar_of(self, subject: Any) -> clock.Calendar:
        """Return the calendar of the unit that has a subject in hand."""
        return clock.calendar(self.place_of(subject))

    def campaigns_of(self, subject: Any) -> Collection[str]:
        """Return the keys of the campaigns a subject counts in, if terms depend on any."""
        return self._campaigns(subject) if terms.knows_campaigns(self.name) else ()

    def term_of(self, subject: Any, name: str, at: datetime) -> terms.Term:
        """Return the term by which a clock would start for a subject now."""
        day = clock.local_date(at)
        campaigns = self.campaigns_of(subject)
        return terms.in_force(self.name, self.clocks[name], self.place_of(subject), campaigns, day, day)

    def due_of(self, subject: Any, name: str, at: datetime) -> clock.Due:
        """Return when a clock would be due for a subject if it started now."""
        within = self.term_of(subject, name, at).within
        if not subject.round_the_clock:
            return self.calendar_of(subject).due(at, within)
        usual = self.calendar_of(subject).due(at, within)
        return min(usual, clock.ROUND_THE_CLOCK.due(at, within), key=lambda due: due.at)

    def next_steps(self, stage: str) -> list[Step]:
        """List every step that leads out of a stage, whoever may take it."""
        return [step for step in self.steps.values() if stage in step.source]
