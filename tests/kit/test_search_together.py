"""两个人同时改同一行的两样东西：索引里两样都在。SQLite 一次只让一个人写，所以只在 PostgreSQL 上试。"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhiqiao.kit.search import Library, changed, matching, writing
from zhiqiao.kit.search.library import known
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao_match import Item

pytestmark = [pytest.mark.postgresql_only, pytest.mark.django_db(transaction=True)]

OTHER = 1000


def _items(keys: Sequence[int]) -> Iterator[Item]:
    """Two rows of the table make one row of the library, as an expert and her papers do."""
    for pk, said in ImportRun.objects.order_by("pk").values_list("pk", "counts"):
        if pk % OTHER in keys:
            yield Item(pk % OTHER, str(pk // OTHER), said)


PAIRS = Library("pairs", ImportRun, _items)
del known["pairs"]  # other tests import files, and must not find a library of them


def write(pk: int, text: str, pause: float = 0) -> None:
    try:
        with transaction.atomic():
            ImportRun(pk=pk, counts=text, size=0, at=timezone.now()).save()
            changed(PAIRS, [pk % OTHER])
            time.sleep(pause)
    finally:
        connection.close()


def write_together() -> list[list[int]]:
    first = threading.Thread(target=write, args=(1, "焊接机器人", 0.6))
    second = threading.Thread(target=write, args=(1 + OTHER, "水稻育种"))
    first.start()
    time.sleep(0.3)
    second.start()
    first.join()
    second.join()
    return [matching(PAIRS, "焊接"), matching(PAIRS, "水稻")]


def test_of_two_changes_to_one_row_the_later_sees_the_earlier():
    changed(PAIRS, [2])
    assert write_together() == [[1], [1]]


def test_control_without_the_lock_one_change_is_lost(monkeypatch):
    changed(PAIRS, [2])
    monkeypatch.setattr(writing, "_mark", lambda collection, owners: None)
    assert write_together() == [[], [1]]
