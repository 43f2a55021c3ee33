"""Closed loops: a table of steps, one row per step taken, and their clocks. See README.md."""

from zhiqiao.kit.flow.core import Flow
from zhiqiao.kit.flow.drawing import mermaid, page
from zhiqiao.kit.flow.kinds import ClockKind, PauseKind, Rung, Step
from zhiqiao.kit.flow.models import Clock, ClockTerm, FlowSubject, Pause, Transition

__all__ = [
    "Clock",
    "ClockKind",
    "ClockTerm",
    "Flow",
    "FlowSubject",
    "Pause",
    "PauseKind",
    "Rung",
    "Step",
    "Transition",
    "mermaid",
    "page",
]
