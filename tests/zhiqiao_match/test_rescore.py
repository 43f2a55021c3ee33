import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import items, large_library, texts
from zhiqiao_match import Index, Item
from zhiqiao_match.rescore import Closest, closest, importance, read_need, relevance
from zhiqiao_match.segment import DAMPED
from zhiqiao_match.text import grams_of_one

pytestmark = pytest.mark.anydb

LIBRARY = Index.build(
    [
        Item(1, "a", "焊接机器人焊缝视觉检测方法"),
        Item(2, "a", "锂离子电池正极材料"),
        Item(3, "a", "水稻抗病育种技术"),
        Item(4, "a", "焊接烟尘治理技术的研究与应用"),
        Item(5, "a", "电池回收技术的研究"),
    ]
).statistics


def told(found: Closest) -> list[tuple[int, float, list[str]]]:
    return [
        (owner, score, [item.key for item in best])
        for owner, score, best in zip(found.owners.tolist(), found.scores.tolist(), found.best, strict=True)
    ]


def by_hand(text: str, title: str, other: str) -> float:
    """The formula of the module written out, gram by gram."""
    need: dict[int, float] = {}
    fields = [(title, 0.5), (text, 0.5)]
    weights = {}
    for field, share in fields:
        keys, counts = grams_of_one(field)
        found = importance(keys, LIBRARY)
        weights |= dict(zip(keys.tolist(), found.tolist(), strict=True))
        known = LIBRARY.frequency(keys) > 0
        said = counts * 9 / (counts + 8) * found
        length = np.sqrt((said[known] ** 2).sum())
        for key, value in zip(keys.tolist(), said.tolist(), strict=True):
            if length:
                need[key] = need.get(key, 0) + share * value / length
    keys, counts = grams_of_one(other)
    length = float(((LIBRARY.weigh(keys) * DAMPED[counts]) ** 2).sum()) / LIBRARY.typical_length**2
    return sum(
        need[key] * weights[key] * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * length))
        for key, times in zip(keys.tolist(), counts.tolist(), strict=True)
        if key in need
    )


@pytest.mark.parametrize("other", ["焊接烟尘", "电池与电池回收技术", "焊缝检测", "水稻"])
def test_relevance_is_the_formula_written_out(other):
    need = read_need("电池回收技术的电池研究", "焊缝检测", LIBRARY)
    assert relevance(need, [other], LIBRARY)[0] * need.full == pytest.approx(
        by_hand("电池回收技术的电池研究", "焊缝检测", other)
    )


def test_a_text_that_says_it_comes_first():
    found = closest(
        "焊缝视觉检测", [Item(1, "a", "焊缝视觉检测方法"), Item(2, "a", "烟尘检测")], library=LIBRARY
    )
    assert found.owners.tolist() == [1, 2]


def test_texts_without_anything_in_common_are_left_out():
    assert told(closest("水稻", [Item(1, "a", "电池"), Item(2, "a", "")], library=LIBRARY)) == []
    assert told(closest("", [Item(1, "a", "电池")], library=LIBRARY)) == []


def test_title_and_body_have_half_of_the_say_however_long_the_body_is():
    rice, welding = Item(1, "a", "水稻抗病育种"), Item(2, "a", "焊接烟尘治理")
    long_body = "焊接烟尘治理。" * 50
    need = read_need(long_body, "水稻抗病育种", LIBRARY)
    one, other = relevance(need, [rice.text, welding.text], LIBRARY)
    assert 0.5 < one / other < 2


def test_words_common_among_needs_count_less():
    asking = Index.build(Item(n, "", "希望降低电池成本") for n in range(20)).statistics
    keys = grams_of_one("电池")[0]
    assert (importance(keys, LIBRARY, asking) < importance(keys, LIBRARY)).all()


def test_words_only_this_need_says_count_as_without_other_needs():
    asking = Index.build(Item(n, "", text) for n, text in enumerate(["水稻抗病育种", "焊接"])).statistics
    keys = grams_of_one("水稻")[0]
    assert importance(keys, LIBRARY, asking).tolist() == importance(keys, LIBRARY).tolist()


def test_empty_words_make_a_text_hardly_longer_and_telling_ones_do():
    need = read_need("焊缝", "", LIBRARY)
    short, padded, dense = relevance(need, ["焊缝检测", "焊缝检测技术的研究", "焊缝检测水稻正极"], LIBRARY)
    assert short > padded > dense
    assert short / padded < padded / dense


def test_full_relevance_is_about_one():
    need = read_need("焊接机器人焊缝视觉检测方法", "", LIBRARY)
    assert 0.6 < relevance(need, ["焊接机器人焊缝视觉检测方法"], LIBRARY)[0] < 1.4


@settings(deadline=None)
@given(st.lists(items, max_size=10), texts, texts, st.randoms())
def test_the_order_of_the_texts_does_not_matter(library, text, title, chance):
    unique = list({(item.owner, item.key): item for item in library}.values())
    shuffled = chance.sample(unique, len(unique))
    once, again = (closest(text, found, title=title, library=LIBRARY) for found in (unique, shuffled))
    assert told(once) == told(again)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=6), texts)
def test_a_texts_relevance_does_not_depend_on_the_others(many, text):
    need = read_need(text, "", LIBRARY)
    alone = [relevance(need, [one], LIBRARY)[0] for one in many]
    assert relevance(need, many, LIBRARY).tolist() == alone


@settings(deadline=None)
@given(st.lists(items, min_size=1, max_size=8), texts)
def test_one_more_text_never_lowers_an_owner(library, text):
    first = closest(text, library[:-1], library=LIBRARY)
    kept = [item for item in library[:-1] if (item.owner, item.key) != (library[-1].owner, library[-1].key)]
    if len(kept) < len(library) - 1:
        return
    before = dict(zip(first.owners.tolist(), first.scores.tolist(), strict=True))
    then = closest(text, library, library=LIBRARY)
    after = dict(zip(then.owners.tolist(), then.scores.tolist(), strict=True))
    assert all(after[owner] >= score for owner, score in before.items())


def test_two_hundred_texts_of_two_hundred_characters_are_read_in_milliseconds():
    library = large_library(4000, 200)
    statistics = Index.build(library).statistics
    took = []
    for number in range(20):
        started = time.process_time()
        closest(library[number].text, library[:200], title=library[number + 1].text[:20], library=statistics)
        took.append(time.process_time() - started)
    assert min(took) < 0.02
