"""Through which lens a figure is looked at: whose scope, which campaign, when, where, and as of which day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.directory.enums import ExpertKind
from zhiqiao.kit import clock
from zhiqiao.kit.web.filters import clean_text, days_in_words, read_day
from zhiqiao.needs.enums import NeedPerm, Result, Stage, UnsolvedReason
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Programme
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who, below, roots_of, sees_all

COHORT, HAPPENED = "cohort", "happened"
BASES = {COHORT: "期内提交的需求，到现在怎样了", HAPPENED: "期内发生的事，不论哪年提交"}
AGES = {  # days since submission: at least, less than
    "30": ("30 天以内", 0, 30),
    "90": ("30 至 90 天", 30, 90),
    "365": ("90 天至 1 年", 90, 365),
    "over": ("1 年以上", 365, None),
}
RESULTS = {**dict(Result.choices), "none": "未登记结果"}


@dataclass(frozen=True, slots=True)
class Lens:
    """What narrows a figure. Everything but ``who``, ``permission`` and ``now`` is in the address.

    first, last : the period, both days included. as_of : count as it stood at the end of this day.
    basis : a period means the needs that were submitted in it, or what happened in it.
    place : what is handled at or below an organisation; handler : at exactly this one.
    The others narrow single figures: kind of expert, stage, result, reason, step, late, age, pause.
    """

    who: Who
    now: datetime
    permission: str = NeedPerm.FIGURES
    programme: Programme | None = None
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    basis: str = COHORT
    place: Organisation | None = None
    handler: Organisation | None = None
    industry: str = ""
    kind: str = ""
    stage: str = ""
    result: str = ""
    reason: str = ""
    step: str = ""
    late: str = ""
    age: str = ""
    pause: str = ""

    @property
    def until(self) -> datetime | None:
        """The instant after which nothing counts; None = the present."""
        return clock.midnight(self.as_of + timedelta(days=1)) if self.as_of else None

    @property
    def instant(self) -> datetime:
        """The instant at which the reader stands: the end of the day looked back to, or now."""
        return self.until or self.now

    @property
    def has_period(self) -> bool:
        return bool(self.first or self.last)

    @property
    def sees_all(self) -> bool:
        """Say whether no row lies beyond the reader's scope."""
        return self.who is None or sees_all(self.who, self.permission)

    @property
    def is_one_cohort(self) -> bool:
        """Say whether all figures speak of the same needs, so that one may be divided by another."""
        return self.basis == COHORT or not self.has_period

    def with_(self, **changes: Any) -> "Lens":
        """Return the lens with something changed."""
        return replace(self, **changes)

    def within(self, path: str) -> Q:
        """Keep what happened in the period and before the day looked back to; ``path`` is an instant."""
        kept = self.before(path)
        return kept & self.in_period(path) if self.basis == HAPPENED else kept

    def before(self, path: str) -> Q:
        """Keep what had happened on the day looked back to."""
        return Q(**{f"{path}__lt": self.until}) if self.until else Q()

    def in_period(self, path: str) -> Q:
        """Keep the instants within the period."""
        kept = Q()
        if self.first:
            kept &= Q(**{f"{path}__gte": clock.midnight(self.first)})
        if self.last:
            kept &= Q(**{f"{path}__lt": clock.midnight(self.last + timedelta(days=1))})
        return kept

    def params(self) -> dict[str, str]:
        """Return what the address says, in one canonical spelling."""
        named = {
            "programme": self.programme.code if self.programme else "",
            "from": str(self.first or ""),
            "to": str(self.last or ""),
            "as_of": str(self.as_of or ""),
            "basis": self.basis if self.basis != COHORT else "",
            "place": str(self.place.pk) if self.place else "",
            "handler": str(self.handler.pk) if self.handler else "",
        }
        named |= {name: getattr(self, name) for name in PLAIN}
        return {name: value for name, value in named.items() if value}

    def query(self, **changes: Any) -> str:
        """Return the address part after "?", with something changed."""
        return urlencode(self.with_(**changes).params())

    def words(self) -> list[tuple[str, str]]:
        """Say in words what narrows the figures: (what, value)."""
        said = [
            ("专项行动", self.programme.name if self.programme else ""),
            ("时间", days_in_words(self.first, self.last) if self.first or self.last else ""),
            ("口径", BASES[self.basis] if self.has_period else ""),
            ("截至", str(self.as_of or "")),
            ("地区", self.place.title if self.place else ""),
            ("受理单位", f"{self.handler.title}本级" if self.handler else ""),
            ("行业", INDUSTRIES.get(self.industry, "")),
            ("专家类别", CHOICES["kind"].get(self.kind, "")),
            ("环节", CHOICES["stage"].get(self.stage, "")),
            ("结果", CHOICES["result"].get(self.result, "")),
            ("原因", CHOICES["reason"].get(self.reason, "")),
            ("步骤", CHOICES["step"].get(self.step, "")),
            ("时限", CHOICES["late"].get(self.late, "")),
            ("已提交", CHOICES["age"].get(self.age, "")),
            ("暂停", CHOICES["pause"].get(self.pause, "")),
        ]
        return [(title, value) for title, value in said if value]


CHOICES: dict[str, dict[str, str]] = {
    "basis": BASES,
    "industry": INDUSTRIES,
    "kind": dict(ExpertKind.choices),
    "stage": dict(Stage.choices),
    "result": RESULTS,
    "reason": dict(UnsolvedReason.choices),
    "step": {name: step.title for name, step in NEED_FLOW.steps.items()},
    "late": {"1": "逾期办理"},
    "age": {key: words for key, (words, _, _) in AGES.items()},
    "pause": {name: kind.title for name, kind in NEED_FLOW.pauses.items()},
}
PLAIN = tuple(name for name in CHOICES if name != "basis")
OF_ONE_FIGURE = tuple(name for name in PLAIN if name != "industry")
"""What narrows a single figure and not the whole dashboard."""
NAMES = ("programme", "from", "to", "as_of", "basis", "place", "handler", *PLAIN)
TITLES = {"from": "开始日期", "to": "结束日期", "as_of": "截至日期"}


@dataclass(slots=True)
class Reading:
    """A lens read from an address, and what in the address could not be understood, in words."""

    lens: Lens
    problems: list[str] = field(default_factory=list)


def read_lens(
    params: Mapping[str, str], who: Who, *, now: datetime | None = None, permission: str = NeedPerm.FIGURES
) -> Reading:
    """Read the filters of an address. What cannot be read, or is not hers to see, is left out and said."""
    reading = Reading(Lens(who, now or timezone.now(), permission))
    found: dict[str, Any] = {}
    for name, attribute in (("from", "first"), ("to", "last"), ("as_of", "as_of")):
        found[attribute] = _day(params, name, reading)
    if found["first"] and found["last"] and found["first"] > found["last"]:
        found["first"], found["last"] = found["last"], found["first"]
        reading.problems.append("开始日期晚于结束日期，已对调。")
    if found["as_of"] and found["as_of"] >= clock.local_date(reading.lens.now):
        found["as_of"] = None  # today is the present
    found["programme"] = _programme(params, who, reading)
    for name in ("place", "handler"):
        found[name] = _organisation(params, name, who, permission, reading)
    for name in CHOICES:
        if value := _choice(params, name, reading):
            found[name] = value
    reading.lens = replace(reading.lens, **found)
    return reading


def _text(params: Mapping[str, str], name: str) -> str:
    return clean_text(params.get(name) or "")[:60]


def _day(params: Mapping[str, str], name: str, reading: Reading) -> date | None:
    text = _text(params, name)
    day = read_day(text)
    if text and day is None:
        reading.problems.append(f"{TITLES[name]}“{text[:20]}”看不懂，已忽略。请写成 2026-03-01。")
    return day


def _choice(params: Mapping[str, str], name: str, reading: Reading) -> str:
    text = _text(params, name)
    if text and text not in CHOICES[name]:
        reading.problems.append(f"没有“{text[:20]}”这个条件（{name}），已忽略。")
        return ""
    return text


def _programme(params: Mapping[str, str], who: Who, reading: Reading) -> Programme | None:
    code = _text(params, "programme")
    if not code:
        return None
    found = programmes_of(who, reading.lens.permission).filter(code=code).first()
    if found is None:
        reading.problems.append(f"没有代码为“{code[:20]}”的专项行动，已显示全部需求。")
    return found


def _organisation(
    params: Mapping[str, str], name: str, who: Who, permission: str, reading: Reading
) -> Organisation | None:
    text = _text(params, name)
    if not text:
        return None
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = _near(who, permission).filter(pk=key).first()
    if found is None:
        reading.problems.append("您的范围里没有网址中的这个地区，已忽略。")
    return found


def _near(who: Who, permission: str) -> QuerySet[Organisation]:
    """Return the organisations of a person's area and those above it: a town's needs are handled above.

    What lies above narrows her own figures and opens nothing.
    """
    if who is None:
        return Organisation.objects.all()
    roots = roots_of(who, permission)
    above = {path for root in roots for path in root.ancestor_paths()}
    return below(roots) | Organisation.objects.filter(path__in=above)


def programmes_of(who: Who, permission: str = NeedPerm.FIGURES) -> QuerySet[Programme]:
    """Return the campaigns whose needs a person may count: of her network, and of those above it."""
    return Programme.objects.filter(organisation__in=_near(who, permission)).select_related("organisation")
