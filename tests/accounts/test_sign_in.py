"""Signing in: by phone or e-mail, locked after five wrong tries, signed out when idle, passwords kept as argon2."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests import factories
from zhiqiao.accounts import actions
from zhiqiao.accounts.models import Person, clean_login
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao.site import settings as real_settings

pytestmark = pytest.mark.django_db

NOW = factories.timezone.now()
WRONG = "cuo-de-mi-ma-1"
NEW = "xin-de-mi-ma-2027"


@pytest.fixture
def person():
    return factories.person(name="李经办")


def _try(login, password, **headers):
    return Client(**headers).post(reverse("login"), {"login": login, "password": password})


def _is_in(client):
    return client.get(reverse("me")).status_code == 200


# ── Who one is ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        " 138 1234 5678 ",
        "138-1234-5678",
        "１３８１２３４５６７８",
        "Li@Example.CN",
        " li@example.cn",
    ],
)
def test_phone_or_email_in_any_spelling_signs_in(typed):
    at = factories.timezone.now()
    actions.open_account(
        name="李经办",
        phone="138 1234 5678",
        email="li@example.cn",
        password=factories.PASSWORD,
        by=SYSTEM,
        at=at,
    )
    assert _try(typed, factories.PASSWORD).status_code == 302


def test_wrong_password_and_unknown_account_get_the_same_answer(person):
    known, unknown = _try(person.phone, WRONG), _try("13700000000", WRONG)
    assert known.status_code == unknown.status_code == 200
    answers = [str(response.context["form"].non_field_errors()) for response in (known, unknown)]
    assert answers[0] == answers[1]
    assert "锁定 10 分钟" in answers[0]


def test_an_account_without_a_password_cannot_sign_in():
    person = factories.person(password=None)
    for password in ("", "!", person.password, "None"):
        response = _try(person.phone, password)
        assert response.status_code == 200
        assert response.context["form"].errors


def test_a_disabled_account_cannot_sign_in(person):
    actions.disable(person, by=SYSTEM, at=NOW, reason="离职")
    response = _try(person.phone, factories.PASSWORD)
    assert "手机号、邮箱或密码不对" in str(response.context["form"].errors)


def test_sign_in_leads_on_to_where_one_wanted_to_go_but_never_to_another_site(person):
    inside = Client().post(
        reverse("login"), {"login": person.phone, "password": factories.PASSWORD, "next": "/me/"}
    )
    outside = Client().post(
        reverse("login"),
        {"login": person.phone, "password": factories.PASSWORD, "next": "https://example.org/"},
    )
    assert inside.url == "/me/"
    assert outside.url == reverse("home")


def test_phone_and_email_belong_to_one_account_only(person):
    for login in ({"phone": person.phone}, {"phone": f" {person.phone} "}):
        with pytest.raises(Refused) as refused:
            actions.open_account(name="另一位", password=None, by=SYSTEM, at=NOW, **login)
        assert refused.value.refusal.code == "account.taken"
    with pytest.raises(Refused) as refused:
        actions.open_account(name="联系不上", password=None, by=SYSTEM, at=NOW)
    assert refused.value.refusal.code == "account.unreachable"


@pytest.mark.anydb
def test_what_was_typed_is_reduced_to_one_form():
    assert clean_login("１３８ 1234-5678") == "13812345678"
    assert clean_login(" Li-Na@Example.CN ") == "li-na@example.cn"


def test_a_person_is_told_in_words_what_she_may_see():
    net = factories.network()
    client = Client()
    client.force_login(net.clerk)
    page = client.get(reverse("me")).content.decode()
    assert "青山区科协及其下级" in page
    assert "可以看到并办理本单位及下级的全部需求" in page


# ── Five wrong tries ────────────────────────────────────────────────────────────────────────────────


def test_the_fifth_wrong_try_locks_the_account_and_says_for_how_long(person):
    statuses = [_try(person.phone, WRONG).status_code for _ in range(4)]
    locked = _try(person.phone, WRONG)
    right = _try(person.phone, factories.PASSWORD)
    assert statuses == [200] * 4
    assert locked.status_code == right.status_code == 429
    assert "10 分钟" in right.content.decode()


def test_control_four_wrong_tries_lock_nothing(person):
    for _ in range(4):
        _try(person.phone, WRONG)
    assert _try(person.phone, factories.PASSWORD).status_code == 302


def test_another_account_and_another_place_are_not_affected(person):
    other = factories.person()
    for _ in range(6):
        _try(person.phone, WRONG)
    assert _try(other.phone, factories.PASSWORD).status_code == 302
    assert _try(person.phone, factories.PASSWORD, REMOTE_ADDR="10.1.2.3").status_code == 302


def test_spelling_the_login_differently_does_not_give_more_tries(person):
    for number in range(5):
        _try(" ".join((person.phone[:number], person.phone[number:])), WRONG)
    assert _try(person.phone, factories.PASSWORD).status_code == 429


def test_the_lock_opens_after_ten_minutes(person):
    for _ in range(5):
        _try(person.phone, WRONG)
    for minutes, status in ((9, 429), (11, 302)):
        AccessAttempt.objects.update(attempt_time=factories.timezone.now() - timedelta(minutes=minutes))
        assert _try(person.phone, factories.PASSWORD).status_code == status


# ── Idle sessions ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("idle_seconds", "still_in"), [(1790, True), (1810, False)])
def test_a_session_nobody_uses_ends_after_half_an_hour(person, settings, idle_seconds, still_in):
    assert settings.IDLE_SECONDS == 1800
    client = Client()
    client.force_login(person)
    assert _is_in(client)
    session = client.session
    session["seen"] -= idle_seconds
    session.save()
    assert _is_in(client) == still_in


def test_use_keeps_a_session_open(person):
    client = Client()
    client.force_login(person)
    for _ in range(5):
        assert _is_in(client)
        session = client.session
        session["seen"] -= 1700
        session.save()
    assert _is_in(client)


# ── Passwords ───────────────────────────────────────────────────────────────────────────────────────


def test_passwords_are_kept_as_argon2_and_nothing_else(settings):
    """The other tests use a fast digest; this one uses what the product uses."""
    settings.PASSWORD_HASHERS = real_settings.PASSWORD_HASHERS
    person = factories.person()
    assert person.password.startswith("argon2$argon2id$")
    assert factories.PASSWORD not in person.password
    assert person.check_password(factories.PASSWORD)
    assert not person.check_password(WRONG)
    assert _try(person.phone, factories.PASSWORD).status_code == 302
    assert real_settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("duan-1", "password_too_short"),
        ("1234567890123", "password_entirely_numeric"),
        ("password123", "password_too_common"),
        ("13900012345x", "password_too_similar"),
        ("LiJingBan-li", "password_too_similar"),
    ],
)
def test_a_weak_password_breaks_a_named_rule(password, code):
    person = Person(name="LiJingBan", phone="13900012345", email="li@example.cn")
    with pytest.raises(ValidationError) as refused:
        password_validation.validate_password(password, person)
    assert code in [error.code for error in refused.value.error_list]


def test_a_new_password_needs_the_old_one(person):
    client = Client()
    client.force_login(person)
    response = client.post(reverse("password"), {"old": WRONG, "new": NEW, "again": NEW})
    assert "现在的密码不对" in str(response.context["form"].errors)
    client.post(reverse("password"), {"old": factories.PASSWORD, "new": NEW, "again": NEW})
    assert Person.objects.get(pk=person.pk).check_password(NEW)
    assert AuditEntry.objects.filter(verb="account.password", subject_id=str(person.pk)).count() == 1


def test_no_record_holds_a_password(person):
    actions.change_password(person, password=NEW, by=person, at=NOW)
    kept = " ".join(f"{entry.before}{entry.after}{entry.reason}" for entry in AuditEntry.objects.all())
    assert NEW not in kept
    assert person.password not in kept
