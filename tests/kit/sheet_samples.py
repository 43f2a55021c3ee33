"""台账测试共用的台账与文件：以工作日历为对象，一行是一天。"""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from openpyxl import Workbook

from tests.kit import samples
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.clock.models import CalendarDay
from zhiqiao.kit.sheets import Column, Ledger, RowError, Run, Saved, changed, new, parse, same

CLERK = Actor("person", "7", "李工")
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def save_day(values: Mapping[str, Any], run: Run) -> Saved:
    """按日期认出同一天；名称叫“错误”的，在写过库之后才被拒绝。"""
    before = CalendarDay.objects.filter(date=values["date"]).first()
    facts = {key: value if value is not None else "" for key, value in values.items() if key != "date"}
    if before and all(getattr(before, key) == value for key, value in facts.items()):
        return same()
    CalendarDay.objects.update_or_create(
        date=values["date"], defaults=facts, create_defaults={"working": False, **facts}
    )
    if facts.get("name") == "错误":
        raise RowError("这个名称不能用", "name")
    twin = (
        CalendarDay.objects.filter(name=facts.get("name", ""))
        .exclude(date=values["date"])
        .exclude(name="")
        .first()
    )
    of = f"与 {twin.date} 同名" if twin else ""
    return changed(duplicate_of=of) if before else new(duplicate_of=of)


DAYS = Ledger(
    "days",
    "工作日历",
    (
        Column("date", "日期", required=True, parse=parse.day, half_width=True, example="2026-10-01"),
        Column(
            "name",
            "名称",
            parse=parse.text(40),
            aliases=("节日", "节日名称"),
            example="国庆节",
            help="节日的名称",
        ),
        Column("working", "是否上班", parse=parse.one_of({"上班": True, "休息": False}), example="休息"),
        Column("source", "依据（文号）", example="国办发明电〔2025〕7号"),
    ),
    save_day,
)


def workbook(
    *rows: Iterable[Any], title: str = "Sheet1", more: Mapping[str, Iterable[Iterable[Any]]] | None = None
) -> io.BytesIO:
    """用 openpyxl 写一个普通工作簿；Excel 自己的写法（共享字符串）见 big_workbook。"""
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    for name, others in (more or {}).items():
        sheet = book.create_sheet(name)
        for row in others:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return named(out.getvalue(), "台账.xlsx")


def csv_file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return named(text.encode(encoding), "台账.csv")


def named(content: bytes, name: str) -> io.BytesIO:
    stream = io.BytesIO(content)
    stream.name = name
    return stream


def big_workbook(
    path: Path | BinaryIO, rows: int, columns: list[str], cell: Callable[[int, int], str]
) -> None:
    """像 Excel 那样写一个大工作簿：每个文字都在共享字符串里，而且都不相同。cell(行, 列) 给出内容。"""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        shared = samples.EXCEL.replace("sheet.main", "sharedStrings")
        types = {"/xl/workbook.xml": samples.EXCEL, "/xl/sharedStrings.xml": shared}
        package.writestr(samples.CONTENT_TYPES, samples.content_types("application/xml", **types))
        package.writestr("_rels/.rels", samples.links(("officeDocument", "xl/workbook.xml", "Internal")))
        sheets = '<sheets><sheet name="台账" sheetId="1" r:id="r0"/></sheets>'
        package.writestr("xl/workbook.xml", f'<workbook {space} xmlns:r="{kind}">{sheets}</workbook>')
        parts = (
            ("worksheet", "worksheets/sheet1.xml", "Internal"),
            ("sharedStrings", "sharedStrings.xml", "Internal"),
        )
        package.writestr("xl/_rels/workbook.xml.rels", samples.links(*parts))
        width = len(columns)
        with package.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(f"<worksheet {space}><sheetData>".encode())
            for row in range(rows + 1):
                cells = "".join(
                    f'<c r="{chr(65 + i)}{row + 1}" t="s"><v>{row * width + i}</v></c>' for i in range(width)
                )
                part.write(f'<row r="{row + 1}">{cells}</row>'.encode())
            part.write(b"</sheetData></worksheet>")
        with package.open("xl/sharedStrings.xml", "w") as part:
            part.write(
                f"<sst {space}>{''.join(f'<si><t>{escape(title)}</t></si>' for title in columns)}".encode()
            )
            for row in range(1, rows + 1):
                part.write("".join(f"<si><t>{escape(cell(row, i))}</t></si>" for i in range(width)).encode())
            part.write(b"</sst>")
