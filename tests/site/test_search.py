"""到处都能搜：编号直达，两个字就够，计数准确，命中标亮，边写边提示；范围以外的一个字也不出现。"""

import re

import pytest

from tests import factories
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs import actions
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.orgs import actions as orgs

pytestmark = pytest.mark.django_db

SEARCH = "/workbench/search/"
SUGGEST = "/workbench/search/suggest/"
REGISTERS = (
    "/workbench/needs/", "/workbench/experts/", "/workbench/enterprises/", "/workbench/outputs/",
    "/workbench/organisations/",
)  # fmt: skip


@pytest.fixture
def net(db):
    return factories.network()


@pytest.fixture
def clerk(net, client):
    client.force_login(net.clerk)
    return client


def output(home, title, *, at, **values):
    return directory.save_output(ResearchOutput(title=title, organisation=home, **values), by=SYSTEM, at=at)


def found(client, text):
    """每一类：准确的条数，和列出来的。"""
    groups = client.get(SEARCH, {"q": text}).context["groups"]
    return {group.kind.key: (group.count, [one.row for one in group.results]) for group in groups}


def suggested(client, text, url=SUGGEST, **more):
    """建议里的字，去掉标记。"""
    page = client.get(url, {"q": text} | more).content.decode()
    return [
        re.sub("<[^>]+>", "", one)
        for one in re.findall(r'<span class="suggest-what">(.*?)</span>', page, re.DOTALL)
    ]


# ── 搜索页 ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_number_opens_the_need_at_once(net, clerk):
    need = factories.need(enterprise=net.enterprise)
    response = clerk.get(SEARCH, {"q": f" {need.number.lower()} "})
    assert (response.status_code, response.url) == (302, need.get_absolute_url())


def test_two_characters_find_every_kind_of_record(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="青山轴承裂纹")
    expert = factories.expert(organisation=net.city, name="青山客", unit="临江大学")
    made = output(net.city, "青山牌检测仪", at=need.created_at)
    town = factories.organisation(name="青山镇科协", kind="town", parent=net.district)
    assert found(clerk, "青山") == {
        "needs": (1, [need]),
        "experts": (1, [expert]),
        "enterprises": (1, [net.enterprise]),
        "outputs": (1, [made]),
        "organisations": (2, [net.district, town]),
    }
    assert found(clerk, "青山 裂纹") == {"needs": (1, [need])}


def test_the_text_of_a_need_and_the_papers_of_an_expert_are_searched_and_the_hit_is_shown(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="磨削难题", body="套圈表面出现珩磨纹路。")
    expert = factories.expert(organisation=net.city, evidence=("珩磨油石配方研究",))
    page = clerk.get(SEARCH, {"q": "珩磨"}).content.decode()
    assert found(clerk, "珩磨") == {"needs": (1, [need]), "experts": (1, [expert])}
    assert "套圈表面出现<mark>珩磨</mark>纹路" in page
    assert "<mark>珩磨</mark>油石配方研究" in page


def test_counts_are_exact_however_few_are_shown(net, clerk):
    for _ in range(7):
        factories.need(enterprise=net.enterprise, title="齿轮渗碳变形", body="变形", target="")
    count, rows = found(clerk, "渗碳")["needs"]
    assert (count, len(rows)) == (7, 5)
    page = clerk.get(SEARCH, {"q": "渗碳"}).content.decode()
    assert "看全部 7 条" in page
    assert int(clerk.get("/workbench/needs/", {"q": "渗碳"}).context["listing"].total) == 7


def test_full_width_letters_and_capitals_make_no_difference(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="CBN 单晶研制")
    assert found(clerk, "ｃｂｎ")["needs"] == (1, [need])


def test_a_sentence_that_stands_nowhere_finds_what_says_something_alike(net, clerk):
    factories.need(enterprise=net.enterprise, title="轴承套圈磨削裂纹控制")
    page = clerk.get(SEARCH, {"q": "请问谁懂轴承套圈磨削时为什么开裂"}).content.decode()
    assert "没有一条记录包含全部字词" in page
    assert "<mark>轴承套圈磨削</mark>" in page


def test_drafts_are_not_found_and_an_empty_search_asks_what_for(net, clerk):
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT, title="还在写的草稿")
    assert found(clerk, "草稿") == {}
    assert "想找什么" in clerk.get(SEARCH).content.decode()
    assert "没有找到" in clerk.get(SEARCH, {"q": "ζζ"}).content.decode()


# ── 登记册 ──────────────────────────────────────────────────────────────────────────────────────────


def test_registers_find_and_highlight_and_show_where_else_the_words_stand(net, clerk):
    factories.need(enterprise=net.enterprise, title="珩磨纹路", body="无", target="")
    factories.need(enterprise=net.enterprise, title="另一条", body="表面有珩磨痕迹。", target="")
    page = clerk.get("/workbench/needs/", {"q": "珩磨"}).content.decode()
    assert "共 <strong>2</strong> 条" in page
    assert "<mark>珩磨</mark>纹路" in page
    assert '<p class="result-passage">表面有<mark>珩磨</mark>痕迹。</p>' in page


def test_registers_find_needs_by_the_enterprises_name_also_after_it_has_changed(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="甲难题")

    def listed(text):
        return [row.object for row in clerk.get("/workbench/needs/", {"q": text}).context["listing"].rows]

    assert listed("青山精密") == [need]
    orgs.rename(net.enterprise.organisation, name="翠微精密有限公司", by=SYSTEM, at=need.created_at)
    assert listed("青山精密") == []
    assert listed("翠微 甲难题") == [need]


def test_what_somebody_types_is_only_ever_text(net, clerk):
    for url in (*REGISTERS, SEARCH, SUGGEST):
        for text in ("%", "_", "'\"<b>", "\\", "100%的", "ａ" * 300, "🙂🙂", " "):
            response = clerk.get(url, {"q": text})
            assert response.status_code == 200, (url, text)
            assert "<b>" not in response.content.decode()


# ── 边写边提示 ──────────────────────────────────────────────────────────────────────────────────────


def test_typing_suggests_records_to_open_and_in_a_register_words_to_search_for(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="青山轴承裂纹")
    page = clerk.get(SUGGEST, {"q": "青山"}).content.decode()
    assert f'data-href="{need.get_absolute_url()}"' in page
    assert "<mark>青山</mark>轴承裂纹" in page
    assert suggested(clerk, "青山") == ["青山轴承裂纹", net.enterprise.organisation.name, net.district.name]
    register = clerk.get(SUGGEST, {"q": "青山", "in": "needs"}).content.decode()
    assert 'data-value="青山轴承裂纹"' in register
    assert "data-href" not in register
    assert suggested(clerk, "青山", **{"in": "no-such"}) == []
    assert "suggest-option" not in clerk.get(SUGGEST).content.decode()


def test_suggestions_are_kept_by_nobody_on_the_way(clerk):
    assert clerk.get(SUGGEST, {"q": "青山"}).headers["Cache-Control"] == "private, no-store"


# ── 范围 ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_out_of_scope_shows_in_no_result_count_or_suggestion(net, clerk, client):
    at = factories.need(enterprise=net.other_enterprise, title="金丝雀难题").created_at
    elsewhere = factories.need(enterprise=net.other_enterprise, title="另一条", body="金丝雀在正文里")
    factories.expert(organisation=net.other_city, name="金丝雀", sharing=Sharing.OWN)
    factories.expert(
        organisation=net.other_city, name="黄某", sharing=Sharing.OWN, evidence=("金丝雀鸣声识别",)
    )
    factories.enterprise(place=net.other_district, name="金丝雀有限公司")
    factories.organisation(name="金丝雀街道", kind="town", parent=net.other_district)
    output(net.other_city, "金丝雀预警器", at=at, sharing=Sharing.OWN)
    assert found(clerk, "金丝雀") == {}
    assert found(clerk, elsewhere.number) == {}
    assert suggested(clerk, "金丝雀") == []
    for kind in ("needs", "experts", "enterprises", "outputs", "organisations"):
        assert suggested(clerk, "金丝雀", **{"in": kind}) == []
    for url in REGISTERS:
        assert int(clerk.get(url, {"q": "金丝雀"}).context["listing"].total) == 0, url
    nearest = clerk.get(SEARCH, {"q": "谁会做金丝雀难题识别"})
    assert nearest.context["nearest"] == []
    # 对照：那边的人都看得到
    client.force_login(net.neighbour)
    counts = {kind: count for kind, (count, _) in found(client, "金丝雀").items()}
    assert counts == {"needs": 2, "experts": 2, "enterprises": 1, "outputs": 1, "organisations": 1}
    assert suggested(client, "金丝雀")[0] == "金丝雀难题"
    assert len(suggested(client, "金丝雀")) == 7
    assert [int(client.get(url, {"q": "金丝雀"}).context["listing"].total) for url in REGISTERS] == [
        2, 2, 1, 1, 2,
    ]  # fmt: skip


def test_ways_to_reach_somebody_are_never_found(net, clerk):
    need = factories.need(
        enterprise=net.enterprise, contact_name="欧阳联络", contact_phone="13811112222",
        contact_email="ouyang@example.cn",
    )  # fmt: skip
    factories.expert(organisation=net.district, phone="13833334444", email="jiaoshou@example.cn")
    for text in ("欧阳联络", "13811112222", "ouyang", "13833334444", "jiaoshou"):
        assert found(clerk, text) == {}
        assert suggested(clerk, text) == []
        assert [int(clerk.get(url, {"q": text}).context["listing"].total) for url in REGISTERS] == [0] * 5
    assert need.contact_phone == "13811112222"


# ── 门户 ────────────────────────────────────────────────────────────────────────────────────────────


def published(client, text):
    return [row.object for row in client.get("/needs/", {"q": text}).context["listing"].rows]


def test_the_portal_searches_what_anybody_may_read_and_nothing_else(net, client):
    open_need = factories.need(
        enterprise=net.enterprise, stage=Stage.MATCHING, visibility=Visibility.PUBLIC, title="轴承裂纹",
        body="联系13900009999", contact_name="欧阳联络",
    )  # fmt: skip
    masked = factories.need(
        enterprise=net.sibling_enterprise, stage=Stage.MATCHING, visibility=Visibility.MASKED,
        title="平川电机有限公司的电机噪声", body="平川电机有限公司想降噪。", target="",
    )  # fmt: skip
    factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title="只给科协看的轴承")
    assert published(client, "轴承") == [open_need]
    assert published(client, "青山精密") == [open_need]
    assert published(client, "噪声 该企业") == [masked]
    for hidden in ("平川", "平川电机有限公司", "13900009999", "欧阳联络", "只给科协看"):
        assert published(client, hidden) == [], hidden
        assert suggested(client, hidden, "/needs/suggest/") == [], hidden
    assert suggested(client, "噪声", "/needs/suggest/") == ["该企业的电机噪声"]


def test_a_need_made_public_or_hidden_is_found_or_not_at_once(net, client):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, title="锂电池热失控")
    assert published(client, "锂电") == []
    for visibility, listed in ((Visibility.PUBLIC, [need]), (Visibility.STAFF, [])):
        actions.revise(need, by=net.clerk, at=need.created_at, reason="企业要求", visibility=visibility)
        assert published(client, "锂电") == listed


def test_a_confidential_need_is_found_by_its_number_alone_and_only_by_whoever_handles_it(net, clerk, client):
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.MATCHING, visibility=Visibility.SECRET, title="绝密涂层配方"
    )
    for text in ("绝密", "涂层", "青山精密"):
        assert "needs" not in found(clerk, text), text
        assert int(clerk.get("/workbench/needs/", {"q": text}).context["listing"].total) == 0
        assert need.title not in suggested(clerk, text)
    assert clerk.get(SEARCH, {"q": need.number}).url == need.get_absolute_url()
    client.force_login(net.leader)
    assert found(client, need.number) == {}


def test_whoever_is_only_invited_to_a_confidential_need_finds_nothing_of_it(net, client):
    clerk = factories.person(role="clerk", organisation=net.sibling)
    expert = factories.expert(organisation=net.city, person=clerk)
    need = factories.need(
        enterprise=net.enterprise, stage=Stage.INVITING, visibility=Visibility.SECRET, title="绝密涂层配方",
        experts=[expert],
    )  # fmt: skip
    client.force_login(clerk)
    assert found(client, need.number) == {}
    assert suggested(client, need.number) == []
    page = client.get(f"/workbench/needs/{need.pk}/matches/", follow=True).content.decode()
    assert need.body[:8] not in page
