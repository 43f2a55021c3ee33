"""专家身份与回避：经办人合并两条记录，找到一处需要回避，由领导决定；合并错了又拆开。"""

import pytest
from playwright.sync_api import expect

from tests import factories
from zhiqiao.directory.actions.conflicts import declare
from zhiqiao.directory.models import Expert
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.enums import Stage

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def twins(net):
    return [
        factories.expert(organisation=net.district, name="何同舟", evidence=(title,))
        for title in ("高速轴承疲劳寿命预测方法", "主轴振动抑制方法研究")
    ]


def test_a_merged_pair_is_split_again(someone, net, twins):
    one, two = twins
    clerk = someone(viewport=PHONE)
    clerk.sign_in(net.clerk)
    page = clerk.open("/workbench/experts/")
    page.get_by_role("link", name="可能是同一人").click()
    clerk.heading("可能是同一人")
    page.get_by_role("link", name="比较").click()
    page.get_by_label(f"编号 {one.pk}").check()
    page.get_by_label("依据").first.fill("电话核实，是同一人")
    page.get_by_role("button", name="合并", exact=True).click()
    clerk.heading("何同舟")
    expect(page.locator("main")).to_contain_text("主轴振动抑制方法研究")
    page.get_by_role("link", name="身份", exact=True).click()
    page.get_by_text("拆开还原").click()
    page.get_by_label("依据").fill("再次核实，是两个人")
    page.get_by_role("button", name="拆开", exact=True).click()
    expect(page.get_by_text("已拆开", exact=True)).to_be_visible()
    two.refresh_from_db()
    assert [item.title for item in two.evidence.all()] == ["主轴振动抑制方法研究"]
    assert Expert.objects.filter(merged_into=None).count() == 2


def test_a_conflict_is_decided_by_the_leader_and_its_cause_is_not_told_to_the_clerk(someone, net):
    expert = factories.expert(organisation=net.district, name="严知远")
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING)
    declare(expert, kind="kin", enterprise=net.enterprise, by=SYSTEM, at=need.created_at)
    clerk, leader = someone(viewport=PHONE), someone()
    clerk.sign_in(net.clerk)
    page = clerk.open(f"/workbench/needs/{need.pk}/conflicts/")
    page.get_by_label("姓名").fill("严知远")
    page.get_by_role("button", name="核查").click()
    expect(page.get_by_text("由分管领导或系统管理员查看和决定")).to_be_visible()
    expect(page.get_by_role("cell", name="亲属")).to_have_count(0)
    leader.sign_in(net.leader)
    page = leader.open(f"/workbench/needs/{need.pk}/conflicts/?expert={expert.pk}")
    expect(page.get_by_role("cell", name="亲属（工作人员登记）")).to_be_visible()
    page.get_by_text("作出决定").click()
    page.get_by_label("可以邀请").check()
    page.get_by_label("理由").fill("远亲，不参与经营")
    page.get_by_role("button", name="记下决定").click()
    expect(page.get_by_text("已核实，可以邀请").first).to_be_visible()
