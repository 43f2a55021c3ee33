"""A library for the tests of the search index: rows of the import ledger, whose counts hold texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from zhiqiao.kit.search import Library, changed
from zhiqiao.kit.search.library import known
from zhiqiao.kit.search.snapshot import snapshot
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao_match import Index, Item
from zhiqiao_match.text import normalise, words_of

NAME = "tests"


def _items(keys: Sequence[int]) -> Iterator[Item]:
    for pk, texts in ImportRun.objects.filter(pk__among=keys).order_by("pk").values_list("pk", "counts"):
        for number, text in enumerate(texts):
            yield Item(pk, str(number), text)


LIBRARY = Library(NAME, ImportRun, _items)
del known[NAME]  # other tests import files, and must not find a library of them


def rows() -> QuerySet[ImportRun]:
    return ImportRun.objects.all()


def _row(key: int, texts: Sequence[str]) -> ImportRun:
    return ImportRun(pk=key, counts=list(texts), size=0, at=timezone.now())


def put(key: int, *texts: str) -> None:
    """Write a row, or overwrite it, and tell the index."""
    _row(key, texts).save()
    changed(LIBRARY, (key,))


def put_many(texts: dict[int, Sequence[str]]) -> None:
    ImportRun.objects.bulk_create([_row(key, said) for key, said in texts.items()])
    changed(LIBRARY, texts)


def drop(key: int) -> None:
    ImportRun.objects.filter(pk=key).delete()
    changed(LIBRARY, (key,))


def scored_by_force(text: str, visible: QuerySet[ImportRun], top: int) -> list[tuple[int, float]]:
    """Score every visible row by an index built in memory from the rows themselves, sort, cut."""
    index = Index.build(LIBRARY.everything(), snapshot(NAME).statistics)
    hits = index.search(text, only=visible.values_list("pk", flat=True))
    return list(zip(hits.owners.tolist(), hits.scores.tolist(), strict=True))[:top]


def matched_by_force(text: str) -> list[int]:
    """Look into the text of every row."""
    held: dict[int, str] = {}
    for item in LIBRARY.everything():
        held[item.owner] = f"{held.get(item.owner, '')}\0{normalise(item.text)}"
    return sorted(owner for owner, said in held.items() if all(word in said for word in words_of(text)))
