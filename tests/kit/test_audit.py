"""The chain shows every tampering, and an act whose record cannot be written does not happen."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit import chain
from zhiqiao.kit.audit.models import AuditEntry, AuditHead

pytestmark = pytest.mark.django_db


def _five_entries():
    for number in range(5):
        audit.record(
            "test.act", None, by=SYSTEM, at=timezone.now(), after={"n": number, "文字": "受理"}, reason="理由"
        )
    return list(AuditEntry.objects.values_list("pk", flat=True))


def _sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_untouched_chain_is_sound():
    _five_entries()
    assert audit.verify() == []


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("an edited reason", "UPDATE kit_auditentry SET reason='改过' WHERE id=%s"),
        ("an edited name", "UPDATE kit_auditentry SET actor_name='别人' WHERE id=%s"),
        ("an edited value", """UPDATE kit_auditentry SET after='{"n": 9}' WHERE id=%s"""),
        ("a forged digest", "UPDATE kit_auditentry SET digest='0' WHERE id=%s"),
        ("a removed entry", "DELETE FROM kit_auditentry WHERE id=%s"),
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_tampering_shows(name, statement, place):
    entries = _five_entries()
    _sql(statement, entries[place])
    assert audit.verify() != []


def test_two_swapped_entries_show():
    entries = _five_entries()
    _sql("UPDATE kit_auditentry SET id=%s WHERE id=%s", 999_999, entries[1])
    _sql("UPDATE kit_auditentry SET id=%s WHERE id=%s", entries[1], entries[2])
    _sql("UPDATE kit_auditentry SET id=%s WHERE id=%s", entries[2], 999_999)
    assert audit.verify() != []


def test_a_lost_head_shows():
    _five_entries()
    AuditHead.objects.all().delete()
    assert audit.verify() == ["审计链的末端记录不见了"]


def test_entries_can_be_neither_changed_nor_deleted_through_the_model():
    _five_entries()
    entry = AuditEntry.objects.first()
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(reason=""),
    ):
        with pytest.raises(TypeError):
            attempt()


def test_the_act_fails_with_its_record(monkeypatch):
    def broken(entry):
        raise RuntimeError("no audit device")

    monkeypatch.setattr(chain, "_digest", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        accounts.open_account(name="李工", phone="13800000009", password=None, by=SYSTEM, at=timezone.now())
    assert not Person.objects.filter(phone="13800000009").exists()


def test_control_without_the_record_the_act_happens():
    accounts.open_account(name="李工", phone="13800000009", password=None, by=SYSTEM, at=timezone.now())
    assert Person.objects.filter(phone="13800000009").exists()
    assert AuditEntry.objects.filter(verb="account.open").count() == 1
