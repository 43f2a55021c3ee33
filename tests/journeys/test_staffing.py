"""几条需求一起安排专家：在清单里勾选、看证明、换掉一位、发出；没有脚本、手机宽度也一样办得成。"""

import pytest
from playwright.sync_api import expect

from tests import factories
from zhiqiao.needs.enums import InvitationState, Stage
from zhiqiao.needs.models import Invitation

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def needs(net):
    for number in range(6):
        factories.expert(organisation=net.city, name=f"专家{number}", unit=f"单位{number}", task_cap=2)
    return [factories.need(enterprise=net.enterprise, stage=Stage.MATCHING) for _ in range(2)]


@pytest.mark.parametrize(
    "options",
    [{}, {"java_script_enabled": False, "viewport": {"width": 360, "height": 740}}],
    ids=["desktop", "phone without scripts"],
)
def test_two_needs_are_staffed_at_once(someone, net, needs, options):
    clerk = someone(**options)
    page = clerk.sign_in(net.clerk)
    clerk.open("/workbench/needs/?stage=matching")
    for tick in page.locator("input[name=pick]").all():
        tick.check(force=True)
    page.get_by_role("button", name="安排专家").click()
    clerk.heading("一起安排专家")
    expect(page.get_by_text("已证明在这些条件下没有更高的安排")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="换掉").first.click()
    expect(page.get_by_text("撤下 1 处，补上 1 处，其余 3 处不变。")).to_be_visible()
    expect(page.get_by_role("heading", name="已换掉")).to_be_visible()
    page.get_by_role("button", name="全部发出").click()
    expect(page.get_by_text("已为 2 条需求发出邀请，其余专家按次序候补。")).to_be_visible()
    for need in needs:
        states = list(Invitation.objects.filter(need=need).order_by("rank").values_list("state", flat=True))
        assert states[:2] == [InvitationState.SENT, InvitationState.QUEUED]
