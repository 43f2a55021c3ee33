from itertools import pairwise

import pytest
from hypothesis import example, given

from tests.zhiqiao_match.samples import texts
from zhiqiao_match import Evidence, Index, Item, shared_phrases, words
from zhiqiao_match.explain import evidence_sentence, highlights_of, read
from zhiqiao_match.text import normalise

pytestmark = pytest.mark.anydb


def by_length(phrases):
    return [float(len(phrase)) for phrase in phrases]


def names(need: str, evidence: str) -> list[str]:
    return [phrase.text for phrase in shared_phrases(need, evidence, by_length)]


def test_the_longest_shared_runs_are_found():
    assert names("研究焊接机器人的焊缝检测", "焊缝检测用焊接机器人") == ["焊接机器人", "焊缝检测"]


@pytest.mark.parametrize(
    ("need", "evidence", "phrases"),
    [
        ("产线检测", "在线检测系统", ["检测"]),
        ("余热利用", "加热利器", ["热", "利"]),
        ("焊接工艺", "焊接机器人", ["焊接"]),
        ("水处理剂", "污水处理", ["水处理"]),
        ("大数据平台", "最大数值", ["数"]),
        ("5G基站天线", "5G 天线", ["5G", "天线"]),
    ],
)
def test_phrases_begin_and_end_where_a_word_does(need, evidence, phrases):
    assert sorted(names(need, evidence)) == sorted(phrases)


def test_without_a_segmenter_runs_end_where_they_end(monkeypatch):
    monkeypatch.setattr(words, "_segmenter", lambda: None)
    read.cache_clear()
    assert names("产线检测", "在线检测系统") == ["线检测"]
    read.cache_clear()


def test_runs_do_not_reach_across_punctuation():
    assert names("焊接机器人", "焊接，机器人") == ["机器人", "焊接"]


def test_white_space_is_passed_over_and_kept_in_the_span():
    (phrase,) = shared_phrases("PLC控制柜", "基于 ＰＬＣ 控制柜", by_length)
    assert phrase.text == "ＰＬＣ 控制柜"
    assert phrase.spans == ((3, 10),)


def test_tokens_are_never_cut():
    assert names("AI 芯片", "AIR 芯片") == ["芯片"]
    assert names("GH4169 合金", "GH416 合金") == ["合金"]


def test_every_place_of_a_phrase_is_told():
    (phrase,) = shared_phrases("焊缝", "焊缝与焊缝", by_length)
    assert phrase.spans == ((0, 2), (3, 5))


def test_edges_lose_words_without_meaning():
    assert names("轴承的故障与诊断", "轴承的") == ["轴承"]
    assert names("膜的与", "的与") == []


@pytest.mark.parametrize("word", ["技术", "研究开发", "关键技术", "2018"])
def test_general_words_and_numbers_are_no_reason(word):
    assert names(f"{word}，焊缝", f"{word}；涂层") == []


def test_single_characters_are_told_only_where_nothing_longer_is_shared():
    assert names("定向钻探", "钻井液") == ["钻"]
    assert names("定向钻探", "钻井与钻探") == ["钻探"]


@given(texts, texts)
@example("A¼A", "A¼A")
def test_spans_hold_the_phrase_lie_in_order_and_do_not_overlap(need, evidence):
    phrases = shared_phrases(need, evidence, by_length)
    spans = sorted(span for phrase in phrases for span in phrase.spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for phrase in phrases:
        for start, end in phrase.spans:
            assert normalise("".join(evidence[start:end].split())) == normalise("".join(phrase.text.split()))
    weights = [phrase.weight for phrase in phrases]
    assert weights == sorted(weights, reverse=True)


def test_rare_phrases_weigh_more_and_common_ones_nothing():
    index = Index.build(Item(number, "a", "激光器" if number % 2 else "激光熔覆") for number in range(99))
    index = Index.build([*index.items(), Item(100, "a", "熔覆涂层")])
    weights = dict(zip(["激光", "涂层", "。"], index.phrase_weights(["激光", "涂层", "。"]), strict=True))
    assert weights["激光"] == 0.0
    assert weights["涂层"] > 0.0
    assert weights["。"] == 0.0


def told(need: str, *evidence: Evidence) -> str:
    return evidence_sentence(highlights_of(read(need), evidence, by_length))


def test_the_sentence_names_at_most_two_items_and_their_kind():
    paper = Evidence("1", "paper", "焊缝检测")
    service = Evidence("2", "service", "某厂" + "焊接" * 20)
    other = Evidence("3", "标书", "焊缝")
    assert told("焊缝检测与焊接", paper, service, other) == (
        "论文《焊缝检测》与需求都提到“焊缝检测”；"
        "服务记录“某厂焊接焊接焊接焊接焊接焊接焊接焊接焊接焊接焊接焊接焊接焊接…”与需求都提到“焊接”"
    )
    assert told("焊缝", Evidence("4", "award", "某奖\n焊缝")) == "奖励《某奖》与需求都提到“焊缝”"
    assert told("焊缝", other) == "标书《焊缝》与需求都提到“焊缝”"


def test_the_sentence_is_honest_about_thin_evidence():
    assert told("焊缝") == "登记的材料与需求没有共同的字词"
    assert told("定向钻探", Evidence("1", "patent", "钻井液")) == "专利《钻井液》与需求共有“钻”字"
    assert told("技术的研究", Evidence("1", "", "技术")) == "材料《技术》与需求只有零散或常见的字词相同"
