"""Which term a clock runs by: what the loop's table says, unless a unit or a campaign has set another."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.clock import Duration, days
from zhiqiao.kit.clock import current as clock_current
from zhiqiao.kit.clock.kept import Kept, Rows
from zhiqiao.kit.flow.kinds import ClockKind

if TYPE_CHECKING:
    from zhiqiao.kit.flow.models import ClockTerm


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of what was set: a row of ``ClockTerm``."""

    flow: str
    clock: str
    place: str
    campaign: str
    starts_on: date
    amount: int | None
    warn_days: int | None
    escalates: bool
    open_too: bool
    source: str

    def holds(self, started_on: date, today: date) -> bool:
        """Say whether it is in force, today, for a clock that started on a day."""
        return self.starts_on <= (max(started_on, today) if self.open_too else started_on)


@dataclass(frozen=True, slots=True)
class Term:
    """The term of a clock, whether and when it warns, and the rule it comes from (None = the loop's table)."""

    within: Duration
    warn_days: int | None
    escalates: bool
    rule: Rule | None = None


def in_force(
    flow: str, kind: ClockKind, place: str, campaigns: Collection[str], started_on: date, today: date
) -> Term:
    """Return the term of a clock at a place.

    What was set for a campaign of the case wins over what was set for all cases; among each of the two the
    nearest unit up the tree wins; of several campaigns at one unit the shortest term.
    """
    rules = [
        rule
        for rule in _kept.get().get((flow, kind.name), ())
        if place.startswith(rule.place) and rule.holds(started_on, today)
    ]
    if rules:
        special = _nearest([rule for rule in rules if rule.campaign and rule.campaign in campaigns])
        if rule := special or _nearest([rule for rule in rules if not rule.campaign]):
            within = Duration(kind.within.unit, rule.amount or kind.within.amount)
            return Term(within, rule.warn_days, rule.escalates, rule)
    return Term(kind.within, kind.warn, escalates=True)


def knows_campaigns(flow: str) -> bool:
    """Say whether anything at all has been set for campaigns: else nobody need ask which a case is in."""
    return any(rule.campaign for (of, _), rules in _kept.get().items() if of == flow for rule in rules)


def warning(warn_days: int | None) -> Duration | None:
    """Return how long before the due time to warn."""
    return days(warn_days) if warn_days else None


@transaction.atomic
def declare_term(
    flow: str,
    name: str,
    *,
    starts_on: date,
    amount: int | None,
    by: By,
    at: datetime,
    source: str,
    warn_days: int | None = None,
    escalates: bool = True,
    open_too: bool = True,
    place: str = "",
    campaign: str = "",
) -> "ClockTerm":
    """Set the term of a clock for a unit or campaign from a date on; open clocks follow when the date comes.

    amount : in the clock's own unit; None = from then on as set above. source : the document it rests on.
    Entering the same date again replaces what stood there; both versions stay in the audit record.
    """
    from zhiqiao.kit.flow.models import ClockTerm
    from zhiqiao.kit.flow.upkeep import ask_for_recount

    key: dict[str, Any] = {
        "flow": flow,
        "clock": name,
        "place": place,
        "campaign": campaign,
        "starts_on": starts_on,
    }
    facts: dict[str, Any] = {"amount": amount, "warn_days": warn_days, "escalates": escalates}
    facts |= {"open_too": open_too, "source": source}
    before = ClockTerm.objects.filter(**key).first()
    old = {field: getattr(before, field) for field in facts} if before else None
    made = {"made_at": at, "made_by": actor_of(by).name}
    row, _ = ClockTerm.objects.update_or_create(**key, defaults={**facts, **made})
    forget()
    ask_for_recount(at)
    audit.record("clock.declare_term", row, by=by, at=at, before=old, after={**key, **facts})
    return row


def forget() -> None:
    """Read the terms afresh on next use."""
    _kept.forget()


def _nearest(rules: Iterable[Rule]) -> Rule | None:
    latest: dict[tuple[str, str], Rule] = {}
    for rule in sorted(rules, key=lambda one: one.starts_on):
        latest[rule.place, rule.campaign] = rule
    said = [rule for rule in latest.values() if rule.amount is not None]
    return max(said, key=lambda rule: (len(rule.place), -(rule.amount or 0)), default=None)


def _rows() -> Rows:
    from zhiqiao.kit.flow.models import ClockTerm

    fields = (
        "flow", "clock", "place", "campaign", "starts_on", "amount", "warn_days", "escalates", "open_too", "source",
    )  # fmt: skip
    return tuple(ClockTerm.objects.order_by("id").values_list(*fields))


def _grouped(rows: Rows) -> dict[tuple[str, str], list[Rule]]:
    grouped: dict[tuple[str, str], list[Rule]] = {}
    for row in rows:
        rule = Rule(*row)
        grouped.setdefault((rule.flow, rule.clock), []).append(rule)
    return grouped


_kept: Kept[dict[tuple[str, str], list[Rule]]] = Kept(_rows, _grouped, lambda: clock_current.RECHECK)
