"""The engine on real texts. None of them is in the repository; quality is measured by `zhiqiao bench`."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path

import pytest

from zhiqiao_match import Candidate, Evidence, Index, Item, Query, find, items_of, similar

pytestmark = pytest.mark.anydb


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def needs_of(path: Path) -> dict[str, dict[str, str]]:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def academicians(real_data: Path) -> list[Candidate]:
    rows = rows_of(real_data / "experts" / "cn_academicians_2020.csv")
    return [
        Candidate(
            key=number,
            name=row["name"],
            evidence=tuple(
                Evidence(str(place), "biography", sentence)
                for place, sentence in enumerate(re.split(r"[。；]", row["bio"]))
                if sentence.strip()
            ),
        )
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("text", "speaks_of"),
    [
        ("焊接机器人 焊缝检测", ("焊",)),
        ("锂离子电池正极材料", ("电池",)),
        ("水稻抗病育种", ("水稻", "育种")),
        ("肿瘤免疫治疗", ("肿瘤", "免疫")),
    ],
)
def test_academicians_found_work_in_the_field(academicians: list[Candidate], text: str, speaks_of):
    index = Index.build(item for person in academicians for item in items_of(person))
    by_key = {person.key: person for person in academicians}

    def load(keys):
        return [by_key[key] for key in keys]

    took = []
    for _ in range(4):
        started = time.perf_counter()
        ranking = find(Query(text, limit=5), index=index, load=load)
        took.append(time.perf_counter() - started)
    for match in ranking.matches[:4]:
        biography = "".join(entry.text for entry in by_key[match.key].evidence)
        assert any(word in biography for word in speaks_of)
        assert "都提到" in match.reasons[0]
    assert min(took) < 0.2


def test_repeated_needs_are_offered_as_possible_duplicates(real_data: Path):
    needs = list(needs_of(real_data / "tech_needs" / "tech_needs_bdci2019.jsonl").values())
    index = Index.build(Item(number, "title", need["title"]) for number, need in enumerate(needs))
    first: dict[str, int] = {}
    repeated = 0
    for number, need in enumerate(needs):
        earlier = first.setdefault(need["title"], number)
        if earlier != number:
            repeated += 1
            assert earlier in [entry.owner for entry in similar(need["title"], index)]
    assert repeated > 20
