import random
import statistics
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import items, large_library, texts
from zhiqiao_match import Index, Item, retrieve
from zhiqiao_match import index as index_module
from zhiqiao_match import segment as segment_module
from zhiqiao_match.index import Hits, pool
from zhiqiao_match.segment import build_postings

pytestmark = pytest.mark.anydb

LIBRARY = (
    Item(1, "a", "焊接机器人焊缝视觉检测方法"),
    Item(1, "b", "弧焊电源"),
    Item(2, "a", "锂离子电池正极材料"),
    Item(3, "a", "水稻抗病育种"),
    Item(3, "b", "焊接烟尘治理"),
    Item(4, "a", "PLC 控制系统"),
)


def told(hits: Hits) -> tuple[list[int], list[float], list[list[tuple[int, str]]]]:
    """Spell an answer out, exactly, so that two can be compared."""
    best = [[(item.owner, item.key) for item in found] for found in hits.best]
    return hits.owners.tolist(), hits.scores.tolist(), best


def test_the_person_whose_work_says_it_comes_first():
    hits = Index.build(LIBRARY).search("焊缝视觉检测")
    assert hits.owners[0] == 1
    assert hits.best[0][0].key == "a"


def test_people_without_a_common_gram_are_not_found():
    assert Index.build(LIBRARY).search("正极").owners.tolist() == [2]


def test_answers_come_in_descending_order():
    scores = Index.build(LIBRARY).search("焊接烟尘与焊缝").scores
    assert (np.diff(scores) <= 0).all()
    assert (scores > 0).all()


def test_whole_tokens_are_found_in_any_case():
    assert Index.build(LIBRARY).search("ｐｌｃ").owners.tolist() == [4]


def test_words_of_the_title_count_more():
    index = Index.build([Item(1, "a", "水稻育种"), Item(2, "a", "光伏组件")])
    assert index.search("水稻育种。光伏组件", title="光伏").owners.tolist() == [2, 1]
    assert index.search("水稻育种。光伏组件", title="水稻").owners.tolist() == [1, 2]


def test_weight_zero_keeps_an_item_out():
    assert not len(Index.build([Item(1, "a", "焊接", weight=0.0)]).search("焊接").owners)


@pytest.mark.parametrize("text", ["", "。，", "1 2 3", "\0"])
def test_a_text_without_grams_finds_nobody(text):
    assert told(Index.build(LIBRARY).search(text)) == ([], [], [])


def test_an_empty_index_answers_with_nobody():
    assert told(Index.build([]).search("焊接")) == ([], [], [])
    assert Index.build([]).owners.tolist() == []


def test_top_limits_the_answer_and_also_adds_to_it():
    index = Index.build(LIBRARY)
    whole = index.search("焊接")
    assert whole.owners.tolist() == [3, 1]
    assert index.search("焊接", 1).owners.tolist() == [3]
    assert told(index.search("焊接", 1, also=[1])) == told(whole)


def test_only_scores_the_named_people_as_they_score_among_all():
    index = Index.build(LIBRARY)
    whole = dict(zip(*told(index.search("焊接"))[:2], strict=True))
    assert told(index.search("焊接", only=[1, 2]))[:2] == ([1], [whole[1]])


def test_best_items_are_those_that_fit_best_first():
    best = Index.build(LIBRARY).search("弧焊电源 机器人").best
    assert [item.key for item in best[0]] == ["b", "a"]


def test_a_long_need_still_finds_its_heaviest_words():
    filler = "".join(chr(0x4E00 + number) for number in range(900))
    index = Index.build([*LIBRARY, *(Item(100 + number, "x", filler) for number in range(30))])
    assert index.search(f"{filler}焊缝视觉检测").owners[0] == 1


# --- pooling

relevances = st.integers(1, 2000).map(lambda thousandths: thousandths / 1000)


def test_pool_is_the_two_norm_of_the_best_four():
    scores = np.array([1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.3], dtype=np.float32)
    assert pool(scores, np.array([0, 6])).tolist() == pytest.approx([np.sqrt(1 + 3 * 0.25), 0.3])


def test_one_fitting_work_beats_any_number_of_weak_ones():
    weak = np.full(100, 0.4, dtype=np.float32)
    assert pool(np.concatenate([[np.float32(1)], weak]), np.array([0, 1])).tolist() == pytest.approx([1, 0.8])


@given(st.lists(relevances, min_size=1, max_size=8), relevances)
def test_a_further_work_never_lowers_the_pooled_relevance(scores, further):
    def pooled(values):
        return pool(np.sort(np.array(values, dtype=np.float32))[::-1], np.array([0]))[0]

    assert pooled([*scores, further]) >= pooled(scores)


# --- properties


@settings(deadline=None)
@given(st.lists(items, max_size=14, unique_by=lambda item: (item.owner, item.key)), texts, st.randoms())
def test_the_order_of_items_does_not_matter(library, text, chance):
    shuffled = chance.sample(library, len(library))
    assert told(Index.build(shuffled).search(text)) == told(Index.build(library).search(text))


@settings(deadline=None)
@given(st.lists(items, max_size=14), texts)
def test_the_size_of_segments_does_not_matter(library, text):
    whole = told(Index.build(library).search(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "SEGMENT_ITEMS", 3)
        split = Index.build(library)
        assert told(split.search(text)) == whole


@given(st.lists(texts, max_size=8))
def test_reading_texts_in_slices_gives_the_same_postings(many):
    whole = build_postings(many)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_module, "_CHARACTERS_AT_ONCE", 5)
        sliced = build_postings(many)
    for field in ("keys", "starts", "ids", "counts"):
        assert getattr(sliced, field).tolist() == getattr(whole, field).tolist()


changes = st.lists(
    st.tuples(
        st.lists(items, max_size=4),
        st.lists(st.integers(1, 7) | st.tuples(st.integers(1, 7), st.sampled_from("abc")), max_size=2),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(items, max_size=14), changes, texts, st.sampled_from([0.25, 100.0]))
def test_changes_answer_as_a_rebuild_does(library, steps, text, stale_share):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "STALE_SHARE", stale_share)
        index = Index.build(library)
        expected = {(item.owner, item.key): item for item in library}
        for upserts, removals in steps:
            index = index.with_changes(upserts, removals)
            expected = {
                place: item
                for place, item in expected.items()
                if place not in removals and item.owner not in removals
            } | {(item.owner, item.key): item for item in upserts}
    assert {(item.owner, item.key): item for item in index.items()} == expected
    assert len(index) == len(expected)
    same_statistics = Index.build(expected.values(), index.statistics)
    assert told(index.search(text)) == told(same_statistics.search(text))
    assert told(index.compacted().search(text)) == told(Index.build(expected.values()).search(text))


def test_a_change_leaves_the_old_index_as_it_was():
    index = Index.build(LIBRARY)
    before = told(index.search("焊接"))
    changed = index.with_changes([Item(9, "a", "焊接")], [1])
    assert 9 in changed.search("焊接").owners
    assert 1 not in changed.search("焊接").owners
    assert told(index.search("焊接")) == before


def test_removed_items_do_not_crowd_out_those_that_are_left(monkeypatch):
    monkeypatch.setattr(index_module, "STALE_SHARE", 100.0)
    monkeypatch.setattr(retrieve, "_FIRST_GLANCE", 1)
    index = Index.build([*(Item(1, str(number), "焊接") for number in range(9)), Item(2, "a", "焊接烟尘")])
    assert index.search("焊接", 1).owners.tolist() == [1]
    assert index.with_changes(removals=[1]).search("焊接", 1).owners.tolist() == [2]


def test_equal_scores_come_by_owner():
    owners = random.Random(2).sample(range(1, 900), 400)
    index = Index.build(Item(owner, "a", "焊缝检测") for owner in owners)
    assert index.search("焊缝", 400).owners.tolist() == sorted(owners)


def test_many_small_changes_do_not_pile_up_segments():
    index = Index.build(large_library(400, 20))
    for number in range(60):
        index = index.with_changes([Item(1000 + number, "a", "焊接机器人")])
    assert len(index) == 460
    assert len(index.segments) <= 8


def test_a_quarter_of_changes_counts_frequencies_anew():
    index = Index.build(large_library(100, 20))
    for number in range(25):
        index = index.with_changes([Item(1000 + number, "a", "焊接机器人")])
    assert (index.changed, index.statistics.items) == (25, 100)
    index = index.with_changes([Item(2000, "a", "焊接机器人")])
    assert (index.changed, index.statistics.items) == (0, 126)


def test_too_many_texts_for_one_segment_are_refused():
    with pytest.raises(ValueError, match="65536"):
        build_postings([""] * 65_537)


# --- speed


def test_twenty_thousand_items_build_in_seconds_and_answer_in_milliseconds():
    library = large_library(20_000, 200)
    started = time.perf_counter()
    index = Index.build(library)
    assert time.perf_counter() - started < 15
    source = random.Random(5)
    took = []
    for _ in range(30):
        text = source.choice(library).text
        started = time.perf_counter()
        index.search(text)
        took.append(time.perf_counter() - started)
    assert statistics.median(took) < 0.05
