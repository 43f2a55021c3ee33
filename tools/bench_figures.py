"""docs/matching.md 里的指标表：每个数都由 zhiqiao bench 当场量出来，打印成 Markdown。

数据在 ../shared/data（没有就略过那几行）。专家默认一百万位，要十来分钟。
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PEOPLE, ITEMS = 2000, 1000  # 指派那一行的规模
LEFT_OUT = "没有，略过"
Row = tuple[str, str, str]


def bench(*words: str) -> dict[str, Any]:
    """跑一个 zhiqiao bench，给出它的 JSON。:raises SystemExit: 没有量成。"""
    print(f"· zhiqiao bench {' '.join(words)}", file=sys.stderr, flush=True)
    program = Path(sys.executable).with_name("zhiqiao")
    with tempfile.TemporaryDirectory(prefix="zq-figures-") as home:
        environment = {**os.environ, "ZHIQIAO_HOME": home}
        command = [program, "bench", *words, "--json"]
        done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"zhiqiao bench {words[0]} 没有量成。")
    return json.loads(done.stdout)


def ranking_rows() -> Iterator[Row]:
    folder = DATA / "need_output_pairs"
    found = bench("ranking", str(folder)) if folder.exists() else None
    for key, title, reach in (
        ("ndcg10", "NDCG@10 ÷ BM25（词）", "≥ 1.14"),
        ("map3", "MAP（3 级以上）÷ BM25（词）", "≥ 1.20"),
    ):
        yield title, reach, ratio(found, key, "bm25_words")


def retrieval_rows() -> Iterator[Row]:
    file = DATA / "rumor_qa" / "jiaozhen_qa_110.json"
    found = bench("retrieval", str(file)) if file.exists() else None
    yield "问答检索 R@1 ÷ BM25（二字串）", "≥ 1.05", ratio(found, "r1", "bm25_bigrams")


def ratio(found: dict[str, Any] | None, key: str, peer: str) -> str:
    if found is None:
        return LEFT_OUT
    ours, theirs = found[key], found[peer][key]
    return f"{ours / theirs:.2f}（{ours:.3f} ÷ {theirs:.3f}）"


def finder_rows(experts: int) -> Iterator[Row]:
    found = bench("finder", "--experts", str(experts))
    engines, ratios = found["engines"], found["ratio_p50"]
    scale = f"{experts:,} 位专家"
    for peer, title, reach in (
        ("sqlite-fts5", "比 SQLite FTS5 快", "≥ 40 倍"),
        ("postgres-fts", "比 PostgreSQL ts_rank + GIN 快", "≥ 100 倍"),
    ):
        yield f"{scale}，p50 {title}", reach, times(ratios.get(peer))
    slower = 1 / ratios["tantivy"] if "tantivy" in ratios else None
    yield f"{scale}，p50 比 tantivy 慢", "≤ 2.5 倍", times(slower)
    for name, title in (("zhiqiao-sqlite", "SQLite"), ("zhiqiao-postgres", "PostgreSQL")):
        if name not in engines:
            continue
        own = engines[name]
        yield f"{title}：p50、p95", "—", f"{own['p50_ms']:.1f}、{own['p95_ms']:.1f} 毫秒"
        yield f"{title}：改一位专家到查得到", "≤ 5 毫秒", f"{own['update_p50_ms']:.1f} 毫秒"
        yield f"{title}：p50 的增长（双对数）", "≤ 0.6", str(own["growth"] or "—")
        yield f"{title}：进程内存峰值", "≤ 1,024 MB", f"{own['rss_mb']:.0f} MB"
        yield f"{title}：建索引、占盘", "—", f"{own['build_s']:.0f} 秒、{own['disk_mb']:.0f} MB"


def times(ratio: float | None) -> str:
    return LEFT_OUT if ratio is None else f"{ratio:.1f} 倍" if ratio < 10 else f"{ratio:.0f} 倍"


def assign_rows() -> Iterator[Row]:
    """二千位专家、一千项需求，每项三位，每人至多六项；分数是随机的。"""
    dice = random.Random(20260601)  # noqa: S311 - 只是压测数据
    lines = [",".join(f"{dice.random() ** 2:.4f}" for _ in range(ITEMS)) for _ in range(PEOPLE)]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        found = bench("assign", file.name, "--per-item", "3", "--cap", "6")
    proved = "有最优证明" if found["certified"] else "没有证明"
    yield f"指派 {PEOPLE:,} 位专家 × {ITEMS:,} 项需求", "≤ 1 秒", f"{found['seconds']:.2f} 秒，{proved}"


def print_figures(experts: int) -> None:
    """打印整张表。"""
    print("| 指标 | 要达到 | 量得 |\n|---|---:|---:|")
    for rows in (ranking_rows(), retrieval_rows(), finder_rows(experts), assign_rows()):
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)
