"""Closed loops: a table of steps, one row per step taken. See README.md."""

from zhiqiao.kit.flow.core import Flow, Step
from zhiqiao.kit.flow.drawing import mermaid, page
from zhiqiao.kit.flow.models import FlowSubject, Transition

__all__ = ["Flow", "FlowSubject", "Step", "Transition", "mermaid", "page"]
