"""``zhiqiao assign``: an association's own score table becomes a list of names, with the proof in words."""

import csv
import json
from pathlib import Path
from typing import Annotated

import typer

from zhiqiao.kit.sheets.writer import guarded
from zhiqiao_match.assign import (
    Assignment,
    BadProblem,
    Infeasible,
    Problem,
    alternates,
    assign,
    fair,
    in_words,
    lottery,
)
from zhiqiao_match.assign.reading import Table, Unreadable, read_table

WRONG = 2
REFUSED = 3
SPARE = 2


def assign_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="评分表 CSV：行是人、列是项目，可带名称；空格表示回避", exists=True, dir_okay=False
        ),
    ],
    per_item: Annotated[int, typer.Option("--per-item", help="每项几位", min=1)],
    cap: Annotated[int, typer.Option("--cap", help="每人最多几项", min=0)],
    min_load: Annotated[int, typer.Option("--min-load", help="每人最少几项", min=0)] = 0,
    even: Annotated[bool, typer.Option("--even", help="先照顾得分最低的一项")] = False,
    limit: Annotated[
        float, typer.Option("--limit", help="任何一对的概率上限，小于 1 时随机分配", min=0, max=1)
    ] = 1.0,
    seed: Annotated[str, typer.Option("--seed", help="随机分配的种子，写进会议记录以便复核")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="名单写到这个 CSV 文件", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="用 JSON 输出，供程序读取")] = False,
) -> None:
    """把自己的评分表排成名单，附候补，并说明这样排有多好。"""
    if limit < 1 and (even or not seed):
        raise _stop("限定概率的随机分配要写种子（--seed），而且不能与 --even 同时使用。", WRONG)
    try:
        table = read_table(file)
        problem = Problem.make(table.scores, per_item=per_item, cap=cap, least=min_load, barred=table.barred)
        if limit < 1:
            found = lottery(problem, limit).draw(seed)
        else:
            found = fair(problem) if even else assign(problem)
        spare = alternates(problem, found, SPARE)
    except (Unreadable, BadProblem) as bad:
        raise _stop(str(bad), WRONG) from None
    except Infeasible as impossible:
        reasons = "".join(impossible.reasons)
        raise _stop(f"不能全部排上：{reasons}（专家按行、项目按列，从 1 数起。）", REFUSED) from None
    _tell(table, found, spare, out, as_json)


def _tell(
    table: Table, found: Assignment, spare: tuple[tuple[int, ...], ...], out: Path | None, as_json: bool
) -> None:
    rows = [
        (table.items[item], [table.people[one] for one in people], [table.people[one] for one in spare[item]])
        for item, people in enumerate(found.chosen)
    ]
    if out is not None:
        _save(out, rows)
    if as_json:
        listed = [{"item": item, "people": people, "alternates": more} for item, people, more in rows]
        typer.echo(json.dumps({"items": listed, "words": in_words(found)}, ensure_ascii=False, indent=2))
        return
    for item, people, more in rows if out is None else ():
        typer.echo(f"{item}：{'、'.join(people)}{'（候补 ' + '、'.join(more) + '）' if more else ''}")
    for remark in table.remarks:
        typer.echo(remark)
    typer.echo(in_words(found))


def _save(path: Path, rows: list[tuple[str, list[str], list[str]]]) -> None:
    """Write the list the way spreadsheets here open it: with a byte-order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("项目", "专家", "候补"))
        writer.writerows(
            [guarded(cell) for cell in (item, "、".join(people), "、".join(more))]
            for item, people, more in rows
        )
    typer.echo(f"名单已写到 {path}", err=True)


def _stop(message: str, code: int) -> typer.Exit:
    typer.secho(message, fg="red", err=True)
    return typer.Exit(code)
