"""``zhiqiao draw``: a sealed random draw in four steps, each a file anybody can keep.

commit (every keeper, on her own machine) → seal (published at once) → open (all secrets together) → check.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from zhiqiao.kit.errors import Refused
from zhiqiao.kit.sheets.cells import Flaw
from zhiqiao.kit.sheets.clean import clean_text
from zhiqiao.kit.sheets.columns import Column, Ledger, Saved, same
from zhiqiao.kit.sheets.source import opened
from zhiqiao.kit.sheets.table import Table
from zhiqiao_match.draw import DrawError, Entrant, Record, Rules, check, commitment, reveal, seal

FOUND = 1
WRONG = 2
REFUSED = 3

app = typer.Typer(help="评审专家随机抽取：先封存、后开签，谁都可以复核。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="用 JSON 输出，供程序读取")]
RecordFile = Annotated[Path, typer.Argument(help="抽签记录（JSON）")]


def _nothing(values: object, run: object) -> Saved:
    return same()


POOL = Ledger(
    "draw",
    "抽签名单",
    (
        Column("number", "编号", required=True, aliases=("序号", "专家编号"), half_width=True),
        Column("circle", "层别", aliases=("类别", "专业组")),
        Column("unit", "单位", aliases=("工作单位",)),
        Column("recused", "回避", aliases=("回避理由", "回避原因")),
    ),
    _nothing,
)


@app.command("commit")
def commit(
    keeper: Annotated[str, typer.Argument(help="保管人")],
    secret: Annotated[str, typer.Option(prompt="密语（至少 16 个字符，不回显）", hide_input=True)],
) -> None:
    """算出一位保管人密语的哈希。密语自己留着，公布的只是哈希。"""
    try:
        typer.echo(commitment(keeper, secret))
    except DrawError as error:
        raise _stop(str(error)) from None


@app.command("seal")
def seal_draw(
    pool: Annotated[Path, typer.Argument(help="名单：编号、层别、单位、回避四列（xlsx、csv）")],
    record: Annotated[Path, typer.Option("--record", help="封存记录写到这个文件")],
    purpose: Annotated[str, typer.Option(help="抽取事由")],
    seats: Annotated[list[str], typer.Option("--seats", help="层别=人数，如 技术=3；不分层就写人数")],
    hashes: Annotated[list[str], typer.Option("--hash", help="保管人=密语的哈希，每位一个")],
    substitutes: Annotated[list[str] | None, typer.Option("--substitutes", help="层别=候补人数")] = None,
    per_unit: Annotated[int, typer.Option("--per-unit", help="同一单位最多几位，0 为不限", min=0)] = 0,
    beacon: Annotated[str, typer.Option(help="约定的公开数值，如“11月30日福彩 3D 开奖号”")] = "",
) -> None:
    """封存名单、规则和密语的哈希。生成的文件应立即公布。"""
    if record.exists():
        raise _stop(f"{record} 已经存在，封存记录不能覆盖，请换一个文件名。", WRONG)
    rules = Rules(purpose, _counts(seats), _counts(substitutes or []), per_unit, beacon)
    commitments = dict(_split(text, "--hash") for text in hashes)
    try:
        sealed = seal(rules, _pool(pool), commitments)
    except DrawError as error:
        raise _stop(str(error)) from None
    except Refused as refused:
        raise _stop(refused.refusal.message, WRONG) from None
    _write(record, sealed)
    typer.echo(f"已封存 {len(sealed.pool)} 人，封存哈希 {sealed.seal}\n请立即公布 {record}，并记下这个哈希。")


@app.command("open")
def open_draw(
    record: RecordFile,
    secrets: Annotated[list[str], typer.Option("--secret", help="保管人=密语，每位一个")],
    beacon_value: Annotated[str, typer.Option("--beacon-value", help="约定的公开数值")] = "",
    as_json: Json = False,
) -> None:
    """全部密语到齐后开签；结果写回记录文件。"""
    try:
        drawn = reveal(
            _read(record), dict(_split(text, "--secret") for text in secrets), beacon_value=beacon_value
        )
    except DrawError as error:
        raise _stop(str(error)) from None
    _write(record, drawn)
    if as_json:
        typer.echo(json.dumps({"chosen": drawn.chosen, "alternates": drawn.alternates}, ensure_ascii=False))
        return
    typer.echo(f"中签：{'、'.join(drawn.chosen)}")
    if drawn.alternates:
        typer.echo(f"候补：{'、'.join(drawn.alternates)}")


@app.command("check")
def check_draw(
    record: RecordFile,
    published_seal: Annotated[str, typer.Option("--seal", help="当初公布的封存哈希")] = "",
    as_json: Json = False,
) -> None:
    """按记录重新推算一遍：哪怕改过一个字也会被发现。"""
    read = _read(record)
    problems = check(read, published_seal=published_seal)
    if as_json:
        typer.echo(json.dumps({"open": read.is_open, "problems": problems}, ensure_ascii=False))
    else:
        for problem in problems:
            typer.secho(problem, fg="red")
        if not problems:
            typer.echo("复核一致，名单与抽签记录没有改动。" if read.is_open else "封存后没有改动，尚未开签。")
        if not published_seal:
            typer.echo("没有给出当初公布的封存哈希（--seal），不能排除整份记录是事后重做的。")
    raise typer.Exit(FOUND if problems else 0)


def _pool(path: Path) -> list[Entrant]:
    """Read the list. :raises Refused: no table, or without numbers; :raises DrawError: a cell cannot be read."""
    entrants = []
    with opened(path) as source:
        for number, cells in Table(POOL).rows(source):
            values = {}
            for name, cell in cells.items():
                if isinstance(cell, Flaw):
                    raise DrawError(f"名单第 {number} 行：{cell.words}。")
                values[name] = clean_text(cell)
            if not values.get("number"):
                raise DrawError(f"名单第 {number} 行没有编号。")
            entrants.append(Entrant(**{name: value for name, value in values.items() if name}))
    return entrants


def _counts(texts: list[str]) -> dict[str, int]:
    counts = {}
    for text in texts:
        circle, _, number = text.rpartition("=")
        if not (number.isascii() and number.isdigit() and len(number) < 6):
            raise _stop(f"“{text}”应当写成 层别=人数，例如 技术=3。", WRONG)
        counts[circle] = int(number)
    return counts


def _split(text: str, option: str) -> tuple[str, str]:
    keeper, mark, value = text.partition("=")
    if not mark or not keeper or not value:
        raise _stop(f"{option} 应当写成 保管人=内容，现在是“{text[:20]}”。", WRONG)
    return keeper, value


def _read(path: Path) -> Record:
    try:
        return Record.from_json(path.read_text(encoding="utf-8"))
    except DrawError as error:
        raise _stop(str(error), WRONG) from None
    except (OSError, UnicodeDecodeError):
        raise _stop(f"打不开 {path}，请检查路径。", WRONG) from None


def _write(path: Path, record: Record) -> None:
    """Write to a neighbour first, so that a full disk never leaves half a record."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(record.to_json() + "\n", encoding="utf-8")
    beside.replace(path)


def _stop(message: str, code: int = REFUSED) -> typer.Exit:
    typer.secho(message, fg="red", err=True)
    return typer.Exit(code)
