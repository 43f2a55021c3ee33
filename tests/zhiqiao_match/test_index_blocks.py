"""Postings on disk: what is written is read back, and merging is the same as building at once."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import items, texts
from zhiqiao_match import Item, blocks, retrieve
from zhiqiao_match.blocks import (
    Counting,
    Held,
    cut_pages,
    find_in_page,
    join_pages,
    merge,
    pack_items,
    unpack_items,
)
from zhiqiao_match.index import count_frequencies
from zhiqiao_match.retrieve import choose_terms
from zhiqiao_match.segment import Postings, Statistics, build_postings, vector_lengths
from zhiqiao_match.text import gram_weights, grams_of, keys_of_word, normalise, words_of

pytestmark = pytest.mark.anydb

FIELDS = ("keys", "starts", "ids", "counts")


def told(postings: Postings) -> list[list[int]]:
    return [getattr(postings, name).tolist() for name in FIELDS]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(blocks, "PAGE_BYTES", 100)
    monkeypatch.setattr(blocks, "POSTINGS_AT_ONCE", 40)


@given(st.lists(texts, max_size=9))
def test_pages_give_back_what_was_cut_up(said):
    postings = build_postings(said)
    cut = list(cut_pages(postings))
    assert told(join_pages(page for _, page in cut)) == told(postings)
    assert [first for first, _ in cut] == sorted(first for first, _ in cut)


@given(st.lists(texts, min_size=1, max_size=9), st.data())
def test_a_gram_is_found_in_the_page_whose_first_gram_is_the_last_not_above_it(said, data):
    postings = build_postings(said)
    cut = list(cut_pages(postings))
    firsts = np.array([first for first, _ in cut], np.int64)
    for place, key in enumerate(postings.keys.tolist()):
        page = cut[int(firsts.searchsorted(key, "right")) - 1][1]
        ids, counts = find_in_page(page, key)
        part = slice(postings.starts[place], postings.starts[place + 1])
        assert (ids.tolist(), counts.tolist()) == (
            postings.ids[part].tolist(),
            postings.counts[part].tolist(),
        )
        unknown = key + 1
        if unknown not in postings.keys:
            assert find_in_page(page, unknown) is None


@given(st.lists(items, min_size=1, max_size=4))
def test_one_persons_items_survive_packing(held):
    weights, postings = unpack_items(pack_items(held))
    assert weights.tolist() == [np.float32(item.weight) for item in held]
    assert told(postings) == told(build_postings([item.text for item in held]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(texts, max_size=5), st.integers(0, 31)), max_size=4))
def test_merging_is_building_at_once_what_is_left(sets):
    sources, kept, before = [], [], 0
    for said, chosen in sets:
        alive = np.array([bool(chosen >> place & 1) for place in range(len(said))], bool)
        numbers = np.where(alive, np.cumsum(alive) - 1 + before, -1)
        sources.append((Held(build_postings(said)), numbers))
        kept += [text for text, lives in zip(said, alive, strict=True) if lives]
        before += int(alive.sum())
    whole, counting = build_postings(kept), Counting(len(kept))
    slices = list(merge(sources))
    for part in slices:
        counting.add(part)
    for name in ("keys", "ids", "counts"):
        merged = chain.from_iterable(getattr(part, name).tolist() for part in slices)
        assert list(merged) == getattr(whole, name).tolist()
    expected = count_frequencies([whole], [len(kept)])
    counted = counting.statistics(expected.typical_length)
    assert (counted.keys.tolist(), counted.counts.tolist()) == (
        expected.keys.tolist(),
        expected.counts.tolist(),
    )
    assert counting.lengths.tolist() == vector_lengths(whole, len(kept), expected).tolist()


@given(texts, st.text(max_size=2) | texts)
def test_a_text_that_holds_a_word_holds_all_its_pairs_and_two_characters_suffice(said, typed):
    held = set(grams_of([said], silent=True).keys.tolist())
    for word in words_of(typed):
        pairs = set(keys_of_word(word).tolist())
        inside = word in normalise(said.replace("\0", " "))
        assert not inside or pairs <= held
        if len(word) <= 2:
            assert (pairs <= held) == inside


@given(texts)
def test_silent_grams_weigh_nothing_and_the_others_are_the_speaking_ones(said):
    every = grams_of([said], silent=True).keys
    assert sorted(every[gram_weights(every) > 0].tolist()) == sorted(grams_of([said]).keys.tolist())


def test_in_a_large_library_the_grams_that_add_least_per_posting_are_left_out(monkeypatch):
    found = build_postings(["的研究" if n % 2 else "的焊缝" for n in range(50)])
    library = count_frequencies([found], [50])
    everything = choose_terms(library, "的的的的焊缝研究")
    monkeypatch.setattr(retrieve, "MOST_POSTINGS", 160)
    affordable = choose_terms(library, "的的的的焊缝研究")

    assert library.frequency(affordable.keys).sum() <= 160
    assert ord("的") in everything.keys
    assert ord("的") not in affordable.keys
    assert affordable.full == everything.full


def test_a_single_common_word_is_looked_up_however_common(monkeypatch):
    library = Statistics(np.array([ord("焊")], np.int64), np.array([900_000], np.int32), 1_000_000)
    assert choose_terms(library, "焊").keys.tolist() == [ord("焊")]


def test_packed_items_of_a_very_long_text_keep_their_counts():
    _, postings = unpack_items(pack_items([Item(1, "a", "焊" * 300)]))
    assert postings.counts.tolist() == [255, 255]
