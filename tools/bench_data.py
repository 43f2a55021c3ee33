"""压测用的数据：一个省的网络和任意多条需求，各环节都有，历史完整。

为了快，成批直接写表，不经过 actions；所以只用于压测，不用于演示和测试。
同一个种子给出同样的数据；名字都是编的。
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from zhiqiao.accounts.models import Person
from zhiqiao.directory.codes import DISCIPLINES, INDUSTRIES
from zhiqiao.directory.models import Enterprise, Evidence, Expert, ExpertDiscipline
from zhiqiao.kit import search
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.search import library
from zhiqiao.needs.enums import InvitationState, MeetingMode, MeetingState, Result, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Attendance, Closing, Invitation, Meeting, Need, Outcome
from zhiqiao.orgs.actions import add_organisation, add_organisations
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.site.cli.bench import synthetic

NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
CITIES, DISTRICTS_EACH, EXPERTS = 11, 8, 2000
PROOFS_EACH = 3
NEEDS_PER_ENTERPRISE = 20
CHUNK = 2000
FINDER_FILTERS = "?kind=university&discipline=460&free=on"
PATH = ("submit", "accept", "invite", "engage", "schedule", "hold", "report", "confirm", "rate", "archive")
# 走到第几步的需求各占多少：多数已经归档，其余散在途中。
DEPTH_WEIGHTS = (2, 6, 5, 5, 4, 4, 5, 5, 4, 3, 57)

THINGS = "轴承 注塑件 锂电池 污水 纺织面料 传感器 铝合金 光伏组件 中药饮片 伺服电机 液压阀 涂料 芯片封装 水稻".split()
TROUBLES = "寿命短 良品率低 能耗高 噪声大 色差明显 检测慢 易腐蚀 发热严重 精度不稳 成本高 回收难".split()
METHODS = (
    "热处理 机器视觉 有限元仿真 膜分离 表面改性 数字孪生 发酵工艺 激光焊接 深度学习 催化剂 3D打印".split()
)


@dataclass(frozen=True)
class Network:
    """压测要用到的那几个人和组织。"""

    province_clerk: Person
    district_clerk: Person
    contact: Person


def sentence(dice: random.Random) -> str:
    return f"{dice.choice(THINGS)}{dice.choice(TROUBLES)}，希望用{dice.choice(METHODS)}改进"


@transaction.atomic
def compose_network(needs: int, dice: random.Random, experts: int = EXPERTS) -> Network:
    """建组织树、企业、专家和三个人；企业数随需求数增加。"""
    at = NOW - timedelta(days=900)
    root = add_organisation(name="压测省科协", kind=Kind.PROVINCE, parent=None, by=SYSTEM, at=at)
    cities = add_organisations(
        [Organisation(name=f"第{n}市科协", kind=Kind.CITY) for n in range(CITIES)],
        parent=root,
        by=SYSTEM,
        at=at,
    )
    districts = [
        district
        for city in cities
        for district in add_organisations(
            [Organisation(name=f"{city.name}第{n}区科协", kind=Kind.DISTRICT) for n in range(DISTRICTS_EACH)],
            parent=city,
            by=SYSTEM,
            at=at,
        )
    ]
    _compose_enterprises(districts, max(1, needs // NEEDS_PER_ENTERPRISE // len(districts)), dice, at)
    _compose_experts(experts, districts, dice, at)
    first_enterprise = Organisation.objects.filter(kind=Kind.ENTERPRISE).first()
    return Network(
        _person("省经办人", "clerk", root, at),
        _person("区经办人", "clerk", districts[0], at),
        _person("企业联系人", "enterprise_contact", first_enterprise, at),
    )


def _compose_enterprises(districts: list[Organisation], each: int, dice: random.Random, at: datetime) -> None:
    for district in districts:
        rows = [
            Organisation(name=f"{district.pk}号{n}精工有限公司", kind=Kind.ENTERPRISE) for n in range(each)
        ]
        made = add_organisations(rows, parent=district, by=SYSTEM, at=at)
        Enterprise.objects.bulk_create(
            (
                Enterprise(organisation=row, industry=dice.choice(list(INDUSTRIES)), updated_at=at)
                for row in made
            ),
            batch_size=CHUNK,
        )


def _compose_experts(number: int, districts: list[Organisation], dice: random.Random, at: datetime) -> None:
    """每位专家约 200 字材料，分成几条；词语的频率合乎常情（synthetic）。"""
    first = 0
    for texts in synthetic.compose().texts(number):
        experts = Expert.objects.bulk_create(
            (_expert(first + place, dice.choice(districts), dice, at) for place in range(len(texts))),
            batch_size=CHUNK,
        )
        ExpertDiscipline.objects.bulk_create(
            (ExpertDiscipline(expert=expert, code=dice.choice(list(DISCIPLINES))) for expert in experts),
            batch_size=CHUNK,
        )
        Evidence.objects.bulk_create(
            (
                proof
                for expert, drawn in zip(experts, texts, strict=True)
                for proof in _proofs(expert, drawn.text, dice)
            ),
            batch_size=CHUNK,
        )
        first += len(texts)


def _expert(number: int, district: Organisation, dice: random.Random, at: datetime) -> Expert:
    return Expert(
        name=f"专家{number:04}",
        kind="university",
        unit=f"第{number % 400}研究院",
        keywords="、".join(dice.sample(METHODS, 3) + dice.sample(THINGS, 2)),
        organisation=district,
        place=district,
        updated_at=at,
    )


def _proofs(expert: Expert, text: str, dice: random.Random) -> Iterator[Evidence]:
    size = len(text) // PROOFS_EACH + 1
    for first in range(0, len(text), size):
        part = text[first : first + size]
        yield Evidence(
            expert=expert, kind="paper", title=part[:20], text=part[20:], year=dice.randint(2010, 2026)
        )


def _person(name: str, role: str, organisation: Organisation, at: datetime) -> Person:
    phone = f"1390000{Person.objects.count():04}"
    person = Person.objects.create(name=name, phone=phone)
    Grant.objects.create(person=person, role=role, organisation=organisation, since=at)
    return person


def index() -> None:
    """成批写表绕过了 actions，索引要自己建。"""
    for name in library.known:
        search.rebuild(name)


def grow(needs: int, dice: random.Random) -> None:
    """写入这么多条需求和它们的全部历史。"""
    enterprises = list(Enterprise.objects.select_related("organisation__parent"))
    experts = list(Expert.objects.values_list("pk", flat=True))
    for start in range(0, needs, CHUNK):
        with transaction.atomic():
            _grow_chunk(range(start, min(start + CHUNK, needs)), enterprises, experts, dice)


def _grow_chunk(
    numbers: range, enterprises: list[Enterprise], experts: list[int], dice: random.Random
) -> None:
    depths = dice.choices(range(len(PATH) + 1), DEPTH_WEIGHTS, k=len(numbers))
    needs = Need.objects.bulk_create(
        [
            _need(number, depth, dice.choice(enterprises), dice)
            for number, depth in zip(numbers, depths, strict=True)
        ]
    )
    pairs = list(zip(needs, depths, strict=True))
    Transition.objects.bulk_create(
        (row for need, depth in pairs for row in _history(need, depth)), batch_size=CHUNK
    )
    invited = [(need, depth, dice.choice(experts)) for need, depth in pairs if depth >= 3]
    Invitation.objects.bulk_create(_invitation(*row) for row in invited)
    held = [(need, expert) for need, depth, expert in invited if depth >= 6]
    meetings = Meeting.objects.bulk_create(_meeting(need) for need, _ in held)
    Attendance.objects.bulk_create(
        Attendance(meeting=meeting, side="expert", expert_id=expert, name="专家")
        for meeting, (_, expert) in zip(meetings, held, strict=True)
    )
    Outcome.objects.bulk_create(_outcome(need, depth, dice) for need, depth in pairs if depth >= 7)
    Closing.objects.bulk_create(
        Closing(need=need, kind="completed", by_name="经办人", at=need.stage_at)
        for need, depth in pairs
        if depth == len(PATH)
    )


def _need(number: int, depth: int, enterprise: Enterprise, dice: random.Random) -> Need:
    born = NOW - timedelta(minutes=dice.randint(60 * 24 * 20, 60 * 24 * 800))
    stage = NEED_FLOW.steps[PATH[depth - 1]].target if depth else Stage.DRAFT
    stage_at = born + timedelta(days=depth * 2)
    return Need(
        stage=stage,
        stage_at=stage_at,
        due_at=stage_at + timedelta(days=3) if 0 < depth < len(PATH) else None,
        version=depth,
        number=f"XQ{number:07}" if depth else None,
        title=sentence(dice),
        body="".join(f"{sentence(dice)}。" for _ in range(6)),
        enterprise=enterprise,
        organisation=enterprise.organisation.parent,
        created_at=born,
        submitted_at=born if depth else None,
    )


def _history(need: Need, depth: int) -> Iterator[Transition]:
    source = Stage.DRAFT
    for number, name in enumerate(PATH[:depth], start=1):
        target = NEED_FLOW.steps[name].target
        at = need.created_at + timedelta(days=number * 2)
        yield Transition(
            flow=NEED_FLOW.name,
            subject_type="needs.need",
            subject_id=need.pk,
            step=name,
            source=source,
            target=target,
            actor_kind="system",
            actor_name="压测",
            at=at,
            waited_minutes=480,
            dispatched_at=at,
        )
        source = target


def _invitation(need: Need, depth: int, expert: int) -> Invitation:
    answered = depth >= 4
    return Invitation(
        need=need,
        expert_id=expert,
        rank=1,
        state=InvitationState.ACCEPTED if answered else InvitationState.SENT,
        created_at=need.created_at,
        sent_at=need.created_at,
        due_at=need.created_at + timedelta(days=3),
        answered_at=need.created_at + timedelta(days=1) if answered else None,
    )


def _meeting(need: Need) -> Meeting:
    return Meeting(
        need=need,
        mode=MeetingMode.SITE,
        state=MeetingState.HELD,
        starts_at=need.created_at + timedelta(days=12),
        created_at=need.created_at,
    )


def _outcome(need: Need, depth: int, dice: random.Random) -> Outcome:
    result = dice.choice(list(Result))
    return Outcome(
        need=need,
        result=result,
        reason="cost" if result == Result.UNSOLVED else "",
        note="压测",
        reported_at=need.stage_at,
        reported_by="经办人",
        confirmed_at=need.stage_at if depth >= 8 else None,
    )
