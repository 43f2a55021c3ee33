"""The parts of a loop as its table names them: steps, clocks, rungs of the ladder, reasons to stand still."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zhiqiao.kit.actors import By
from zhiqiao.kit.clock import Duration
from zhiqiao.kit.errors import Answer

Rule = Callable[[By, Any], Answer]


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a loop: who may take a subject from where to where, and which clocks start with it.

    name : verb, stable code, also the name of the action that takes it.
    title : Chinese label, the words on the button.
    source : stages in which the step is open.
    target : stage it leads to.
    who : rule over (by, subject); answers True or why not.
    starts : names of the clocks it starts; one of them, at most, is the clock of the stage it leads to.
    within : term of that clock. A loop without named clocks gives it here and gets one clock per step.
    """

    name: str
    title: str
    source: tuple[str, ...]
    target: str
    who: Rule
    starts: tuple[str, ...] = ()
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class ClockKind:
    """One sort of clock of a loop.

    name, title : stable code, and what a clerk calls it.
    within : the term, unless a unit or a campaign has set another (``ClockTerm``).
    waits : who is waited for, in words.
    ends : steps that end it. Empty: the clock of one stage, over with whatever step leads on. Named: it runs
        across stages until one of these is taken; a step that starts it again while it runs changes nothing.
    warn : working days before the due time at which those who are waited for are reminded; None = never.
    climbs : how many rungs of the ladder it climbs once it is over; 0 = nobody is told.
    """

    name: str
    title: str
    within: Duration
    waits: str
    ends: tuple[str, ...] = ()
    warn: int | None = 1
    climbs: int = 9

    @property
    def is_of_stage(self) -> bool:
        return not self.ends


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder: so much working time after the due time, a post is told.

    post : a role in the words of the app that tells it. up : 0 = at the unit itself, 1 = at the one above.
    """

    name: str
    title: str
    after: Duration
    post: str
    up: int = 0


@dataclass(frozen=True, slots=True)
class PauseKind:
    """A reason for which all clocks of a subject may stand still, who is waited for, and how long at most."""

    name: str
    title: str
    limit: Duration
