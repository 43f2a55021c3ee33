"""Who does something: a person with an account, a person behind a signed link, or the system itself."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Actor:
    """This is the record of who acted, as plain text, so that history never blocks a deletion.

    kind : "person", "link" (a signed one-time link) or "system".
    key : identifier within the kind, as text; empty for the system.
    name : what a reader of the history sees.
    """

    kind: str
    key: str
    name: str


SYSTEM = Actor("system", "", "智桥自动办理")


@runtime_checkable
class Acts(Protocol):
    """Whoever can be given as ``by=``: it knows how to be written into history."""

    def as_actor(self) -> Actor: ...


By = Actor | Acts


def actor_of(by: By) -> Actor:
    """Return the history record for ``by``."""
    return by if isinstance(by, Actor) else by.as_actor()
