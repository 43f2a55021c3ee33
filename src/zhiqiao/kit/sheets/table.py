"""A file as a table: its headings matched to the ledger's columns, its rows one after another."""

import csv
import io
import json
import re
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from itertools import chain, islice
from typing import Any, BinaryIO, NoReturn

from zhiqiao.kit.errors import refuse
from zhiqiao.kit.sheets.cells import Cell, Flaw
from zhiqiao.kit.sheets.clean import clean_text
from zhiqiao.kit.sheets.columns import EXAMPLE_MARK, Column, Ledger, heading_key
from zhiqiao.kit.sheets.source import Source
from zhiqiao.kit.sheets.writer import ERROR_HEADINGS, unguarded
from zhiqiao.kit.sheets.xlsx import MAX_COLUMNS, Workbook

MAX_ROWS = 200_000
WHOLE_ROW = ""  # stands where a column name would, for what is wrong with the row as such
_HEADER_WITHIN = 20  # rows
_LONGEST_LINE = 1024 * 1024  # characters
_LONGEST_RECORD = 2 * 1024 * 1024  # characters, over all lines of one record
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_BRACKET = re.compile(r"[\[{]")
_MOST_BRACKETS = 500  # outside of strings, in one line
_IGNORED = frozenset(heading_key(heading) for heading in ERROR_HEADINGS)

Row = tuple[int, dict[str, Cell]]
RawRow = tuple[int, dict[int, Cell]]


class Table:
    """A table being read. Headings are known before the first row, except for JSON, where each row has its own.

    columns : those of the ledger that the file has. unknown : headings nobody asked for (at most 50).
    sheet : title of the sheet that is read; other_sheets : those that are not.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.columns: list[Column] = []
        self.unknown: list[str] = []
        self.sheet = ""
        self.other_sheets: list[str] = []
        self.examples = 0
        self._known = ledger.column_for()

    def rows(self, source: Source) -> Iterator[Row]:
        """Yield (row number, column name → cell) for every row that holds data.

        Numbers are those the person sees: rows of the sheet, records of a CSV, lines or items of JSON.
        :raises Refused: no headings, required columns missing, too many rows, damaged.
        """
        kinds = {"xlsx": self._xlsx, "csv": self._csv, "json": self._json}
        with closing(kinds[source.kind](source)) as rows:
            for count, (number, cells) in enumerate(rows, 1):
                if count > MAX_ROWS:
                    refuse("sheet.rows", f"超过 {MAX_ROWS:,} 行。请分成几份再导入。")
                yield number, cells

    # --- kinds ----------------------------------------------------------------------------------

    def _xlsx(self, source: Source) -> Generator[Row, None, None]:
        assert source.package is not None  # noqa: S101 - the gate sets it for workbooks
        with Workbook(source.package) as workbook:
            for title in workbook.sheets:
                raw = workbook.rows(title)
                first = list(islice(raw, _HEADER_WITHIN))
                if self._best_heading(first) is None:
                    raw.close()
                else:
                    self.sheet = title
                    self.other_sheets = [other for other in workbook.sheets if other != title]
                    yield from self._tabular(first, raw)
                    return
        self._no_heading()

    def _csv(self, source: Source) -> Generator[Row, None, None]:
        with closing(_records(source)) as raw:
            first = list(islice(raw, _HEADER_WITHIN))
            if self._best_heading(first) is None:
                self._no_heading()
            yield from self._tabular(first, raw, strict=True)

    def _json(self, source: Source) -> Generator[Row, None, None]:
        self.columns = list(self.ledger.columns)
        with closing(_objects(source)) as items:
            for number, item in items:
                if cells := self._from_json(item):
                    yield number, cells

    def _from_json(self, item: dict[str, Any]) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        for heading, value in item.items():
            column = self._known.get(heading_key(heading))
            if column is None:
                self._note_unknown(heading)
            elif (cell := _json_text(value)) != "":
                cells[column.name] = cell
        return cells

    # --- headings -------------------------------------------------------------------------------

    def _best_heading(self, rows: list[RawRow]) -> int | None:
        """Return the index of the row with most known headings; titles above the table are passed over."""
        counts = [
            sum(isinstance(cell, str) and heading_key(cell) in self._known for cell in cells.values())
            for _, cells in rows
        ]
        best = max(counts, default=0)
        return counts.index(best) if best else None

    def _tabular(self, first: list[RawRow], rest: Iterator[RawRow], *, strict: bool = False) -> Iterator[Row]:
        """Yield the rows under the heading. ``strict``: content right of the headings is a mistake, because a
        comma without quotation marks shifts everything after it."""
        at = self._best_heading(first) or 0
        by_index = self._matched(first[at][1])
        width = max(first[at][1]) + 1
        for number, raw in chain(first[at + 1 :], rest):
            cells = {
                column.name: raw[index] for index, column in by_index.items() if raw.get(index, "") != ""
            }
            if all(cell == name for name, cell in cells.items()):  # blank, or the template's row of codes
                continue
            if any(isinstance(cell, str) and cell.startswith(EXAMPLE_MARK) for cell in cells.values()):
                self.examples += 1
                continue
            if strict and max(raw) >= width:
                cells[WHOLE_ROW] = Flaw("内容比表头多，可能有逗号没有加引号", "")
            yield number, cells

    def _matched(self, headings: dict[int, Cell]) -> dict[int, Column]:
        by_index: dict[int, Column] = {}
        for index, cell in sorted(headings.items()):
            heading = cell if isinstance(cell, str) else cell.shown
            column = self._known.get(heading_key(heading))
            if column is None:
                self._note_unknown(heading)
            elif column in by_index.values():
                refuse("sheet.heading_twice", f"表头里『{column.title}』出现了两次。请删去多余的一列。")
            else:
                by_index[index] = column
        missing = [
            column for column in self.ledger.columns if column.required and column not in by_index.values()
        ]
        if missing:
            titles = "".join(f"『{column.title}』" for column in missing)
            refuse("sheet.missing_columns", f"缺少必填的列：{titles}。请对照模板补上后再导入。")
        self.columns = list(by_index.values())
        return by_index

    def _note_unknown(self, heading: str) -> None:
        heading = clean_text(heading)[:40]
        if (
            heading
            and heading_key(heading) not in _IGNORED
            and heading not in self.unknown
            and len(self.unknown) < 50
        ):
            self.unknown.append(heading)

    def _no_heading(self) -> NoReturn:
        titles = "、".join(column.title for column in list(self.ledger.columns)[:8])
        refuse("sheet.no_heading", f"没有找到表头。第一行应是列名：{titles}等。可以下载模板对照。")


# --- texts --------------------------------------------------------------------------------------------


class _Lines:
    """Lines of a text, none of them and no record without end: a quotation mark never closed must not
    swallow the memory."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        stream.seek(0)
        self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        self.number = self.taken = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(_LONGEST_LINE):
            self.number += 1
            self.taken += len(line)
            if len(line) >= _LONGEST_LINE or self.taken > _LONGEST_RECORD:
                refuse(
                    "sheet.long_line", f"第 {self.number} 行附近过长，可能是引号没有成对。请检查后再导入。"
                )
            yield line

    def detach(self) -> None:
        self._text.detach()  # the stream belongs to the caller


def _records(source: Source) -> Generator[RawRow, None, None]:
    delimiter = _delimiter(source)
    lines = _Lines(source.stream, source.encoding)
    try:
        reader = csv.reader(iter(lines), delimiter=delimiter)
        for number, record in enumerate(reader, 1):
            lines.taken = 0
            cells: dict[int, Cell] = {
                index: unguarded(cell) for index, cell in enumerate(record[:MAX_COLUMNS]) if cell.strip()
            }
            if cells:
                yield number, cells
    except csv.Error:
        refuse("sheet.long_line", f"第 {lines.number} 行附近读不下去，可能是引号没有成对。请检查后再导入。")
    finally:
        lines.detach()


def _delimiter(source: Source) -> str:
    """Comma, tab or semicolon: the one the first line has most of."""
    source.stream.seek(0)
    first = source.stream.readline(_LONGEST_LINE).decode(source.encoding, "replace")
    return max(",\t;", key=lambda mark: (first.count(mark), mark == ","))


def _objects(source: Source) -> Generator[tuple[int, dict[str, Any]], None, None]:
    source.stream.seek(0)
    if source.stream.read(64).lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"["):
        refuse("sheet.json_array", "请把 JSON 改成每行一个对象（.jsonl），不要用方括号括起来的数组。")
    lines = _Lines(source.stream, source.encoding)
    try:
        for line in lines:
            lines.taken = 0
            if line.strip():
                yield lines.number, _object(line, lines.number)
    finally:
        lines.detach()


def _object(line: str, number: int) -> dict[str, Any]:
    item = None
    if len(_JSON_BRACKET.findall(_JSON_STRING.sub("", line))) <= _MOST_BRACKETS:  # no depth to fall into
        with suppress(ValueError):
            item = json.loads(line, parse_constant=_no_number)
    if not isinstance(item, dict):
        refuse("sheet.json", f'第 {number} 行不是一个 JSON 对象。每行应写成 {{"列名": "内容", …}}。')
    return item


def _no_number(name: str) -> None:
    raise ValueError(name)


def _json_text(value: Any) -> Cell:
    """Return what a person would have typed for a JSON value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(int(value)) if abs(value) < 1e15 and value == int(value) else str(value)
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ";".join(str(_json_text(each)) for each in value)
    return Flaw("里面还有一层内容，请拆成几列", "（对象）")
