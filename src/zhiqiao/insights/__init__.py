"""Dashboards: every number is a saved definition and opens its records. See README.md."""

from collections.abc import Iterable
from typing import Any


def kpi(names: Iterable[str], who: Any, *, programme: str = "") -> list[dict[str, Any]]:
    """Return figures by name, all if none is named; ``who`` None is the operator of the machine.

    :raises KeyError: there is no such figure or programme.
    """
    from zhiqiao.insights.figures import FIGURES
    from zhiqiao.insights.frame import Frame
    from zhiqiao.kit.actors import SYSTEM
    from zhiqiao.needs.models import Programme

    reader = SYSTEM if who is None else who
    campaign = Programme.objects.filter(code=programme).first() if programme else None
    if programme and campaign is None:
        raise KeyError(programme)
    frame = Frame(reader, campaign)
    return [
        {
            "name": figure.name,
            "title": figure.title,
            "value": figure.value(frame),
            "unit": figure.unit,
            "definition": figure.definition,
        }
        for figure in (FIGURES[name] for name in (list(names) or FIGURES))
    ]
