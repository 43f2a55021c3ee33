"""已解决的需求变成不带名字的解决方案，提相似的需求时先看到它。"""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, knowledge
from zhiqiao.needs.enums import Result, Stage, Visibility
from zhiqiao.needs.models import SolutionCard

BODY = (
    "我们青山精密轴承有限公司（简称青山精密轴承）的套圈磨削后有裂纹，"
    "联系陈工 138 0000 1111 或 １３８００００１１１１，chen@example.cn，微信 qsjm_2026，"
    "地址临江市青山路18号3幢，信用代码 91330106MA2ABCDE5X，见 https://qsjm.example.cn/a。"
    "青山 精密 轴承有限公司的陆教授来看过。"
)
TELLING = (
    "青山", "精密轴承", "陈工", "138", "１３８", "1111", "chen@", "qsjm", "18号", "91330106", "陆教授", "临江大学机械学院",
)  # fmt: skip


@pytest.fixture
def need(net):
    expert = factories.expert(organisation=net.society, name="陆教授")
    return factories.need(
        enterprise=net.enterprise, stage=Stage.ARCHIVED, experts=[expert], result=Result.SOLVED,
        title="青山精密轴承套圈磨削裂纹控制", body=BODY,
    )  # fmt: skip


def card_of(need, by) -> SolutionCard:
    return actions.draft_card(need, by=by, at=timezone.now())


def texts(card: SolutionCard) -> str:
    return f"{card.title}\n{card.problem}\n{card.solution}"


def test_the_first_version_tells_the_matter_and_not_whose_it_was(net, need):
    assert [one for one in TELLING if one in BODY + "临江大学机械学院"]  # the control: it was all there
    card = card_of(need, net.clerk)
    assert [one for one in TELLING if one in texts(card)] == []
    assert "套圈磨削" in card.title
    assert "裂纹" in card.problem
    assert "裂纹率降到千分之五" in card.solution
    assert knowledge.leaks(need, [texts(card)]) == []


@pytest.mark.parametrize(
    "words",
    [
        "青山精密轴承有限公司", "青山 精密 轴承", "陆教授", "陈工", "13800001111", "138.0000.1111", "１３９００００２２２２",
        "0573-85001234", "chen@example.cn", "微信 qsjm_2026", "91330106MA2ABCDE5X", "330106199001011234",
        "https://a.example.cn", "青山路18号", "临江大学机械学院", "李经办",
    ],
)  # fmt: skip
def test_whatever_a_clerk_writes_back_stops_the_release(net, need, words):
    card = card_of(need, net.clerk)
    now = timezone.now()
    actions.save_card(
        card,
        title=card.title,
        problem=f"{card.problem}（{words}）",
        solution=card.solution,
        by=net.clerk,
        at=now,
    )
    with pytest.raises(Refused) as refused:
        actions.release_card(card, by=net.clerk, at=now)
    assert refused.value.refusal.code == "card.leaks"
    assert not knowledge.released().exists()


def test_a_released_card_is_read_by_anybody_and_names_nobody(client, as_person, net, need):
    clerk = as_person(net.clerk)
    assert clerk.post(reverse("needs:solution_draft", args=(need.pk,))).status_code == 302
    card = SolutionCard.objects.get()
    public = reverse("needs:solution", args=(card.pk,))
    assert client.get(public).status_code == 404
    form = {"go": "release", "title": card.title, "problem": card.problem, "solution": card.solution}
    assert clerk.post(card.get_absolute_url(), form).status_code == 302
    for url in (public, reverse("needs:solutions")):
        page = client.get(url).content.decode()
        assert card.title in page
        assert [one for one in ("青山精密", "陈工", "陆教授", "13800001111") if one in page] == []
    assert clerk.post(card.get_absolute_url(), {"go": "withdraw"}).status_code == 302
    assert client.get(public).status_code == 404


def test_it_is_offered_before_a_similar_need_is_sent(as_person, net, need):
    card = card_of(need, net.clerk)
    draft = factories.need(
        enterprise=net.sibling_enterprise, stage=Stage.DRAFT, title="轴承套圈磨削裂纹",
        body="我厂套圈磨削以后发现裂纹，希望查明原因，控制磨削裂纹。",
    )  # fmt: skip
    home = net.sibling_enterprise.organisation
    contact = factories.person(role="enterprise_contact", organisation=home)
    check = f"{reverse('needs:draft', args=(draft.pk,))}?step=check"
    assert card.title not in as_person(contact).get(check).content.decode()
    actions.release_card(card, by=net.clerk, at=timezone.now())
    page = as_person(contact).get(check).content.decode()
    assert "已解决的相似需求" in page
    assert card.public_url in page
    assert knowledge.offered("食品包装封口漏气", "热封以后有针孔，货架期达不到要求。") == []
    actions.withdraw_card(card, by=net.clerk, at=timezone.now())
    assert "已解决的相似需求" not in as_person(contact).get(check).content.decode()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"stage": Stage.RATING}, "card.open"),
        ({"stage": Stage.ARCHIVED, "result": Result.UNSOLVED}, "card.unsolved"),
        ({"stage": Stage.ARCHIVED, "visibility": Visibility.SECRET}, "card.secret"),
    ],
)
def test_what_helps_nobody_or_must_stay_secret_makes_no_card(net, values, code):
    need = factories.need(enterprise=net.enterprise, **values)
    with pytest.raises(Refused) as refused:
        actions.draft_card(need, by=net.clerk, at=timezone.now())
    assert refused.value.refusal.code == code


def test_a_card_is_written_by_its_own_unit(as_person, net, need):
    card = card_of(need, net.clerk)
    for other in (net.sibling_clerk, net.neighbour):
        assert as_person(other).get(card.get_absolute_url()).status_code == 404
    assert as_person(net.leader).get(card.get_absolute_url()).status_code == 403
    assert as_person(net.city_clerk).get(card.get_absolute_url()).status_code == 200


def test_a_released_card_is_taken_back_before_it_is_changed(net, need):
    card = card_of(need, net.clerk)
    now = timezone.now()
    actions.release_card(card, by=net.clerk, at=now)
    card.refresh_from_db()
    with pytest.raises(Refused):
        actions.save_card(card, title="新的", problem="x", solution="y", by=net.clerk, at=now)
