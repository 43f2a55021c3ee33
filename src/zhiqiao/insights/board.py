"""The dashboard, part by part, in the shapes the components take. Every number comes with its address."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse

from zhiqiao.directory.enums import ExpertKind
from zhiqiao.directory.models import Enterprise
from zhiqiao.insights import queries
from zhiqiao.insights.figures import FIGURES, FUNNEL, RATES
from zhiqiao.insights.lens import AGES, CHOICES, Lens
from zhiqiao.kit import clock
from zhiqiao.needs.enums import OPEN_STAGES, Result, UnsolvedReason
from zhiqiao.needs.models import Outcome

Shape = dict[str, Any]
Group = tuple[int, str]
GROUP_PATHS = ("organisation_id", "stage")
HANDLER, STAGE = range(2)

MAIN_STEPS = ("accept", "invite", "engage", "schedule", "hold", "report", "confirm", "rate", "archive")
DETOURS = ("send_back", "exhaust", "rematch", "dispute")
FEW = 10
"""Below so many cases a share says more about chance than about work; it is not shown."""


GROUPED = ("received", "services", "closed", "successes", "open", "overdue")
"""Figures that the dashboard also shows by place and stage: counted once, in groups of these two."""


@dataclass
class Board:
    """All parts for one lens. A figure that several parts show is counted once."""

    lens: Lens
    _known: dict[tuple[str, Lens], int | None] = field(default_factory=dict)
    _groups: dict[str, Counter[Group]] = field(default_factory=dict)
    _steps: dict[str, "Wait"] | None = None

    # --- numbers and where they lead ------------------------------------------------------------

    def count(self, name: str, **narrower: Any) -> int | None:
        """Count a figure through this lens, or a narrower one."""
        lens = self.lens.with_(**narrower) if narrower else self.lens
        if lens is self.lens and name in GROUPED and self.looks_back(name):
            return self.groups(name).total()
        key = (name, lens)
        if key not in self._known:
            self._known[key] = FIGURES[name].count(lens)
        return self._known[key]

    def looks_back(self, name: str) -> bool:
        """Say whether a figure can be known for the day looked back to."""
        return self.lens.as_of is None or FIGURES[name].looks_back

    def groups(self, name: str) -> Counter[Group]:
        """Count the rows of a figure by (handler, stage) of their need, in one query.

        Every row has exactly one need, so the groups add up to the figure.
        """
        if name not in self._groups:
            keys = [f"{FIGURES[name].need}{path}" for path in GROUP_PATHS]
            counted = self._rows(name).order_by().values_list(*keys).annotate(n=Count("pk"))
            self._groups[name] = Counter({(handler, stage): n for handler, stage, n in counted})
        return self._groups[name]

    def by(self, name: str, part: int) -> Counter[Any]:
        """Count the rows of a figure by one part of the groups: 0 handler, 1 stage."""
        counts: Counter[Any] = Counter()
        for group, n in self.groups(name).items():
            counts[group[part]] += n
        return counts

    def by_industry(self, name: str) -> Counter[str]:
        """Count the rows of a figure by the industry of the enterprise that asked.

        Counted by enterprise, which an index gives in order; what an enterprise makes is looked up afterwards.
        """
        counts: Counter[str] = Counter()
        for enterprise, n in grouped(self._rows(name), f"{FIGURES[name].need}enterprise_id").items():
            counts[self._industry_of[enterprise]] += n
        return counts

    @cached_property
    def _industry_of(self) -> dict[int, str]:
        return dict(Enterprise.objects.order_by().values_list("pk", "industry"))

    def _rows(self, name: str) -> QuerySet[Any]:
        rows = FIGURES[name].rows(self.lens)
        return rows if self.looks_back(name) else rows.none()

    def href(self, name: str, **narrower: Any) -> str:
        """Return the address that lists what a figure counts."""
        query = self.lens.query(**narrower)
        return reverse("insights:figure", args=(name,)) + (f"?{query}" if query else "")

    def number(self, name: str, **narrower: Any) -> Shape:
        """Return a number that opens."""
        figure = FIGURES[name]
        return {
            "title": figure.title,
            "count": self.count(name, **narrower),
            "href": self.href(name, **narrower),
            "unit": figure.unit,
        }

    def cell(self, name: str, count: int, **narrower: Any) -> Shape:
        """Return a number that was counted in a group, with the address that opens this group."""
        return {"count": count, "href": self.href(name, **narrower)}

    # --- parts ----------------------------------------------------------------------------------

    def tiles(self) -> list[Shape]:
        """The headline figures."""
        experts, received, services, closed = (
            self.number(name) for name in ("experts", "received", "services", "closed")
        )
        solved, under_way, late = (self.number(name) for name in ("successes", "open", "overdue"))
        if self.lens.is_one_cohort:
            closed["note"] = share_words("占收到的", closed["count"], received["count"])
            solved["note"] = share_words("占收到的", solved["count"], received["count"])
        solved["tone"] = "accent"
        late["tone"] = "danger" if late["count"] else ""
        late["note"] = (
            "不能回看" if self.lens.as_of else share_words("占在办的", late["count"], under_way["count"])
        )
        return [experts, received, services, closed, solved, under_way, late]

    def expert_kinds(self) -> list[Shape]:
        """Experts by the door they came in, those that have any."""
        counts = grouped(FIGURES["experts"].rows(self.lens), "kind")
        return [
            {"title": kind.label, "count": counts[kind], "href": self.href("experts", kind=kind.value)}
            for kind in ExpertKind
            if counts[kind]
        ]

    def funnel(self) -> list[Shape]:
        """From the question to the outcome; each stop as a share of what was received, if it is one cohort."""
        received = self.count("received") if self.lens.is_one_cohort else None
        return [self.number(name) | {"of": received if name != FUNNEL[0] else None} for name in FUNNEL]

    def rates(self) -> list[Shape]:
        """The rates, each with its numerator and denominator."""
        shown = []
        for rate in RATES.values():
            part, whole = self.number(rate.numerator), self.number(rate.denominator)
            words = rate.words(part["count"], whole["count"])
            shown.append(
                {"name": rate.name, "title": rate.title, "words": words, "part": part, "whole": whole}
            )
        return shown

    def without(self) -> Shape:
        """What was closed without success."""
        return self.number("closed_without_success")

    def open(self) -> Shape:
        """What is under way."""
        return self.number("open")

    def reasons(self) -> list[Shape]:
        """Why the closed ones were not solved: partly, then the reasons, most frequent first."""
        final = Outcome.objects.filter(
            superseded_at__isnull=True, need__closing__in=FIGURES["closed_without_success"].rows(self.lens)
        )
        rows = final.order_by().values_list("result", "reason").annotate(n=Count("pk"))
        bars = []
        for result, reason, count in sorted(rows, key=lambda row: -row[2]):
            if result == Result.UNSOLVED:
                title = UnsolvedReason(reason).label
                href = self.href("closed_without_success", result=result, reason=reason)
            else:
                title, href = Result(result).label, self.href("closed_without_success", result=result)
            bars.append({"title": title, "count": count, "href": href})
        rest = (self.count("closed_without_success") or 0) - sum(bar["count"] for bar in bars)
        if rest:
            bars.append(
                {
                    "title": "未登记结果",
                    "count": rest,
                    "href": self.href("closed_without_success", result="none"),
                }
            )
        return bars

    def stages(self) -> list[Shape]:
        """Where the open ones stand."""
        counts = self.by("open", STAGE)
        return [
            {"title": stage.label, "count": counts[stage], "href": self.href("open", stage=stage.value)}
            for stage in OPEN_STAGES
            if counts[stage]
        ]

    def ages(self) -> list[Shape]:
        """How long ago the open ones were handed in, counted in one query."""
        spans = {f"age_{key}": Count("pk", filter=queries.age(self.lens, key)) for key in AGES}
        counts = FIGURES["open"].rows(self.lens).order_by().aggregate(**spans)
        return [
            {"title": words, "count": counts[f"age_{key}"], "href": self.href("open", age=key)}
            for key, (words, _, _) in AGES.items()
        ]

    def steps(self) -> list[Shape]:
        """How long each step of the main line takes, and how often it was late."""
        waits = {step: self._waits()[step] for step in MAIN_STEPS if step in self._waits()}
        longest = max((wait.median for wait in waits.values()), default=0.0) or 1.0
        return [
            {
                "title": CHOICES["step"][step],
                "taken": self.cell("steps", wait.count, step=step),
                "words": minutes_words(wait.median),
                "percent": f"{max(100 * wait.median / longest, 1):.1f}%",
                "late": self.cell("steps", wait.late, step=step, late="1"),
                "share": share(wait.late, wait.count),
            }
            for step, wait in waits.items()
        ]

    def detours(self) -> list[Shape]:
        """How often a case had to go back."""
        waits = self._waits()
        return [
            {"title": CHOICES["step"][step], **self.cell("steps", waits[step].count, step=step)}
            for step in DETOURS
            if step in waits
        ]

    def pauses(self) -> list[Shape]:
        """For whom the clocks stood still, how often and for how long in all, in one query."""
        rows = FIGURES["pauses"].rows(self.lens).order_by().values_list("reason")
        counted = {
            reason: (n, minutes) for reason, n, minutes in rows.annotate(n=Count("pk"), all=Sum("minutes"))
        }
        return [
            {
                "title": title,
                "words": minutes_words(counted[reason][1] or 0),
                **self.cell("pauses", counted[reason][0], pause=reason),
            }
            for reason, title in CHOICES["pause"].items()
            if reason in counted
        ]

    def _waits(self) -> dict[str, "Wait"]:
        if self._steps is None:
            self._steps = waits_of(FIGURES["steps"].rows(self.lens))
        return self._steps


@dataclass(slots=True)
class Wait:
    """How long a step was waited for: over all times it was taken."""

    count: int
    late: int
    median: float


def waits_of(rows: QuerySet[Any]) -> dict[str, Wait]:
    """Return the exact median of working minutes per step, from one grouped query.

    The groups are (step, minutes, late): as many as there are different minutes, not as many as there are
    steps taken.
    """
    tallies: dict[str, Counter[int]] = defaultdict(Counter)
    late: Counter[str] = Counter()
    groups = rows.order_by().values_list("step", "waited_minutes", "late").annotate(n=Count("pk"))
    for step, minutes, was_late, count in groups:
        tallies[step][minutes] += count
        late[step] += count if was_late else 0
    return {step: Wait(tally.total(), late[step], median(tally)) for step, tally in tallies.items()}


def median(tally: Counter[int]) -> float:
    """Return the median of a tally (value -> how often); of an even number the mean of the middle two.

    :raises ValueError: the tally is empty.
    """
    total = tally.total()
    if not total:
        raise ValueError("nothing to take the median of")
    low, high = (total - 1) // 2, total // 2
    seen, found = 0, []
    for value, count in sorted(tally.items()):
        found += [value for place in {low, high} if seen <= place < seen + count]
        seen += count
    return sum(found) / len(found)


def grouped(rows: QuerySet[Any], key: str) -> Counter[Any]:
    """Count rows by one of their values, in one query."""
    return Counter(dict(rows.order_by().values_list(key).annotate(n=Count("pk"))))


def share(part: int | None, whole: int | None) -> str:
    """Return a share in percent; empty where the whole is too small to say anything."""
    if part is None or not whole or whole < FEW:
        return ""
    return f"{100 * part / whole:.1f}%"


def share_words(words: str, part: int | None, whole: int | None) -> str:
    percent = share(part, whole)
    return f"{words} {percent}" if percent else ""


def minutes_words(minutes: float) -> str:
    """Say a length of working time as people do: 40 分钟, 3.5 小时, 2.3 天 (working days)."""
    day = clock.calendar().day_minutes
    if minutes < 60:
        return f"{minutes:.0f} 分钟"
    return f"{minutes / 60:.1f} 小时" if minutes < day else f"{minutes / day:.1f} 天"
