"""提需求：从一句话到交件，写过的不用再写，存过的不会丢，按两次只有一条。"""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs.enums import Source, Stage, Visibility
from zhiqiao.needs.models import Need
from zhiqiao.orgs import actions as orgs

QUESTION = "轴承套圈磨削后出现细小裂纹。成品率只有八成，想查明原因。"
KEY = "0123456789abcdef0123456789abcdef"


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def typed(**changes: str) -> dict[str, str]:
    """填写页上的全部字段。"""
    return {
        "title": "轴承套圈磨削裂纹",
        "body": QUESTION,
        "kind": "process",
        "visibility": Visibility.MASKED,
        "contact_name": "陈工",
        "contact_phone": "１３８ 0000-1111",
        "target": "裂纹率降到千分之三以下。",
        "wanted_on": "",
        "budget_fen": "30万元",
        "urgency": "normal",
        "contact_email": "",
    } | changes


def draft_of(net, **values) -> Need:
    return factories.need(enterprise=net.enterprise, stage=Stage.DRAFT, **values)


def url_of(need: Need) -> str:
    return reverse("needs:draft", args=(need.pk,))


def test_enterprise_asks_from_the_front_page_to_the_confirmation(net, as_person):
    client = as_person(net.contact)

    begun = client.post(reverse("needs:find"), {"text": QUESTION, "go": "ask"})
    need = Need.objects.get()
    assert begun.url == url_of(need)
    shown = page(client.get(begun.url))
    assert 'value="轴承套圈磨削后出现细小裂纹"' in shown
    assert QUESTION in shown
    assert f'value="{net.contact.phone}"' in shown

    saved = client.post(url_of(need), typed(), headers={"X-Autosave": "1"})
    assert (saved.status_code, saved.content) == (204, b"")
    need.refresh_from_db()
    assert (need.stage, need.title, need.contact_phone) == (Stage.DRAFT, "轴承套圈磨削裂纹", "13800001111")
    assert (need.budget_fen, need.source) == (30_0000_00, Source.SELF)

    checked = client.post(url_of(need), typed() | {"go": "check"})
    assert checked.url == f"{url_of(need)}?step=check"
    answers = page(client.get(checked.url))
    assert "30 万元" in answers
    assert "公开内容，不显示企业名称" in answers

    sent = client.post(url_of(need), {"go": "submit"})
    need.refresh_from_db()
    confirmation = page(client.get(sent.url))
    assert need.stage == Stage.SUBMITTED
    assert need.number in confirmation
    assert clock.exact(need.due_at) in confirmation


def test_question_of_a_visitor_survives_signing_in(client, net):
    sent = client.post(reverse("needs:find"), {"text": QUESTION, "go": "ask"})
    login = client.get(sent.url)
    assert login.url == f"{reverse('login')}?next={reverse('needs:ask')}"

    inside = client.post(
        reverse("login"),
        {"login": net.contact.phone, "password": factories.PASSWORD, "next": reverse("needs:ask")},
    )

    assert QUESTION in page(client.get(inside.url))


def test_sending_the_same_form_twice_makes_one_need(net, as_person):
    client = as_person(net.contact)
    form = {"text": QUESTION, "enterprise": net.enterprise.pk, "go": "start", "_once": KEY}

    first, second = (client.post(reverse("needs:ask"), form) for _ in range(2))

    assert Need.objects.count() == 1
    assert first.url == second.url == url_of(Need.objects.get())


def test_without_the_key_the_same_form_makes_two_needs(net, as_person):
    """对照：去掉表单上的键，重复就真的发生了。"""
    client = as_person(net.contact)
    for _ in range(2):
        client.post(reverse("needs:ask"), {"text": QUESTION, "enterprise": net.enterprise.pk})
    assert Need.objects.count() == 2


def test_autosave_keeps_what_it_understands(net, as_person):
    need = draft_of(net, contact_phone="13800001111")

    answer = as_person(net.contact).post(
        url_of(need),
        typed(title="改过的名称", contact_phone="不是电话", wanted_on="2020-01-01"),
        headers={"X-Autosave": "1"},
    )

    need.refresh_from_db()
    assert answer.status_code == 422
    assert (need.title, need.contact_phone, str(need.wanted_on)) == (
        "改过的名称",
        "13800001111",
        "2020-01-01",
    )


def test_autosave_of_half_a_form_leaves_the_other_half(net, as_person):
    need = draft_of(net, title="原来的名称")
    as_person(net.contact).post(url_of(need), {"body": "只发了这一栏"}, headers={"X-Autosave": "1"})
    need.refresh_from_db()
    assert (need.title, need.body, need.kind) == ("原来的名称", "只发了这一栏", "research")


def test_autosave_after_submission_is_refused_and_changes_nothing(net, as_person):
    need = factories.need(enterprise=net.enterprise, title="已经提交")

    answer = as_person(net.contact).post(url_of(need), typed(), headers={"X-Autosave": "1"})

    assert answer.status_code == 409
    assert "已经提交" in answer.content.decode()
    assert Need.objects.get(pk=need.pk).title == "已经提交"


def test_what_is_missing_is_said_above_and_at_the_field_and_nothing_typed_is_lost(net, as_person):
    need = draft_of(net)
    sent = typed(title="", contact_phone="", wanted_on="2020-01-01") | {"go": "check"}

    shown = page(as_person(net.contact).post(url_of(need), sent))

    assert "<title>错误：填写需求" in shown
    summary = re.search(r'class="error-summary".*?</div>', shown, re.S)[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["id_title", "id_contact_phone", "id_wanted_on"]
    assert QUESTION in shown
    assert Need.objects.get(pk=need.pk).body == QUESTION


def test_an_email_address_is_enough(net, as_person):
    need = draft_of(net)
    sent = typed(contact_phone="", contact_email="chen@example.cn") | {"go": "check"}
    assert as_person(net.contact).post(url_of(need), sent).url == f"{url_of(need)}?step=check"


def test_incomplete_draft_cannot_be_submitted_and_hears_why(net, as_person):
    need = draft_of(net, contact_name="", title="")
    client = as_person(net.contact)

    assert "还差需求名称、联系人" in page(client.get(f"{url_of(need)}?step=check"))
    refused = page(client.post(url_of(need), {"go": "submit"}))

    assert "还差需求名称、联系人" in refused
    assert Need.objects.get(pk=need.pk).stage == Stage.DRAFT


def test_second_submission_lands_on_the_need(net, as_person):
    need, client = draft_of(net), as_person(net.contact)
    client.post(url_of(need), {"go": "submit"})
    again = client.post(url_of(need), {"go": "submit"}, follow=True)
    assert again.redirect_chain[-1][0] == reverse("needs:mine_detail", args=(need.pk,))
    assert Need.objects.get(pk=need.pk).version == 1


def test_possible_duplicate_is_shown_before_submission(net, as_person):
    first = factories.need(enterprise=net.enterprise, title="轴承套圈磨削裂纹")
    hidden = factories.need(enterprise=net.other_enterprise, title="轴承套圈磨削裂纹")
    need = draft_of(net, title="轴承套圈磨削裂纹")

    shown = page(as_person(net.contact).get(f"{url_of(need)}?step=check"))

    assert "可能重复" in shown
    assert first.number in shown
    assert hidden.number not in shown


def test_returned_need_shows_what_to_add_and_goes_back_in(net, as_person):
    need, client = factories.need(enterprise=net.enterprise, stage=Stage.RETURNED), as_person(net.contact)
    assert "请补充裂纹照片和材料牌号。" in page(client.get(url_of(need)))

    client.post(url_of(need), typed(body="补充了材料牌号 GCr15。") | {"go": "check"})
    client.post(url_of(need), {"go": "submit"})

    again = Need.objects.get(pk=need.pk)
    assert (again.stage, again.number, again.body) == (Stage.SUBMITTED, need.number, "补充了材料牌号 GCr15。")


def test_draft_is_withdrawn_with_a_reason(net, as_person):
    need, client = draft_of(net), as_person(net.contact)

    nothing = page(client.post(url_of(need), {"go": "withdraw", "withdraw-note": ""}))
    assert "请写明撤回的原因。" in nothing
    assert Need.objects.get(pk=need.pk).stage == Stage.DRAFT

    client.post(url_of(need), {"go": "withdraw", "withdraw-note": "暂时不做了"})
    assert Need.objects.get(pk=need.pk).stage == Stage.WITHDRAWN


@pytest.mark.parametrize("reader", ["neighbour", "sibling_clerk", "leader", "auditor"])
def test_a_draft_is_open_to_those_who_may_ask_for_its_enterprise_only(net, as_person, reader):
    need = draft_of(net)
    assert as_person(net.contact).get(url_of(need)).status_code == 200
    assert as_person(net.clerk).get(url_of(need)).status_code == 200

    client = as_person(getattr(net, reader))
    answers = {client.get(url_of(need)).status_code}
    answers.add(client.post(url_of(need), typed(title="被改了"), headers={"X-Autosave": "1"}).status_code)

    assert answers <= {403, 404}
    assert Need.objects.get(pk=need.pk).title != "被改了"


def test_clerk_finds_the_enterprise_and_files_after_a_visit(net, as_person):
    factories.need(enterprise=net.enterprise, contact_name="陈工", contact_phone="13800001111")
    for _ in range(7):
        factories.enterprise(place=net.district)
    client, ask = as_person(net.clerk), reverse("needs:ask")
    assert "统一社会信用代码" in page(client.get(ask))

    by_name = page(client.post(ask, {"text": QUESTION, "query": "青山精密", "go": "search"}))
    by_code = page(client.post(ask, {"text": "", "query": net.enterprise.credit_code[:12], "go": "search"}))
    nowhere = page(client.post(ask, {"text": QUESTION, "query": "渔浦食品", "go": "search"}))
    sent = {"text": QUESTION, "query": "青山精密", "enterprise": net.enterprise.pk, "go": "start"}
    begun = client.post(ask, sent)

    need = Need.objects.get(stage=Stage.DRAFT)
    assert QUESTION in by_name
    assert all(f'value="{net.enterprise.pk}"' in shown for shown in (by_name, by_code))
    assert "没有找到“渔浦食品”" in nowhere
    assert begun.url == url_of(need)
    assert (need.source, need.contact_name, need.contact_phone) == (Source.VISIT, "陈工", "13800001111")


def test_an_enterprise_out_of_reach_cannot_be_asked_for(net, as_person):
    form = {"text": QUESTION, "enterprise": net.other_enterprise.pk, "go": "start"}
    assert "不在您能办理的范围里" in page(as_person(net.contact).post(reverse("needs:ask"), form))
    assert Need.objects.count() == 0


def test_a_person_of_two_enterprises_chooses(net, as_person):
    second = factories.enterprise(place=net.district, name="青山第二企业有限公司")
    orgs.grant(net.contact, "enterprise_contact", second.organisation, by=SYSTEM, at=timezone.now())
    client = as_person(net.contact)

    sent = client.post(reverse("needs:find"), {"text": QUESTION, "go": "ask"})
    shown = page(client.get(sent.url))

    assert sent.url == reverse("needs:ask")
    assert QUESTION in shown
    assert all(f'value="{one.pk}"' in shown for one in (net.enterprise, second))
    assert Need.objects.count() == 0
