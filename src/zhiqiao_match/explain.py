"""Why this person: shared phrases with their place in the evidence, and sentences in Chinese.

The sentences are written to be read out on the phone: no code, no formula, and never more than the
evidence says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zhiqiao_match.model import Candidate, Evidence, Highlight, Part, Phrase
from zhiqiao_match.parts import SAME_CATEGORY
from zhiqiao_match.text import CLASSES, IDEOGRAPH, Unit, units_of
from zhiqiao_match.words import borders

KINDS: Mapping[str, str] = {
    "paper": "论文",
    "patent": "专利",
    "project": "项目",
    "standard": "标准",
    "award": "奖励",
    "output": "成果",
    "service": "服务记录",
    "visit": "走访记录",
    "review": "评价",
    "keyword": "研究方向",
    "field": "研究方向",
    "biography": "简介",
}
OTHER_KIND = "材料"

MOST_PHRASES = 8
PHRASES_TOLD = 4
QUOTED_CHARACTERS = 30
ENOUGH_OF_THE_BEST = 0.1
SAME_SCORE = 1e-9
_READINGS_KEPT = 512

# Words that say nothing about a subject; a run made of them alone is not told as a reason. They do take part
# in the matching: leaving them out there brought nothing (NDCG@10 .673 with and without).
GENERAL_WORDS = (
    "技术|研究|开发|研发|诸多|降低|增加|减少|避免|研制|项目|产品|问题|解决|目标|基础|工作|设计|应用|系统|方法|方案|需求|企业|公司|单位|国内|国外"
    "|国家|国际|我国|中国|目前|现有|主要|重要|关键|核心|高级|先进|高效|提高|提升|改进|改善|优化|创新|创造|建立|建设|形成"
    "|实现|进行|开展|完成|发展|推广|利用|使用|采用|具有|具备|能力|水平|性能|质量|效果|效率|成本|影响|作用|条件|环境|过程"
    "|工程|工艺|生产|产业|产业化|行业|领域|专业|市场|社会|经济|科技|科学|成果|专利|论文|指标|要求|标准|内容|结构|功能|材料"
    "|设备|装置|装备|制造|加工|处理|分析|测试|试验|实验|理论|模型|数据|信息|管理|服务|合作|团队|人员|专家|教授|中心|学院"
    "|大学|研究所|研究院|研究生|等方面|方面|以上|以下|其中|同时|通过|根据|针对|相关|有关|不同|各种|多种|一种|一定|整体|综合"
    "|新型|自主|知识产权|发出|规模|大规模|年度|一年|五年|期间|曾任|担任|获得|负责|主持|参加|参与|提出|存在|达到|需要|希望"
)

_BREAK = "\0"
_FIRST_TOKEN_CHARACTER = 0xF0000
_EDGE_WORDS = frozenset("的了和与及或在对为是等其将被把以可能从到由于就也都并而且该此这那之所")
_ONLY_GENERAL = re.compile(f"(?:{GENERAL_WORDS})+")

_VAGUE_CHARACTERS = frozenset(
    "各无单时达上下中多少大小新高低长短不有人个项次年月日一二三四五六七八九十百千万"
)

Weigh = Callable[[Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """This is a text split into units, with the places where a word may begin or end.

    begins, ends : numbers of the units with which a word begins or ends.
    spelling : each token -> the private character that stands for it. spelled : the text so written, one
    character for each unit.
    """

    units: tuple[Unit, ...]
    begins: frozenset[int]
    ends: frozenset[int]
    spelling: Mapping[str, str]
    spelled: str


@lru_cache(maxsize=_READINGS_KEPT)
def read(text: str) -> Reading:
    """This splits a text into units and finds its words (`words.borders`); a token is a word in any case."""
    units, found = tuple(units_of(text)), borders(text)
    whole = {number for number, unit in enumerate(units) if len(unit.text) != 1 or not _is_han(unit.text)}
    begins = {n for n, unit in enumerate(units) if unit.start in found or n - 1 in whole} | whole
    ends = {n for n, unit in enumerate(units) if unit.end in found or n + 1 in whole} | whole
    tokens = dict.fromkeys(unit.text for unit in units if len(unit.text) > 1)
    spelling = {token: chr(_FIRST_TOKEN_CHARACTER + number) for number, token in enumerate(tokens)}
    return Reading(units, frozenset(begins), frozenset(ends), spelling, _spelled(units, spelling))


def shared_phrases(need: str, evidence: str, weigh: Weigh) -> tuple[Phrase, ...]:
    """This finds the longest runs of characters that both texts contain, heaviest first, at most eight.

    weigh : phrases -> weights >= 0, such as `Index.phrase_weights`; runs of weight 0 are not told.
    Runs hold at least two characters or one token of two letters, end at punctuation, never cut a token, and
    do not overlap in the evidence; white space is passed over, so "PLC 控制" meets "PLC控制". They begin and
    end where a word does in either text: 在线检测 and 产线检测 share 检测, not 线检测. Runs of general words
    (`GENERAL_WORDS`) and what weighs less than a tenth of the heaviest are not told either. Only where no run
    is left, single characters are returned: "钻" of 钻井 and 钻探 is then all the two have in common.
    """
    return phrases_in(read(need), evidence, weigh)


def phrases_in(need: Reading, evidence: str, weigh: Weigh) -> tuple[Phrase, ...]:
    """This does the work of `shared_phrases` for a need already read."""
    told = read(evidence)
    units, wanted = told.units, need.spelled
    haystack = _spelled(units, need.spelling) if told.spelling else told.spelled
    spans: dict[str, list[tuple[int, int]]] = {}
    reached = 0
    for run in _disjoint(_common_runs(haystack, wanted)):
        for first, last in _at_borders(run, told, need, _places(haystack[slice(*run)], wanted)):
            first, last = _trimmed(units, first, last)
            start, end = units[first].start, units[last - 1].end
            # One character may stand for several: ¼ is 1, a stroke and 4, and belongs to one phrase only.
            if start >= reached and _says_something(units[first:last]):
                reached = end
                spans.setdefault(" ".join(evidence[start:end].split()), []).append((start, end))
    names = [name for name in spans if len(name) > 1 and not _ONLY_GENERAL.fullmatch(name)]
    alone = [name for name in spans if len(name) == 1]
    return _heaviest(names, spans, weigh) or _heaviest(alone, spans, weigh)


def _at_borders(
    run: tuple[int, int], evidence: Reading, need: Reading, places: Sequence[int]
) -> list[tuple[int, int]]:
    """This narrows a run until it begins and ends with a word of the evidence, or of the need.

    places : where the run stands in the need. A run in which no word is whole falls apart into characters.
    """
    first, last = run
    begins = [
        at
        for at in range(first, last)
        if at in evidence.begins or any(place + at - first in need.begins for place in places)
    ]
    ends = [
        at + 1
        for at in range(first, last)
        if at in evidence.ends or any(place + at - first in need.ends for place in places)
    ]
    whole = [(begin, ends[-1]) for begin in begins[:1] if ends and _holds_a_word(evidence, begin, ends[-1])]
    return whole or [(at, at + 1) for at in range(first, last)]


def _holds_a_word(evidence: Reading, first: int, last: int) -> bool:
    return last - first > 1 or (last - first == 1 and not _is_han(evidence.units[first].text))


def _places(run: str, text: str) -> list[int]:
    """This returns every position of a run in a text."""
    found, at = [], text.find(run)
    while at >= 0:
        found.append(at)
        at = text.find(run, at + 1)
    return found


def _is_han(text: str) -> bool:
    return len(text) == 1 and int(CLASSES[ord(text)]) == IDEOGRAPH


def _heaviest(
    names: Sequence[str], spans: Mapping[str, Sequence[tuple[int, int]]], weigh: Weigh
) -> tuple[Phrase, ...]:
    """This drops what weighs nothing or little beside the heaviest, and puts the heaviest first."""
    if not names:
        return ()
    weights = weigh(names)
    floor = ENOUGH_OF_THE_BEST * max(weights)
    phrases = (Phrase(name, weight, tuple(spans[name])) for name, weight in zip(names, weights, strict=True))
    kept = [phrase for phrase in phrases if phrase.weight > 0 and phrase.weight >= floor]
    return tuple(sorted(kept, key=lambda phrase: (-phrase.weight, phrase.spans)))[:MOST_PHRASES]


def _spelled(units: Sequence[Unit], spelling: Mapping[str, str]) -> str:
    """This writes units as one character each; what has no spelling ends a run, for nobody else says it."""
    texts = [unit.text for unit in units]
    return "".join([text if len(text) == 1 else spelling.get(text, _BREAK) for text in texts])


def _common_runs(text: str, haystack: str) -> list[tuple[int, int]]:
    """This returns every [first, last) in `text` that stands in `haystack` and cannot be made longer."""
    runs: list[tuple[int, int]] = []
    last = 0
    for first in range(len(text)):
        reached = last
        last = max(last, first)
        while last < len(text) and text[last] != _BREAK and text[first : last + 1] in haystack:
            last += 1
        if last > max(reached, first):
            runs.append((first, last))
    return runs


def _disjoint(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """This keeps the longest runs, the earlier of equals, and drops what overlaps them; in text order."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(runs, key=lambda run: (run[0] - run[1], run[0])):
        if all(last <= other_first or first >= other_last for other_first, other_last in kept):
            kept.append((first, last))
    return sorted(kept)


def _trimmed(units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
    """This cuts words such as 的 or 与 off both ends of a run."""
    while last - first > 1 and units[first].text in _EDGE_WORDS:
        first += 1
    while last - first > 1 and units[last - 1].text in _EDGE_WORDS:
        last -= 1
    return first, last


def _says_something(units: Sequence[Unit]) -> bool:
    """This passes over numbers, single letters and lone characters such as 的 or 高."""
    written = "".join(unit.text for unit in units)
    if len(written) == 1:
        return written > "\u3000" and written not in _EDGE_WORDS | _VAGUE_CHARACTERS
    return not written.replace(".", "").isdigit()


def highlights_of(need: Reading, evidence: Iterable[Evidence], weigh: Weigh) -> tuple[Highlight, ...]:
    """This pairs each evidence item with the phrases it shares with the need, in the order given."""
    return tuple(Highlight(item, phrases_in(need, item.text, weigh)) for item in evidence)


def evidence_sentence(highlights: Sequence[Highlight], declined: str = "") -> str:
    """This says which item fits and in which words; `declined`: the title of a need like this one that the
    person declined as outside the field."""
    told = _what_fits(highlights)
    return f"{told}；但曾因专业不对口婉拒过相近的需求“{declined}”" if declined else told


def _what_fits(highlights: Sequence[Highlight]) -> str:
    if not highlights:
        return "登记的材料与需求没有共同的字词"
    told = [highlight for highlight in highlights if highlight.phrases]
    told = [highlight for highlight in told if len(highlight.phrases[0].text) > 1] or told
    if not told:
        return f"{_quoted(highlights[0].evidence)}与需求只有零散或常见的字词相同"
    return "；".join(_in_common(highlight) for highlight in told[:2])


def _in_common(highlight: Highlight) -> str:
    """This tells the phrases of one evidence item, or the single characters where there is nothing more."""
    texts: list[str] = []
    for phrase in highlight.phrases:
        if not any(phrase.text in told for told in texts):
            texts.append(phrase.text)
    texts = texts[:PHRASES_TOLD]
    words = "".join(f"“{text}”" for text in texts)
    if len(texts[0]) == 1:
        return f"{_quoted(highlight.evidence)}与需求共有{words}字"
    return f"{_quoted(highlight.evidence)}与需求都提到{words}"


def _quoted(evidence: Evidence) -> str:
    """This names an evidence item: its kind, and its first line, whole where it is as short as a title."""
    kind = KINDS.get(evidence.kind, evidence.kind or OTHER_KIND)
    text = " ".join(evidence.text.strip().partition("\n")[0].split())
    if len(text) <= QUOTED_CHARACTERS:
        return f"{kind}《{text}》"
    return f"{kind}“{text[:QUOTED_CHARACTERS]}…”"


def discipline_sentence(value: float, named: bool) -> str:
    """This says how the person's discipline lies to the need's; `named`: the need names its disciplines."""
    if named:
        if value >= 1:
            return "学科与需求一致"
        near = "学科与需求相近" if value > SAME_CATEGORY else "学科与需求同属一个门类"
        return near if value > 0 else "学科与需求不同"
    if value >= 1:
        return "学科在材料相近的专家中最多见"
    return "学科与材料相近的专家接近" if value > 0 else "学科与材料相近的专家不同"


def industry_sentence(value: float, known: bool) -> str:
    """This says how near the industries the person has worked for are; `known`: any are registered."""
    if not known:
        return "没有登记服务过的行业"
    if value >= 1:
        return "服务过需求所在的行业"
    if value > SAME_CATEGORY:
        return "服务过相近的行业"
    return "服务过同一门类的行业" if value > 0 else "没有服务过需求所在的行业"


def region_sentence(value: float, levels_up: int, known: bool) -> str:
    """This says how near the person works; levels_up: how far up the two places meet."""
    if not known:
        return "没有登记所在地"
    if value >= 1:
        return "就在需求所在地"
    if value <= 0:
        return "与需求不在同一地区"
    return "与需求同属上一级地区" if levels_up == 1 else f"往上 {levels_up} 级才与需求同属一个地区"


def load_sentence(candidate: Candidate) -> str:
    """This says how busy the person is."""
    if not candidate.open_tasks:
        return f"手上没有在办事项，最多可接 {candidate.task_cap} 项"
    return f"手上有 {candidate.open_tasks} 项，最多可接 {candidate.task_cap} 项"


def outcome_sentence(candidate: Candidate) -> str:
    """This says what became of earlier services."""
    if not candidate.served:
        return "还没有办结的服务，按平均水平估计"
    return f"办结 {candidate.served} 项服务，其中 {candidate.solved} 项解决或达成合作"


def reply_sentence(candidate: Candidate) -> str:
    """This says how a person answered earlier invitations."""
    if not candidate.answered:
        return "还没有答复过邀请，按平均水平估计"
    return f"答复过 {candidate.answered} 次邀请，应邀 {candidate.accepted} 次"


def chance_sentence(candidate: Candidate) -> str:
    """This says how often a person was recommended of late."""
    if not candidate.offered:
        return "近期没有被推荐过，值得了解"
    return f"近期被推荐过 {candidate.offered} 次"


def reasons_of(parts: Sequence[Part], candidate: Candidate) -> tuple[str, ...]:
    """This lists the sentences of the parts that speak for the person, the strongest first.

    A full desk, a poor record or a distant place lowers the score but is no reason to ask somebody, so what
    is below one half is not told here; nor is a record that does not exist, nor being little known.
    """
    told = {"evidence", "discipline"} | {part.code for part in parts if part.value >= 0.5}
    without_record = {"outcome": candidate.solved, "reply": candidate.accepted, "chance": 0}
    told -= {code for code, record in without_record.items() if not record}
    speaking = [part for part in parts if part.value > 0 and part.code in told]
    ordered = sorted(speaking, key=lambda part: -part.value * part.weight)
    return tuple(part.sentence for part in ordered)


def full_sentence(candidate: Candidate) -> str:
    """This says that a person has as many tasks as agreed."""
    return f"手上已有 {candidate.open_tasks} 项，达到上限 {candidate.task_cap}"


def beyond_sentence(shortlist: int) -> str:
    """This says that a person's evidence is not near enough to be compared in full."""
    return f"材料与需求的相近程度排在前 {shortlist} 位之外，没有进入比较"


def crowded_sentence(unit: str, most: int) -> str:
    """This says that others of the same unit come first."""
    return f"{unit}已有 {most} 位排在前面，这次每个单位最多列 {most} 位"


def behind_sentence(position: int, gap: float, weakest: Part | None) -> str:
    """This says by how much a person missed the answer, and where most was lost.

    gap : points (0..100) to the last person chosen, >= 0.
    """
    if weakest is None or gap < SAME_SCORE:
        return f"排在第 {position} 位，与入选的最后一位同分，但名额已满"
    points = f"{gap:.1f} 分" if gap >= 0.05 else "不到 0.1 分"
    return f"排在第 {position} 位，比入选的最后一位少 {points}，主要少在{weakest.title}（{weakest.sentence}）"
