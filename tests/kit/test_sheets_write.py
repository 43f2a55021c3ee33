"""导出与模板：写出去的文字永远不会变成公式，读回来一字不差。"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.kit.sheet_samples import CLERK, DAYS, NOW, named
from zhiqiao.kit.clock.models import CalendarDay
from zhiqiao.kit.sheets import Column, Ledger, check, load, parse, same, template, write
from zhiqiao.kit.sheets.cells import Flaw
from zhiqiao.kit.sheets.clean import clean_text
from zhiqiao.kit.sheets.source import opened
from zhiqiao.kit.sheets.table import Table
from zhiqiao.kit.sheets.writer import CUT_MARK, guarded, unguarded

COLUMNS = (Column("a", "甲"), Column("b", "乙"))
LEDGER = Ledger("two", "两列", COLUMNS, lambda values, run: same())

# 公式、命令与各种看起来像公式的开头，外加会被办公软件改写的写法
NASTY = [
    "=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "'=1", "''+1", "＝1+1", "=", "-",
    "#N/A", "#REF!", "1E5", "00123", "_x0041_", "_x005F_x0041_", "x005F_", "TRUE", "{=1}", '=HYPERLINK("http://x")',
    "a\nb", "a\r\nb", '"', "'", ",", ";", "1/2", "2026-11-22", "<b>&amp;", "]]>", "\u200b=1", "=\x00cmd",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=60),
    st.tuples(st.sampled_from("=+-@\t\r\n' ＝＋－＠"), st.text(max_size=20)).map("".join),
)


def read_back(content: bytes, name: str) -> list[dict]:
    with opened(named(content, name)) as source:
        return [cells for _, cells in Table(LEDGER).rows(source)]


def kept(value: str) -> str:
    return COLUMNS[0].cleaned(value)


def sheet_xml(content: bytes) -> str:
    whole = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    return whole.partition("<sheetData>")[2].partition("</sheetData>")[0]


@pytest.mark.anydb
@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_texts_never_become_formulas_in_a_workbook_and_read_back_equal(rows):
    content = write(COLUMNS, rows)
    assert "<f" not in sheet_xml(content)
    assert set(re.findall(r' t="(\w+)"', sheet_xml(content))) == {"inlineStr"}
    for row in load_workbook(io.BytesIO(content)).active.iter_rows():
        assert {cell.data_type for cell in row} <= {"s", "n", "inlineStr"}
    expected = [{key: kept(cell) for key, cell in zip("ab", row, strict=True) if kept(cell)} for row in rows]
    assert read_back(content, "导出.xlsx") == [row for row in expected if row]


@pytest.mark.anydb
@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_texts_never_look_like_formulas_in_a_csv_and_read_back_equal(rows):
    content = write(COLUMNS, rows, kind="csv")
    for record in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        assert not any(
            re.match(r"[\s']*[=+\-@＝＋－＠]", cell) and not cell.startswith("'") for cell in record
        )
    expected = [{key: kept(cell) for key, cell in zip("ab", row, strict=True) if kept(cell)} for row in rows]
    got = [{key: kept(cell) for key, cell in row.items()} for row in read_back(content, "导出.csv")]
    assert got == [row for row in expected if row]


@pytest.mark.anydb
def test_without_the_guard_openpyxl_would_write_a_formula():
    """控制：同样的文字直接交给 openpyxl，就是公式。"""
    book = Workbook()
    book.active["A1"] = "=1+1"
    out = io.BytesIO()
    book.save(out)
    assert "<f" in sheet_xml(out.getvalue())


@pytest.mark.anydb
@settings(deadline=None)
@given(texts)
def test_the_guard_of_a_csv_can_always_be_undone(text):
    assert unguarded(guarded(text)) == text


@pytest.mark.anydb
def test_numbers_dates_and_answers_keep_their_kind():
    columns = [Column(str(index), f"列{index}") for index in range(9)]
    row = (
        -5,
        Decimal("3.10"),
        0.1,
        True,
        date(2026, 11, 22),
        datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
        None,
        10**17,
        float("nan"),
    )
    cells = next(
        iter(load_workbook(io.BytesIO(write(columns, [row]))).active.iter_rows(min_row=2, values_only=True))
    )
    assert cells == (
        -5,
        3.1,
        0.1,
        "是",
        datetime(2026, 11, 22),  # noqa: DTZ001 - Excel has no zones
        datetime(2026, 11, 22, 14, 5),  # noqa: DTZ001 - Excel has no zones
        None,
        "1" + "0" * 17,
        "nan",
    )
    line = write(columns, [row], kind="csv").decode("utf-8-sig").splitlines()[1]
    assert line == "-5,3.10,0.1,是,2026-11-22,2026-11-22 14:05,,100000000000000000,nan"


@pytest.mark.anydb
def test_rows_come_as_mappings_or_sequences_and_are_taken_one_by_one():
    def rows() -> Iterator[dict]:
        yield {"b": "乙一", "c": "多余"}
        yield {"a": "甲二"}

    assert read_back(write(COLUMNS, rows()), "x.xlsx") == [{"b": "乙一"}, {"a": "甲二"}]
    assert write(COLUMNS, iter([("甲", "乙")]), kind="csv").decode("utf-8-sig") == "甲,乙\r\n甲,乙\r\n"


@pytest.mark.anydb
def test_a_stream_is_written_to_and_left_open():
    for kind in ("xlsx", "csv"):
        out = io.BytesIO()
        assert write(COLUMNS, [("1", "2")], kind=kind, to=out) == b""
        assert len(out.getvalue()) > 10


@pytest.mark.anydb
def test_text_longer_than_a_cell_is_cut_and_marked():
    content = write(COLUMNS, [("长" * 40_000, "")])
    cell = read_back(content, "x.xlsx")[0]["a"]
    assert len(cell) == 32_767
    assert cell.endswith(CUT_MARK)


@pytest.mark.anydb
def test_the_heading_stays_in_sight_and_can_be_filtered():
    sheet = load_workbook(io.BytesIO(write(COLUMNS, [("1", "2"), ("3", "4")], title="需求/台账"))).active
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("需求 台账", "A2", "A1:B3")
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["A"].width >= 10


@pytest.mark.django_db
def test_a_template_tells_what_to_fill_in_and_imports_as_empty():
    content = template(DAYS)
    book = load_workbook(io.BytesIO(content))
    sheet, explained = book["工作日历"], book["填表说明"]
    assert [cell.value for cell in sheet[1]] == ["日期*", "名称", "是否上班", "依据（文号）"]
    assert [cell.value for cell in sheet[2]] == ["date", "name", "working", "source"]
    assert sheet.row_dimensions[2].hidden
    assert sheet["A3"].value == "【示例】2026-10-01"
    assert [(str(v.sqref), v.formula1) for v in sheet.data_validations.dataValidation] == [
        ("C3:C5000", '"上班,休息"')
    ]
    assert [cell.value for cell in explained[2]] == ["日期", "必填", None, "2026-10-01"]
    assert [cell.value for cell in explained[4]][2] == "可填：上班、休息"
    report = check(DAYS, named(content, "模板.xlsx"), by=CLERK, at=NOW)
    assert (report.rows, report.examples, report.unknown) == (0, 1, [])


@pytest.mark.django_db
def test_a_template_filled_in_imports_even_with_headings_rewritten():
    book = load_workbook(io.BytesIO(template(DAYS)))
    sheet = book["工作日历"]
    for cell, heading in zip(sheet[1], ("哪一天", "叫什么", "上不上班", "凭什么"), strict=True):
        cell.value = heading
    sheet.append(["2026-10-01", "国庆节", "休息", ""])
    out = io.BytesIO()
    book.save(out)
    assert load(DAYS, named(out.getvalue(), "填好.xlsx"), by=CLERK, at=NOW).new == 1
    assert CalendarDay.objects.get().name == "国庆节"


@pytest.mark.django_db
def test_an_export_of_a_ledger_imports_as_unchanged():
    load(
        DAYS,
        named("日期,名称,是否上班\n2026-10-01,=国庆,休息\n2026-10-10,'+调休,上班\n".encode(), "a.csv"),
        by=CLERK,
        at=NOW,
    )
    words = {True: "上班", False: "休息"}
    rows = [
        {"date": d.date, "name": d.name, "working": words[d.working], "source": d.source}
        for d in CalendarDay.objects.all()
    ]
    for kind in ("xlsx", "csv"):
        report = check(DAYS, named(write(DAYS.columns, rows, kind=kind), f"导出.{kind}"), by=CLERK, at=NOW)
        assert (report.rows, report.same) == (2, 2)


@pytest.mark.anydb
def test_long_numbers_written_as_text_read_back_whole():
    (row,) = read_back(write(COLUMNS, [("330106199001011234", 330106199001011234)]), "x.xlsx")
    assert row == {"a": "330106199001011234", "b": "330106199001011234"}
    assert not isinstance(row["b"], Flaw)


@pytest.mark.anydb
def test_columns_may_be_written_without_rows():
    assert read_back(write(COLUMNS, []), "x.xlsx") == []
    assert write([Column("a", "=甲", parse=parse.text())], [], kind="csv").decode("utf-8-sig") == "'=甲\r\n"
    assert clean_text("=甲") == "=甲"


@pytest.mark.parametrize("text", ["'\n0", "''\t", "'=1", "'plain", "\n'", "=1", "''"])
def test_the_guard_of_a_csv_cell_can_always_be_undone(text):
    assert unguarded(guarded(text)) == text
