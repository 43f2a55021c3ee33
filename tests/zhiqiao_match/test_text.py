import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zhiqiao_match.samples import texts
from zhiqiao_match.text import (
    MINOR_WEIGHT,
    TOKEN_WEIGHT,
    UNIGRAM_WEIGHT,
    gram_weights,
    grams_of,
    grams_of_one,
    normalise,
    normalise_with_origins,
    units_of,
)

pytestmark = pytest.mark.anydb


def keys_of(text: str) -> list[int]:
    return sorted(grams_of([text]).keys.tolist())


def test_normalise_folds_width_case_and_compatibility_forms():
    assert normalise("ＰＬＣ控制，㎡") == "plc控制,m2"


def test_chinese_yields_characters_and_pairs():
    assert keys_of("焊缝") == sorted([ord("焊"), ord("缝"), ord("焊") << 21 | ord("缝")])


@pytest.mark.parametrize("mark", ["，", "。", "「", "』", "、", " ", "\n", "\0", "-", "A"])
def test_no_pair_reaches_across_anything_between(mark):
    pair = ord("焊") << 21 | ord("缝")
    assert pair not in keys_of(f"焊{mark}缝")


def test_old_and_new_punctuation_make_no_difference():
    assert keys_of("「焊缝」检测") == keys_of("“焊缝”检测") == keys_of("焊缝,检测") == keys_of("焊缝 检测")


@pytest.mark.parametrize(
    ("one", "other"),
    [("PLC", "plc"), ("ＰＬＣ", "PLC"), ("控制PLC系统", "控制 plc 系统"), ("PM2.5", "pm2.5")],
)
def test_tokens_are_the_same_whatever_their_case_width_and_surroundings(one, other):
    assert keys_of(one) == keys_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("AI", "air"), ("C", "CBN"), ("gh4169", "gh4133"), ("2018", "2019")]
)
def test_short_or_mixed_tokens_share_nothing_with_longer_ones(one, other):
    assert not set(keys_of(one)) & set(keys_of(other))


def test_long_words_share_their_first_five_letters_with_their_relatives():
    assert len(set(keys_of("robot")) & set(keys_of("robotics"))) == 1
    assert len(set(keys_of("robots")) & set(keys_of("robotic"))) == 1


def test_short_numbers_are_passed_over():
    assert keys_of("1、2、12") == []
    assert len(keys_of("1.8 2018")) == 2


def test_weights_follow_the_kind_of_gram():
    keys = grams_of(["焊缝"]).keys
    assert gram_weights(np.sort(keys)).tolist() == [UNIGRAM_WEIGHT, UNIGRAM_WEIGHT, 1.0]
    assert gram_weights(grams_of(["CBN"]).keys).tolist() == [TOKEN_WEIGHT]
    assert gram_weights(grams_of(["2018 x"]).keys).tolist() == [MINOR_WEIGHT, MINOR_WEIGHT]


@given(st.lists(texts, max_size=6))
def test_many_texts_at_once_give_what_each_gives_alone(many):
    found = grams_of(many)
    for number, text in enumerate(many):
        assert sorted(found.keys[found.texts == number].tolist()) == keys_of(text)


def test_grams_of_one_counts_repetitions():
    keys, counts = grams_of_one("焊焊")
    assert keys.tolist() == [ord("焊"), ord("焊") << 21 | ord("焊")]
    assert counts.tolist() == [2, 1]


def test_lone_surrogates_and_control_characters_do_no_harm():
    assert keys_of("焊\ud800\x00\u200b缝") == sorted(map(ord, "焊缝"))


@given(st.text(max_size=20))
def test_origins_point_at_the_character_they_stem_from(text):
    folded, origins = normalise_with_origins(text)
    assert len(folded) == len(origins)
    assert all(folded[place] in normalise(text[origin]) for place, origin in enumerate(origins))


def test_units_keep_tokens_whole_and_mark_breaks():
    units = units_of("用ＰＬＣ 与PM2.5，膜.")
    assert [unit.text for unit in units] == ["用", "plc", "与", "pm2.5", "", "膜", ""]
    assert units[1][1:] == (1, 4)
