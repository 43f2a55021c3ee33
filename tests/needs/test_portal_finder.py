"""科协帮知道的事进入一键找专家：问过谁、谁正忙、谁刚婉拒过；以及疑似重复的需求。"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from tests import factories
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import Expert
from zhiqiao.kit import clock
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.finder import alike_needs, find_for_need, find_for_text

NOW = timezone.now()
QUESTION = "轴承套圈磨削裂纹"


def grinding(name: str, net, **values) -> Expert:
    return factories.expert(name=name, organisation=net.society, evidence=("轴承套圈磨削烧伤",), **values)


def names(found) -> list[str]:
    return [candidate.expert.name for candidate in found.candidates]


def part(found, code: str):
    return next(part for part in found.candidates[0].parts if part.code == code)


def test_whoever_was_asked_before_is_left_out_with_the_answer(net):
    first, second = grinding("先问的", net), grinding("候补的", net)
    grinding("没问过的", net)
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[first, second])

    found = find_for_need(need, net.clerk)

    assert names(found) == ["没问过的"]
    assert found.why_not("先问的") == [f"{first}：已发出邀请，正在等待答复。"]
    assert found.why_not("候补的") == [f"{second}：已在这条需求的候补名单里。"]


def test_the_reason_of_a_decline_is_told_to_the_handler_only(net):
    expert = grinding("有关系的", net, sharing=Sharing.PUBLIC, consented_at=NOW)
    need = factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[expert])
    invitation = need.invitations.get()
    actions.decline_invitation(invitation, reason="conflict", by=links.expert_actor(invitation), at=NOW)

    assert find_for_need(need, net.clerk).why_not("有关系的") == [
        f"{expert}：已婉拒这条需求（与企业有利益关系）。"
    ]
    assert find_for_need(need, net.contact).why_not("有关系的") == [f"{expert}：这条需求已经联系过这位专家。"]


def test_no_time_means_a_month_of_peace(net):
    expert = grinding("没时间的", net, sharing=Sharing.PUBLIC, consented_at=NOW)
    other = factories.need(enterprise=net.sibling_enterprise, stage=Stage.INVITING, experts=[expert], at=NOW)
    invitation = other.invitations.get()
    actions.decline_invitation(invitation, reason="busy", by=links.expert_actor(invitation), at=NOW)
    need = factories.need(enterprise=net.enterprise)
    said, until = clock.local_date(NOW), clock.local_date(NOW + timedelta(days=30))

    found = find_for_need(need, net.clerk)

    assert names(found) == []
    assert found.why_not("没时间的") == [
        f"{expert}：{said.month}月{said.day}日因没有时间婉拒过邀请，{until.month}月{until.day}日前先不打扰。"
    ]
    assert find_for_text(QUESTION, AnonymousUser()).why_not("没时间的") == [f"{expert}：近期不便接受邀请。"]
    assert names(find_for_need(need, net.clerk, at=NOW + timedelta(days=31))) == ["没时间的"]


def test_rest_and_a_full_desk_keep_an_expert_out(net):
    tomorrow = clock.local_date(NOW) + timedelta(days=1)
    resting = grinding("休息的", net, resting_until=tomorrow)
    full = grinding("排满的", net, task_cap=1)
    factories.need(enterprise=net.sibling_enterprise, stage=Stage.ARRANGING, experts=[full])

    found = find_for_text(QUESTION, net.clerk)

    assert names(found) == []
    assert found.why_not("休息的") == [f"{resting}：请勿打扰至{tomorrow.month}月{tomorrow.day}日。"]
    assert found.why_not("排满的") == [f"{full}：手上已有 1 项，达到上限 1。"]


def test_load_record_and_distance_are_facts_of_now(net):
    expert = grinding("做过的", net, place=net.district)
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[expert], result="solved")
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[expert], result="partly")
    factories.need(enterprise=net.sibling_enterprise, stage=Stage.ARRANGING, experts=[expert])
    need = factories.need(enterprise=net.enterprise)

    found = find_for_need(need, net.clerk)

    assert part(found, "load").sentence == "手上有 1 项，最多可接 3 项"
    assert part(found, "outcome").sentence == "办结 2 项服务，其中 1 项解决或达成合作"
    assert part(found, "region").sentence == "就在需求所在地"


def test_distance_of_free_text_is_counted_from_where_the_reader_works(net):
    grinding("本区的", net, place=net.district, sharing=Sharing.PUBLIC, consented_at=NOW)

    assert part(find_for_text(QUESTION, net.clerk), "region").value == 1.0
    assert part(find_for_text(QUESTION, net.contact), "region").sentence == "与需求同属上一级地区"
    assert "region" not in [p.code for p in find_for_text(QUESTION, AnonymousUser()).candidates[0].parts]


def test_similar_needs_are_offered_within_sight_only(net):
    title = "高速轴承套圈磨削裂纹控制"
    mine = factories.need(enterprise=net.enterprise, title=title)
    reworded = factories.need(enterprise=net.enterprise, title=f"{title}技术")
    factories.need(enterprise=net.other_enterprise, title=title)
    factories.need(enterprise=net.enterprise, title="食堂油烟净化", body="油烟机排风量不足,需要改造。")
    draft = factories.need(enterprise=net.enterprise, title=title, stage=Stage.DRAFT)

    found = alike_needs(draft, net.contact)

    assert [(one.need, one.alikeness == 1.0) for one in found] == [(mine, True), (reworded, False)]
