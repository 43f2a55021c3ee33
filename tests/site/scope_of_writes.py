"""What a request wrote, held against what its sender may touch.

A refused request may write nothing. An admitted one may change and add rows only where its sender holds a
grant (or is the person the row is about); the rows of the world outside are compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps

from tests.site import matrix
from tests.site.world import Seat, Thing, World
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm

READING = {"GET", "HEAD"}
BY_READING = frozenset({"kit_delivery", "kit_auditentry", "kit_audithead", "kit_schedule"})
"""Tables that reading a page may write: a notice is marked as read, a look at protected data is recorded."""

HOMES = {
    "needs.need": ("organisation", "enterprise.organisation"),
    "directory.expert": ("organisation",),
    "directory.enterprise": ("organisation.parent",),
    "directory.researchoutput": ("organisation",),
    "orgs.organisation": ("parent",),
    "orgs.grant": ("organisation",),
    "needs.savedreply": ("organisation",),
}
"""Where a new row lies; one of these places must be the sender's."""

WRITTEN_WITH: dict[str, tuple[str, ...]] = {
    "needs.need": (NeedPerm.HANDLE, NeedPerm.ASK, NeedPerm.IMPORT),
    "directory.expert": (DirectoryPerm.EDIT, DirectoryPerm.IMPORT, NeedPerm.HANDLE),
    "directory.enterprise": (DirectoryPerm.EDIT, DirectoryPerm.IMPORT),
    "directory.researchoutput": (DirectoryPerm.EDIT, DirectoryPerm.IMPORT),
    "orgs.organisation": (OrgPerm.MANAGE, DirectoryPerm.EDIT, DirectoryPerm.IMPORT),
    "orgs.grant": (OrgPerm.MANAGE,),
    "accounts.person": (OrgPerm.MANAGE,),
    "needs.message": (NeedPerm.HANDLE,),
    "needs.solutioncard": (NeedPerm.HANDLE,),
    "needs.package": (NeedPerm.HANDLE,),
    "needs.letter": (NeedPerm.HANDLE,),
    "needs.savedreply": (NeedPerm.HANDLE,),
}
"""Which permissions let one write rows of a model, at their place. (Archiving a need adds to its experts'
evidence, and entering an enterprise adds its organisation.)"""


class Watcher:
    """Looks at the database after a request and before it is undone."""

    def __init__(self, world: World, cell: matrix.Cell) -> None:
        self.world, self.cell = world, cell
        self.complaints: list[str] = []

    def __call__(self, written: set[str]) -> None:
        if not written:
            return
        if self.cell.got != matrix.IN:
            self.complaints.append(f"{self.cell}: refused, yet it wrote {', '.join(sorted(written))}")
        elif self.cell.method in READING:
            if extra := sorted(written - BY_READING):
                self.complaints.append(f"{self.cell}: reading wrote {', '.join(extra)}")
        else:
            self.complaints += self._out_of_scope(written)

    def _out_of_scope(self, written: set[str]) -> Iterator[str]:
        before = snapshot(self.world)
        for kind, things in self.world.things.items():
            model = apps.get_model(kind)
            if model._meta.db_table not in written:
                continue
            now = _values(model, [thing.pk for thing in things])
            for thing in things:
                changed = now.get(thing.pk) != before[kind, thing.pk]
                if changed and not touches(self.world, self.cell, kind, thing):
                    yield f"{self.cell}: changed {kind} of {thing.relation} (#{thing.pk})"
        yield from self._new_rows(written)

    def _new_rows(self, written: set[str]) -> Iterator[str]:
        tops = snapshot(self.world)
        for kind, lookups in HOMES.items():
            model = apps.get_model(kind)
            if model._meta.db_table in written:
                for row in model._base_manager.filter(pk__gt=tops[kind, "top"]):
                    if not any(_within(self.world, self.cell.seat, kind, row, lookup) for lookup in lookups):
                        yield f"{self.cell}: added {kind} out of scope: {row}"


def touches(world: World, cell: matrix.Cell, kind: str, thing: Thing) -> bool:
    """Say whether the sender may change this object at all: it is hers, lies below a grant, or she has its link."""
    seat = cell.seat
    if seat.person is not None and seat.person.pk in thing.people:
        return True
    if cell.target.thing is thing and "token" in cell.route.parameters:
        return True
    permissions = WRITTEN_WITH.get(kind, ())
    return any(matrix.holds_at(world, seat, p, place) for p in permissions for place in thing.places)


def _within(world: World, seat: Seat, kind: str, row: Any, lookup: str) -> bool:
    place = row
    for name in lookup.split("."):
        place = getattr(place, name)
    held = {
        world.places[where].pk
        for role, where in seat.grants
        if matrix.CARRIES[role] & set(WRITTEN_WITH[kind])
    }
    while place is not None:
        if place.pk in held:
            return True
        place = place.parent
    return False


def snapshot(world: World) -> dict[tuple[str, Any], Any]:
    """Return every row of the world as it was built, and the highest key of each table; read once."""
    if not hasattr(world, "_snapshot"):
        kept: dict[tuple[str, Any], Any] = {}
        for kind, things in world.things.items():
            found = _values(apps.get_model(kind), [thing.pk for thing in things])
            kept |= {(kind, pk): values for pk, values in found.items()}
        for kind in HOMES:
            top = apps.get_model(kind)._base_manager.order_by("-pk").values_list("pk", flat=True).first()
            kept[kind, "top"] = top
        world._snapshot = kept  # type: ignore[attr-defined]
    return world._snapshot  # type: ignore[attr-defined,no-any-return]


def _values(model: Any, keys: list[int]) -> dict[int, tuple[Any, ...]]:
    return {
        row[0]: row for row in model._base_manager.filter(pk__in=keys).values_list("pk", *_columns(model))
    }


def _columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
