"""``zhiqiao bench retrieval``: is the answer to a question found first, beside BM25.

The file holds questions with their answers, as JSON, JSON lines or CSV: ``question`` and ``answers`` (a list)
or ``answer``. All answers together are the library; the same answer to two questions is one text.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from zhiqiao.site.cli.bench.quality import (
    Figures,
    Library,
    Peer,
    ask_in_turn,
    figures_of,
    ratios_of,
    written_ratios,
    written_with_interval,
)
from zhiqiao.site.cli.bench.reading import Row, field, rows_of
from zhiqiao.site.cli.bench.report import Json, Noise, Report, need_file, stop, tell
from zhiqiao_match.bm25 import BM25, bigrams
from zhiqiao_match.duplicates import clusters
from zhiqiao_match.metrics import reciprocal_rank
from zhiqiao_match.words import can_cut, words

MEASURES = ("r1", "r10", "mrr10")
HEADINGS = ("R@1", "R@10", "MRR@10")
DEPTH = 10
QUESTION = ("question", "query", "title", "q")
ANSWERS = ("answers", "answer", "content", "body", "a")


class Pairs:
    """Questions, the library of all answers, and which of them answer each question."""

    def __init__(self, path: Path) -> None:
        self.notes: list[str] = []
        self.questions: list[str] = []
        self.answers_of: list[set[int]] = []
        known: dict[str, int] = {}
        left_out = 0
        for row in rows_of(path):
            question, answers = field(row, QUESTION), _answers(row)
            if not question or not answers:
                left_out += 1
                continue
            self.questions.append(question)
            self.answers_of.append({known.setdefault(answer, len(known)) for answer in answers})
        self.answers = list(known)
        if not self.questions:
            raise stop(f"{path.name} 里没有一条既有 question 又有 answers（或 answer）的记录，请检查字段名。")
        if left_out:
            self.notes.append(f"有 {left_out} 条缺问题或缺答案，没有计入。")

    def judged(self, number: int, found: Sequence[int]) -> Figures:
        """Judge one answer: numbers of texts, best first."""
        hits = [answer in self.answers_of[number] for answer in found[:DEPTH]]
        return float(any(hits[:1])), float(any(hits)), reciprocal_rank(hits) or 0.0


def _answers(row: Row) -> list[str]:
    for name in ANSWERS:
        value = row.get(name)
        if value is None:
            continue
        parts = value if isinstance(value, list) else [value]
        return [text for part in parts if (text := str(part).replace("\0", " ").strip())]
    return []


def bench_retrieval(
    file: Annotated[Path, typer.Argument(help="问答文件：question 与 answers")],
    as_json: Json = False,
) -> None:
    """检索质量：用问题找它的答案，与随机、BM25（词）、BM25（二字组）比 R@1、R@10、MRR@10。"""
    need_file(file)
    tell(measured(Pairs(file)), as_json=as_json)


def engine_peer(pairs: Pairs) -> Peer:
    """Answer as the product does: short list of the index, then a second look."""
    library = Library(pairs.answers, pairs.questions)

    def measure(number: int) -> Figures:
        return pairs.judged(number, library.everywhere(pairs.questions[number], "").owners.tolist())

    return Peer("engine", "智桥", measure)


def bm25_peer(pairs: Pairs, code: str, title: str, cut: Any) -> Peer:
    """Answer with BM25; `cut` turns a text into tokens. Equal scores come in the order of the file."""
    model = BM25([cut(text) for text in pairs.answers])

    def measure(number: int) -> Figures:
        scores = model.scores(cut(pairs.questions[number]))
        best = np.argsort(-scores, kind="stable")[:DEPTH]
        return pairs.judged(number, best[scores[best] > 0].tolist())

    return Peer(code, title, measure)


def random_peer(pairs: Pairs) -> Peer:
    """Answer at random; the figures expected, not those of one draw."""
    places = np.arange(1, DEPTH + 1)

    def measure(number: int) -> Figures:
        size, right = len(pairs.answers), len(pairs.answers_of[number])
        wrong_so_far, first = 1.0, []
        for place in places[: min(DEPTH, size)].tolist():
            hit = min(1.0, right / max(size - place + 1, 1))
            first.append(wrong_so_far * hit)
            wrong_so_far *= 1 - hit
        return first[0], sum(first), sum(share / place for place, share in enumerate(first, start=1))

    return Peer("random", "随机", measure, is_timed=False)


def measured(pairs: Pairs) -> Report:
    """Ask all peers in turn and put the outcome into a table."""
    peers = [engine_peer(pairs), bm25_peer(pairs, "bm25_bigrams", "BM25，二字组", bigrams)]
    if can_cut():
        peers.append(bm25_peer(pairs, "bm25_words", "BM25，词", words))
    peers.append(random_peer(pairs))
    noise = Noise()
    outcomes = ask_in_turn(peers, len(pairs.questions), noise)
    groups = clusters(pairs.questions)
    figures = {one.peer.code: figures_of(one, MEASURES, groups) for one in outcomes}
    ratios = {one.peer.code: ratios_of(outcomes[0], one, MEASURES, groups) for one in outcomes[1:]}
    data: dict[str, Any] = {**figures["engine"], **{code: figures[code] for code in ratios}}
    data |= {"ratio": ratios, "questions": len(pairs.questions), "answers": len(pairs.answers)}
    data |= {"clusters": len(set(groups)), "noise": noise.as_dict()}
    rows = []
    for one in outcomes:
        told = figures[one.peer.code]
        cells = (written_with_interval(told, name) for name in MEASURES)
        times = written_ratios(ratios.get(one.peer.code), MEASURES)
        rows.append([one.peer.title, *cells, times, told.get("p50_ms")])
    return Report(
        "检索质量（括号内是 95% 区间）",
        ("方法", *HEADINGS, "智桥是它的几倍", "每个问题（毫秒）"),
        rows,
        data,
        [
            f"{len(pairs.questions)} 个问题，{len(pairs.answers)} 条答案；区间按近似重复的问题成组重抽一千次，"
            f"共 {len(set(groups))} 组。",
            *pairs.notes,
            "BM25 用 k1 = 1.2、b = .75；词由 rjieba 切出。智桥没有学过哪条答案属于哪个问题，问题的文字只用来数字组。",
            noise.sentence,
        ],
    )
