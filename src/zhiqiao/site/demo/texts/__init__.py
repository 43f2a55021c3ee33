"""Invented technical needs: seventeen fields, each with its problems, and how a text is made of them.

A problem is written once, with products it can concern and alternatives for its figures: "[3|5|8]秒" becomes
one of the three. What experts know is said in the same words (``topics``), so that the finder has something
true to find.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from zhiqiao.needs.enums import Kind

_ALTERNATIVES = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of difficulty that enterprises of a field have.

    title, facts, goal : Chinese, with {p} for the product. products : what it can be about.
    topics : what somebody must know to help; the first two are the heart of it.
    """

    title: str
    products: tuple[str, ...]
    facts: str
    goal: str
    topics: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of technology: whose enterprises ask, and from which disciplines the answers come.

    industries : (GB/T 4754 code, words for the trade, suffix of an enterprise's name).
    disciplines : GB/T 13745 level 1, the first one for everybody in the field.
    """

    name: str
    title: str
    industries: tuple[tuple[str, str, str], ...]
    disciplines: tuple[str, ...]
    tried: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class NeedText:
    """A need as an enterprise would write it."""

    title: str
    body: str
    target: str
    kind: str
    problem: Problem


def problem(
    title: str, products: str, facts: str, goal: str, topics: str, kind: str = Kind.RESEARCH
) -> Problem:
    """Write a problem down: products are parted by |, topics by spaces."""
    return Problem(title, tuple(products.split("|")), facts, goal, tuple(topics.split()), kind)


def chosen(text: str, rng: Random) -> str:
    """Settle every [alternative|alternative] of a text."""
    return _ALTERNATIVES.sub(lambda found: rng.choice(found[1].split("|")), text)


def fields() -> tuple[Field, ...]:
    """Return every field."""
    from zhiqiao.site.demo.texts import electronics, life, machinery, materials, process

    return (
        *machinery.FIELDS,
        *electronics.FIELDS,
        *materials.FIELDS,
        *process.FIELDS,
        *life.FIELDS,
    )


_CLOSINGS = (
    "希望请有经验的专家到现场看一看，判断路线是否可行，再商量后续合作。",
    "希望先做一次技术诊断，明确问题出在材料、工艺还是设备，再定攻关方案。",
    "公司可提供中试线、样件和检测条件，愿意委托开发或联合申报项目。",
    "希望对接做过类似产品的团队，最好有可以参考的应用案例。",
    "已预留专项研发经费，方案成熟后可以签订技术开发合同。",
    "设备、场地和两名工程师可以全程配合，希望三个月内看到小试结果。",
    "如有成熟技术，也可以通过专利许可或技术转让的方式合作。",
)


_TITLES = ("{t}", "寻求{t}的技术方案", "{t}问题求助", "联合攻关：{t}")


class Texts:
    """Gives out the needs of each field, no title twice."""

    def __init__(self, fields: Iterable[Field], rng: Random) -> None:
        self._rng = rng
        self._ready = {field.name: list(self._all(field)) for field in fields}

    def _all(self, field: Field) -> Iterator[NeedText]:
        """Yield every problem with every product in a random order; then again in other words."""
        pairs = [(each, product) for each in field.problems for product in each.products]
        for pattern in _TITLES:
            self._rng.shuffle(pairs)
            for each, product in pairs:
                yield write(field, each, product, pattern, self._rng)

    def take(self, field: Field, problems: Collection[Problem] = ()) -> NeedText:
        """Return the next need of a field, or the next about one of ``problems``."""
        ready = self._ready[field.name]
        place = next(index for index, text in enumerate(ready) if not problems or text.problem in problems)
        return ready.pop(place)


def write(field: Field, each: Problem, product: str, pattern: str, rng: Random) -> NeedText:
    """Write one need: what is the matter, what has been tried, what is hoped for."""
    parts = (each.facts, rng.choice(field.tried), rng.choice(_CLOSINGS))
    return NeedText(
        title=pattern.format(t=each.title.format(p=product)),
        body="".join(chosen(part, rng).format(p=product) for part in parts),
        target=chosen(each.goal, rng).format(p=product),
        kind=each.kind,
        problem=each,
    )
