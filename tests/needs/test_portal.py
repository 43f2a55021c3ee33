"""门户的公开页：首页的数字来自记录，公开的需求不露企业和联系方式，找专家只看得到能看的人。"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.directory.enums import Sharing
from zhiqiao.needs import published
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Need
from zhiqiao.needs.published import Figures

NAME = "青山精密轴承有限公司"
QUESTION = "轴承套圈磨削裂纹"


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def queries_of(client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        page(client.get(url))
    return len(queries)


def grinding(net, name: str, **values):
    return factories.expert(organisation=net.society, name=name, evidence=("轴承套圈磨削烧伤",), **values)


def test_figures_of_the_front_page_are_counts_of_records(client, net):
    for result in ("solved", "cooperation", "partly"):
        factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, result=result)
    factories.need(enterprise=net.enterprise, stage=Stage.RATING, result="solved")
    factories.need(enterprise=net.enterprise, stage=Stage.REJECTED)
    factories.need(enterprise=net.enterprise, stage=Stage.DRAFT)

    assert published.figures() == Figures(received=5, closed=3, succeeded=2)
    assert '<strong class="num">5</strong>项需求已收到' in page(client.get(reverse("home")))


def test_front_page_works_on_an_empty_installation(client, db):
    assert "怎样开始" in page(client.get(reverse("home")))


def test_front_page_shows_published_needs_and_solved_ones(client, net):
    shown = {
        stage: factories.need(enterprise=net.enterprise, stage=stage, visibility="public", result="solved")
        for stage in (Stage.MATCHING, Stage.ARCHIVED)
    }
    hidden = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, visibility="staff")

    home = page(client.get(reverse("home")))

    assert all(need.title in home for need in shown.values())
    assert hidden.title not in home


def test_whoever_has_something_to_do_is_told_on_the_front_page(net, as_person):
    factories.need(enterprise=net.enterprise, stage=Stage.CONFIRMING)
    assert "有 1 件事等您办" in page(as_person(net.contact).get(reverse("home")))
    assert "件事等您办" not in page(as_person(net.neighbour).get(reverse("home")))


@pytest.mark.parametrize(
    ("visibility", "stage", "is_listed"),
    [
        (Visibility.PUBLIC, Stage.MATCHING, True),
        (Visibility.MASKED, Stage.ARCHIVED, True),
        (Visibility.STAFF, Stage.MATCHING, False),
        (Visibility.PUBLIC, Stage.DRAFT, False),
        (Visibility.PUBLIC, Stage.SUBMITTED, False),
        (Visibility.PUBLIC, Stage.REJECTED, False),
        (Visibility.PUBLIC, Stage.WITHDRAWN, False),
    ],
)
def test_only_needs_that_were_taken_on_and_released_are_published(client, net, visibility, stage, is_listed):
    need = factories.need(enterprise=net.enterprise, stage=stage, visibility=visibility)
    assert (need.title in page(client.get(reverse("needs:published")))) is is_listed
    status = client.get(reverse("needs:published_detail", args=(need.pk,))).status_code
    assert status == (200 if is_listed else 404)


def test_a_masked_need_names_the_trade_only(client, net):
    net.enterprise.industry = "C34"
    net.enterprise.save()
    need = factories.need(
        enterprise=net.enterprise,
        stage=Stage.MATCHING,
        visibility=Visibility.MASKED,
        title=f"{NAME}的磨削难题",
        body="青山精密轴承的套圈开裂。请致电 138 0000 1111 或 0571-87654321，chen@example.cn，微信号 chengong88。",
    )

    pages = [
        page(client.get(url))
        for url in (
            reverse("needs:published"),
            reverse("needs:published_detail", args=(need.pk,)),
            reverse("home"),
        )
    ]

    assert all("该企业的磨削难题" in shown for shown in pages)
    assert all("某通用设备制造企业" in shown for shown in pages)
    for secret in (
        "青山精密",
        "138 0000 1111",
        "87654321",
        "chen@example.cn",
        "chengong88",
        "陈工",
        "13800001111",
    ):
        assert not any(secret in shown for shown in pages), secret


def test_a_public_need_names_the_enterprise_but_no_contact(client, net):
    need = factories.need(enterprise=net.enterprise, stage=Stage.MATCHING, visibility=Visibility.PUBLIC)
    shown = page(client.get(reverse("needs:published_detail", args=(need.pk,))))
    assert NAME in shown
    assert need.contact_phone not in shown
    assert need.contact_name not in shown


def test_numbers_in_a_text_are_left_alone(net):
    need = factories.need(enterprise=net.enterprise, visibility=Visibility.PUBLIC)
    text = "转速 12000 r/min，硬度 58-62 HRC，标准 GB/T 307.1-2017，批量 1380000 件，牌号 0Cr18Ni9。"
    assert published.public_text(need, text) == text


def test_searching_for_the_name_does_not_tell_whose_need_it_is(client, net):
    for visibility in (Visibility.MASKED, Visibility.PUBLIC):
        factories.need(
            enterprise=net.enterprise, stage=Stage.MATCHING, visibility=visibility, title=f"{NAME}的磨削难题"
        )
    url = reverse("needs:published")
    assert "共 <strong>1</strong> 条" in page(client.get(url, {"q": "青山精密"}))
    assert "共 <strong>2</strong> 条" in page(client.get(url, {"q": "磨削难题"}))


def test_published_needs_are_filtered_by_what_the_url_says(client, net):
    factories.need(
        enterprise=net.enterprise, stage=Stage.MATCHING, visibility="public", title="甲", kind="testing"
    )
    factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED, visibility="public", title="乙")
    url = reverse("needs:published")
    assert [need.title for need in client.get(url, {"standing": "closed"}).context["listing"].page.rows] == [
        "乙"
    ]
    assert [need.title for need in client.get(url, {"kind": "testing"}).context["listing"].page.rows] == [
        "甲"
    ]


def test_visitor_and_enterprise_find_public_experts_without_contacts(client, net, as_person):
    public = grinding(
        net, "公开的", sharing=Sharing.PUBLIC, consented_at=timezone.now(), email="gk@example.cn"
    )
    grinding(net, "网络的")

    for reader in (client, as_person(net.contact)):
        shown = page(reader.get(reverse("needs:find"), {"q": QUESTION}))
        assert "公开的" in shown
        assert "<mark>轴承套圈磨削</mark>" in shown
        assert public.phone not in shown
        assert public.email not in shown
        assert "网络的" not in shown
        told = page(reader.get(reverse("needs:find"), {"q": QUESTION, "name": "网络的"}))
        unknown = page(reader.get(reverse("needs:find"), {"q": QUESTION, "name": "没有的"}))
        assert "没有找到“网络的”" in told
        assert "没有找到“没有的”" in unknown

    staff = page(as_person(net.clerk).get(reverse("needs:find"), {"q": QUESTION}))
    assert "网络的" in staff
    assert public.phone not in staff


def test_experts_with_stray_characters_in_common_are_counted_not_listed(client, net):
    grinding(net, "磨削的", sharing=Sharing.PUBLIC, consented_at=timezone.now())
    factories.expert(
        organisation=net.society,
        name="磨墨的",
        keywords="",
        evidence=("古墨研究",),
        sharing=Sharing.PUBLIC,
        consented_at=timezone.now(),
    )
    found = client.get(reverse("needs:find"), {"q": "怎样研究磨削裂纹"})
    assert [card["name"] for card in found.context["cards"]] == ["磨削的"]
    assert "另有 1 位专家" in page(found)


def test_a_short_question_stands_in_the_url_a_long_one_in_the_session(client, net):
    url = reverse("needs:find")
    grinding(net, "公开的", sharing=Sharing.PUBLIC, consented_at=timezone.now())

    short = client.post(url, {"text": QUESTION, "go": "find"})
    long = client.post(url, {"text": f"{'背景介绍。' * 80}{QUESTION}", "go": "find"})

    assert "%E8%BD%B4%E6%89%BF" in short.url
    assert "公开的" in page(client.get(short.url))
    assert long.url == url
    assert "公开的" in page(client.get(long.url))


def test_an_empty_question_is_answered_with_what_to_write(client, net):
    assert "请写一两句话" in page(client.post(reverse("needs:find"), {"text": " ", "go": "find"}))


@pytest.mark.parametrize("text", ["'\"><script>alert(1)</script>", "％％％", "a" * 5000])
def test_odd_questions_are_answered_and_shown_as_text(client, net, text):
    shown = page(client.get(reverse("needs:find"), {"q": text, "name": text}))
    assert "<script>alert" not in shown


@pytest.mark.parametrize("where", ["home", "needs:published", "needs:find"])
def test_number_of_queries_does_not_grow(client, net, where):
    url = reverse(where) + ("?q=磨削" if where == "needs:find" else "")
    counts = []
    for size in (2, 14):
        while Need.objects.count() < size:
            experts = [
                grinding(net, f"专家{Need.objects.count()}", sharing="public", consented_at=timezone.now())
            ]
            stage = Stage.ARCHIVED if Need.objects.count() % 2 else Stage.ARRANGING
            factories.need(
                enterprise=net.enterprise, stage=stage, visibility="public", result="solved", experts=experts
            )
        page(client.get(url))
        counts.append(queries_of(client, url))
    assert counts[0] == counts[1]
