"""Dashboards: every number is a saved definition and opens its records. See README.md."""

from collections.abc import Iterable
from typing import Any


def kpi(names: Iterable[str], who: Any = None, **filters: str) -> list[dict[str, Any]]:
    """Return figures and rates for programs, one dict each; no names = all of them.

    who : whose scope; ``None`` is the operator of the machine, who counts everything.
    filters : as in the address of the dashboard (``programme``, ``from``, ``to``, ``as_of`` …).
    :raises KeyError: there is no such figure, filter or programme.
    :raises ValueError: a filter cannot be read; the message says so in Chinese.
    """
    from zhiqiao.insights.summary import kpi as counted

    return counted(list(names), who, filters)
