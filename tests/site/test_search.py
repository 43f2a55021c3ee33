"""工作台的搜索：编号直达，名字找人找企业，范围以外的不出现。"""

import pytest

from tests import factories
from zhiqiao.needs.enums import Stage

pytestmark = pytest.mark.django_db

SEARCH = "/workbench/search/"


@pytest.fixture
def net(db):
    return factories.network()


@pytest.fixture
def clerk(net, client):
    client.force_login(net.clerk)
    return client


def found(client, text):
    context = client.get(SEARCH, {"q": text}).context
    return {kind: list(context[kind]) for kind in ("needs", "experts", "enterprises")}


def test_a_whole_number_opens_the_need_at_once(net, clerk):
    need = factories.need(enterprise=net.enterprise)
    response = clerk.get(SEARCH, {"q": f" {need.number.lower()} "})
    assert (response.status_code, response.url) == (302, need.get_absolute_url())


def test_words_find_needs_experts_and_enterprises(net, clerk):
    need = factories.need(enterprise=net.enterprise, title="青山轴承裂纹")
    expert = factories.expert(organisation=net.city, name="青山客", unit="临江大学")
    assert found(clerk, "青山") == {"needs": [need], "experts": [expert], "enterprises": [net.enterprise]}
    assert found(clerk, "青山 裂纹") == {"needs": [need], "experts": [], "enterprises": []}


def test_what_is_out_of_scope_is_not_found(net, clerk, client):
    factories.need(enterprise=net.other_enterprise, title="金丝雀难题")
    elsewhere = factories.need(enterprise=net.other_enterprise, title="另一条")
    factories.expert(organisation=net.other_city, name="金丝雀", sharing="own")
    factories.enterprise(place=net.other_district, name="金丝雀有限公司")
    nothing = {"needs": [], "experts": [], "enterprises": []}
    assert found(clerk, "金丝雀") == nothing
    assert found(clerk, elsewhere.number) == nothing
    client.force_login(net.neighbour)
    assert [len(rows) for rows in found(client, "金丝雀").values()] == [1, 1, 1]


def test_drafts_are_not_found_and_an_empty_search_asks_what_for(net, clerk):
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT, title="还在写的草稿")
    assert found(clerk, "草稿")["needs"] == []
    assert "想找什么" in clerk.get(SEARCH).content.decode()
    assert "没有找到" in clerk.get(SEARCH, {"q": "查无此物"}).content.decode()
