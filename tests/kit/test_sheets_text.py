"""单元格里的文字怎样变成值。"""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiqiao.kit.sheets import Column, Ledger, parse, same
from zhiqiao.kit.sheets.cells import FORMULA, Flaw, is_date_format, written
from zhiqiao.kit.sheets.clean import clean_text, half_width
from zhiqiao.kit.sheets.columns import heading_key

pytestmark = pytest.mark.anydb


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  焊缝 检测\u3000", "焊缝 检测"),
        ("第一行\r\n第二行\r第三行\u2028第四行", "第一行\n第二行\n第三行\n第四行"),
        ("高\x00韧\x1d性\u200b单\ufeff晶\u202e", "高韧性单晶"),
        ("e\u0301cole", "\u00e9cole"),
        ("半个\ud83d字", "半个字"),
        ("制表\t符", "制表\t符"),
        ("", ""),
    ],
)
def test_text_is_kept_without_what_cannot_be_seen(raw, kept):
    assert clean_text(raw) == kept


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_cleaning_twice_changes_nothing_more(raw):
    once = clean_text(raw)
    assert clean_text(once) == once
    once.encode("utf-8")
    assert not any(ord(char) < 32 and char not in "\n\t" for char in once)


def test_full_width_letters_and_digits_become_ordinary_ones():
    assert half_width("１３８－００００　Ａｂｃ（甲）") == "138-0000 Abc(甲)"


def test_headings_are_known_however_they_are_spaced_and_marked():
    assert {
        heading_key(text)
        for text in ("拟投入(万元)", " 拟投入 （万元）", "拟投入(万元)*", "拟投入(万元)(必填)")
    } == {"拟投入(万元)"}


def test_two_columns_of_a_ledger_may_not_answer_to_the_same_heading():
    with pytest.raises(ValueError, match="台账“表”有两列都叫"):
        Ledger(
            "x",
            "表",
            (Column("a", "名称"), Column("b", "标题", aliases=("名 称",))),
            lambda values, run: same(),
        )


def outcome(reader, cell):
    try:
        return reader(cell)
    except ValueError as error:
        return f"✗ {error}"


@pytest.mark.parametrize(
    ("reader", "cell", "expected"),
    [
        (parse.text(4), "四个字好", "四个字好"),
        (parse.text(4), "五个字不好", "✗ 最多 4 个字，现在有 5 个"),
        (parse.whole(), "１,２００", 1200),
        (parse.whole(), "12.0", 12),
        (parse.whole(), "12.5", "✗ 应是整数，现在是“12.5”"),
        (parse.whole(least=1, most=9), "0", "✗ 不能小于 1"),
        (parse.whole(least=1, most=9), "10", "✗ 不能大于 9"),
        (parse.whole(), "NaN", "✗ 应是数字，现在是“NaN”"),
        (parse.whole(), "1e999999999", "✗ 应是数字，现在是“1e999999999”"),
        (parse.whole(), "十二", "✗ 应是数字，现在是“十二”"),
        (parse.decimal(2), "3.10", Decimal("3.10")),
        (parse.decimal(2), "3.141", "✗ 最多 2 位小数，现在是“3.141”"),
        (parse.fen_from_wan, "1,200.5", 1_200_500_000),
        (parse.fen_from_wan, "50万元", 50_000_000),
        (parse.fen_from_wan, "0.0000015", "✗ 最多精确到分，现在是“0.0000015”"),
        (parse.fen_from_wan, "-1", "✗ 不能小于 0"),
        (parse.day, "2026-11-22", date(2026, 11, 22)),
        (parse.day, "2026/1/2", date(2026, 1, 2)),
        (parse.day, "２０２６年１月２日", date(2026, 1, 2)),
        (parse.day, "2026.01.02", date(2026, 1, 2)),
        (parse.day, "20260102", date(2026, 1, 2)),
        (parse.day, "2026-01-02 14:05", date(2026, 1, 2)),
        (parse.day, "2026-02-30", "✗ 没有这一天：“2026-02-30”"),
        (parse.day, "明年", "✗ 应写成 2026-11-22 这样的日期，现在是“明年”"),
        (parse.yes_no, "√", True),
        (parse.yes_no, "否", False),
        (parse.yes_no, "也许", "✗ 请填“是”或“否”，现在是“也许”"),
        (parse.one_of({"走访": "visit", "自报": "self"}), "走访", "visit"),
        (parse.one_of({"走访": "visit", "自报": "self"}), "电话", "✗ 请填 走访、自报 之一，现在是“电话”"),
        (parse.several(), "材料;化学、材料\n电池", ["材料", "化学", "电池"]),
        (parse.several(parse.whole()), "1;2", [1, 2]),
        (parse.phone, "138 0000-0000", "13800000000"),
        (parse.phone, "+86 13800000000", "13800000000"),
        (parse.phone, "0571-88000000转8001", "0571-88000000转8001"),
        (parse.phone, "没有", "✗ 应是电话号码，如 13800000000 或 0571-88000000，现在是“没有”"),
    ],
)
def test_cells_become_values_or_say_what_is_expected(reader, cell, expected):
    assert outcome(reader, cell) == expected


def test_a_cell_may_ask_to_be_cleared_unless_it_is_required():
    assert Column("a", "备注").value("[清空]") is None
    with pytest.raises(ValueError, match="是必填项，不能清空"):
        Column("a", "名称", required=True).value("[清空]")


@pytest.mark.parametrize(
    ("kind", "raw", "is_date", "expected"),
    [
        ("n", "12", False, "12"),
        ("n", "1.1000000000000001", False, "1.1"),
        ("n", "1.3800000000E+10", False, "13800000000"),
        ("n", "1E-7", False, "0.0000001"),
        ("n", "-0.5", False, "-0.5"),
        (
            "n",
            "3.3010619900101E+17",
            False,
            Flaw("超过 15 位，Excel 已丢失末尾的数字，请把这一列设为“文本”后重填", "3.3010619900101E+17"),
        ),
        ("n", "nan", False, Flaw("超过 15 位，Excel 已丢失末尾的数字，请把这一列设为“文本”后重填", "nan")),
        ("n", "abc", False, Flaw("不是数字：“abc”", "abc")),
        ("n", "", False, ""),
        ("n", "46348", True, "2026-11-22"),
        ("n", "46348.586805555555", True, "2026-11-22 14:05"),
        ("n", "59", True, "1900-02-28"),
        ("n", "61", True, "1900-03-01"),
        ("n", "0.5", True, "12:00"),
        ("n", "99999999", True, Flaw("不是有效的日期：99999999", "99999999")),
        ("d", "2026-11-22T14:05:00", False, "2026-11-22 14:05"),
        ("d", "昨天", False, Flaw("不是有效的日期：“昨天”", "昨天")),
        ("b", "1", False, "是"),
        ("b", "0", False, "否"),
        ("e", "#REF!", False, Flaw("是错误值 #REF!", "#REF!")),
        ("str", "a_x000D__x005F_x0041_", False, "a\r_x0041_"),
    ],
)
def test_a_workbook_cell_says_what_a_person_would_have_typed(kind, raw, is_date, expected):
    assert written(kind, raw, is_date=is_date, epoch_1904=False) == expected


def test_old_macintosh_workbooks_count_days_from_1904():
    assert written("n", "44886", is_date=True, epoch_1904=True) == "2026-11-22"


@pytest.mark.parametrize(
    ("number", "code", "expected"),
    [
        (0, "", False),
        (14, "", True),
        (31, "", True),
        (164, 'yyyy"年"m"月"d"日"', True),
        (165, "[$-804]yyyy/m/d;@", True),
        (166, '0.00"元/天 day"', False),
        (167, "#,##0.00_);[Red](#,##0.00)", False),
        (168, "General", False),
        (169, '上午/下午h"时"mm"分"', True),
    ],
)
def test_a_number_format_shows_a_date_or_not(number, code, expected):
    assert is_date_format(number, code) is expected


def test_a_formula_says_what_to_do():
    assert FORMULA.words == "是公式，请粘贴为数值后再导入"
