"""Small invented libraries for the engine's tests; nobody in them exists."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import strategies as st

from zhiqiao_match import Candidate, Evidence, Index, Item, items_of

WORDS = tuple(
    "焊接 焊缝 检测 机器人 视觉 电池 锂离子 正极 材料 水稻 育种 抗病 基因 催化剂 废水 处理 膜 传感器 轴承 故障 诊断 "
    "算法 图像 识别 涂层 耐磨 合金 铸造 模具 光伏 逆变器 的 与 技术 研究 。 ， PLC CBN 5G robot robots PM2.5 2018".split()
)
PATHS = ("", "01.", "01.02.", "01.02.05.", "01.03.", "07.")
DISCIPLINES = ("210", "430", "460", "470", "910")

texts = st.lists(st.sampled_from(WORDS), max_size=8).map("".join) | st.text(max_size=12)


def person(key: int, *titles: str, **facts: object) -> Candidate:
    """Make a person with one paper per title and whatever other facts matter to the test."""
    evidence = tuple(Evidence(f"p{number}", "paper", title) for number, title in enumerate(titles))
    return Candidate(key=key, name=f"专家{key}", evidence=evidence, **facts)  # type: ignore[arg-type]


def index_of(people: Iterable[Candidate]) -> Index:
    return Index.build(item for one in people for item in items_of(one))


@st.composite
def candidates(draw: st.DrawFn, key: int | None = None) -> Candidate:
    served, answered = draw(st.integers(0, 6)), draw(st.integers(0, 4))
    return person(
        draw(st.integers(1, 60)) if key is None else key,
        *draw(st.lists(texts, max_size=4)),
        disciplines=tuple(draw(st.lists(st.sampled_from(DISCIPLINES), max_size=2, unique=True))),
        region=draw(st.sampled_from(PATHS)),
        open_tasks=draw(st.integers(0, 3)),
        task_cap=draw(st.integers(0, 5)),
        served=served,
        solved=draw(st.integers(0, served)),
        answered=answered,
        unit=draw(st.sampled_from(["", "一所", "二所"])),
        not_mine=draw(st.sampled_from([(), (), ("焊接机器人",), ("水稻", "电池材料")])),
        accepted=draw(st.integers(0, answered)),
        offered=draw(st.sampled_from([0, 0, 3, 40])),
        industries=draw(st.sampled_from([(), ("C",), ("C3421",), ("65",)])),
        available=draw(st.integers(0, 4)) > 0,
        unavailable_reason="出国至年底",
    )


def crowds(least: int = 0, most: int = 9) -> st.SearchStrategy[list[Candidate]]:
    """Draw people with different keys."""
    return st.lists(candidates(), min_size=least, max_size=most, unique_by=lambda one: one.key)


items = st.builds(
    Item,
    owner=st.integers(1, 6),
    key=st.sampled_from(["a", "b", "c"]),
    text=texts,
    weight=st.sampled_from([1.0, 1.0, 0.5, 0.0]),
)


def large_library(count: int, characters: int, seed: int = 1) -> list[Item]:
    """Compose many items of Chinese text with a skewed choice of words, five to a person."""
    source = random.Random(seed)
    ideographs = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    words = ["".join(source.choices(ideographs, k=source.choice((2, 2, 2, 3, 4)))) for _ in range(20_000)]
    shares = [1 / (rank + 10) for rank in range(len(words))]
    stream = "".join(source.choices(words, shares, k=count * characters // 2 + characters))
    return [
        Item(number // 5, str(number), stream[number * characters : (number + 1) * characters])
        for number in range(count)
    ]
