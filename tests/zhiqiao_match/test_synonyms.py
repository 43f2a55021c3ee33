from collections import Counter

import pytest

from zhiqiao_match import Index, Item
from zhiqiao_match.rescore import closest
from zhiqiao_match.synonyms import MOST_NAMES, groups, other_names, with_other_names

pytestmark = pytest.mark.anydb

TABLE = (("3d打印", "增材制造"), ("人工智能", "ai"), ("可编程控制器", "plc"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("３Ｄ打印件", ("增材制造",)),
        ("增材制造与PLC", ("3d打印", "可编程控制器")),
        ("AIR 过滤", ()),
        ("用AI识别", ("人工智能",)),
        ("AI 与人工智能", ()),
        ("", ()),
    ],
)
def test_other_names_are_found_by_whole_words(text, names):
    assert other_names(text, TABLE) == names


def test_adding_other_names_twice_changes_nothing():
    once = with_other_names("基于PLC的焊接", "无损检测")
    assert once.startswith("基于PLC的焊接\n")
    assert with_other_names(once, "无损检测") == once
    assert with_other_names("没有别名") == "没有别名"


def test_the_table_is_in_order():
    """No name in two groups, no group of one, nothing of a single Chinese character."""
    every = Counter(name for names in groups() for name in names)
    assert [name for name, times in every.items() if times > 1] == []
    assert [names for names in groups() if len(names) < 1 + (names[0] not in {"第五代移动通信"})] == []
    assert [name for name in every if len(name) == 1] == []
    assert max(map(len, groups())) <= MOST_NAMES


def test_an_english_need_finds_chinese_evidence():
    library = [Item(1, "a", "焊接机器人"), Item(2, "a", "水稻育种")]
    found = closest("welding robots for rice fields", library, library=Index.build(library).statistics)
    assert found.owners.tolist() == [1, 2] or found.owners.tolist() == [2, 1]
    assert closest("welding", library, library=Index.build(library).statistics).owners.tolist() == [1]
