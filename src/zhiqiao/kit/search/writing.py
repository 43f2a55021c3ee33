"""Changes to an index: a few rows as deltas, a whole import as a segment, both in the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from zhiqiao.kit.jobs import enqueue
from zhiqiao.kit.search.library import KEYS_AT_ONCE, Library, named
from zhiqiao.kit.search.merging import Spool, add_segment, locked
from zhiqiao.kit.search.models import Collection, Delta, token
from zhiqiao_match import Item
from zhiqiao_match.blocks import pack_items

MANY = 500
MERGE_AT = 512
MERGE = "kit.search.merge"


@transaction.atomic
def changed(library: Library | str, keys: Iterable[int]) -> None:
    """Bring the index up to date with these rows. Call it in the transaction that wrote or deleted them, after.

    A row's delta is locked before the row is read: of two changes to one row the later sees the earlier.
    """
    library = named(library)
    owners = sorted(set(keys))
    if not owners:
        return
    collection, _ = Collection.objects.get_or_create(name=library.name)
    if len(owners) >= MANY:
        locked(collection)
    for at in range(0, len(owners), KEYS_AT_ONCE):
        _mark(collection, owners[at : at + KEYS_AT_ONCE])
    if len(owners) >= MANY:
        _add_segment(library, collection, owners)
    else:
        _fill(library, collection, owners)
    _ask_for_merge(collection, len(owners))


def _mark(collection: Collection, owners: Sequence[int]) -> None:
    Delta.objects.bulk_create(
        [Delta(collection=collection, owner=owner, token=token()) for owner in owners],
        update_conflicts=True,
        unique_fields=("collection", "owner"),
        update_fields=("token",),
    )


def _fill(library: Library, collection: Collection, owners: Sequence[int]) -> None:
    for at in range(0, len(owners), KEYS_AT_ONCE):
        chunk = owners[at : at + KEYS_AT_ONCE]
        items: dict[int, list[Item]] = defaultdict(list)
        for item in library.items(chunk):
            items[item.owner].append(item)
        Delta.objects.bulk_create(
            [
                Delta(collection=collection, owner=owner, token=token(), packed=_packed(items.get(owner, ())))
                for owner in chunk
            ],
            update_conflicts=True,
            unique_fields=("collection", "owner"),
            update_fields=("token", "packed"),
        )


def _packed(items: Sequence[Item]) -> bytes:
    return pack_items(items) if items else b""


def _add_segment(library: Library, collection: Collection, owners: Sequence[int]) -> None:
    """Write the rows as a segment of its own; the marks have done their part and go."""
    with Spool() as spool:
        for at in range(0, len(owners), KEYS_AT_ONCE):
            spool.add(sorted(library.items(owners[at : at + KEYS_AT_ONCE]), key=lambda item: item.owner))
        spool.flush()
        add_segment(collection, spool.parts, owners)
    Delta.objects.filter(collection=collection, owner__among=owners).delete()


def _ask_for_merge(collection: Collection, added: int) -> None:
    """Ask for a merge when the deltas pass a multiple of ``MERGE_AT``; the job also comes by itself."""
    held = Delta.objects.filter(collection=collection).count()
    if held // MERGE_AT > (held - added) // MERGE_AT or added >= MANY:
        enqueue(MERGE, at=timezone.now(), key=f"{MERGE}:{collection.name}", library=collection.name)
