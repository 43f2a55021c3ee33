"""The conditions of a register: each reads its own part of a URL and never trusts it.

A value that cannot be read is left out and named in `problems`, in words a clerk understands.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

Choices = Iterable[tuple[Any, Any]]
LONGEST_TEXT = 100


@dataclass(frozen=True)
class Tag:
    """One active condition in words, and what is left of its parameters without it."""

    label: str
    without: dict[str, list[str]]


@dataclass(frozen=True)
class Reading:
    """What a filter found in the URL: `value` is None when it is not active."""

    value: Any = None
    params: dict[str, list[str]] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    problems: tuple[str, ...] = ()
    options: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Common to all: `name` is the URL parameter; `more` puts it under 更多条件, `hidden` shows only its tag."""

    more: bool = False
    hidden: bool = False
    kind: ClassVar[str]

    name: str = field(kw_only=False)
    title: str = field(kw_only=False)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, params: QueryDict, choices: Choices | None = None) -> Reading:
        raise NotImplementedError

    def condition(self, value: Any, model: type[Model], at: dt.datetime) -> Q:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Filter):
    """Words that must all occur in one of `fields`; `where` takes one word instead and returns a Q.

    shows : row -> the text in which a hit is shown that stands in none of the columns.
    suggest : the name of the URL that suggests while somebody types, with its query: "suggest?in=needs".
    """

    kind = "text"
    fields: Sequence[str] = ()
    where: Callable[[str], Q] | None = None
    placeholder: str = ""
    shows: Callable[[Any], str] | None = None
    suggest: str = ""

    @property
    def suggest_url(self) -> str:
        name, mark, query = self.suggest.partition("?")
        return f"{reverse(name)}{mark}{query}" if name else ""

    def read(self, params: QueryDict, choices: Choices | None = None) -> Reading:
        text = clean_text(params.get(self.name, ""))
        if not text:
            return Reading()
        problems: tuple[str, ...] = ()
        if len(text) > LONGEST_TEXT:
            problems = (f"“{self.title}”只取了前 {LONGEST_TEXT} 个字。",)
            text = text[:LONGEST_TEXT]
        tag = Tag(f"{self.title}：{text}", {self.name: []})
        return Reading(text, {self.name: [text]}, (tag,), problems)

    def condition(self, value: str, model: type[Model], at: dt.datetime) -> Q:
        whole = Q()
        for word in value.split():
            whole &= self.where(word) if self.where else self._in_any_field(word)
        return whole

    def _in_any_field(self, word: str) -> Q:
        found = Q()
        for path in self.fields:
            found |= Q(**{f"{path}__icontains": word})
        return found


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """One or (`many`) several of a list; `choices` is pairs, or a function giving pairs, or comes with bind."""

    kind = "choice"
    choices: Choices | Callable[[], Choices] = ()
    many: bool = False
    field: str = ""
    where: Callable[[list[Any]], Q] | None = None

    def read(self, params: QueryDict, choices: Choices | None = None) -> Reading:
        titles, keys = self._known(choices)
        wanted = [value for value in dict.fromkeys(params.getlist(self.name)) if value]
        chosen = [value for value in wanted if value in titles]
        problems = [
            f"“{self.title}”里没有“{value[:20]}”这一项，已忽略。" for value in wanted if value not in titles
        ]
        if not self.many and len(chosen) > 1:
            problems.append(f"“{self.title}”只能选一项，已取“{titles[chosen[0]]}”。")
            chosen = chosen[:1]
        tags = tuple(
            Tag(f"{self.title}：{titles[value]}", {self.name: [other for other in chosen if other != value]})
            for value in chosen
        )
        options = tuple((value, title, value in chosen) for value, title in titles.items())
        if not chosen:
            return Reading(problems=tuple(problems), options=options)
        picked = [keys[value] for value in chosen]
        return Reading(picked, {self.name: chosen}, tags, tuple(problems), options)

    def _known(self, choices: Choices | None) -> tuple[dict[str, str], dict[str, Any]]:
        pairs = choices if choices is not None else self.choices
        listed = [pair for pair in (pairs() if callable(pairs) else pairs) if pair[0] not in ("", None)]
        return {str(key): str(title) for key, title in listed}, {str(key): key for key, _ in listed}

    def condition(self, value: list[Any], model: type[Model], at: dt.datetime) -> Q:
        return self.where(value) if self.where else Q(**{f"{self.field or self.name}__in": value})


@dataclass(frozen=True, kw_only=True)
class DateRange(Filter):
    """Whole days, both ends included, in the time zone of the site: `name_from` and `name_to`."""

    kind = "dates"
    field: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.name}_from", f"{self.name}_to")

    def read(self, params: QueryDict, choices: Choices | None = None) -> Reading:
        problems: list[str] = []
        ends: list[dt.date | None] = []
        for name, word in zip(self.names, ("开始日期", "结束日期"), strict=True):
            text = clean_text(params.get(name, ""))
            day = read_day(text)
            if text and day is None:
                problems.append(f"“{self.title}”的{word}“{text[:20]}”看不懂，已忽略。请写成 2026-03-01。")
            ends.append(day)
        first, last = ends
        if first and last and first > last:
            first, last = last, first
            problems.append(f"“{self.title}”的开始日期晚于结束日期，已对调。")
        if first is None and last is None:
            return Reading(problems=tuple(problems))
        params_now = {
            name: [day.isoformat()] for name, day in zip(self.names, (first, last), strict=True) if day
        }
        tag = Tag(f"{self.title}：{days_in_words(first, last)}", {name: [] for name in self.names})
        return Reading((first, last), params_now, (tag,), tuple(problems))

    def condition(
        self, value: tuple[dt.date | None, dt.date | None], model: type[Model], at: dt.datetime
    ) -> Q:
        path = self.field or self.name
        instants = _is_instant(model, path)
        first, last = value
        whole = Q()
        if first:
            whole &= Q(**{f"{path}__gte": _midnight(first) if instants else first})
        if last:
            after = last + dt.timedelta(days=1)
            whole &= Q(**{f"{path}__lt": _midnight(after) if instants else after})
        return whole


@dataclass(frozen=True, kw_only=True)
class Flag(Filter):
    """A tick: `where` is a Q, or a function of the present instant returning one."""

    kind = "flag"
    where: Q | Callable[[dt.datetime], Q]

    def read(self, params: QueryDict, choices: Choices | None = None) -> Reading:
        value = params.get(self.name, "")
        if value in ("", "0"):
            return Reading()
        if value not in ("1", "on"):
            return Reading(problems=(f"“{self.title}”的值“{value[:20]}”看不懂，已忽略。",))
        return Reading(True, {self.name: ["1"]}, (Tag(self.title, {self.name: []}),))

    def condition(self, value: bool, model: type[Model], at: dt.datetime) -> Q:
        return self.where(at) if callable(self.where) else self.where


def clean_text(text: str) -> str:
    """Half-width, single spaces, nothing that cannot be printed (PostgreSQL refuses NUL)."""
    normal = unicodedata.normalize("NFKC", text)
    shown = "".join(mark if unicodedata.category(mark)[0] != "C" else " " for mark in normal)
    return " ".join(shown.split())


def read_day(text: str) -> dt.date | None:
    """A day written as 2026-03-01, 2026/3/1, 2026.3.1 or 2026年3月1日; None if it is none."""
    for mark in "年月/.":
        text = text.replace(mark, "-")
    try:
        year, month, day = (int(part) for part in text.removesuffix("日").split("-"))
        # One year is kept free at either end: the day after the last is asked for, in another time zone.
        return dt.date(year, month, day) if 1 < year < dt.MAXYEAR else None
    except ValueError:
        return None


def days_in_words(first: dt.date | None, last: dt.date | None) -> str:
    if first and last:
        return f"{first} 当天" if first == last else f"{first} 至 {last}"
    return f"{first} 起" if first else f"{last} 止"


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _is_instant(model: type[Model], path: str) -> bool:
    owner: Any = model
    try:
        for name in path.split("__"):
            found = owner._meta.get_field(name)
            owner = found.related_model
    except FieldDoesNotExist:
        return True  # an annotation: instants are the rule here
    return isinstance(found, DateTimeField)


def choices_given(given: Mapping[str, Choices] | None, name: str) -> Choices | None:
    return given.get(name) if given else None
