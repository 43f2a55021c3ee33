"""How much an expert may be asked: her leaves, the terms for everybody, and the hard filters of a search."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from zhiqiao.directory.models import CapacityTerm, Expert, Leave
from zhiqiao.directory.queries import available, in_disciplines
from zhiqiao.kit import clock
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs.models import Organisation

QUARTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Terms:
    """What protects experts from too many requests; a ``CapacityTerm`` overrides these defaults from its day on.

    cool_off_days : peace after "no time at present". quarter_requests : requests in 90 days, accepted or not,
    after which she is left in peace; of somebody who takes on much, twice her own limit.
    """

    cool_off_days: int = 30
    quarter_requests: int = 12

    @property
    def cool_off(self) -> timedelta:
        """The peace after a decline, as a span."""
        return timedelta(days=self.cool_off_days)

    def limit(self, task_cap: int) -> int:
        """Return how many requests in a quarter are too many for an expert with this limit of her own."""
        return max(self.quarter_requests, 2 * task_cap)


def terms_on(at: datetime) -> Terms:
    """Return the terms that hold on the day of ``at``."""
    rows = CapacityTerm.objects.filter(starts_on__lte=clock.local_date(at)).order_by("starts_on", "id")
    row = rows.last()
    return Terms(row.cool_off_days, row.quarter_requests) if row else Terms()


def leaves_of(keys: Collection[int], day: date) -> dict[int, Leave]:
    """Return who is on leave on a day; of several leaves the one that lasts longest."""
    rows = Leave.objects.filter(
        expert__pk__among=list(keys), starts_on__lte=day, ends_on__gte=day, cancelled_at__isnull=True
    )
    return {leave.expert_id: leave for leave in rows.order_by("ends_on", "id")}


def is_at_work(expert: Expert, leave: Leave | None) -> Answer:
    """Say whether she is not on leave. The reason of a leave is hers and is not told."""
    if leave is None:
        return True
    until = f"{leave.ends_on.month}月{leave.ends_on.day}日"
    return Refusal("directory.on_leave", f"{expert.name}休假至{until}。")


def is_fresh(expert: Expert, requests: int, terms: Terms) -> Answer:
    """Say whether she has not been asked too often in the last 90 days."""
    if requests < terms.limit(expert.task_cap):
        return True
    return Refusal(
        "directory.asked_often", f"{expert.name}近 90 天已受邀 {requests} 次，请先不打扰，改请其他专家。"
    )


def has_cooled_off(expert: Expert, declined_at: datetime | None, at: datetime, terms: Terms) -> Answer:
    """Say whether it is long enough since she last said that she has no time."""
    if declined_at is None or declined_at + terms.cool_off <= at:
        return True
    said, until = clock.local_date(declined_at), clock.local_date(declined_at + terms.cool_off)
    words = f"{said.month}月{said.day}日因没有时间婉拒过邀请，{until.month}月{until.day}日前先不打扰"
    return Refusal("directory.cool_off", f"{expert.name}{words}。")


# ── Hard filters of a search ────────────────────────────────────────────────────────────────────────

LEVELS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "top": ("院士", ("院士",), ()),
    "senior": (
        "正高级",
        ("教授", "研究员", "正高", "教授级", "主任医师", "研究馆员", "译审", "编审"),
        ("副教授", "副研究员", "副主任医师", "副研究馆员", "副编审", "助理研究员"),
    ),
    "vice": (
        "副高级",
        ("副教授", "副研究员", "高级工程师", "高级实验师", "高级农艺师", "副主任医师", "副编审"),
        ("正高级", "教授级"),
    ),
    "middle": (
        "中级",
        ("讲师", "工程师", "助理研究员", "主治医师", "农艺师", "实验师"),
        ("高级", "教授级", "助理工程师"),
    ),
}
"""Levels of titles: code → label, words that a title of this level contains, words that it must not contain."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an expert must be, whatever she knows; empty means no condition. region : path of an organisation."""

    region: Organisation | None = None
    disciplines: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    is_available: bool = False

    def where(self, at: datetime) -> Q:
        """Return the condition on experts."""
        condition = Q()
        if self.region is not None:
            inside = {"path__gte": self.region.path, "path__lt": self.region.path_end}
            place = Q(**{f"place__{name}": value for name, value in inside.items()})
            home = Q(**{f"organisation__{name}": value for name, value in inside.items()})
            condition &= place | (Q(place__isnull=True) & home)
        if self.disciplines:
            condition &= in_disciplines(self.disciplines)
        if self.kinds:
            condition &= Q(kind__in=self.kinds)
        if self.levels:
            condition &= titled(self.levels)
        if self.is_available:
            condition &= available(at)
        return condition


ANYBODY = Wanted()
"""No condition."""


def titled(levels: Collection[str]) -> Q:
    """Return the condition "her title is of one of these levels"."""
    found = Q(pk__in=())
    for level in levels:
        _, words, others = LEVELS[level]
        holds, holds_not = Q(pk__in=()), Q()
        for word in words:
            holds |= Q(title__contains=word)
        for word in others:
            holds_not &= ~Q(title__contains=word)
        found |= holds & holds_not
    return found
