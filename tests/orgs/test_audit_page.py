"""The audit page: everything that belongs to one's part of the network, nothing else, and each search is on record."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import zhiqiao
from tests import factories
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.kit import audit
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.site.audit_page import VERBS, entries_for, verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def net():
    return factories.network()


def _as(person):
    client = Client()
    client.force_login(person)
    return client


def _rows(client, **params):
    return [row.object for row in client.get(reverse("audit"), params).context["listing"].rows]


def _searches():
    return list(AuditEntry.objects.filter(verb="audit.search").values_list("actor_name", "after"))


def _edit(expert, by=SYSTEM, **changes):
    directory.save_expert(expert, by=by, at=timezone.now(), changes=changes)


def test_only_auditors_get_in(net):
    for person in (
        net.clerk,
        net.city_clerk,
        net.leader,
        factories.person(role="administrator", organisation=net.city),
    ):
        assert _as(person).get(reverse("audit")).status_code == 403
    assert _as(net.auditor).get(reverse("audit")).status_code == 200


def test_an_auditor_reads_her_own_part_and_not_the_neighbours(net):
    """Planted: the same act on both sides of the border, and shared experts, which everybody finds."""
    mine = factories.expert(organisation=net.district, name="本市专家", sharing=Sharing.OWN)
    theirs = factories.expert(organisation=net.other_city, name="外市专家", sharing=Sharing.NETWORK)
    for expert in (mine, theirs):
        _edit(expert, keywords="改过")
    subjects = {(entry.subject_type, entry.subject_id) for entry in entries_for(net.auditor)}
    assert ("directory.expert", str(mine.pk)) in subjects
    assert ("directory.expert", str(theirs.pk)) not in subjects
    assert ("accounts.person", str(net.clerk.pk)) in subjects
    assert ("accounts.person", str(net.neighbour.pk)) not in subjects
    assert "外市专家" not in _as(net.auditor).get(reverse("audit")).content.decode()


def test_control_an_auditor_of_everything_reads_everything(net):
    auditor = factories.person(name="省审计", role="auditor", organisation=net.province)
    theirs = factories.expert(organisation=net.other_city, name="外市专家", sharing=Sharing.OWN)
    assert entries_for(auditor).count() == AuditEntry.objects.count()
    assert entries_for(auditor).filter(subject_id=str(theirs.pk), subject_type="directory.expert").exists()


def test_an_act_about_nothing_in_particular_belongs_where_its_author_works(net):
    factories.grant(person=net.second_clerk, role="leader", organisation=net.other_city)
    for person in (net.clerk, net.second_clerk, net.neighbour, SYSTEM):
        audit.record("needs.export", None, by=person, at=timezone.now(), after={"count": 3})
    exports = entries_for(net.auditor).filter(verb="needs.export")
    assert [entry.actor_name for entry in exports] == ["李经办"]


def test_somebody_who_works_on_both_sides_is_read_by_neither(net):
    factories.grant(person=net.clerk, role="leader", organisation=net.other_city)
    about = entries_for(net.auditor).filter(subject_type="accounts.person", subject_id=str(net.clerk.pk))
    assert list(about) == []


def test_search_by_person_verb_subject_reason_and_period(net):
    client = _as(net.auditor)
    expert = factories.expert(organisation=net.district, name="钟新")
    _edit(expert, by=net.clerk, task_cap=5)
    audit.record(
        "expert.contact", expert, by=net.leader, at=timezone.now() - timedelta(days=40), reason="约时间"
    )
    assert [entry.verb for entry in _rows(client, who="李经办")] == ["expert.change"]
    assert [entry.actor_name for entry in _rows(client, verb="expert.contact")] == ["王领导"]
    assert [entry.verb for entry in _rows(client, kind="directory.expert", subject=expert.pk)] == [
        "expert.contact",
        "expert.change",
        "expert.add",
    ]
    assert [entry.verb for entry in _rows(client, reason="约时间")] == ["expert.contact"]
    assert "expert.contact" not in {
        entry.verb for entry in _rows(client, at_from=timezone.localdate().isoformat())
    }


def test_each_search_is_on_record_once(net):
    client = _as(net.auditor)
    for _ in range(2):
        client.get(reverse("audit"), {"who": "李经办"})
    assert _searches() == [("冯审计", {"conditions": "who=%E6%9D%8E%E7%BB%8F%E5%8A%9E"})]
    client.get(reverse("audit"))
    assert [after["conditions"] for _, after in _searches()][1:] == ["全部"]


def test_turning_the_page_is_not_another_search(net):
    for number in range(40):
        factories.expert(organisation=net.district, name=f"专家{number}")
    client = _as(net.auditor)
    listing = client.get(reverse("audit")).context["listing"]
    second = client.get(reverse("audit") + listing.next_url).context["listing"]
    assert {row.key for row in second.rows}.isdisjoint(row.key for row in listing.rows)
    assert len(_searches()) == 1


def test_a_search_that_cannot_be_recorded_shows_nothing(net, monkeypatch):
    def broken(*args, **values):
        raise RuntimeError("disk full")

    client = _as(net.auditor)
    monkeypatch.setattr(audit, "record", broken)
    client.raise_request_exception = False
    assert client.get(reverse("audit")).status_code == 500


def test_contacts_are_masked_and_long_values_cut(net):
    expert = factories.expert(organisation=net.district, phone="13800007788")
    _edit(expert, phone="13911112222", keywords="轴承" * 60)
    page = _as(net.auditor).get(reverse("audit"), {"verb": "expert.change"}).content.decode()
    assert "138****7788 → 139****2222" in page
    assert "13911112222" not in page
    assert "轴承" * 31 not in page


def test_roles_and_places_are_said_in_words(net):
    page = (
        _as(net.auditor)
        .get(reverse("audit"), {"verb": "orgs.grant", "kind": "accounts.person"})
        .content.decode()
    )
    assert "角色：经办人" in page
    assert "组织：青山区科协" in page
    assert "人员：李经办" in page


def test_the_page_costs_the_same_for_one_entry_and_for_thirty(net):
    client = _as(net.auditor)
    expert = factories.expert(organisation=net.district)

    def count():
        client.get(reverse("audit"), {"verb": "expert.change"})
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("audit"), {"verb": "expert.change"})
        return len(captured)

    _edit(expert, task_cap=4)
    first = count()
    for number in range(29):
        _edit(factories.expert(organisation=net.district), task_cap=number + 4)
    assert len(_rows(client, verb="expert.change")) == 30
    assert count() == first


def test_every_verb_in_the_code_has_a_name():
    """Verbs are written out where they are recorded; one that is put together from parts is not found here."""
    call = re.compile(
        r'\brecord\(\s*(?:"([a-z]+\.[a-z_]+)"|[^)]{0,80}?"([a-z]+\.[a-z_]+)" if \w+ else "([a-z]+\.[a-z_]+)")'
    )
    found = set()
    for path in Path(zhiqiao.__file__).parent.rglob("*.py"):
        if "migrations" not in path.parts:
            found |= {verb for match in call.findall(path.read_text()) for verb in match if verb}
    assert len(found) > 15
    assert sorted(found - set(VERBS)) == []


def test_the_steps_of_a_loop_and_the_answers_to_an_invitation_have_names():
    named = dict(verbs())
    assert {
        f"need.{name}": step.title for name, step in NEED_FLOW.steps.items() if name != "rate"
    }.items() <= named.items()
    answers = ("accepted", "declined", "cancelled")
    assert [state for state in answers if f"invitation.{state}" not in named] == []
