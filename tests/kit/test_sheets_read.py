"""各种文件读成同一张表；读不了的，在动手之前就说清楚。"""

import io
import json
import resource
import time
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.kit import samples
from tests.kit.sheet_samples import DAYS, big_workbook, csv_file, named, workbook
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.sheets.cells import FORMULA, Flaw
from zhiqiao.kit.sheets.clean import clean_text
from zhiqiao.kit.sheets.source import opened
from zhiqiao.kit.sheets.table import MAX_ROWS, Table
from zhiqiao.kit.sheets.xlsx import Workbook as OurWorkbook

pytestmark = pytest.mark.anydb

HEAD = ("日期", "名称", "是否上班")


def read(file) -> tuple[Table, list]:
    table = Table(DAYS)
    with opened(file) as source:
        return table, list(table.rows(source))


def refusal(file) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        read(file)
    return refused.value.refusal.code, refused.value.refusal.message


SMALL_BOOK = workbook(HEAD, ("2026-10-01", "国庆节", "休息")).getvalue()
TWO_ROWS = [
    (2, {"date": "2026-10-01", "name": "国庆节", "working": "休息"}),
    (3, {"date": "2026-10-10", "working": "上班"}),
]


@pytest.mark.parametrize(
    "file",
    [
        workbook(HEAD, ("2026-10-01", "国庆节", "休息"), ("2026-10-10", None, "上班")),
        workbook(HEAD, (date(2026, 10, 1), "国庆节", "休息"), (datetime(2026, 10, 10), "", "上班")),  # noqa: DTZ001 - Excel has no zones
        csv_file("日期,名称,是否上班\r\n2026-10-01,国庆节,休息\r\n2026-10-10,,上班\r\n"),
        csv_file("日期,名称,是否上班\n2026-10-01,国庆节,休息\n2026-10-10,,上班", "utf-8-sig"),
        csv_file("日期,名称,是否上班\r\n2026-10-01,国庆节,休息\r\n2026-10-10,,上班\r\n", "gb18030"),
        csv_file("日期\t名称\t是否上班\n2026-10-01\t国庆节\t休息\n2026-10-10\t\t上班\n"),
        csv_file("日期;名称;是否上班\n2026-10-01;国庆节;休息\n2026-10-10;;上班\n"),
    ],
)
def test_the_same_table_reads_the_same_from_every_kind_of_file(file):
    assert read(file)[1] == TWO_ROWS


def test_json_lines_read_by_name_title_or_alias():
    lines = [
        {"date": "2026-10-01", "节日": "国庆节", "working": None},
        {"日期": 20261010, "依据(文号)": ["甲", "乙"], "other": 1},
    ]
    file = named("\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode(), "台账.jsonl")
    table, rows = read(file)
    assert rows == [
        (1, {"date": "2026-10-01", "name": "国庆节"}),
        (2, {"date": "20261010", "source": "甲;乙"}),
    ]
    assert table.unknown == ["other"]


def test_a_title_above_the_heading_is_passed_over_and_rows_keep_their_numbers():
    file = workbook(
        ("2026 年放假安排",), (), HEAD, ("2026-10-01", "国庆节", "休息"), (), ("2026-10-10", None, "上班")
    )
    assert [number for number, _ in read(file)[1]] == [4, 6]


def test_the_first_sheet_with_a_heading_is_read_and_the_others_are_named():
    file = workbook(("说明",), more={"日历": [HEAD, ("2026-10-01", "国庆节", "休息")], "备份": [HEAD]})
    table, rows = read(file)
    assert (table.sheet, table.other_sheets, len(rows)) == ("日历", ["Sheet1", "备份"], 1)


def test_unknown_headings_are_listed_and_ignored():
    table, rows = read(csv_file("日期,天气,错误说明\n2026-10-01,晴,原来的错误\n"))
    assert (table.unknown, rows) == (["天气"], [(2, {"date": "2026-10-01"})])


def test_a_missing_required_heading_is_named():
    code, message = refusal(csv_file("名称,是否上班\n国庆节,休息\n"))
    assert (code, message) == ("sheet.missing_columns", "缺少必填的列：『日期』。请对照模板补上后再导入。")


def test_a_heading_given_twice_is_refused():
    assert refusal(csv_file("日期,名称,节日\n2026-10-01,a,b\n"))[0] == "sheet.heading_twice"


def test_a_table_without_heading_is_refused_with_what_it_should_be():
    code, message = refusal(csv_file("2026-10-01,国庆节\n"))
    assert code == "sheet.no_heading"
    assert message.startswith("没有找到表头。第一行应是列名：日期、名称、是否上班、依据（文号）等。")


def test_formula_error_and_long_number_cells_are_flaws_of_their_row():
    book = Workbook()
    book.active.append(HEAD)
    book.active.append(("2026-10-01", "=1+1", "休息"))
    book.active.append((330106199001011234, "#N/A", "休息"))
    rows = read(named(saved(book), "台账.xlsx"))[1]
    assert rows[0] == (2, {"date": "2026-10-01", "name": FORMULA, "working": "休息"})
    assert rows[1][1]["name"] == Flaw("是错误值 #N/A", "#N/A")
    assert rows[1][1]["date"].words.startswith("超过 15 位")


def test_a_comma_without_quotation_marks_is_noticed():
    rows = read(csv_file('日期,名称\n2026-10-01,国庆,中秋\n2026-10-02,"国庆,中秋"\n'))[1]
    assert rows[0][1][""] == Flaw("内容比表头多，可能有逗号没有加引号", "")
    assert rows[1] == (3, {"date": "2026-10-02", "name": "国庆,中秋"})


def test_line_breaks_inside_a_cell_do_not_shift_the_row_numbers():
    rows = read(csv_file('日期,名称\n2026-10-01,"国庆\n节"\n2026-10-02,中秋\n'))[1]
    assert rows == [
        (2, {"date": "2026-10-01", "name": "国庆\n节"}),
        (3, {"date": "2026-10-02", "name": "中秋"}),
    ]


def test_rich_text_loses_its_formatting_and_phonetic_guides():
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>日期</t></si><si><r><t>国</t></r><r><t xml:space='preserve'>庆 </t></r>"
        "<rPh sb='0' eb='1'><t>guo</t></rPh></si></sst>"
    )
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>名称</x:t></x:is></x:c></x:row>'
        '<x:row><x:c t="d"><x:v>2026-10-01</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    rows = read(named(handmade(sheet, shared), "台账.xlsx"))[1]
    assert rows == [(2, {"date": "2026-10-01", "name": "国庆 "})]


# --- 关口 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "code", "hint"),
    [
        (b"", "台账.csv", "sheet.empty", "文件是空的"),
        (b" \r\n ", "台账.csv", "sheet.empty", "文件是空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "台账.xls", "sheet.old", "另存为 .xlsx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000_000 + "EncryptedPackage".encode("utf-16-le"),
            "台账.xlsx",
            "sheet.encrypted",
            "去掉密码",
        ),
        (b"<html><table><tr><td>1</td></tr></table>", "台账.xls", "sheet.markup", "另存为 .xlsx"),
        (b"<?xml version='1.0'?><Workbook/>", "台账.xlsx", "sheet.markup", "另存为 .xlsx"),
        (samples.docx(), "台账.xlsx", "sheet.kind", "这是Word 文档，不是表格"),
        (samples.docx(), "台账.csv", "sheet.kind", "里面却是Excel 工作簿或压缩包"),
        (b"a,b\n", "台账.xlsx", "sheet.kind", "里面却是别的内容"),
        (b"a,b\n", "台账.pdf", "sheet.kind", "不认识“.pdf”"),
        (samples.package({"a.txt": "x"}), "台账.xlsx", "file.kind", "压缩包"),
        (samples.docx(main=samples.EXCEL_WITH_MACROS), "台账.xlsx", "file.macro", "宏"),
        (samples.xlsx({"xl/vbaProject.bin": b"x"}), "台账.xlsx", "file.macro", "宏"),
        ("日期,名称\n".encode("utf-16"), "台账.csv", "file.encoding", "UTF-16"),
        (b"\x8f\xa2\xff\xfe,\x81\n", "台账.csv", "file.encoding", "认不出"),
        (b"date,\0name\n", "台账.csv", "file.binary", "不是文本"),
        (b'[{"date": "2026-10-01"}]', "台账.json", "sheet.json_array", "每行一个对象"),
        (b'{"date": "2026-10-01"}\n{"date": ', "台账.jsonl", "sheet.json", "第 2 行"),
        (b"[" * 100_000, "台账.jsonl", "sheet.json_array", "每行一个对象"),
        (b'{"a":' * 100_000, "台账.jsonl", "sheet.json", "第 1 行"),
        (b'{"date": NaN}', "台账.jsonl", "sheet.json", "第 1 行"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content, name, code, hint):
    found, message = refusal(named(content, name))
    assert found == code
    assert hint in message


def test_a_missing_file_is_said_in_words(tmp_path):
    assert refusal(tmp_path / "没有.csv")[0] == "sheet.missing"


def test_entities_in_any_part_are_refused():
    evil = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>'
    for part in (
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/workbook.xml",
        "_rels/.rels",
        "xl/styles.xml",
    ):
        assert refusal(named(handmade(override={part: evil}), "台账.xlsx"))[0] == "sheet.entities"


def test_billion_laughs_in_utf16_are_refused():
    evil = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    content = handmade(override={"xl/worksheets/sheet1.xml": evil.encode("utf-16")})
    assert refusal(named(content, "台账.xlsx"))[0] == "sheet.entities"


@pytest.mark.parametrize(
    ("unpacked", "names"),
    [
        (200, ("xl/worksheets/sheet1.xml",)),  # 200 KiB
        (600, ("xl/worksheets/sheet1.xml",)),
        (280, tuple(f"xl/worksheets/sheet{i}.xml" for i in range(40))),  # 每个都不大，合起来大
        (200, ("xl/sharedStrings.xml",)),
    ],
)
def test_a_bomb_of_a_few_hundred_kilobytes_is_refused_at_once_without_unpacking(unpacked, names):
    content = samples.bomb(unpacked * 1024 * 1024, names=names)
    assert len(content) < unpacked * 1100
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert refusal(named(content, "台账.xlsx"))[0] == "file.bomb"
    assert time.process_time() - started < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


@pytest.mark.parametrize(
    "sheet",
    [
        "<worksheet><sheetData><row><c t='" + "x" * 6_000_000 + "'/></row></sheetData></worksheet>",
        "<worksheet><!--" + "x" * 6_000_000 + "--></worksheet>",
    ],
)
def test_one_piece_of_several_megabytes_is_refused(sheet):
    assert refusal(named(handmade(sheet), "台账.xlsx"))[0] == "sheet.bomb"


def test_a_cell_of_a_hundred_thousand_characters_is_refused():
    sheet = f"<worksheet><sheetData><row><c t='str'><v>{'长' * 100_001}</v></c></row></sheetData></worksheet>"
    assert refusal(named(handmade(sheet), "台账.xlsx"))[0] == "sheet.long_cell"


def test_a_row_number_of_a_milliard_and_a_far_column_cost_nothing():
    rows = "".join(f"<row r='{10**9 + i}'><c r='XFD1'><v>1</v></c></row>" for i in range(2000))
    sheet = f"<worksheet><sheetData><row r='1'><c t='str'><v>日期</v></c></row>{rows}</sheetData></worksheet>"
    started = time.process_time()
    assert read(named(handmade(sheet), "台账.xlsx"))[1] == []
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("damage", ["cut", "no_sheet", "bad_index", "not_xml"])
def test_a_damaged_workbook_is_refused(damage):
    head = "<worksheet><sheetData><row r='1'><c t='str'><v>日期</v></c></row>"
    content = {
        "cut": handmade(head),
        "no_sheet": handmade(
            override={"xl/_rels/workbook.xml.rels": samples.links(("worksheet", "nowhere.xml", "Internal"))}
        ),
        "bad_index": handmade(head + "<row r='2'><c t='s'><v>7</v></c></row></sheetData></worksheet>"),
        "not_xml": handmade("日期,名称"),
    }[damage]
    assert refusal(named(content, "台账.xlsx"))[0] == "sheet.damaged"


def test_a_quotation_mark_never_closed_does_not_swallow_the_file():
    text = '日期,名称\n2026-10-01,"国庆\n' + "2026-10-02,中秋\n" * 300_000
    assert refusal(csv_file(text))[0] == "sheet.long_line"


def test_one_endless_line_is_refused():
    assert refusal(csv_file("日期,名称\n" + "," * 3_000_000))[0] == "sheet.long_line"


def test_too_many_rows_are_refused_by_their_number():
    code, message = refusal(csv_file("日期\n" + "2026-10-01\n" * (MAX_ROWS + 1)))
    assert (code, message) == ("sheet.rows", "超过 200,000 行。请分成几份再导入。")


def test_too_large_a_file_is_refused(monkeypatch):
    monkeypatch.setattr("zhiqiao.kit.sheets.source.MAX_TEXT", 1024 * 1024)
    assert refusal(csv_file("日期\n" + "2026-10-01\n" * 200_000))[0] == "sheet.size"


# --- 与 openpyxl 逐格核对 -----------------------------------------------------------------------------

plain = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn", "Cc")), min_size=1, max_size=30
)
values = st.one_of(
    plain.filter(lambda text: not text.startswith("=") and "_x" not in text and "x005F_" not in text),
    st.integers(-(10**14), 10**14),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 4)),
    st.booleans(),
    st.dates(date(1901, 1, 1), date(2199, 12, 31)),
    st.none(),
)


def expected_text(value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0")
    return "" if value is None else str(value)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=8), st.booleans())
def test_every_cell_reads_as_openpyxl_reads_it(rows, write_only):
    book = Workbook(write_only=write_only)
    sheet = book.create_sheet("甲") if write_only else book.active
    for row in rows:
        sheet.append(row)
    content = saved(book)
    theirs = [
        {index: text for index, cell in enumerate(row) if (text := expected_text(cell.value))}
        for row in load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows()
    ]
    with OurWorkbook(zipfile.ZipFile(io.BytesIO(content))) as ours:
        mine = [cells for _, cells in ours.rows(next(iter(ours.sheets)))]
    assert [row for row in mine if row] == [row for row in theirs if row]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(plain.map(str.strip).filter(bool), min_size=3, max_size=3), min_size=1, max_size=5))
def test_shared_texts_read_as_openpyxl_reads_them(rows):
    """Excel 把文字都放进共享字符串；openpyxl 自己不这样写，所以手工拼一份。"""
    rows = [[text.replace("x005F_", "").replace("_x", "") or "空" for text in row] for row in rows]
    out = io.BytesIO()
    big_workbook(out, len(rows), list(HEAD), lambda row, index: rows[row - 1][index])
    theirs = [
        list(row) for row in load_workbook(out, read_only=True).worksheets[0].iter_rows(values_only=True)
    ]
    with OurWorkbook(zipfile.ZipFile(out)) as ours:
        mine = [list(cells.values()) for _, cells in ours.rows("台账")]
    assert mine == theirs == [list(HEAD), *rows]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_damage_to_a_workbook_gets_an_answer(data):
    content = bytearray(SMALL_BOOK)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(named(bytes(content), "台账.xlsx"))
    except Refused as refused:
        assert refused.refusal.code.partition(".")[0] in {"file", "sheet"}  # noqa: PT017 - either outcome is fine


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx", "a.jsonl", "a.json", "a.txt", "a"]))
def test_any_bytes_get_an_answer(content, name):
    try:
        read(named(content, name))
    except Refused as refused:
        assert clean_text(refused.refusal.message)  # noqa: PT017 - either outcome is fine


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def handmade(sheet: str = "<worksheet/>", shared: str = "<sst/>", *, override=None) -> bytes:
    """手工拼的工作簿：想让哪个部件怪，就让它怪。"""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    members = {
        samples.CONTENT_TYPES: samples.content_types(samples.EXCEL),
        "_rels/.rels": samples.links(("officeDocument", "xl/workbook.xml", "Internal")),
        "xl/workbook.xml": f'<workbook xmlns:r="{kind}"><sheets><sheet name="甲" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": samples.links(
            ("worksheet", "worksheets/sheet1.xml", "Internal"),
            ("sharedStrings", "/xl/sharedStrings.xml", "Internal"),
            ("styles", "styles.xml", "Internal"),
        ),
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": shared,
        "xl/styles.xml": "<styleSheet/>",
    }
    return samples.package({**members, **(override or {})})
