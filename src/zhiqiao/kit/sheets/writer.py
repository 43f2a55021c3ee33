"""Tables written out: as a stream, and so that no text can ever act as a formula."""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from zhiqiao.kit import clock
from zhiqiao.kit.sheets.clean import clean_text
from zhiqiao.kit.sheets.columns import EXAMPLE_MARK, Column, Ledger

Format = Literal["xlsx", "csv"]
ERROR_HEADINGS = ("原行号", "错误说明")
CUT_MARK = "…[内容过长，此处截断]"

_LONGEST_CELL = 32_767  # characters, the limit of Excel
_MOST_DIGITS = 15
# What a spreadsheet program takes as the beginning of a formula, also after spaces or in full width.
_DANGEROUS = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_HEADER_FONT = Font(bold=True, color="FF1B2430")
_HEADER_FILL = PatternFill("solid", fgColor="FFE6F2F7")
_REQUIRED_FILL = PatternFill("solid", fgColor="FFBFE0EC")
_EXAMPLE_FONT = Font(italic=True, color="FF55606E")
_WRAPPED = Alignment(wrap_text=True, vertical="top")

Row = Mapping[str, Any] | Sequence[Any]


def write(
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    kind: Format = "xlsx",
    to: BinaryIO | None = None,
    title: str = "数据",
) -> bytes:
    """Write rows under the titles of ``columns``; to a stream if one is given, else return the bytes.

    A row is a mapping by column name or a sequence in order of the columns. Rows are taken one by one, so
    a generator over a million of them needs little memory. Instants appear in Chinese time.
    """
    out = to or io.BytesIO()
    (_write_xlsx if kind == "xlsx" else _write_csv)(columns, rows, out, title)
    return out.getvalue() if isinstance(out, io.BytesIO) and to is None else b""


def template(ledger: Ledger) -> bytes:
    """Return an empty workbook for a ledger: headings, an example row marked as such, and how to fill it in."""
    book = Workbook()
    sheet = book.active
    sheet.title = _sheet_title(ledger.title)
    _lay_out(sheet, ledger.columns)
    sheet.append([_heading(sheet, column, marked=True) for column in ledger.columns])
    sheet.append([_text(sheet, column.name) for column in ledger.columns])
    sheet.row_dimensions[2].hidden = True
    sheet.append(_example(sheet, ledger.columns))
    for index, column in enumerate(ledger.columns, 1):
        if choices := _listed(column):
            cells = f"{get_column_letter(index)}3:{get_column_letter(index)}5000"
            validation = DataValidation("list", formula1=f'"{choices}"', allow_blank=True, sqref=cells)
            sheet.add_data_validation(validation)
    _fill_help(book.create_sheet("填表说明"), ledger)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _listed(column: Column) -> str:
    """Return the choices of a column as Excel takes them for a drop-down; empty if it cannot."""
    listed = ",".join(getattr(column.parse, "choices", ()))
    return listed if len(listed) <= 250 and '"' not in listed else ""


def guarded(text: str) -> str:
    """Return a text as it is put into a CSV: what looks like a formula gets an apostrophe in front."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguarded(text: str) -> str:
    """Undo :func:`guarded`; any other text stays as it is."""
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text[1:]) else text


def _write_xlsx(columns: Sequence[Column], rows: Iterable[Row], out: BinaryIO, title: str) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    _lay_out(sheet, columns)
    sheet.append([_heading(sheet, column) for column in columns])
    count = 1
    for row in rows:
        sheet.append([_cell(sheet, value) for value in _ordered(columns, row)])
        count += 1
    if columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"
    book.save(out)


def _write_csv(columns: Sequence[Column], rows: Iterable[Row], out: BinaryIO, title: str) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guarded(column.title) for column in columns])
    for row in rows:
        writer.writerow([_csv_text(value) for value in _ordered(columns, row)])
    text.detach()


def _ordered(columns: Sequence[Column], row: Row) -> Iterator[Any]:
    if isinstance(row, Mapping):
        return (row.get(column.name) for column in columns)
    return iter(row)


def _plain(value: Any) -> Any:
    """Reduce a value to text, number, date, naive Chinese time or None."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return clock.local(value).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, int | Decimal | float):
        return value if _fits(value) else str(value)
    if value is None or isinstance(value, date | time):
        return value
    return clean_text(str(value))


def _fits(number: int | Decimal | float) -> bool:
    """Say whether Excel keeps a number exactly, or as exactly as the number itself is."""
    if isinstance(number, float):
        return math.isfinite(number)
    return len(str(number).replace("-", "").replace(".", "")) <= _MOST_DIGITS


def _cell(sheet: Any, value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str):
        return _text(sheet, plain)
    if plain is None:
        return None
    cell = WriteOnlyCell(sheet, plain)
    if isinstance(plain, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(plain, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _text(sheet: Any, text: str) -> Any:
    """Return a cell that is text whatever it looks like: "=1+1" and "#N/A" too."""
    if len(text) > _LONGEST_CELL:
        text = text[: _LONGEST_CELL - len(CUT_MARK)] + CUT_MARK
    cell = WriteOnlyCell(sheet, _ESCAPE_LIKE.sub("_x005F_", text))
    cell.data_type = "s"
    if _DANGEROUS.match(text):
        cell.quotePrefix = True  # stays text when somebody edits it
    return cell


def _csv_text(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str):
        return guarded(plain)
    if isinstance(plain, datetime):
        return f"{plain:%Y-%m-%d %H:%M}"
    return plain


def _heading(sheet: Any, column: Column, *, marked: bool = False) -> Any:
    cell = _text(sheet, f"{column.title}*" if marked and column.required else column.title)
    cell.font, cell.alignment = _HEADER_FONT, _WRAPPED
    cell.fill = _REQUIRED_FILL if column.required else _HEADER_FILL
    return cell


def _example(sheet: Any, columns: Sequence[Column]) -> list[Any]:
    cells = [_text(sheet, clean_text(column.example)) for column in columns]
    if cells:
        cells[0] = _text(sheet, EXAMPLE_MARK + clean_text(columns[0].example))
    for cell in cells:
        cell.font = _EXAMPLE_FONT
    return cells


def _lay_out(sheet: Any, columns: Sequence[Column]) -> None:
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width or _width(column)


def _width(column: Column) -> int:
    """Return a column width in characters; a Chinese character takes two."""
    longest = max((column.title, column.example[:20]), key=len)
    return min(max(sum(1 if char.isascii() else 2 for char in longest) + 4, 10), 44)


def _fill_help(sheet: Any, ledger: Ledger) -> None:
    headings = (
        ("title", "列名", 24),
        ("required", "是否必填", 10),
        ("help", "怎么填", 60),
        ("example", "示例", 30),
    )
    columns = [Column(name, title, width=width) for name, title, width in headings]
    _lay_out(sheet, columns)
    sheet.append([_heading(sheet, column) for column in columns])
    for column in ledger.columns:
        choices = getattr(column.parse, "choices", None)
        listed = "可填：" + "、".join(choices) if choices else ""
        words = "。".join(part for part in (column.help.rstrip("。"), listed) if part)
        cells = [
            _text(sheet, text)
            for text in (column.title, "必填" if column.required else "", words, column.example)
        ]
        cells[2].alignment = _WRAPPED
        sheet.append(cells)
    notes = (
        "空着的格子表示不改动已有内容；要清空某一项，请填 [清空]。",
        f"以“{EXAMPLE_MARK}”开头的行是示例，导入时跳过，可以删掉。",
        "请不要使用公式；编号、电话等长数字请把单元格设为“文本”。",
    )
    sheet.append([])
    for note in notes:
        sheet.append([_text(sheet, note)])


def _sheet_title(title: str) -> str:
    return re.sub(r"[\\/*?:\[\]]", " ", title)[:31] or "数据"
