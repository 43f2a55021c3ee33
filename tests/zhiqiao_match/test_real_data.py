"""Quality on real, graded data. Nothing of the data is in the repository; see `tests/README.md`."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.zhiqiao_match.baselines import BM25, Words, pairs
from zhiqiao_match import Candidate, Evidence, Index, Item, Query, items_of, rank, similar
from zhiqiao_match.metrics import average_precision, gain, mean, ndcg

pytestmark = pytest.mark.anydb

Pools = dict[str, dict[str, int]]
Scorer = Callable[[str, Sequence[str]], Mapping[str, float]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def needs_of(path: Path) -> dict[str, dict[str, str]]:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


class Graded:
    """Needs, outputs (segmented titles) and the pools of at least ten outputs graded 1–4 for a need."""

    def __init__(self, folder: Path) -> None:
        self.needs = needs_of(folder / "needs.jsonl")
        self.outputs = {row["id"]: row["title_words"] for row in rows_of(folder / "outputs.csv")}
        pools: Pools = defaultdict(dict)
        for row in rows_of(folder / "pairs.csv"):
            pools[row["need_id"]][row["output_id"]] = int(row["level"])
        self.pools = {need: pool for need, pool in pools.items() if len(pool) >= 10}

    def quality(self, scorer: Scorer) -> tuple[float, float]:
        """Return mean NDCG@10 and MAP (relevant: level 3 and 4); ties by identifier."""
        orders = []
        for need, pool in self.pools.items():
            scores = scorer(need, list(pool))
            ordered = sorted(pool, key=lambda output: (-scores.get(output, 0.0), output))
            orders.append([pool[output] for output in ordered])
        return (
            mean(ndcg([gain(level - 1) for level in levels]) for levels in orders),
            mean(average_precision([level >= 3 for level in levels]) for levels in orders),
        )

    def text(self, need: str, title_times: int = 1) -> str:
        row = self.needs[need]
        return (row["title"] + "\n") * title_times + row["content"]


@pytest.fixture(scope="module")
def graded(real_data: Path) -> Graded:
    return Graded(real_data / "need_output_pairs")


def engine_scorer(graded: Graded) -> Scorer:
    numbers = {output: number for number, output in enumerate(graded.outputs)}
    names = list(graded.outputs)
    index = Index.build(Item(numbers[output], "title", words) for output, words in graded.outputs.items())

    def score(need: str, outputs: Sequence[str]) -> dict[str, float]:
        row = graded.needs[need]
        hits = index.search(row["content"], title=row["title"], only=[numbers[output] for output in outputs])
        return {names[owner]: score for owner, score in zip(hits.owners, hits.scores.tolist(), strict=True)}

    return score


def bm25_scorer(documents: Mapping[str, list[str]], cut: Callable[[str], list[str]]) -> Scorer:
    """Score with BM25; `cut` turns a need into the tokens of its query."""
    model = BM25(documents)

    def score(need: str, outputs: Sequence[str]) -> dict[str, float]:
        query = cut(need)
        return {output: model.score(query, output) for output in outputs}

    return score


def test_engine_ranks_outputs_better_than_bm25(graded: Graded, record_property):
    words = {output: title.split() for output, title in graded.outputs.items()}
    cutter = Words(word for title in words.values() for word in title)
    couples = {output: pairs(title) for output, title in graded.outputs.items()}
    results = {
        "engine": graded.quality(engine_scorer(graded)),
        "BM25 words": graded.quality(bm25_scorer(words, lambda need: cutter.cut(graded.text(need)))),
        "BM25 pairs": graded.quality(bm25_scorer(couples, lambda need: pairs(graded.text(need)))),
        # The engine counts titles three times; so may the others.
        "BM25 words, title x3": graded.quality(
            bm25_scorer(words, lambda need: cutter.cut(graded.text(need, 3)))
        ),
        "BM25 pairs, title x3": graded.quality(
            bm25_scorer(couples, lambda need: pairs(graded.text(need, 3)))
        ),
    }
    for name, (ndcg_at_10, average) in results.items():
        record_property(name, f"NDCG@10 {ndcg_at_10:.3f}, MAP {average:.3f}")
        print(f"{name:22} NDCG@10 {ndcg_at_10:.3f}  MAP(level >= 3) {average:.3f}")
    engine = results.pop("engine")[0]
    assert engine >= 0.66
    assert engine >= 1.05 * max(ndcg_at_10 for ndcg_at_10, _ in results.values())


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
    rank(Query(text), academicians, index=index)
    started = time.perf_counter()
    ranking = rank(Query(text, limit=5), academicians, index=index)
    took = time.perf_counter() - started
    by_key = {person.key: person for person in academicians}
    for match in ranking.matches[:4]:
        biography = "".join(entry.text for entry in by_key[match.key].evidence)
        assert any(word in biography for word in speaks_of)
        assert "都提到" in match.reasons[0]
    assert took < 0.2


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
