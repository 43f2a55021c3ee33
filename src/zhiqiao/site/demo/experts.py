"""The experts of the demo: what they know is said in the words of the problems they can help with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random

from zhiqiao.accounts.models import Person
from zhiqiao.directory.actions import Belongings, Proof, add_experts
from zhiqiao.directory.capacity import Terms
from zhiqiao.directory.enums import EvidenceKind, ExpertKind, Sharing
from zhiqiao.directory.models import Expert
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.demo.names import People
from zhiqiao.site.demo.network import ACADEMICIANS, OVERSEAS, SOCIETIES, Network
from zhiqiao.site.demo.texts import Field, Problem

# The published make-up of 双千行动: 1,037 experts.
ENLISTED = {ExpertKind.ACADEMICIAN: 96, ExpertKind.OVERSEAS: 125, ExpertKind.SOCIETY: 816}
_OTHERS = {ExpertKind.UNIVERSITY: 26, ExpertKind.ENTERPRISE: 17}

_UNIVERSITIES = ("吴越理工大学", "越州工业大学", "东瓯科技大学")
_ABROAD = (
    "莱茵湾理工大学(德国)", "维斯特兰大学(荷兰)", "北湖大学(加拿大)", "南港科技大学(新加坡)", "枫谷研究院(美国)",
    "青叶工业大学(日本)", "塞纳山工程学院(法国)", "橡树湾大学(英国)", "珊瑚湾大学(澳大利亚)", "极光技术大学(芬兰)",
    "汉水科学技术院(韩国)", "阿尔卑斯湖工学院(瑞士)",
)  # fmt: skip
# For each field: a school of any university, and the places of its own.
_UNITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "machining": ("机械工程学院", ("桐江装备研究院",)),
    "equipment": ("机械工程学院", ("湘湖机器人研究所", "桐江装备研究院")),
    "vehicles": ("车辆工程系", ("桐江装备研究院",)),
    "drives": ("电气工程学院", ("江湾电气研究所",)),
    "sensors": ("电子信息学院", ("凤凰岭光电研究院",)),
    "vision": ("计算机学院", ("湘湖机器人研究所", "浙北检验检测研究院")),
    "software": ("计算机学院", ("云岭软件研究院",)),
    "metals": ("材料学院", ("半山热加工研究所",)),
    "polymers": ("高分子系", ("南屏材料研究所",)),
    "chemicals": ("化学工程学院", ("龙门化学工艺研究院",)),
    "building": ("土木工程学院", ("富春建筑科学研究院",)),
    "textiles": ("纺织学院", ("超山纤维研究院",)),
    "food": ("食品学院", ("天目食品研究所", "苕溪农林大学食品学院")),
    "environment": ("环境学院", ("运河水土研究院", "苕溪农林大学环境学院")),
    "medicine": ("药学院", ("天竺药物研究所", "钱湖医学院")),
    "devices": ("生物医学工程系", ("钱湖医学院", "浙北检验检测研究院")),
    "farming": ("生物工程系", ("苕溪农林大学农学院", "浙北农业科学研究所")),
}
_TITLES = (
    ("教授", 5),
    ("研究员", 4),
    ("副教授", 4),
    ("教授级高级工程师", 3),
    ("高级工程师", 5),
    ("副研究员", 3),
)

_PAPERS = (
    "{a}在{p}中的应用研究",
    "面向{p}的{a}方法",
    "{p}的{a}与{b}",
    "基于{a}的{p}性能提升",
    "{a}对{p}质量的影响",
    "{b}与{a}研究进展",
)
_PATENTS = ("一种用于{p}的{a}装置", "一种{p}的{a}方法", "一种{p}{a}系统", "面向{p}的{b}方法及装置")
_PROJECTS = (
    "{p}{a}关键技术研究与应用",
    "{p}{a}与{b}技术开发",
    "面向产业化的{a}共性技术",
    "{p}{b}示范应用",
)
_FUNDS = ("省级重点研发项目", "企业委托项目", "市级科技攻关项目", "联合实验室课题", "产业技术创新项目")


@dataclass(slots=True)
class Profile:
    """An expert as the demo knows her: her row, her problems, and how much she has in hand."""

    expert: Expert
    field: Field
    problems: tuple[Problem, ...]
    proofs: tuple[Proof, ...]
    busy: int = 0
    declined_at: datetime | None = None
    served: int = 0

    def why(self, problem: Problem, district: Organisation) -> list[str]:
        """Say in sentences why this expert is proposed for a problem."""
        known = [topic for topic in problem.topics if topic in self.expert.keywords]
        sentences = [f"研究方向相符：{'、'.join(known[:3])}"] if known else []
        proof = next((each for each in self.proofs if any(topic in each.title for topic in known)), None)
        if proof:
            sentences.append(f"{EvidenceKind(proof.kind).label}《{proof.title}》")
        if self.expert.place_id == district.pk:
            sentences.append("与企业在同一区县")
        return sentences


@dataclass(slots=True)
class Library:
    """All experts of the demo, and the one whose account can be tried."""

    enlisted: list[Profile]
    others: list[Profile]
    shown: Profile


def make_experts(
    network: Network,
    fields: tuple[Field, ...],
    people: People,
    phones: Iterator[str],
    rng: Random,
    *,
    account: Person,
    at: datetime,
    today: date,
) -> Library:
    """Enter every expert: 1,037 enlisted for 双千行动, and some others.

    account : the expert's account that can be tried; a society's expert on machine vision gets it.
    at : when they were entered. today : the present of the demo; a few are resting until about then.
    """
    enlisted = [*_made(network, fields, ENLISTED, people, rng, at)]
    others = [*_made(network, fields, _OTHERS, people, rng, at)]
    for each in (*enlisted, *others):
        _address(each.expert, phones, today, rng)
    shown = next(
        each for each in enlisted if each.field.name == "vision" and each.expert.kind == ExpertKind.SOCIETY
    )
    shown.expert.person, shown.expert.name, shown.expert.phone = account, account.name, account.phone or ""
    shown.expert.resting_until, shown.expert.task_cap = None, 5
    rows = [(each.expert, _belongings(each)) for each in (*enlisted, *others)]
    add_experts(rows, by=SYSTEM, at=at, reason="演示数据：专家入库")
    return Library(enlisted, others, shown)


def _address(expert: Expert, phones: Iterator[str], today: date, rng: Random) -> None:
    """Say how an expert is reached. A few are resting until some day that is over or still to come."""
    number = next(phones)
    if expert.kind != ExpertKind.OVERSEAS:
        expert.phone = number
    if expert.kind == ExpertKind.OVERSEAS or rng.random() < 0.6:
        expert.email = f"expert{number[-4:]}@example.com"
    if rng.random() < 0.03:
        expert.resting_until = today + timedelta(days=rng.randint(-60, 90))


def _made(
    network: Network,
    fields: tuple[Field, ...],
    counts: dict[ExpertKind, int],
    people: People,
    rng: Random,
    at: datetime,
) -> Iterator[Profile]:
    for kind, count in counts.items():
        turns = cycle((each, number) for number in range(8) for each in fields)
        for _ in range(count):
            trade, number = next(turns)
            yield _profile(network, trade, kind, number, people, rng, at)


def _profile(
    network: Network, trade: Field, kind: ExpertKind, number: int, people: People, rng: Random, at: datetime
) -> Profile:
    """Make one expert. ``number`` is her first problem, so that every problem has its people."""
    first = trade.problems[number % len(trade.problems)]
    rest = [each for each in trade.problems if each is not first]
    problems = (first, *rng.sample(rest, rng.randint(1, 2)))
    kept = list(
        dict.fromkeys((*first.topics, *(topic for each in problems[1:] for topic in each.topics[:2])))
    )
    expert = Expert(
        name=people.name(),
        kind=kind,
        unit=_unit(trade, kind, rng),
        title=_title(kind, rng),
        keywords="、".join(kept),
        organisation=network.societies[_society(trade, kind)],
        place=None if kind == ExpertKind.OVERSEAS else rng.choice(network.districts),
        sharing=Sharing.PUBLIC if rng.random() < 0.35 else Sharing.NETWORK,
        consented_at=at,
        task_cap=rng.choices((2, 3, 4, 5), (2, 6, 2, 1))[0],
    )
    return Profile(expert, trade, problems, tuple(_proofs(problems, rng)))


def _unit(trade: Field, kind: ExpertKind, rng: Random) -> str:
    if kind == ExpertKind.OVERSEAS:
        return rng.choice(_ABROAD)
    school, own = _UNITS[trade.name]
    return rng.choice((*own, *(university + school for university in _UNIVERSITIES)))


def _title(kind: ExpertKind, rng: Random) -> str:
    if kind == ExpertKind.ACADEMICIAN:
        return "院士"
    names, weights = zip(*_TITLES, strict=True)
    title: str = rng.choices(names, weights)[0]
    return title


def _society(trade: Field, kind: ExpertKind) -> str:
    if kind == ExpertKind.ACADEMICIAN:
        return ACADEMICIANS
    if kind == ExpertKind.OVERSEAS:
        return OVERSEAS
    return next(name for name, names in SOCIETIES.items() if trade.name in names)


def _proofs(problems: tuple[Problem, ...], rng: Random) -> Iterator[Proof]:
    """Yield a paper, a patent and a project on the first problem, and one of them on each other."""
    kinds = [EvidenceKind.PAPER, EvidenceKind.PATENT, EvidenceKind.PROJECT]
    for kind in kinds:
        yield _proof(kind, problems[0], rng)
    for each in problems[1:]:
        yield _proof(rng.choice(kinds), each, rng)


def _proof(kind: EvidenceKind, problem: Problem, rng: Random) -> Proof:
    patterns = {EvidenceKind.PAPER: _PAPERS, EvidenceKind.PATENT: _PATENTS}.get(kind, _PROJECTS)
    product = rng.choice(problem.products)
    a, b, c = rng.sample(problem.topics, 3)
    title = rng.choice(patterns).format(p=product, a=a, b=b)
    text = {
        EvidenceKind.PAPER: f"针对{product}的实际问题，研究{a}、{b}与{c}之间的关系，建立模型并用试验验证。",
        EvidenceKind.PATENT: f"涉及{product}，通过{a}与{b}相结合，解决现有技术在{c}方面的不足。",
    }.get(kind, f"{rng.choice(_FUNDS)}，围绕{product}开展{a}、{b}、{c}研究，成果已在企业验证。")
    return Proof(kind, title, text, rng.randint(2011, 2019))


def _belongings(profile: Profile) -> Belongings:
    return Belongings(
        disciplines=profile.field.disciplines[: 1 + len(profile.problems) // 2], evidence=profile.proofs
    )


def is_resting(profile: Profile, at: datetime) -> bool:
    """Say whether an expert must be left in peace at an instant."""
    until, declined_at = profile.expert.resting_until, profile.declined_at
    if declined_at is not None and at < declined_at + Terms().cool_off:
        return True
    return until is not None and until >= clock.local_date(at)
