"""Reading of graded files, ours or a customer's: forgiving about form, strict about what is missing.

Every refusal is a Chinese sentence with file, line and remedy, and ends the command with code 3.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zhiqiao.site.cli.bench.report import need_file, stop

Row = Mapping[str, Any]
MOST_BYTES = 512 * 1024**2


def text_of(path: Path) -> str:
    """Read a file as UTF-8, with or without mark, or as GB18030, which spreadsheets still write."""
    size = need_file(path).stat().st_size
    if size > MOST_BYTES:
        raise stop(f"{path.name} 有 {size // 1024**2} MB，超过 {MOST_BYTES // 1024**2} MB，请拆小后再量。")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise stop(f"{path.name} 不是文本文件，或编码不是 UTF-8 / GB18030，请另存为 UTF-8 后再量。")


def rows_of(path: Path) -> list[Row]:
    """Read rows from JSON lines, a JSON list, CSV or tab-separated text, whichever it is."""
    text = text_of(path)
    start = text.lstrip()[:1]
    if start == "[":
        return _listed(path, text)
    if start == "{":
        return _json_lines(path, text)
    return _table(text)


def _listed(path: Path, text: str) -> list[Row]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise stop(f"{path.name} 不是完整的 JSON：{_place(error)}，请检查括号和逗号。") from None
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise stop(f"{path.name} 第 {number} 条不是一个对象（花括号），请逐条写成 {{…}}。")
    return list(rows)


def _json_lines(path: Path, text: str) -> list[Row]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, Mapping):
        lists = [value for value in whole.values() if isinstance(value, list)]
        if len(lists) == 1:
            return _listed(path, json.dumps(lists[0]))
        return [whole]
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise stop(f"{path.name} 第 {number} 行不是 JSON，请每行写一个对象。") from None
        if not isinstance(row, Mapping):
            raise stop(f"{path.name} 第 {number} 行不是一个对象（花括号），请每行写成 {{…}}。")
        rows.append(row)
    return rows


def _table(text: str) -> list[Row]:
    first = text.partition("\n")[0]
    mark = max((",", "\t", ";", "，"), key=first.count)
    csv.field_size_limit(MOST_BYTES)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    if not lines:
        return []
    names = [name.strip().lower() for name in lines[0]]
    return [dict(zip(names, line, strict=False)) for line in lines[1:] if any(cell.strip() for cell in line)]


def field(row: Row, names: Sequence[str]) -> str | None:
    """Return the first of these fields a row has, as text without white space at the ends; None without."""
    for name in names:
        value = row.get(name)
        if value is not None:
            return str(value).replace("\0", " ").strip()
    return None


def needed(row: Row, names: Sequence[str], path: Path, number: int) -> str:
    """Return a field that must be there and not be empty. number : of the row, 1 = the first."""
    value = field(row, names)
    if not value:
        raise stop(f"{path.name} 第 {number} 条没有“{names[0]}”，请补上这一列后再量。")
    return value


def _place(error: ValueError) -> str:
    return (
        f"第 {error.lineno} 行第 {error.colno} 个字符处出错"
        if isinstance(error, json.JSONDecodeError)
        else "内容有误"
    )
