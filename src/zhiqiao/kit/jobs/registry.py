"""The names of all background work, and how to ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.module_loading import autodiscover_modules

Work = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Registered:
    """A job known by name. ``every`` makes it recur."""

    work: Work
    attempts: int
    every: timedelta | None = None


known: dict[str, Registered] = {}


def job(name: str, *, attempts: int = 8) -> Callable[[Work], Work]:
    """Register a function as the work behind a name. It must be harmless to repeat."""
    return _register(name, attempts, None)


def periodic(name: str, *, every: timedelta, attempts: int = 3) -> Callable[[Work], Work]:
    """Register work that recurs; one worker of all takes each turn."""
    return _register(name, attempts, every)


def _register(name: str, attempts: int, every: timedelta | None) -> Callable[[Work], Work]:
    def add(work: Work) -> Work:
        if name in known:
            raise ValueError(f"job {name} is registered twice")
        known[name] = Registered(work, attempts, every)
        return work

    return add


def autodiscover() -> None:
    """Import every app's ``tasks`` module, so that all names are known."""
    autodiscover_modules("tasks")


def enqueue(name: str, *, at: datetime, key: str | None = None, **arguments: Any) -> None:
    """Ask for work inside the caller's transaction: rolled back with it, done only if it commits.

    at : not before this instant.
    key : a second request with the same key, while the first is unfinished, adds nothing.
    arguments : identifiers and other plain JSON values.
    :raises KeyError: no job has this name.
    """
    from zhiqiao.kit.jobs.models import Job

    if name not in known:
        raise KeyError(f"no job is called {name}")
    try:
        with transaction.atomic():
            Job.objects.create(name=name, arguments=arguments, key=key, run_at=at)
    except IntegrityError:
        if key is None:
            raise
