"""Why this person: shared phrases with their place in the evidence, and sentences in Chinese.

The sentences are written to be read out on the phone: no code, no formula, and never more than the
evidence says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from zhiqiao_match.model import Candidate, Evidence, Highlight, Part, Phrase
from zhiqiao_match.text import Unit, units_of

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

# Words that say nothing about a subject; a run made of them alone is not told as a reason. They do take part
# in the matching: leaving them out there brought nothing (NDCG@10 .673 with and without).
GENERAL_WORDS = (
    "技术|研究|开发|研发|研制|项目|产品|问题|解决|目标|基础|工作|设计|应用|系统|方法|方案|需求|企业|公司|单位|国内|国外"
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


def shared_phrases(need: str, evidence: str, weigh: Weigh) -> tuple[Phrase, ...]:
    """This finds the longest runs of characters that both texts contain, heaviest first, at most eight.

    weigh : phrases -> weights >= 0, such as `Index.phrase_weights`; runs of weight 0 are not told.
    Runs hold at least two characters or one token of two letters, end at punctuation, never cut a token, and
    do not overlap in the evidence; white space is passed over, so "PLC 控制" meets "PLC控制". Runs of general
    words (`GENERAL_WORDS`) and what weighs less than a tenth of the heaviest are not told either. Only where
    no run is left, single characters are returned: "钻" of 钻井 and 钻探 is then all the two have in common.
    """
    return phrases_in(units_of(need), evidence, weigh)


def phrases_in(need: Sequence[Unit], evidence: str, weigh: Weigh) -> tuple[Phrase, ...]:
    """This does the work of `shared_phrases` for a need already split into units."""
    spelling: dict[str, str] = {}
    units = units_of(evidence)
    runs = _disjoint(_common_runs(_spelled(units, spelling), _spelled(need, spelling)))
    spans: dict[str, list[tuple[int, int]]] = {}
    for first, last in (_trimmed(units, first, last) for first, last in runs):
        start, end = units[first].start, units[last - 1].end
        if _says_something(units[first:last]):
            spans.setdefault(" ".join(evidence[start:end].split()), []).append((start, end))
    names = [name for name in spans if len(name) > 1 and not _ONLY_GENERAL.fullmatch(name)]
    alone = [name for name in spans if len(name) == 1]
    return _heaviest(names, spans, weigh) or _heaviest(alone, spans, weigh)


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


def _spelled(units: Sequence[Unit], spelling: dict[str, str]) -> str:
    """This writes units as one character each; a token gets a private character, kept in `spelling`."""

    def spell(text: str) -> str:
        if len(text) <= 1:
            return text or _BREAK
        return spelling.setdefault(text, chr(_FIRST_TOKEN_CHARACTER + len(spelling)))

    return "".join(spell(unit.text) for unit in units)


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


def highlights_of(need: Sequence[Unit], evidence: Iterable[Evidence], weigh: Weigh) -> tuple[Highlight, ...]:
    """This pairs each evidence item with the phrases it shares with the need, in the order given."""
    return tuple(Highlight(item, phrases_in(need, item.text, weigh)) for item in evidence)


def evidence_sentence(highlights: Sequence[Highlight]) -> str:
    """This says which item fits and in which words."""
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
        return "学科与需求一致" if value >= 1 else "学科与需求同属一个门类" if value > 0 else "学科与需求不同"
    if value >= 1:
        return "学科在材料相近的专家中最多见"
    return "学科与材料相近的专家接近" if value > 0 else "学科与材料相近的专家不同"


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


def reasons_of(parts: Sequence[Part], candidate: Candidate) -> tuple[str, ...]:
    """This lists the sentences of the parts that speak for the person, the strongest first.

    A full desk, a poor record or a distant place lowers the score but is no reason to ask somebody, so what
    is below one half is not told here; nor is a record that does not exist.
    """
    told = {"evidence", "discipline"} | {part.code for part in parts if part.value >= 0.5}
    if not candidate.solved:
        told.discard("outcome")
    speaking = [part for part in parts if part.value > 0 and part.code in told]
    ordered = sorted(speaking, key=lambda part: -part.value * part.weight)
    return tuple(part.sentence for part in ordered)


def full_sentence(candidate: Candidate) -> str:
    """This says that a person has as many tasks as agreed."""
    return f"手上已有 {candidate.open_tasks} 项，达到上限 {candidate.task_cap}"


def beyond_sentence(shortlist: int) -> str:
    """This says that a person's evidence is not near enough to be compared in full."""
    return f"材料与需求的相近程度排在前 {shortlist} 位之外，没有进入比较"


def behind_sentence(position: int, gap: float, weakest: Part | None) -> str:
    """This says by how much a person missed the answer, and where most was lost.

    gap : points (0..100) to the last person chosen, >= 0.
    """
    if weakest is None or gap < SAME_SCORE:
        return f"排在第 {position} 位，与入选的最后一位同分，但名额已满"
    points = f"{gap:.1f} 分" if gap >= 0.05 else "不到 0.1 分"
    return f"排在第 {position} 位，比入选的最后一位少 {points}，主要少在{weakest.title}（{weakest.sentence}）"
