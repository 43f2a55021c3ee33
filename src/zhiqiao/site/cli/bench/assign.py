"""``zhiqiao bench assign``: the assignment of a score table, ours beside the methods others use.

Keys of the JSON object: sum, worst, seconds, certified (the assignment with the largest sum), bound, gap,
fair (the same for the fair one), peers, noise. A table no assignment fits gives feasible = false with the
reasons, and exit code 3.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from zhiqiao.site.cli.bench.fairflow import fairflow
from zhiqiao.site.cli.bench.report import (
    REFUSED,
    WRONG_USAGE,
    Json,
    Noise,
    Report,
    need_file,
    percentile,
    say,
    stop,
    tell,
)
from zhiqiao_match.assign import Assignment, BadProblem, Infeasible, Problem, assign, fair, in_words
from zhiqiao_match.assign.reading import Table, Unreadable, read_table

PEERS = ("greedy", "fairflow")
ROUNDS = 3
SLOW_SECONDS = 3.0
"""What takes longer than this is measured once."""

FAIRFLOW_SECONDS = 300.0


@dataclass(frozen=True)
class Reached:
    """This is what one method reached: sum of all, smallest sum of an item, seconds of each round."""

    total: float
    worst: float
    spent: Sequence[float]
    remark: str = ""

    @property
    def seconds(self) -> float:
        return percentile(self.spent, 50)


def bench_assign(
    file: Annotated[
        Path,
        typer.Argument(help="评分表：无表头的矩阵（行是人，列是项目），或 reviewer,paper,bid,conflict_mask"),
    ],
    per_item: Annotated[int, typer.Option("--per-item", help="每项几位", min=1)],
    cap: Annotated[int, typer.Option("--cap", help="每人最多几项", min=0)],
    min_load: Annotated[int, typer.Option("--min-load", help="每人最少几项", min=0)] = 0,
    peers: Annotated[str, typer.Option(help="一起比的方法，用逗号分开：greedy、fairflow")] = "greedy",
    as_json: Json = False,
) -> None:
    """把评分表排成名单：总分最高并给出证明，另给一份照顾最差一项的；和同类方法比。"""
    wanted = [name.strip() for name in peers.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in PEERS]:
        raise stop(f"没有“{unknown[0]}”这个方法，可选：{'、'.join(PEERS)}。", WRONG_USAGE)
    table = _table(file)
    try:
        problem = Problem.make(table.scores, per_item=per_item, cap=cap, least=min_load, barred=table.barred)
        best, even, times, noise, others = _measured(problem, wanted)
    except BadProblem as bad:
        raise stop(str(bad), WRONG_USAGE) from None
    except Infeasible as impossible:
        raise _impossible(impossible, table, as_json) from None
    tell(_report(problem, table, best, even, times, noise, others), as_json=as_json)


def _table(file: Path) -> Table:
    if need_file(file).is_dir():
        raise stop(f"{file} 是一个文件夹，请给出评分表文件。", WRONG_USAGE)
    try:
        return read_table(file)
    except Unreadable as unreadable:
        raise stop(f"读不懂 {file.name}：{unreadable}", WRONG_USAGE) from None
    except OSError as error:
        raise stop(f"打不开 {file.name}：{error.strerror}", WRONG_USAGE) from None


def _impossible(impossible: Infeasible, table: Table, as_json: bool) -> typer.Exit:
    """Tell why there is no assignment; numbers in the sentences count rows and columns of the table from 1."""
    if as_json:
        data = {
            "feasible": False, "sum": None, "worst": None, "seconds": None, "certified": False,
            "reasons": list(impossible.reasons),
            "items": [table.items[item] for item in impossible.items],
            "people": [table.people[person] for person in impossible.people],
        }  # fmt: skip
        tell(Report("", (), (), data), as_json=True)
    return stop(
        "不能全部排上：" + "".join(impossible.reasons) + "（专家按行、项目按列，从 1 数起。）", REFUSED
    )


Times = dict[str, list[float]]


def _measured(
    problem: Problem, wanted: Sequence[str]
) -> tuple[Assignment, Assignment, Times, Noise, dict[str, Reached]]:
    """Run every method in turn, round by round; FairFlow, which takes long, once."""
    noise, times = Noise(), Times()
    outcome: dict[str, Any] = {}
    methods: dict[str, Callable[[], Any]] = {"best": lambda: assign(problem), "fair": lambda: fair(problem)}
    if "greedy" in wanted:
        methods["greedy"] = lambda: greedy(problem)
    for _ in range(ROUNDS):
        for name, method in methods.items():
            if max(times.get(name, [0.0])) > SLOW_SECONDS:
                continue
            noise()
            began = time.perf_counter()
            outcome[name] = method()
            times.setdefault(name, []).append(time.perf_counter() - began)
    others: dict[str, Reached] = {}
    if "greedy" in wanted:
        total, worst, lacking = outcome["greedy"]
        remarks = [f"有 {lacking} 个位置没有排上"] if lacking else []
        remarks += ["不管每人下限"] if problem.least.any() else []
        others["greedy"] = Reached(total, worst, times["greedy"], "，".join(remarks))
    if "fairflow" in wanted:
        others["fairflow"] = _fairflow(problem)
        noise()
    return outcome["best"], outcome["fair"], times, noise, others


def _fairflow(problem: Problem) -> Reached:
    say("FairFlow 型的方法要多次求解全部配对的网络流，可能要几分钟。")
    reached = fairflow(problem, seconds=FAIRFLOW_SECONDS)
    remarks = [] if reached.finished else [f"到 {FAIRFLOW_SECONDS:.0f} 秒停下"]
    if problem.least.any():
        remarks.append("不管每人下限")
    return Reached(reached.total, reached.worst, [reached.seconds], "，".join(remarks))


def greedy(problem: Problem) -> tuple[float, float, int]:
    """Take the highest scores first. Returns sum, smallest sum of an item, and places left empty."""
    load, places = problem.cap.copy(), problem.per_item.copy()
    totals = np.zeros(problem.shape[1])
    order = np.argsort(-np.where(problem.barred, -np.inf, problem.scores), axis=None, kind="stable")
    people, items = np.unravel_index(order[: problem.scores.size - int(problem.barred.sum())], problem.shape)
    left = int(places.sum())
    for person, item in zip(people.tolist(), items.tolist(), strict=True):
        if load[person] and places[item]:
            load[person] -= 1
            places[item] -= 1
            totals[item] += problem.scores[person, item]
            left -= 1
            if not left:
                break
    return float(totals.sum()), float(totals.min()), left


def _report(
    problem: Problem,
    table: Table,
    best: Assignment,
    even: Assignment,
    times: Times,
    noise: Noise,
    others: dict[str, Reached],
) -> Report:
    titles = {"greedy": "贪心（分高的先排）", "fairflow": "FairFlow 型（Kobren 等 2019）"}
    seconds = {name: percentile(spent, 50) for name, spent in times.items()}
    rows = [
        ("智桥，总分最高", f"{best.total:.4f}", f"{best.worst:.4f}", seconds["best"], "已证明最优" if best.certified else "有差距"),
        ("智桥，照顾最差", f"{even.total:.4f}", f"{even.worst:.4f}", seconds["fair"], ""),
        *((titles[name], f"{one.total:.4f}", f"{one.worst:.4f}", one.seconds, one.remark) for name, one in others.items()),
    ]  # fmt: skip
    people, items = problem.shape
    data = _data(problem, table, best, even, seconds, noise, others)
    title = f"{people} 位 × {items} 项，每项 {int(problem.per_item[0])} 位"
    columns = ("方法", "总分", "最差一项", "秒", "说明")
    notes = [
        f"总分最高的一份：{in_words(best)}",
        f"照顾最差的一份：{in_words(even)}",
        *table.remarks,
        noise.sentence,
    ]
    return Report(title, columns, rows, data, notes)


def _data(
    problem: Problem,
    table: Table,
    best: Assignment,
    even: Assignment,
    seconds: dict[str, float],
    noise: Noise,
    others: dict[str, Reached],
) -> dict[str, Any]:
    """Return the JSON object of the bench."""
    people, items = problem.shape
    return {
        "feasible": True,
        "sum": round(best.total, 9),
        "worst": round(best.worst, 9),
        "seconds": round(seconds["best"], 6),
        "certified": best.certified,
        "bound": round(best.bound, 9),
        "gap": round(best.gap, 9),
        "people": people,
        "items": items,
        "fair": {
            "sum": round(even.total, 9),
            "worst": round(even.worst, 9),
            "worst_bound": None if even.worst_bound is None else round(even.worst_bound, 9),
            "seconds": round(seconds["fair"], 6),
        },
        "peers": {
            name: {
                "sum": one.total,
                "worst": one.worst,
                "seconds": round(one.seconds, 6),
                "remark": one.remark,
            }
            for name, one in others.items()
        },
        "noise": noise.as_dict(),
        "remarks": list(table.remarks),
    }
