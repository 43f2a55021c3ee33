"""命中的字在哪里，长文章截出哪一段：位置按原文的字符，宽窄、大小写不论。"""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiqiao.kit.web.passages import cut, marked, places

pytestmark = pytest.mark.anydb

TEXTS = st.text(alphabet="轴承磨削裂纹CBNｃ①㎡。，\n é", max_size=300)
WORDS = st.lists(st.text(alphabet="轴承磨削裂纹cbn①m2", min_size=1, max_size=4), max_size=3)


def folded(part):
    return unicodedata.normalize("NFKC", part).casefold()


def read(text, spans):
    return [text[start:end] for start, end in spans]


def test_words_are_found_whatever_their_case_and_width():
    text = "ＣＢＮ砂轮与cbn单晶"
    assert read(text, places(text, ["cbn"])) == ["ＣＢＮ", "cbn"]
    assert places("没有", ["cbn", ""]) == ()


def test_one_character_that_folds_into_several_is_highlighted_whole():
    assert read("面积12㎡左右", places("面积12㎡左右", ["m2"])) == ["㎡"]


def test_finds_that_overlap_are_one():
    assert places("磨削裂纹", ["磨削", "削裂", "裂纹"]) == ((0, 4),)


def test_a_long_text_is_cut_at_the_sentence_of_the_hit():
    text = "前面的话。" * 40 + "套圈磨削后出现裂纹，原因不明。" + "后面的话。" * 40
    found = marked(text, ["裂纹"], 40)
    assert found.text.startswith("…套圈磨削后出现裂纹")
    assert found.text.endswith("…")
    assert read(found.text, found.spans) == ["裂纹"]


def test_a_short_text_stays_whole_and_on_one_line():
    assert marked("第一行\n第二行", ["二行"]).text == "第一行 第二行"


@given(TEXTS, WORDS)
def test_every_span_holds_a_word_and_no_span_is_lost(text, words):
    spans = places(text, words)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    whole = "".join(map(folded, text))
    assert bool(spans) == any(folded(word) in whole for word in words)


@given(TEXTS, WORDS, st.integers(40, 120))
def test_a_cut_keeps_what_it_shows(text, words, most):
    found = cut(text, places(text, words), most)
    assert len(found.text) <= most + 2
    for start, end in found.spans:
        assert 0 <= start < end <= len(found.text)
        piece = folded(found.text[start:end])
        at_the_edge = start <= 1 or end >= len(found.text) - 1  # a hit may be cut in two there
        assert at_the_edge or any(folded(word) in piece for word in words)
    assert bool(found.spans) == bool(places(text, words))
