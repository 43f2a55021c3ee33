"""Made-up experts for the speed bench: any number, the same from the same seed, about 200 characters each.

The words follow Zipf's law with a long tail; an expert writes half of hers from a field of her own, so that
grams keep company as they do in real texts. The head of the vocabulary is ordinary technical Chinese composed
below; the tail is made of random pairs and triples of the common characters of GB 2312. Nothing comes from a
data file, except that the words of real needs, where they are given as queries, take their place in the
vocabulary: otherwise their rare words would meet nobody and the bench would be too easy.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = 20260601
TAIL_WORDS = 60_000
FIELDS = 300
WORDS_PER_FIELD = 400
WORDS_EACH = 66
OWN_FIELD = 0.5
HEAD_OFFSET, FIELD_OFFSET, FIELD_PREFERS = 10, 5, 300
AT_ONCE = 5_000
LONGEST_WORD = 4
FEWEST_TIMES = 3

THINGS = (
    "电池 电机 轴承 齿轮 阀门 泵 传感器 芯片 激光 光纤 光伏 风机 锅炉 燃料 催化剂 树脂 涂料 纤维 织物 薄膜 陶瓷 玻璃 合金"
    " 钢材 铝材 铜箔 镁合金 复合材料 石墨烯 硅片 晶体 粉末 焊缝 模具 铸件 锻件 管道 容器 反应器 换热器 压缩机 发动机 变压器"
    " 电缆 电容 电路 天线 雷达 卫星 无人机 机器人 机床 刀具 生产线 仪器 显微镜 探测器 图像 视频 语音 文本 知识图谱 数据库"
    " 网络 算法 软件 平台 云计算 区块链 物联网 农药 肥料 种子 土壤 水稻 小麦 玉米 大豆 蔬菜 果树 茶叶 饲料 疫苗 抗体 蛋白"
    " 基因 细胞 菌种 酶制剂 药物 中药 制剂 医疗器械 支架 废水 废气 污泥 固废 烟气 重金属 粉尘 噪声 地下水 河道 桥梁 隧道"
    " 混凝土 沥青 钢结构 建筑 矿石 煤炭 油田 天然气 页岩 氢气 储能 电网 充电桩 汽车 轮胎 船舶 列车 航空 包装 食品 酒类 乳品"
    " 皮革 造纸 印染 橡胶 塑料 润滑油 胶粘剂 纳米 量子点 磁性材料 稀土 钛白粉 生物质 秸秆 海水 膜组件 分子筛 活性炭"
).split()
DEEDS = (
    "研究 开发 设计 制备 合成 检测 监测 识别 诊断 预测 控制 优化 仿真 建模 评价 处理 回收 利用 修复 治理 分离 提纯 浓缩 萃取"
    " 发酵 育种 栽培 防治 加工 成形 焊接 铸造 锻造 热处理 喷涂 电镀 抛光 切割 装配 调度 规划 配方 封装 测试 标定 定位 导航"
    " 通信 编码 加密 压缩 传输 存储 检索 推荐 分类 聚类 分割 重建 增强 降噪 冷却 加热 干燥 输送 节能 减排 脱硫 脱硝 除尘 脱盐"
    " 降解 改性 强化 固化 交联 聚合 氧化 还原 吸附 过滤 沉淀 结晶 烧结 镀膜 光刻 刻蚀 集成 驱动 减振 密封 润滑 防腐 阻燃"
).split()
QUALITIES = (
    "智能 高温 高压 低温 高速 高精度 高强度 高纯度 耐磨 耐腐蚀 轻量化 柔性 绿色 环保 节能型 自动化 数字化 无损 在线 实时 远程"
    " 三维 多尺度 非线性 自适应 分布式 嵌入式 微型 大型 超细 多孔 超导 透明 可降解 功能性 抗菌 保鲜 精密 连续 快速 深度 动态"
).split()
GENERAL = (
    "技术 系统 方法 工艺 装备 材料 性能 结构 机理 应用 理论 模型 产品 工程 项目 关键 问题 指标 效率 质量 成本 寿命 产业化 国家"
    " 重点 基金 课题 主持 参与 完成 获得 发明专利 论文 标准 奖励 企业 合作 团队 教授 博士 实验室 中心 长期 从事 主要 方向 领域"
    " 基于 面向 及其 以及 通过 实现 提高 降低 解决 提出 建立 形成 开展 推广 示范 特性 机制 过程 条件 影响 分析 试验 参数 方案"
).split()
JOINTS = ("", "", "", "", "", "", "的", "与", "及", "，", "，", "、", "。")

_IDEOGRAPHS = re.compile("[\u4e00-\u9fff]{2,}")


class Drawn(NamedTuple):
    """This is a text, and the words it was made of, joined by spaces: the cut of a perfect segmenter."""

    text: str
    words: str


@dataclass(frozen=True)
class Corpus:
    """This draws texts. ``text i`` is the same whatever the number of texts asked for.

    words : the vocabulary, most frequent first; parts: each word cut as a segmenter cuts it, by spaces.
    """

    words: Sequence[str]
    parts: Sequence[str]
    fields: NDArray[np.int64]
    seed: int = SEED

    def texts(self, number: int) -> Iterator[list[Drawn]]:
        """Give the texts of this many experts, some thousands at once."""
        for first in range(0, number, AT_ONCE):
            dice = np.random.default_rng((self.seed, 1, first))
            yield self._chunk(AT_ONCE, dice)[: number - first]

    def needs(self, number: int) -> list[str]:
        """Make needs up, of the same vocabulary: for want of real ones."""
        dice = np.random.default_rng((self.seed, 2))
        return [drawn.text[:150] for drawn in self._chunk(AT_ONCE, dice)[:number]]

    def another(self, number: int) -> Drawn:
        """Draw one more text: what an expert's text is changed into."""
        dice = np.random.default_rng((self.seed, 3, number))
        return self._chunk(1, dice)[0]

    def _chunk(self, size: int, dice: np.random.Generator) -> list[Drawn]:
        shape = (size, WORDS_EACH)
        common = _zipf(dice, len(self.words), HEAD_OFFSET, shape)
        field = dice.integers(len(self.fields), size=(size, 1))
        special = self.fields[field, _zipf(dice, self.fields.shape[1], FIELD_OFFSET, shape)]
        chosen = np.where(dice.random(shape) < OWN_FIELD, special, common)
        joints = dice.integers(len(JOINTS), size=shape)
        lengths = dice.integers(WORDS_EACH * 3 // 4, WORDS_EACH + 1, size=size).tolist()
        return [
            Drawn(
                "".join(
                    self.words[word] + JOINTS[joint] for word, joint in zip(row[:n], gaps[:n], strict=True)
                ),
                " ".join(self.parts[word] for word in row[:n]),
            )
            for row, gaps, n in zip(chosen.tolist(), joints.tolist(), lengths, strict=True)
        ]

    def cut(self, text: str) -> list[str]:
        """Cut any text into words of the vocabulary, the longest first; what is unknown is passed over.

        Source: forward maximum matching, the plainest of dictionary segmenters.
        """
        known, found, at = self._known, [], 0
        while at < len(text):
            size = next((n for n in range(LONGEST_WORD, 1, -1) if text[at : at + n] in known), 0)
            if size:
                found.append(text[at : at + size])
            at += size or 1
        return found

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(part for parts in self.parts for part in parts.split())


def compose(queries: Sequence[str] = (), seed: int = SEED) -> Corpus:
    """Make the vocabulary and the fields.

    queries : texts whose words join the vocabulary, each at the rank its frequency in them gives it.
    """
    dice = np.random.default_rng((seed, 0))
    head = [*GENERAL, *DEEDS, *THINGS, *QUALITIES]
    composed = [f"{first} {second}" for first in QUALITIES for second in THINGS]
    composed += [f"{first} {second}" for first in THINGS for second in DEEDS]
    said = words_of(queries)
    times = dict.fromkeys(composed, 0) | dict.fromkeys(head, FEWEST_TIMES) | said
    known = sorted(times)
    order = sorted(dice.permutation(len(known)).tolist(), key=lambda at: -times[known[at]])
    parts = [*(known[at] for at in order), *_tail(dice)]
    words = [part.replace(" ", "") for part in parts]
    # A field prefers the middle of the vocabulary: neither what everybody says nor what nobody says.
    fields = _zipf(dice, len(words), FIELD_PREFERS, (FIELDS, WORDS_PER_FIELD))
    return Corpus(words, parts, fields, seed)


def words_of(texts: Sequence[str]) -> Counter[str]:
    """Find the words of some texts without a dictionary, and how often each is said.

    Pieces of two to four characters said at least three times are candidates; every run of ideographs is cut
    so that the product of the frequencies of its pieces is highest, a character left alone counting as rare.
    Source: the unigram model of segmentation, Viterbi (1967) for the search.
    """
    runs = [run for text in texts for run in _IDEOGRAPHS.findall(text)]
    pieces = Counter(run[at : at + n] for run in runs for n in (2, 3, 4) for at in range(len(run) - n + 1))
    total = sum(pieces.values())
    costs = {piece: math.log(total / times) for piece, times in pieces.items() if times >= FEWEST_TIMES}
    alone = math.log(total or 1) + 2
    return Counter(piece for run in runs for piece in _cheapest_cut(run, costs, alone) if len(piece) > 1)


def _cheapest_cut(run: str, costs: Mapping[str, float], alone: float) -> list[str]:
    """Cut a run into pieces of the lowest total cost."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        ways = [(best[end - 1][0] + alone, end - 1)]
        for first in range(max(0, end - LONGEST_WORD), end - 1):
            if (cost := costs.get(run[first:end])) is not None:
                ways.append((best[first][0] + cost, first))
        best.append(min(ways))
    cut, end = [], len(run)
    while end:
        cut.append(run[best[end][1] : end])
        end = best[end][1]
    return cut


def _tail(dice: np.random.Generator) -> list[str]:
    characters = [
        bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)
    ]
    sizes = dice.choice([2, 2, 2, 3, 4], size=TAIL_WORDS).tolist()
    at = _zipf(dice, len(characters), 300, (TAIL_WORDS, 4)).tolist()
    shuffled = dice.permutation(len(characters)).tolist()
    return ["".join(characters[shuffled[n]] for n in row[:size]) for row, size in zip(at, sizes, strict=True)]


def _zipf(dice: np.random.Generator, n: int, offset: float, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Draw ranks 0..n-1 with a chance of about 1 / (rank + offset), by inverting the continuous law.

    Source: Mandelbrot (1953), "An informational theory of the statistical structure of language".
    """
    drawn = offset * ((n + offset) / offset) ** dice.random(shape) - offset
    ranks: NDArray[np.int64] = np.minimum(drawn.astype(np.int64), n - 1)
    return ranks
