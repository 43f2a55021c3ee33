"""``zhiqiao search``: the search index, how it is doing and how to make it anew."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from zhiqiao.kit.search import health, merging
from zhiqiao.kit.search.library import known

WRONG_USAGE = 2

app = typer.Typer(help="检索索引：看状况，或者重建。", no_args_is_help=True)


@app.callback()
def search() -> None:
    """检索索引：看状况，或者重建。"""


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="用 JSON 输出，供程序读取")] = False,
) -> None:
    """每个库有多少行进了索引，占多大，有多少改动等待合并。"""
    figures = [health.status(library) for library in health.all_libraries()]
    if as_json:
        rows = [asdict(one) for one in figures]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    for one in figures:
        typer.echo(
            f"{one.name:<16}{one.rows:>9,} 行，{one.owners:>9,} 行有文字（{one.items:,} 条），"
            f"{one.segments} 段，{one.megabytes:,.1f} MB，{one.waiting:,} 行等待合并"
        )


@app.command()
def rebuild(
    libraries: Annotated[list[str] | None, typer.Argument(help="库的名称，不写则全部")] = None,
) -> None:
    """从数据重建索引；重建时照常可以查询和修改。"""
    if unknown := sorted(set(libraries or ()) - set(known)):
        typer.secho(
            f"没有这个库：{'、'.join(unknown)}。可以写：{'、'.join(sorted(known))}。", fg="red", err=True
        )
        raise typer.Exit(WRONG_USAGE)
    for name in libraries or sorted(known):
        typer.echo(f"{name}：{merging.rebuild(name):,} 条文字已重建。")
