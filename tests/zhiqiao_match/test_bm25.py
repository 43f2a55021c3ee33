import math

import pytest

from zhiqiao_match import words
from zhiqiao_match.bm25 import BM25, bigrams

pytestmark = pytest.mark.anydb


def test_bm25_of_a_hand_worked_example():
    # N = 2, mean length 1.5; "a" in one document: idf = ln(1 + 1.5 / 1.5) = ln 2
    model = BM25([["a", "a"], ["b"]])
    norm = 1.2 * (0.25 + 0.75 * 2 / 1.5)
    expected = math.log(2) * 2 * 2.2 / (2 + norm)
    assert model.scores(["a"]).tolist() == [pytest.approx(expected), 0]
    assert model.scores(["a", "a", "x"]).tolist() == [pytest.approx(2 * expected), 0]


def test_bm25_of_nothing():
    assert BM25([]).scores(["a"]).tolist() == []
    assert BM25([[], []]).scores(["a"]).tolist() == [0, 0]


def test_bigrams_are_pairs_of_characters_and_whole_tokens():
    assert bigrams("ＰＬＣ控制柜，膜 5g") == ["plc", "控制", "制柜", "膜", "5g"]


def test_words_are_cut_and_folded():
    assert words.words("ＰＬＣ 控制，在线检测！") == ["plc", "控制", "在线", "检测"]
    assert words.words("") == []


def test_borders_are_where_words_begin_or_end(monkeypatch):
    assert words.borders("在线检测") == {0, 2, 4}
    monkeypatch.setattr(words, "_segmenter", lambda: None)
    assert words.borders("在线") == {0, 1, 2}
    assert words.words("在线 检测") == ["在线 检测"]
