"""Reading score tables that other people have written: a dense matrix, or one row per pair."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zhiqiao_match.assign.model import Grid, Mask

PEOPLE = ("reviewer", "reviewer_id", "expert", "person", "专家", "评审", "评审人")
ITEMS = ("paper", "paper_id", "item", "need", "submission", "项目", "需求", "论文")
SCORES = ("bid", "score", "affinity", "weight", "分", "分数", "得分", "意愿")
CONFLICTS = ("conflict_mask", "conflict", "coi", "回避")
EMPTY = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "—"})
YES = frozenset({"1", "1.0", "true", "yes", "y", "是"})
NO = frozenset({"", "0", "0.0", "false", "no", "n", "否"})


class Unreadable(ValueError):
    """A file that is no score table; the message says where, in Chinese."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """This is a score table as read: scores (people, items), pairs that must not be, names, remarks for the reader."""

    scores: Grid
    barred: Mask
    people: tuple[str, ...]
    items: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """This reads a file: rows = people and columns = items, or rows reviewer, paper, bid, conflict_mask.

    Empty cells of a matrix mean that the pair must not be. Pairs missing from a list count 0.
    :raises Unreadable: with the line where reading stopped.
    """
    rows = [row for row in _rows(_text(path)) if any(cell.strip() for cell in row[1])]
    if not rows:
        raise Unreadable("文件是空的。")
    header = [cell.strip().lower() for cell in rows[0][1]]
    if any(name in PEOPLE for name in header) and any(name in ITEMS for name in header):
        return _long(rows[1:], header)
    return _dense(rows)


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw[:2] in (b"PK", b"\x1f\x8b"):
        raise Unreadable("这是压缩文件或 Excel 文件，请另存为 CSV 再试。")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    for coding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(coding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文件不是文本，请另存为 UTF-8 的 CSV 再试。")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Split lines at whichever separator the first line uses; lines beginning with # are remarks."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    mark = max(",\t;", key=first.count)
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if not line.startswith("#")]
    if not first.count(mark):
        return [(number, re.split(r"\s+", line.strip())) for number, line in numbered]
    cells = csv.reader((line for _, line in numbered), delimiter=mark)
    return [(number, row) for (number, _), row in zip(numbered, cells, strict=False)]


def _dense(rows: Sequence[tuple[int, list[str]]]) -> Table:
    remarks: list[str] = []
    heading = [cell.strip() for cell in rows[0][1]]
    has_names = len(rows) > 1 and all(not _is_number(row[0]) and row[0].strip() for _, row in rows[1:])
    has_header = sum(not _is_number(cell) for cell in heading[has_names:]) > len(heading[has_names:]) / 2
    body = rows[1:] if has_header else rows
    if not body:
        raise Unreadable("只有表头，没有数据。")
    width = max(len(row) for _, row in body)
    if all(len(row) == width and not row[-1].strip() for _, row in body) and width > 1:
        width -= 1  # 每行末尾多一个分隔符
    grid = np.empty((len(body), width - has_names))
    for at, (number, row) in enumerate(body):
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            raise Unreadable(f"第 {number} 行有 {len(row)} 格，其他行有 {width} 格，请补齐。")
        grid[at] = [_number(cell, number, place) for place, cell in enumerate(row[:width], start=1)][
            has_names:
        ]
    if not grid.shape[1]:
        raise Unreadable("没有分数的列。")
    barred = ~np.isfinite(grid)
    if barred.any():
        remarks.append(f"{int(barred.sum())} 个空格按回避处理。")
    if has_header or has_names:
        remarks.append("第一行或第一列不是数字，按名称处理。")
    people = [row[0].strip() for _, row in body] if has_names else _numbered(len(body))
    items = heading[has_names:width] if has_header else _numbered(grid.shape[1])
    return Table(np.where(barred, 0.0, grid), barred, tuple(people), tuple(items), tuple(remarks))


def _long(rows: Sequence[tuple[int, list[str]]], header: list[str]) -> Table:
    person, item = _column(header, PEOPLE), _column(header, ITEMS)
    score, conflict = _column(header, SCORES), _column(header, CONFLICTS)
    if score is None or person is None or item is None:
        raise Unreadable("表头里没有分数一列（bid 或 score）。")
    if not rows:
        raise Unreadable("只有表头，没有数据。")
    seen: dict[tuple[str, str], tuple[float, bool]] = {}
    for number, row in rows:
        if len(row) < len(header):
            raise Unreadable(f"第 {number} 行只有 {len(row)} 格，表头有 {len(header)} 格。")
        pair = (row[person].strip(), row[item].strip())
        if not all(pair):
            raise Unreadable(f"第 {number} 行没有写清是谁、哪一项。")
        barred = conflict is not None and _flag(row[conflict], number)
        value = _number(row[score], number, score + 1)
        cell = (0.0, True) if barred or not math.isfinite(value) else (value, False)
        if seen.setdefault(pair, cell) != cell:
            raise Unreadable(f"第 {number} 行与前面的行是同一对（{pair[0]}，{pair[1]}），内容却不同。")
    return _gathered(seen)


def _gathered(seen: dict[tuple[str, str], tuple[float, bool]]) -> Table:
    people = {name: at for at, name in enumerate(sorted({pair[0] for pair in seen}, key=_natural))}
    items = {name: at for at, name in enumerate(sorted({pair[1] for pair in seen}, key=_natural))}
    scores, barred = np.zeros((len(people), len(items))), np.zeros((len(people), len(items)), bool)
    for (person, item), (value, wall) in seen.items():
        scores[people[person], items[item]] = value
        barred[people[person], items[item]] = wall
    missing = scores.size - len(seen)
    remarks = (f"{missing} 对没有列出，按 0 分、不回避处理。",) if missing else ()
    return Table(scores, barred, tuple(people), tuple(items), remarks)


def _column(header: list[str], names: Sequence[str]) -> int | None:
    return next((at for at, title in enumerate(header) if title in names), None)


def _natural(name: str) -> tuple[int, float, str]:
    return (0, float(name), "") if name.isdecimal() else (1, 0.0, name)


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip().lower() in EMPTY
    return True


def _number(cell: str, line: int, place: int) -> float:
    text = cell.strip()
    if text.lower() in EMPTY:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        if place == 1:
            return math.nan
        raise Unreadable(f"第 {line} 行第 {place} 格“{text[:20]}”不是数字。") from None
    if value == math.inf:
        raise Unreadable(f"第 {line} 行第 {place} 格是无穷大，请改成有限的分数。")
    return value


def _flag(cell: str, line: int) -> bool:
    text = cell.strip().lower()
    if text in YES or text in NO:
        return text in YES
    raise Unreadable(f"第 {line} 行的回避一格“{cell.strip()[:20]}”应当是 0 或 1。")
