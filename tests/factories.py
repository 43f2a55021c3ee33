"""造数据的函数：只收关键字参数，走真正的动作，不做意外的事。

时刻一律由 `at=` 给出，不给就是现在；`by=` 不给就是系统。同名参数与动作里的意思相同。
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from stdnum.cn import uscc

from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.models import Person
from zhiqiao.directory import actions as directory
from zhiqiao.directory.actions import Belongings, Proof
from zhiqiao.directory.enums import EvidenceKind, ExpertKind
from zhiqiao.directory.models import Enterprise, Expert
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import MeetingMode, NeedPerm, Result, Stage
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.orgs import actions as orgs
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import nearest_holders

PASSWORD = "qiao-2026-ce-shi"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Network:
    """一小片网络：一个省、两个市；甲市有两个区，各有一个镇街和一家企业，乙市有一个区。

    每一级都有一位经办人，另有镇街联络员、分管领导、审计员和企业联系人，足够问“谁看得到什么”。
    """

    province: Organisation
    city: Organisation
    district: Organisation
    town: Organisation
    sibling: Organisation
    other_city: Organisation
    other_district: Organisation
    society: Organisation
    clerk: Person
    second_clerk: Person
    city_clerk: Person
    sibling_clerk: Person
    neighbour: Person
    town_clerk: Person
    leader: Person
    auditor: Person
    enterprise: Enterprise
    contact: Person
    sibling_enterprise: Enterprise
    other_enterprise: Enterprise


def network(*, at: datetime | None = None) -> Network:
    """建一小片网络和里面的人。"""
    at = at or timezone.now()
    province = organisation(name="浙东省科协", kind=Kind.PROVINCE, parent=None, at=at)
    city = organisation(name="临江市科协", kind=Kind.CITY, parent=province, at=at)
    other_city = organisation(name="望海市科协", kind=Kind.CITY, parent=province, at=at)
    district = organisation(name="青山区科协", kind=Kind.DISTRICT, parent=city, at=at)
    sibling = organisation(name="平川区科协", kind=Kind.DISTRICT, parent=city, at=at)
    other_district = organisation(name="渔浦区科协", kind=Kind.DISTRICT, parent=other_city, at=at)
    town = organisation(name="云栖街道科协", kind=Kind.TOWN, parent=district, at=at)
    society = organisation(name="临江市机械工程学会", kind=Kind.SOCIETY, parent=city, at=at)
    asking = enterprise(name="青山精密轴承有限公司", place=town, at=at)
    return Network(
        province=province,
        city=city,
        district=district,
        town=town,
        sibling=sibling,
        other_city=other_city,
        other_district=other_district,
        society=society,
        clerk=person(name="李经办", role="clerk", organisation=district, at=at),
        second_clerk=person(name="周经办", role="clerk", organisation=district, at=at),
        city_clerk=person(name="钱市办", role="clerk", organisation=city, at=at),
        sibling_clerk=person(name="孙平川", role="clerk", organisation=sibling, at=at),
        neighbour=person(name="吴望海", role="clerk", organisation=other_city, at=at),
        town_clerk=person(name="郑街道", role="town_clerk", organisation=town, at=at),
        leader=person(name="王领导", role="leader", organisation=district, at=at),
        auditor=person(name="冯审计", role="auditor", organisation=city, at=at),
        enterprise=asking,
        contact=person(name="陈工", role="enterprise_contact", organisation=asking.organisation, at=at),
        sibling_enterprise=enterprise(name="平川电机有限公司", place=sibling, at=at),
        other_enterprise=enterprise(name="渔浦食品有限公司", place=other_district, at=at),
    )


def organisation(
    *, name: str, kind: str, parent: Organisation | None, at: datetime | None = None, **values: Any
) -> Organisation:
    """建一个组织。"""
    return orgs.add_organisation(
        name=name, kind=kind, parent=parent, by=SYSTEM, at=at or timezone.now(), **values
    )


def person(
    *,
    name: str = "",
    role: str = "",
    organisation: Organisation | None = None,
    at: datetime | None = None,
    password: str | None = PASSWORD,
) -> Person:
    """开一个账号；给了角色和组织就一并授权。"""
    at, number = at or timezone.now(), next(_numbers)
    made = accounts.open_account(
        name=name or f"人员{number}", phone=f"139{number:08d}", password=password, by=SYSTEM, at=at
    )
    if role and organisation is not None:
        grant(person=made, role=role, organisation=organisation, at=at)
    return made


def grant(
    *, person: Person, role: str, organisation: Organisation, at: datetime | None = None, **values: Any
) -> None:
    """授一个角色。"""
    orgs.grant(person, role, organisation, by=SYSTEM, at=at or timezone.now(), **values)


def credit_code(*, number: int) -> str:
    """一个校验位正确、但不属于任何企业的统一社会信用代码。"""
    body = f"91330000MA{number:07d}"
    return body + uscc.calc_check_digit(body)


def enterprise(
    *, place: Organisation, name: str = "", at: datetime | None = None, **values: Any
) -> Enterprise:
    """登记一家企业。"""
    number = next(_numbers)
    values.setdefault("credit_code", credit_code(number=number))
    return directory.add_enterprise(
        name=name or f"企业{number}有限公司", place=place, by=SYSTEM, at=at or timezone.now(), **values
    )


def expert(
    *,
    organisation: Organisation,
    name: str = "",
    keywords: str = "轴承 热处理 疲劳寿命",
    disciplines: Sequence[str] = ("460",),
    evidence: Sequence[str] = ("高速轴承疲劳寿命预测方法",),
    at: datetime | None = None,
    **values: Any,
) -> Expert:
    """登记一位专家；`evidence` 是论文题目。"""
    number = next(_numbers)
    values = {"kind": ExpertKind.SOCIETY, "unit": "临江大学机械学院", "title": "教授"} | values
    return directory.save_expert(
        Expert(
            name=name or f"专家{number}",
            keywords=keywords,
            organisation=organisation,
            phone=values.pop("phone", f"138{number:08d}"),
            **values,
        ),
        belongings=Belongings(
            tuple(disciplines), tuple(Proof(EvidenceKind.PAPER, title, year=2024) for title in evidence)
        ),
        by=SYSTEM,
        at=at or timezone.now(),
    )


def need(
    *,
    enterprise: Enterprise,
    stage: str = Stage.SUBMITTED,
    handler: Person | None = None,
    experts: Sequence[Expert] = (),
    result: str = Result.PARTLY,
    at: datetime | None = None,
    **values: Any,
) -> Need:
    """提一条需求并走到 `stage`：每一步都由该办的人办（经办人、企业链接、专家链接）。

    `handler` 不给就找受理单位的经办人；到邀请为止不需要 `experts` 的环节可以不给，之后不给就临时登记一位。
    """
    number = next(_numbers)
    values = {
        "title": f"高速轴承套圈磨削裂纹控制({number})",
        "body": "套圈磨削后表面出现细小裂纹,成品率只有八成,希望查明原因并给出工艺窗口。",
        "target": "裂纹率降到千分之三以下。",
        "contact_name": "陈工",
        "contact_phone": "13800001111",
    } | values
    at = at or timezone.now()
    made = actions.ask(enterprise=enterprise, by=_asker_of(enterprise), at=at, **values)
    case = _Case(made, handler, list(experts), result, at)
    for step in _path_to(stage):
        getattr(case, step)()
        made = case.need = _fresh(made)
    return made


_MAIN = (
    ("submit", Stage.SUBMITTED),
    ("accept", Stage.MATCHING),
    ("invite", Stage.INVITING),
    ("engage", Stage.ARRANGING),
    ("schedule", Stage.SCHEDULED),
    ("hold", Stage.MET),
    ("report", Stage.CONFIRMING),
    ("confirm", Stage.RATING),
    ("rate", Stage.CLOSING),
    ("archive", Stage.ARCHIVED),
)
_ASIDE: dict[str, tuple[str, ...]] = {
    Stage.DRAFT: (),
    Stage.RETURNED: ("submit", "send_back"),
    Stage.REJECTED: ("submit", "reject"),
    Stage.WITHDRAWN: ("submit", "withdraw"),
}


def _path_to(stage: str) -> tuple[str, ...]:
    if stage in _ASIDE:
        return _ASIDE[stage]
    stages = [target for _, target in _MAIN]
    return tuple(step for step, _ in _MAIN[: stages.index(Stage(stage)) + 1])


def _fresh(need: Need) -> Need:
    return Need.objects.select_related("enterprise__organisation", "organisation").get(pk=need.pk)


def _asker_of(enterprise: Enterprise) -> Person:
    people = nearest_holders(NeedPerm.ASK, enterprise.organisation)
    return people[0] if people else person(role="enterprise_contact", organisation=enterprise.organisation)


@dataclass
class _Case:
    """一条需求和办它的人；每个方法走一步。"""

    need: Need
    given: Person | None
    experts: list[Expert]
    result: str
    at: datetime

    @property
    def handler(self) -> Person:
        if self.given is None:
            people = nearest_holders(NeedPerm.HANDLE, self.need.organisation)
            self.given = people[0] if people else person(role="clerk", organisation=self.need.organisation)
        return self.given

    def submit(self) -> None:
        actions.submit(self.need, by=_asker_of(self.need.enterprise), at=self.at)

    def accept(self) -> None:
        actions.accept(self.need, by=self.handler, at=self.at)

    def send_back(self) -> None:
        actions.send_back(self.need, by=self.handler, at=self.at, note="请补充裂纹照片和材料牌号。")

    def reject(self) -> None:
        actions.reject(self.need, by=self.handler, at=self.at, note="属于日常采购,不是技术需求。")

    def withdraw(self) -> None:
        asker = links.enterprise_actor(self.need)
        actions.withdraw(self.need, by=asker, at=self.at, note="问题已自行解决。")

    def invite(self) -> None:
        asked = self.experts or [expert(organisation=self.need.organisation)]
        actions.invite_experts(self.need, asked, by=self.handler, at=self.at, message="盼您指导。")

    def engage(self) -> None:
        invitation = self.need.invitations.select_related("expert", "need").order_by("rank")[0]
        actions.accept_invitation(invitation, by=links.expert_actor(invitation), at=self.at)

    def schedule(self) -> None:
        actions.schedule_meeting(
            self.need,
            mode=MeetingMode.SITE,
            starts_at=self.at + timedelta(days=3),
            place="企业一号会议室",
            by=self.handler,
            at=self.at,
        )

    def hold(self) -> None:
        meeting = self.need.meetings.select_related("need__organisation").get(state="planned")
        actions.hold_meeting(
            meeting,
            summary="看了磨削现场,初步判断是磨削烧伤,约定先做三组对比试验。",
            next_step="两周内完成对比试验。",
            experts=[one.expert for one in self._accepted()],
            enterprise_people=["陈工"],
            by=self.handler,
            at=self.at,
        )

    def report(self) -> None:
        actions.report_outcome(
            self.need,
            result=self.result,
            reason="technology" if self.result == Result.UNSOLVED else "",
            note="裂纹率降到千分之五,还需继续试验。",
            by=self.handler,
            at=self.at,
        )

    def confirm(self) -> None:
        outcome = self.need.outcomes.get(superseded_at__isnull=True)
        actions.answer_outcome(outcome, agrees=True, by=links.enterprise_actor(self.need), at=self.at)
        for invitation in self._accepted()[:1]:
            actions.answer_outcome(outcome, agrees=True, by=links.expert_actor(invitation), at=self.at)

    def rate(self) -> None:
        actions.rate(self.need, score=5, by=links.enterprise_actor(self.need), at=self.at)

    def archive(self) -> None:
        actions.archive(self.need, by=self.handler, at=self.at)

    def _accepted(self) -> list[Invitation]:
        return list(self.need.invitations.filter(state="accepted").select_related("expert"))
