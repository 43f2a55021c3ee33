"""What every bench prints: a table for people, one JSON object for programs, and how noisy the machine was.

A bench measures, builds a `Report` and calls `tell`. With ``--json`` standard output holds exactly one JSON
object; progress goes to standard error in both cases.
"""

import json
import statistics
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

FOUND_SOMETHING = 1
WRONG_USAGE = 2
REFUSED = 3

Json = Annotated[bool, typer.Option("--json", help="用 JSON 输出，供程序读取")]

_REFERENCE_NUMBERS = 60_000
_REFERENCE_STEPS = 15_000
GAP = "  "


@dataclass(frozen=True)
class Report:
    """This is the outcome of one bench.

    data    : plain values for ``--json``; keys are part of the command's contract.
    columns : headings of the table; rows: one cell per column, numbers are aligned to the right.
    notes   : sentences below the table: what was compared, what was left out and why.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | int | None]]
    data: Mapping[str, Any]
    notes: Sequence[str] = field(default_factory=tuple)


class Noise:
    """This times a fixed computation between the rounds of a bench; its spread is the noise of the machine.

    Call it once between the peers of every round: what slows the reference slowed its neighbours too.
    """

    def __init__(self) -> None:
        self.spent: list[float] = []
        self._numbers = np.random.default_rng(0).permutation(_REFERENCE_NUMBERS)

    def __call__(self) -> None:
        """Run the reference once: sorting in numpy, then arithmetic in Python, a few milliseconds in all."""
        began = time.perf_counter()
        np.sort(self._numbers)
        total = 0
        for number in range(_REFERENCE_STEPS):
            total += number * number % 7
        self.spent.append(1000 * (time.perf_counter() - began))

    def as_dict(self) -> dict[str, float]:
        """Return p50 and p95 in ms and their ratio; 1.0 is a quiet machine. At least one call is needed."""
        p50, p95 = percentile(self.spent, 50), percentile(self.spent, 95)
        return {"p50_ms": round(p50, 3), "p95_ms": round(p95, 3), "spread": round(p95 / p50, 3)}

    @property
    def sentence(self) -> str:
        """This tells the noise in words."""
        seen = self.as_dict()
        return (
            f"机器的噪声：同一段计算穿插跑了 {len(self.spent)} 次，"
            f"p50 {seen['p50_ms']:.2f} 毫秒，p95 是它的 {seen['spread']:.2f} 倍。"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile (0..100) of at least one value, interpolated between neighbours."""
    return float(np.percentile(values, share)) if len(values) > 1 else float(statistics.median(values))


def say(text: str) -> None:
    """Tell the progress, on standard error."""
    typer.echo(f"· {text}", err=True)


def tell(report: Report, *, as_json: bool) -> None:
    """Print a report: the table and its notes, or one JSON object and nothing else."""
    if as_json:
        typer.echo(json.dumps(dict(report.data), ensure_ascii=False, indent=2, default=_plain))
        return
    typer.secho(report.title, bold=True)
    for line in table(report.columns, report.rows):
        typer.echo(line)
    for note in report.notes:
        typer.echo(note)


def stop(message: str, code: int = REFUSED) -> typer.Exit:
    """Say on standard error why nothing was measured; raise what is returned."""
    typer.secho(message, fg="red", err=True)
    return typer.Exit(code)


def need_file(path: Path) -> Path:
    """Return the path of a file or folder that must exist. :raises typer.Exit: with 2 if it does not."""
    if not path.exists():
        raise stop(f"没有找到 {path}，请检查路径。", WRONG_USAGE)
    return path


def table(columns: Sequence[str], rows: Sequence[Sequence[str | float | int | None]]) -> list[str]:
    """Lay a table out in columns; a Chinese character takes two places."""
    numeric = [all(not isinstance(row[at], str) for row in rows) for at in range(len(columns))]
    cells = [list(columns), *([written(value) for value in row] for row in rows)]
    widths = [max(width(row[at]) for row in cells) for at in range(len(columns))]
    return [
        GAP.join(
            _padded(cell, wide, right) for cell, wide, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]


def markdown(report: Report) -> str:
    """Return the table of a report as Markdown, for the documents."""
    numeric = [all(not isinstance(row[at], str) for row in report.rows) for at in range(len(report.columns))]
    lines = [report.columns, ["---:" if right else "---" for right in numeric]]
    lines += [[written(value) for value in row] for row in report.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(value: str | float | int | None) -> str:
    """Write a cell: three significant digits, no value as a dash."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def width(text: str) -> int:
    """Return how many places a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _padded(text: str, wide: int, right: bool) -> str:
    gap = " " * (wide - width(text))
    return gap + text if right else text + gap


def _plain(value: Any) -> Any:
    """Turn what numpy leaves behind into what JSON knows."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
