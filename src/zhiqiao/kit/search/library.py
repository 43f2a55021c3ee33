"""What can be searched: every app names its libraries in its ``search.py``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.module_loading import autodiscover_modules

from zhiqiao_match import Item

KEYS_AT_ONCE = 1000

ItemsOf = Callable[[Sequence[int]], Iterable[Item]]


@dataclass(frozen=True, slots=True)
class Library:
    """A set of rows that can be searched by what is written in them.

    name  : stable, unique, at most 32 characters; the index is kept under it.
    model : whose rows these are. Every row may be found; who sees what is the caller's ``rows`` to say.
    items : primary keys -> the texts of these rows, ``Item.owner`` being the primary key. A key without a
            row, or without texts, yields nothing. It should cost a fixed number of queries.
    """

    name: str
    model: type[models.Model]
    items: ItemsOf

    def __post_init__(self) -> None:
        if known.setdefault(self.name, self) is not self:
            raise ValueError(f"library {self.name} is registered twice")

    def batches(self) -> Iterator[Sequence[int]]:
        """Walk over the keys of all rows, ascending, a thousand at a time."""
        last = None
        while True:
            rows = self.model._default_manager.order_by("pk")
            if last is not None:
                rows = rows.filter(pk__gt=last)
            chunk = list(rows.values_list("pk", flat=True)[:KEYS_AT_ONCE])
            if not chunk:
                return
            yield chunk
            last = chunk[-1]

    def everything(self) -> Iterator[Item]:
        """Read the texts of all rows, ascending by owner, a thousand rows at a time."""
        for chunk in self.batches():
            yield from sorted(self.items(chunk), key=lambda item: item.owner)


known: dict[str, Library] = {}


def named(library: Library | str) -> Library:
    """Return a library, given itself or its name.

    :raises KeyError: nothing of that name is registered.
    """
    return known[library] if isinstance(library, str) else library


def autodiscover() -> None:
    """Import every app's ``search`` module, so that all libraries are known."""
    autodiscover_modules("search")
