"""检索索引在几个进程之间：一个写，另一个下一次就查得到；合并到一半被杀，什么也没有变。"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests.kit.search_samples import (
    LIBRARY,
    NAME,
    drop,
    matched_by_force,
    put,
    put_many,
    rows,
    scored_by_force,
)
from tests.zhiqiao_match.samples import large_library
from zhiqiao.kit.search import matching, merging, search
from zhiqiao.kit.search.models import Collection, Delta, Segment

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent.parent
TEXTS = [item.text for item in large_library(900, 30)]
KILLS = 4


@contextmanager
def another(mode: str) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "ZQ_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.search_process", mode],
        cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def torn() -> list[str]:
    """Say for which texts the index and the rows differ."""
    return [
        text
        for text in (TEXTS[3], TEXTS[400], TEXTS[801][:2])
        if search(LIBRARY, text, rows(), 20) != scored_by_force(text, rows(), 20)
        or matching(LIBRARY, text) != matched_by_force(text)
    ]


def test_what_one_process_writes_another_finds_with_its_next_query():
    with another("ask") as other:

        def answer(text: str):
            print(json.dumps(text), file=other.stdin, flush=True)
            best, keys = json.loads(other.stdout.readline())
            return [tuple(pair) for pair in best], keys

        assert answer("焊接") == ([], [])
        for change in (
            lambda: put(1, "焊接机器人"),
            lambda: put(2, "焊接烟尘", "焊缝检测"),
            lambda: put(1, "水稻育种"),
            lambda: merging.merge_deltas(NAME),
            lambda: put(1, "弧焊与焊接"),
            lambda: merging.merge_deltas(NAME, whole=True),
            lambda: drop(2),
            lambda: put_many({key: [f"焊接{TEXTS[key]}"] for key in range(10, 40)}),
        ):
            change()
            assert answer("焊接") == (scored_by_force("焊接", rows(), 20), matched_by_force("焊接"))


def test_a_merge_killed_at_any_moment_leaves_nothing_torn():
    chance = random.Random(3)
    put_many({key: TEXTS[2 * key : 2 * key + 2] for key in range(1, 300)})
    for number in range(KILLS):
        with another("merge") as merger:
            assert merger.stdout.readline() == "merged\n"
            until = time.monotonic() + chance.uniform(0.05, 0.4)
            while time.monotonic() < until:
                said = TEXTS[chance.randrange(900)]
                put(chance.randrange(1, 320), said)
                assert matching(LIBRARY, said) == matched_by_force(said) != []
        assert torn() == [], number
    left = Segment.objects.count()
    merging.sweep(timezone.now() + 2 * merging.GRACE)
    assert Segment.objects.count() == len(Collection.objects.get(name=NAME).segments) < left
    assert torn() == []


def test_control_a_merge_without_its_guard_is_seen_to_be_torn():
    put_many({key: [TEXTS[key]] for key in range(1, 40)})
    put(400, TEXTS[400])
    with another("tear"):
        until = time.monotonic() + 60
        while Delta.objects.exists() and time.monotonic() < until:
            time.sleep(0.01)
    assert TEXTS[400] in torn()
