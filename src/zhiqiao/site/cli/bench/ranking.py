"""``zhiqiao bench ranking``: how well graded outputs are ranked for needs, beside BM25.

The folder holds needs.jsonl (id, title, content), outputs.csv (id, title_words) and pairs.csv (need_id,
output_id, level 1–4), or the same as JSON, CSV or tab-separated text under these names. Nothing is learned
from the grades: they are only read to judge.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from zhiqiao.site.cli.bench.quality import (
    Figures,
    Library,
    Outcome,
    Peer,
    ask_in_turn,
    figures_of,
    ratios_of,
    written_ratios,
    written_with_interval,
)
from zhiqiao.site.cli.bench.reading import field, needed, rows_of
from zhiqiao.site.cli.bench.report import WRONG_USAGE, Json, Noise, Report, need_file, stop, tell
from zhiqiao_match.bm25 import BM25, bigrams
from zhiqiao_match.duplicates import clusters
from zhiqiao_match.metrics import average_precision, gain, ndcg, recall
from zhiqiao_match.words import can_cut, words

FEWEST_JUDGED = 10
LEVELS = range(1, 5)
RELEVANT = 3
FOUND_AMONG = 50
RANDOM_DRAWS = 20
MEASURES = ("ndcg10", "map3", "recall50")
HEADINGS = ("NDCG@10", "MAP（3 级以上）", f"全库召回@{FOUND_AMONG}")


class Graded:
    """Needs, outputs, and the pools of needs with at least ten graded outputs, in the order of the files."""

    def __init__(self, folder: Path) -> None:
        self.notes: list[str] = []
        needs, outputs, pairs = (_file(folder, name) for name in ("needs", "outputs", "pairs"))
        read = {
            needed(row, ("id", "need_id"), needs, number): (
                field(row, ("title",)) or "",
                field(row, ("content", "text")) or "",
            )
            for number, row in enumerate(rows_of(needs), start=1)
        }
        texts = {
            needed(row, ("id", "output_id"), outputs, number): field(row, ("title_words", "title", "text"))
            or ""
            for number, row in enumerate(rows_of(outputs), start=1)
        }
        self.names = list(texts)
        self.texts = list(texts.values())
        if empty := sum(not text for text in self.texts):
            self.notes.append(f"有 {empty} 项成果没有标题，照样参加排序，只会排在后面。")
        pools = self._pools(pairs, read)
        kept = {need: pool for need, pool in pools.items() if len(pool) >= FEWEST_JUDGED}
        if not kept:
            raise stop(
                f"没有一个需求有 {FEWEST_JUDGED} 项以上打过分的成果，量不了排序；请补充 {pairs.name}。"
            )
        self.notes.append(
            f"{len(read)} 个需求中有 {len(kept)} 个满 {FEWEST_JUDGED} 项打分，参加评测；全库 {len(texts)} 项成果。"
        )
        self.needs = [read[need] for need in kept]
        self.every_need = ["\n".join(need) for need in read.values()]
        self.pools = [np.array(sorted(pool)) for pool in kept.values()]
        self.levels = [np.array([pool[number] for number in sorted(pool)]) for pool in kept.values()]

    def _pools(self, path: Path, needs: dict[str, tuple[str, str]]) -> dict[str, dict[int, int]]:
        """Read the grades by need and number of the output; of a pair graded twice the last grade counts."""
        numbers = {name: number for number, name in enumerate(self.names)}
        pools: dict[str, dict[int, int]] = defaultdict(dict)
        strange = 0
        for number, row in enumerate(rows_of(path), start=1):
            need = needed(row, ("need_id",), path, number)
            output = needed(row, ("output_id",), path, number)
            level = _level(needed(row, ("level",), path, number), path, number)
            if need in needs and output in numbers:
                pools[need][numbers[output]] = level
            else:
                strange += 1
        if strange:
            self.notes.append(
                f"{path.name} 中有 {strange} 条的需求或成果编号在另两个文件里找不到，没有计入。"
            )
        return pools

    def judged(self, number: int, scores: NDArray[np.float64], found: Sequence[int]) -> Figures:
        """Judge one answer. scores : of the pool, in its order; found : the best of the whole library."""
        pool, levels = self.pools[number], self.levels[number]
        names = [self.names[output] for output in pool.tolist()]
        order = sorted(range(len(pool)), key=lambda at: (-scores[at], names[at]))
        ranked = levels[order].tolist()
        relevant = set(pool[levels >= RELEVANT].tolist())
        return (
            ndcg([gain(level - 1) for level in ranked]),
            average_precision([level >= RELEVANT for level in ranked]),
            recall([output in relevant for output in found], FOUND_AMONG, total=len(relevant)),
        )


def _file(folder: Path, name: str) -> Path:
    for ending in ("jsonl", "csv", "json", "tsv", "txt"):
        if (path := folder / f"{name}.{ending}").is_file():
            return path
    raise stop(f"{folder} 里没有 {name}.jsonl 或 {name}.csv，请检查文件夹。", WRONG_USAGE)


def _level(written: str, path: Path, number: int) -> int:
    try:
        level = float(written)
    except ValueError:
        level = 0.0
    if level not in LEVELS:
        raise stop(f"{path.name} 第 {number} 条的等级是“{written}”，应为 1 到 4 的整数，请改正后再量。")
    return int(level)


def engine_peer(graded: Graded) -> Peer:
    """Answer as the product does: the pool by a second look, the library by short list and second look."""
    library = Library(graded.texts, graded.every_need)

    def measure(number: int) -> Figures:
        title, content = graded.needs[number]
        pool = graded.pools[number]
        hits = library.among(content, title, pool.tolist())
        scores = np.zeros(len(pool))
        scores[np.searchsorted(pool, hits.owners)] = hits.scores
        found = library.everywhere(content, title).owners[:FOUND_AMONG].tolist()
        return graded.judged(number, scores, found)

    return Peer("engine", "智桥", measure)


def bm25_peer(graded: Graded, code: str, title: str, cut: Any, title_times: int = 1) -> Peer:
    """Answer with BM25; `cut` turns a text into tokens, the same for needs and outputs."""
    model = BM25([cut(text) for text in graded.texts])
    names = np.array(graded.names)

    def measure(number: int) -> Figures:
        need_title, content = graded.needs[number]
        scores = model.scores(cut("\n".join([need_title] * title_times + [content])))
        best = np.flatnonzero(scores > 0)
        best = best[np.lexsort((names[best], -scores[best]))][:FOUND_AMONG]
        return graded.judged(number, scores[graded.pools[number]], best.tolist())

    return Peer(code, title, measure)


def random_peer(graded: Graded) -> Peer:
    """Answer at random; the mean of twenty draws."""

    def measure(number: int) -> Figures:
        chance = np.random.default_rng(number)
        drawn = []
        for _ in range(RANDOM_DRAWS):
            found = chance.permutation(len(graded.texts))[:FOUND_AMONG].tolist()
            drawn.append(graded.judged(number, chance.random(len(graded.pools[number])), found))
        return [None if None in column else float(np.mean(column)) for column in zip(*drawn, strict=True)]

    return Peer("random", "随机", measure, is_timed=False)


def bench_ranking(
    folder: Annotated[Path, typer.Argument(help="文件夹：needs.jsonl、outputs.csv、pairs.csv")],
    as_json: Json = False,
) -> None:
    """排序质量：在分过级的需求和成果上，与随机、BM25（词）、BM25（二字组）比 NDCG@10、MAP 和全库召回。"""
    need_file(folder)
    if not can_cut():
        raise stop("没有装分词库 rjieba，量不了按词的 BM25；请先执行 pip install rjieba。")
    tell(measured(Graded(folder)), as_json=as_json)


def measured(graded: Graded) -> Report:
    """Ask all peers in turn and put the outcome into a table."""
    peers = [
        engine_peer(graded),
        bm25_peer(graded, "bm25_words", "BM25，词", words),
        bm25_peer(graded, "bm25_bigrams", "BM25，二字组", bigrams),
        bm25_peer(graded, "bm25_words_title3", "BM25，词，标题计三次", words, 3),
        random_peer(graded),
    ]
    noise = Noise()
    outcomes = ask_in_turn(peers, len(graded.needs), noise)
    groups = clusters(["\n".join(need) for need in graded.needs])
    figures = {one.peer.code: figures_of(one, MEASURES, groups) for one in outcomes}
    ratios = {one.peer.code: ratios_of(outcomes[0], one, MEASURES, groups) for one in outcomes[1:]}
    data: dict[str, Any] = {**figures["engine"], **{code: figures[code] for code in ratios}}
    data |= {
        "ratio": ratios,
        "needs": len(graded.needs),
        "clusters": len(set(groups)),
        "noise": noise.as_dict(),
    }
    return Report(
        "排序质量（括号内是 95% 区间）",
        ("方法", *HEADINGS, "智桥是它的几倍（NDCG / MAP / 召回）", "每个需求（毫秒）"),
        [_row(one, figures[one.peer.code], ratios.get(one.peer.code)) for one in outcomes],
        data,
        [
            *graded.notes,
            f"区间按近似重复的需求成组重抽一千次，{len(graded.needs)} 个需求合成 {len(set(groups))} 组；同分按编号排。",
            "BM25 用 k1 = 1.2、b = .75；词由 rjieba（结巴的词典与算法）切出，需求和成果一样切，没有停用词表。",
            "智桥没有学过任何分级；需求和成果的文字只用来数字组出现的多少。",
            noise.sentence,
        ],
    )


def _row(outcome: Outcome, figures: dict[str, Any], ratios: dict[str, dict[str, Any]] | None) -> list[Any]:
    return [
        outcome.peer.title,
        *(written_with_interval(figures, name) for name in MEASURES),
        written_ratios(ratios, MEASURES),
        figures.get("p50_ms"),
    ]
