import pytest
from hypothesis import given

from tests.zhiqiao_match.samples import texts
from zhiqiao_match import Index, Item, alikeness, similar
from zhiqiao_match.duplicates import clusters

pytestmark = pytest.mark.anydb

NEEDS = (
    Item(1, "need", "大型石灰窑炉供风系统"),
    Item(2, "need", "大型石灰窑炉供风系统的改造"),
    Item(3, "need", "水稻抗病育种"),
    Item(4, "need", "大型石灰窑炉供风系统"),
)


def test_alikeness_of_a_hand_worked_example():
    # 焊缝 / 焊接: grams 焊 缝 焊缝 / 焊 接 焊接, one in common: 2·1 / (3 + 3)
    assert alikeness("焊缝", "焊接") == pytest.approx(1 / 3)


def test_alikeness_ignores_case_width_and_punctuation():
    assert alikeness("ＰＬＣ控制。", "plc控制") == 1.0
    assert alikeness("焊缝", "水稻") == 0.0
    assert alikeness("", "。") == 0.0


@given(texts, texts)
def test_alikeness_is_symmetric_and_lies_between_zero_and_one(one, other):
    assert alikeness(one, other) == alikeness(other, one)
    assert 0.0 <= alikeness(one, other) <= 1.0


def test_similar_needs_come_most_alike_first():
    found = similar("大型石灰窑炉供风系统", NEEDS)
    assert [(entry.owner, entry.alikeness == 1.0) for entry in found] == [(1, True), (4, True), (2, False)]
    assert similar("大型石灰窑炉供风系统", Index.build(NEEDS)) == found


def test_what_is_not_alike_enough_is_not_offered():
    assert similar("石灰", NEEDS) == ()
    assert [entry.owner for entry in similar("石灰", NEEDS, at_least=0.1)] == [1, 4, 2]


def test_top_limits_the_offer():
    assert [entry.owner for entry in similar("大型石灰窑炉供风系统", NEEDS, 1)] == [1]


def test_twins_and_what_they_resemble_are_one_cluster():
    texts = [item.text for item in NEEDS]
    assert clusters(texts) == [0, 0, 2, 0]
    assert clusters(["", ""]) == [0, 1]
    assert clusters([]) == []
