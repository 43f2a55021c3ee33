"""Screens of the libraries: who sees what, what a form refuses and why, and that reading a contact is on record."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from stdnum.cn import uscc

from tests import factories
from zhiqiao.directory import queries
from zhiqiao.directory.enums import EvidenceKind, FieldVisibility, Sharing
from zhiqiao.directory.models import Enterprise, Expert, ResearchOutput
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.privacy import masked
from zhiqiao.needs import queries as needs_queries
from zhiqiao.needs.enums import Stage

pytestmark = pytest.mark.django_db

PHONE = "13800007788"
GROUNDS = "邀请对接轴承需求"


@pytest.fixture
def net():
    return factories.network()


@pytest.fixture
def clerk(net):
    return _as(net.clerk)


def _as(person):
    client = Client()
    client.force_login(person)
    return client


def _names(response):
    return [row.object.name for row in response.context["listing"].rows]


def _contact_readings():
    return list(
        AuditEntry.objects.filter(verb="expert.contact").values_list(
            "actor_name", "subject_id", "after", "reason"
        )
    )


# ── The register of experts ─────────────────────────────────────────────────────────────────────────


def test_register_shows_the_network_s_experts_and_keeps_another_city_s_own(net, clerk):
    factories.expert(organisation=net.district, name="本区专家", sharing=Sharing.OWN)
    factories.expert(organisation=net.other_city, name="外市共享", sharing=Sharing.NETWORK)
    factories.expert(organisation=net.other_city, name="外市自用", sharing=Sharing.OWN)
    response = clerk.get(reverse("directory:experts"))
    assert _names(response) == ["外市共享", "本区专家"]
    assert "外市自用" not in response.content.decode()


def test_filters_of_the_register_narrow_and_combine(net, clerk):
    factories.expert(organisation=net.district, name="甲", kind="academician", disciplines=["430"])
    factories.expert(
        organisation=net.city, name="乙", kind="society", disciplines=["460", "430"], unit="临江研究院"
    )
    factories.expert(
        organisation=net.society, name="丙", keywords="水稻育种", disciplines=["210"], title="研究员"
    )
    url = reverse("directory:experts")
    assert _names(clerk.get(url, {"kind": "academician"})) == ["甲"]
    assert _names(clerk.get(url, {"discipline": "430"})) == ["乙", "甲"]
    assert _names(clerk.get(url, {"discipline": ["430", "210"]})) == ["丙", "乙", "甲"]
    assert _names(clerk.get(url, {"organisation": net.district.pk})) == ["甲"]
    assert _names(clerk.get(url, {"q": "水稻"})) == ["丙"]
    assert _names(clerk.get(url, {"q": "研究院", "discipline": "430"})) == ["乙"]
    assert _names(clerk.get(url, {"title": "研究员"})) == ["丙"]


def test_organisation_filter_takes_the_whole_subtree(net):
    factories.expert(organisation=net.district, name="区里")
    factories.expert(organisation=net.society, name="学会里")
    factories.expert(organisation=net.other_city, name="外市")
    response = _as(net.city_clerk).get(reverse("directory:experts"), {"organisation": net.city.pk})
    assert _names(response) == ["区里", "学会里"]


def test_available_filter_leaves_out_the_resting_the_full_and_those_who_left(net, clerk):
    today = timezone.localdate()
    factories.expert(organisation=net.district, name="可邀请")
    factories.expert(organisation=net.district, name="休息中", resting_until=today)
    factories.expert(organisation=net.district, name="休息过", resting_until=today - timedelta(days=1))
    factories.expert(organisation=net.district, name="不在库", is_active=False)
    full = factories.expert(organisation=net.district, name="满了", task_cap=1)
    factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=[full])
    assert _names(clerk.get(reverse("directory:experts"), {"available": "1"})) == ["休息过", "可邀请"]


def test_load_counts_like_the_needs_do(net):
    people = [factories.expert(organisation=net.district) for _ in range(3)]
    for stage in (Stage.INVITING, Stage.ARRANGING, Stage.ARCHIVED, Stage.CLOSING):
        factories.need(enterprise=net.enterprise, stage=stage, experts=people[:1])
    factories.need(enterprise=net.enterprise, stage=Stage.INVITING, experts=people[1:2])
    keys = [expert.pk for expert in people]
    counted = {pk: n for pk, n in queries.open_tasks(keys).items() if n}
    assert counted == needs_queries.open_tasks(keys) == {people[0].pk: 3, people[1].pk: 1}


def test_anonymous_and_enterprise_find_only_public_experts_who_agreed(net):
    from django.contrib.auth.models import AnonymousUser

    at = timezone.now()
    agreed = factories.expert(organisation=net.city, sharing=Sharing.PUBLIC, consented_at=at)
    factories.expert(organisation=net.city, sharing=Sharing.PUBLIC)
    factories.expert(organisation=net.city, sharing=Sharing.NETWORK, consented_at=at)
    for who in (AnonymousUser(), net.contact):
        assert list(queries.experts_for(who)) == [agreed]


# ── An expert's page: contacts ──────────────────────────────────────────────────────────────────────


def test_contacts_are_masked_until_somebody_says_why(net, clerk):
    expert = factories.expert(organisation=net.district, phone=PHONE, email="zhuanjia@example.cn")
    page = clerk.get(expert.get_absolute_url()).content.decode()
    assert masked(PHONE) in page
    assert PHONE not in page
    assert "zhuanjia@example.cn" not in page
    assert _contact_readings() == []


def test_revealing_a_contact_shows_it_once_and_is_recorded(net, clerk):
    expert = factories.expert(organisation=net.district, phone=PHONE, email="zhuanjia@example.cn")
    url = expert.get_absolute_url()
    shown = clerk.post(url, {"field": "phone", "reason": GROUNDS}).content.decode()
    assert PHONE in shown
    assert "zhuanjia@example.cn" not in shown
    assert _contact_readings() == [("李经办", str(expert.pk), {"field": "phone"}, GROUNDS)]
    assert PHONE not in clerk.get(url).content.decode()


def test_revealing_without_a_reason_shows_and_records_nothing(net, clerk):
    expert = factories.expert(organisation=net.district, phone=PHONE)
    for reason in ("", "看看"):
        page = clerk.post(expert.get_absolute_url(), {"field": "phone", "reason": reason}).content.decode()
        assert PHONE not in page
        assert "事由" in page
    assert _contact_readings() == []


@pytest.mark.parametrize(
    ("visibility", "seen_by_own", "seen_by_another_city"),
    [
        (FieldVisibility.HANDLERS, True, True),
        (FieldVisibility.OWN, True, False),
        (FieldVisibility.NOBODY, False, False),
    ],
)
def test_who_reads_a_contact_is_the_expert_s_choice(net, visibility, seen_by_own, seen_by_another_city):
    expert = factories.expert(organisation=net.district, phone=PHONE, phone_visibility=visibility)
    for person, seen in ((net.clerk, seen_by_own), (net.neighbour, seen_by_another_city)):
        page = (
            _as(person)
            .post(expert.get_absolute_url(), {"field": "phone", "reason": GROUNDS})
            .content.decode()
        )
        assert (PHONE in page) == seen
    assert len(_contact_readings()) == seen_by_own + seen_by_another_city


def test_leader_sees_the_page_but_cannot_read_contacts(net):
    expert = factories.expert(organisation=net.district, phone=PHONE)
    leader = _as(net.leader)
    assert PHONE not in leader.get(expert.get_absolute_url()).content.decode()
    assert leader.post(expert.get_absolute_url(), {"field": "phone", "reason": GROUNDS}).status_code == 403
    assert _contact_readings() == []


def test_a_clerk_here_does_not_read_contacts_where_she_is_only_a_leader(net, clerk):
    factories.grant(person=net.clerk, role="leader", organisation=net.sibling)
    clerk.force_login(net.clerk)
    own = factories.expert(organisation=net.sibling, phone=PHONE, sharing=Sharing.OWN)
    refused = clerk.post(own.get_absolute_url(), {"field": "phone", "reason": GROUNDS}).content.decode()
    assert "您没有那里的查看权限" in refused
    assert PHONE not in refused
    shared = factories.expert(organisation=net.sibling, phone=PHONE)
    page = clerk.post(shared.get_absolute_url(), {"field": "phone", "reason": GROUNDS}).content.decode()
    assert PHONE in page
    assert len(_contact_readings()) == 1


@pytest.mark.parametrize("field", ["", "name", "%d", "person_id"])
def test_nothing_but_a_contact_can_be_revealed(net, clerk, field):
    expert = factories.expert(organisation=net.district, phone=PHONE)
    page = clerk.post(expert.get_absolute_url(), {"field": field, "reason": GROUNDS})
    assert page.status_code == 200
    assert PHONE not in page.content.decode()
    assert _contact_readings() == []


def test_an_own_expert_of_another_city_is_not_found(net, clerk):
    expert = factories.expert(organisation=net.other_city, phone=PHONE, sharing=Sharing.OWN)
    url = expert.get_absolute_url()
    assert clerk.get(url).status_code == 404
    assert clerk.post(url, {"field": "phone", "reason": GROUNDS}).status_code == 404
    assert _as(net.neighbour).get(url).status_code == 200


# ── Entering and changing an expert ─────────────────────────────────────────────────────────────────


def _expert_data(organisation, **values):
    return {
        "name": "钟新", "kind": "society", "unit": "临江大学", "organisation": organisation.pk,
        "phone_visibility": "handlers", "email_visibility": "handlers", "sharing": "network", "task_cap": "3",
        "discipline_0": "460", "keywords": "磨削 轴承", "is_active": "on",
        "evidence-TOTAL_FORMS": "2", "evidence-INITIAL_FORMS": "0",
        "evidence-0-kind": "patent", "evidence-0-title": "一种磨削烧伤检测方法", "evidence-0-year": "2023",
        "evidence-1-kind": "paper",
    } | values  # fmt: skip


def test_new_expert_is_saved_with_disciplines_and_evidence(net, clerk):
    response = clerk.post(
        reverse("directory:expert_new"), _expert_data(net.district, phone=PHONE, consent="on")
    )
    expert = Expert.objects.get(name="钟新")
    assert response.url == expert.get_absolute_url()
    assert (expert.phone, expert.organisation, expert.discipline_titles) == (
        PHONE,
        net.district,
        ["机械工程"],
    )
    assert expert.consented_at is not None
    assert list(expert.evidence.values_list("kind", "title", "year")) == [
        ("patent", "一种磨削烧伤检测方法", 2023)
    ]


def test_expert_cannot_be_entered_for_an_organisation_of_others(net, clerk):
    response = clerk.post(reverse("directory:expert_new"), _expert_data(net.other_city))
    assert "organisation" in response.context["form"].errors
    assert not Expert.objects.filter(name="钟新").exists()


def test_going_public_needs_consent(net, clerk):
    response = clerk.post(reverse("directory:expert_new"), _expert_data(net.district, sharing="public"))
    assert "本人同意" in response.context["form"].errors["sharing"][0]


def test_namesake_is_named_and_may_be_entered_on_purpose(net, clerk):
    known = factories.expert(organisation=net.city, name="钟新", unit="临江大学")
    response = clerk.post(reverse("directory:expert_new"), _expert_data(net.district))
    assert response.context["form"].namesakes == [known]
    assert known.get_absolute_url() in response.content.decode()
    clerk.post(reverse("directory:expert_new"), _expert_data(net.district, namesake="on"))
    assert Expert.objects.filter(name="钟新", unit="临江大学").count() == 2


def test_namesake_outside_the_scope_is_not_mentioned(net, clerk):
    factories.expert(organisation=net.other_city, name="钟新", unit="临江大学", sharing=Sharing.OWN)
    clerk.post(reverse("directory:expert_new"), _expert_data(net.district))
    assert Expert.objects.filter(name="钟新", organisation=net.district).count() == 1


def test_more_rows_keep_what_was_typed_and_save_nothing(net, clerk):
    response = clerk.post(reverse("directory:expert_new"), _expert_data(net.district, more="1"))
    assert response.context["evidence"].total_form_count() == 5
    page = response.content.decode()
    assert "一种磨削烧伤检测方法" in page
    assert "磨削 轴承" in page
    assert not Expert.objects.filter(name="钟新").exists()


def test_editing_keeps_contacts_that_were_left_empty_and_records_only_what_changed(net, clerk):
    expert = factories.expert(organisation=net.district, name="钟新", unit="临江大学", phone=PHONE)
    url = reverse("directory:expert_edit", args=(expert.pk,))
    page = clerk.get(url).content.decode()
    assert PHONE not in page
    assert masked(PHONE) in page
    evidence = {"evidence-INITIAL_FORMS": "1", "evidence-0-kind": "paper", "evidence-0-year": "2024"}
    evidence["evidence-0-title"] = expert.evidence.get().title
    data = _expert_data(net.district, keywords=expert.keywords, title="教授", task_cap="5", **evidence)
    clerk.post(url, data)
    expert.refresh_from_db()
    assert (expert.phone, expert.task_cap) == (PHONE, 5)
    entry = AuditEntry.objects.get(verb="expert.change")
    assert (entry.before, entry.after) == ({"task_cap": 3}, {"task_cap": 5})


def test_a_contact_can_be_taken_out(net, clerk):
    expert = factories.expert(organisation=net.district, name="钟新", unit="临江大学", phone=PHONE)
    clerk.post(
        reverse("directory:expert_edit", args=(expert.pk,)), _expert_data(net.district, clear_phone="on")
    )
    expert.refresh_from_db()
    assert expert.phone == ""


def test_editing_evidence_leaves_service_records_alone(net, clerk):
    expert = factories.expert(organisation=net.district, name="钟新", unit="临江大学")
    expert.evidence.create(kind=EvidenceKind.SERVICE, title="到青山精密轴承有限公司服务", year=2025)
    data = _expert_data(net.district, **{"evidence-INITIAL_FORMS": "1", "evidence-0-DELETE": "on"})
    clerk.post(reverse("directory:expert_edit", args=(expert.pk,)), data)
    assert list(expert.evidence.values_list("kind", flat=True)) == [EvidenceKind.SERVICE]


def test_only_the_recommending_side_edits(net):
    expert = factories.expert(organisation=net.city)
    url = reverse("directory:expert_edit", args=(expert.pk,))
    assert _as(net.city_clerk).get(url).status_code == 200
    assert _as(net.clerk).get(url).status_code == 404
    assert _as(net.leader).get(url).status_code == 403


def test_expert_sets_her_own_terms(net):
    person = factories.person(name="钟新")
    expert = factories.expert(organisation=net.city, person=person, phone=PHONE)
    data = {
        "task_cap": "1",
        "resting_until": "2027-01-31",
        "phone_visibility": "nobody",
        "email_visibility": "own",
    }
    client = _as(person)
    assert PHONE in client.get(reverse("directory:availability")).content.decode()
    assert client.post(reverse("directory:availability"), data).status_code == 302
    expert.refresh_from_db()
    terms = (expert.task_cap, expert.resting_until, expert.phone_visibility, expert.email_visibility)
    assert terms == (1, date(2027, 1, 31), "nobody", "own")
    assert AuditEntry.objects.get(verb="expert.change").actor_name == "钟新"


def test_somebody_who_is_no_expert_has_no_terms_to_set(net, clerk):
    assert clerk.get(reverse("directory:availability")).status_code == 404


# ── Enterprises ─────────────────────────────────────────────────────────────────────────────────────


def _enterprise_data(place, **values):
    return {
        "name": "新来精工有限公司",
        "credit_code": factories.credit_code(number=777),
        "place": place.pk,
    } | values


def test_enterprises_are_those_of_one_s_own_part_of_the_network(net, clerk):
    response = clerk.get(reverse("directory:enterprises"))
    assert [row.object for row in response.context["listing"].rows] == [net.enterprise]
    assert clerk.get(net.sibling_enterprise.get_absolute_url()).status_code == 404
    assert clerk.get(net.enterprise.get_absolute_url()).status_code == 200


def test_the_page_leads_to_the_needs_of_the_enterprise_and_of_no_other(net, clerk):
    need = factories.need(enterprise=net.enterprise)
    factories.need(enterprise=factories.enterprise(place=net.town, name="青山电机有限公司"))
    page = clerk.get(net.enterprise.get_absolute_url()).content.decode()
    link = next(part for part in page.split('"') if part.startswith(reverse("needs:register") + "?"))
    assert [row.object for row in clerk.get(link).context["listing"].rows] == [need]


def test_new_enterprise_stands_below_its_place(net, clerk):
    clerk.post(reverse("directory:enterprise_new"), _enterprise_data(net.town, industry="C34"))
    made = Enterprise.objects.get(organisation__name="新来精工有限公司")
    assert (made.organisation.parent, made.industry) == (net.town, "C34")


def test_credit_code_is_cleaned_before_it_is_checked(net, clerk):
    code = factories.credit_code(number=777)
    clerk.post(
        reverse("directory:enterprise_new"),
        _enterprise_data(net.town, credit_code=f" {code[:9]} {code[9:].lower()} "),
    )
    assert Enterprise.objects.filter(credit_code=code).count() == 1


@pytest.mark.parametrize("at", range(18))
def test_one_wrong_character_anywhere_in_a_credit_code_is_found(net, clerk, at):
    code = "91110000600037341L"
    assert uscc.is_valid(code)
    wrong = code[:at] + ("2" if code[at] != "2" else "3") + code[at + 1 :]
    response = clerk.post(reverse("directory:enterprise_new"), _enterprise_data(net.town, credit_code=wrong))
    assert "营业执照" in response.context["form"].errors["credit_code"][0]
    assert not Enterprise.objects.filter(organisation__name="新来精工有限公司").exists()


def test_known_credit_code_leads_to_the_enterprise(net, clerk):
    data = _enterprise_data(net.town, credit_code=net.enterprise.credit_code)
    response = clerk.post(reverse("directory:enterprise_new"), data)
    page = response.content.decode()
    assert net.enterprise.get_absolute_url() in page
    assert "青山精密轴承有限公司" in page
    assert Enterprise.objects.filter(credit_code=net.enterprise.credit_code).count() == 1


def test_known_credit_code_of_another_place_is_refused_without_naming_it(net, clerk):
    data = _enterprise_data(net.town, credit_code=net.other_enterprise.credit_code)
    page = clerk.post(reverse("directory:enterprise_new"), data).content.decode()
    assert "另一个地方的科协" in page
    assert "渔浦食品" not in page


def test_enterprise_is_entered_only_where_one_may(net, clerk):
    response = clerk.post(reverse("directory:enterprise_new"), _enterprise_data(net.sibling))
    assert "place" in response.context["form"].errors


# ── Research outputs ────────────────────────────────────────────────────────────────────────────────


def _output(net, organisation=None, **values):
    at = timezone.now()
    values = {"title": "低应力磨削工艺", "organisation": organisation or net.city, "updated_at": at} | values
    return ResearchOutput.objects.create(**values)


def test_output_shows_its_readiness_in_words(net, clerk):
    output = _output(net, trl=6)
    assert "6 相关环境原型演示" in clerk.get(output.get_absolute_url()).content.decode()
    assert "6 相关环境原型演示" in clerk.get(reverse("directory:outputs")).content.decode()


def test_outputs_follow_their_sharing(net, clerk):
    own = _output(net, net.other_city, title="外市自用", sharing=Sharing.OWN)
    shared = _output(net, net.other_city, title="外市共享")
    assert clerk.get(own.get_absolute_url()).status_code == 404
    assert clerk.get(shared.get_absolute_url()).status_code == 200
    rows = clerk.get(reverse("directory:outputs")).context["listing"].rows
    assert [row.object for row in rows] == [shared]


def test_output_is_entered_and_changed_by_its_own_side(net, clerk):
    data = {
        "title": "轴承寿命预测软件",
        "kind": "software",
        "organisation": net.district.pk,
        "sharing": "public",
        "trl": "7",
    }
    clerk.post(reverse("directory:output_new"), data)
    made = ResearchOutput.objects.get(title="轴承寿命预测软件")
    assert (made.trl, made.organisation) == (7, net.district)
    edit = reverse("directory:output_edit", args=(made.pk,))
    clerk.post(edit, data | {"trl": "", "title": "轴承寿命预测系统"})
    made.refresh_from_db()
    assert (made.title, made.trl) == ("轴承寿命预测系统", None)
    assert _as(net.sibling_clerk).get(edit).status_code == 404


def test_output_filter_by_readiness(net, clerk):
    _output(net, title="早期", trl=2)
    late = _output(net, title="成熟", trl=9)
    rows = clerk.get(reverse("directory:outputs"), {"trl": ["8", "9"]}).context["listing"].rows
    assert [row.object for row in rows] == [late]


# ── The same number of queries for one row and for thirty ───────────────────────────────────────────


def _query_count(client, url):
    client.get(url)  # the first request of a session also writes when it was last seen
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_lists_cost_the_same_for_one_row_and_for_thirty(net):
    client = _as(net.city_clerk)
    urls = [reverse(f"directory:{name}") for name in ("experts", "enterprises", "outputs")]
    factories.expert(organisation=net.city)
    _output(net)
    first = [_query_count(client, url) for url in urls]
    for number in range(30):
        factories.expert(organisation=net.city, disciplines=["460", "430"])
        factories.enterprise(place=net.town)
        _output(net, title=f"成果{number}")
    assert [_query_count(client, url) for url in urls] == first


def test_expert_page_costs_the_same_for_one_proof_and_for_thirty(net, clerk):
    few = factories.expert(organisation=net.district)
    many = factories.expert(
        organisation=net.district, evidence=[f"论文{n}" for n in range(30)], disciplines=["460", "430"]
    )
    assert _query_count(clerk, few.get_absolute_url()) == _query_count(clerk, many.get_absolute_url())
