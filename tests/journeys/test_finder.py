"""一键找专家与搜索：经办人看理由、问为什么没有谁、用键盘选一条建议，把成果推荐给企业。"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import factories
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.enums import Stage, Visibility

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture
def need(net):
    """一条待匹配的需求；一位对口的专家，一位正在休息的，一项用得上的成果。"""
    made = factories.need(
        enterprise=net.enterprise, stage=Stage.MATCHING, visibility=Visibility.PUBLIC,
        title="轴承套圈磨削裂纹", body="套圈磨削后表面出现细小裂纹。",
    )  # fmt: skip
    factories.expert(organisation=net.city, name="顾清和", evidence=("轴承套圈磨削烧伤与裂纹",))
    rested = made.created_at.date().replace(year=made.created_at.year + 1)
    factories.expert(
        organisation=net.city, name="严知远", evidence=("轴承套圈磨削裂纹机理",), resting_until=rested
    )
    directory.save_output(
        ResearchOutput(
            title="套圈磨削裂纹检测仪", abstract="在磨床上直接发现早期裂纹。", organisation=net.city,
            sharing=Sharing.NETWORK,
        ),
        by=SYSTEM,
        at=made.created_at,
    )  # fmt: skip
    return made


def test_a_clerk_sees_reasons_and_asks_why_somebody_is_not_there(someone, net, need):
    clerk = someone()
    clerk.sign_in(net.clerk)
    page = clerk.open(need.get_absolute_url())
    panel = page.get_by_role("region", name="一键找专家")
    card = panel.locator(".candidate").first
    expect(card).to_contain_text("顾清和")
    for part in ("证据", "学科", "负荷"):
        expect(card.locator(".reason", has_text=part)).to_have_count(1)
    expect(card.locator(".bar-fill")).not_to_have_count(0)
    panel.get_by_text("相关材料").first.click()
    expect(panel.locator(".evidence mark").first).to_contain_text("轴承套圈磨削")
    panel.get_by_label("专家姓名").fill("严知远")
    panel.get_by_role("button", name="问一问").click()
    expect(panel.locator(".why-not-answer")).to_contain_text("严知远")
    expect(panel.locator(".why-not-answer")).to_contain_text("勿")


def test_a_clerk_recommends_an_output_and_the_enterprise_reads_of_it(someone, net, need):
    clerk = someone()
    clerk.sign_in(net.clerk)
    page = clerk.open(need.get_absolute_url())
    panel = page.get_by_role("region", name="成果与先例")
    expect(panel.locator(".fit").first).to_contain_text("套圈磨削裂纹检测仪")
    panel.get_by_text("推荐给企业", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("给企业的话").fill("可以先借来试用。")
    dialog.get_by_role("button", name="推荐", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("推荐成果：套圈磨削裂纹检测仪")
    expect(page.get_by_role("region", name="成果与先例")).to_contain_text("已推荐给企业")
    contact = someone()
    contact.sign_in(net.contact)
    page = contact.open(f"/my/needs/{need.pk}/")
    expect(page.get_by_role("region", name="为您找到的成果")).to_contain_text("可以先借来试用。")


def test_two_characters_suggest_and_the_keyboard_alone_chooses(someone, net, need):
    clerk = someone()
    clerk.sign_in(net.clerk)
    page = clerk.open("/workbench/")
    page.keyboard.press("/")
    field = page.locator("#global-search")
    expect(field).to_be_focused()
    page.keyboard.type("磨削")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("轴承套圈磨削裂纹")
    expect(field).to_have_attribute("aria-expanded", "true")
    assert [violation["id"] for violation in Axe().run(page, options=RULES).response["violations"]] == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("磨削")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.first.get_attribute("id"))
    page.keyboard.press("Enter")
    clerk.heading("轴承套圈磨削裂纹")


def test_enter_without_a_choice_searches_and_the_hits_are_marked(someone, net, need):
    clerk = someone()
    clerk.sign_in(net.clerk)
    page = clerk.open("/workbench/")
    page.locator("#global-search").fill("磨削")
    page.keyboard.press("Enter")
    clerk.heading("搜索")
    expect(page.locator("#found-needs mark").first).to_have_text("磨削")
    expect(page.locator("#found-experts .fit")).to_have_count(2)


def test_on_a_phone_the_portals_suggestion_completes_the_words(someone, net, need):
    reader = someone(viewport=PHONE)
    page = reader.open("/needs/")
    page.get_by_role("combobox", name="需求名称或内容").fill("裂纹")
    option = page.get_by_role("option", name="轴承套圈磨削裂纹")
    expect(option).to_be_visible()
    wide, inner = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= inner
    assert [violation["id"] for violation in Axe().run(page, options=RULES).response["violations"]] == []
    option.click()
    expect(page.locator(".register-table mark")).to_have_text("轴承套圈磨削裂纹")


def test_without_scripts_the_same_search_is_a_plain_form(someone, net, need):
    clerk = someone(java_script_enabled=False)
    clerk.sign_in(net.clerk)
    page = clerk.open(need.get_absolute_url())
    page.get_by_role("link", name="看成果与先例").click()
    clerk.heading("成果与先例")
    page.locator("#global-search").fill("磨削")
    page.locator("#global-search").press("Enter")
    clerk.heading("搜索")
    page.get_by_role("link", name="轴承套圈磨削裂纹").first.click()
    page.get_by_role("link", name="打开候选名单").click()
    page.get_by_label("专家姓名").fill("查无此人")
    page.get_by_role("button", name="问一问").click()
    expect(page.locator(".why-not-answer")).to_contain_text("没有找到“查无此人”")
