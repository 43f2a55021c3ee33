"""Every write on people."""

from datetime import datetime

from django.contrib.auth import password_validation
from django.db import IntegrityError, transaction
from django.db.models import F

from zhiqiao.accounts.models import Person, clean_login
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse


@transaction.atomic
def open_account(
    *,
    name: str,
    phone: str = "",
    email: str = "",
    password: str | None,
    by: By,
    at: datetime,
    is_demo: bool = False,
) -> Person:
    """Give somebody an account. Without a password she must set one by a link before she can sign in.

    :raises Refused: phone or e-mail is taken already (code account.taken), or neither is given.
    """
    phone, email = clean_login(phone), clean_login(email)
    if not (phone or email):
        refuse("account.unreachable", "请填写手机号或邮箱，二者至少一项，用来登录和接收通知。")
    person = Person(name=name.strip(), phone=phone or None, email=email or None, is_demo=is_demo)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        refuse("account.taken", "这个手机号或邮箱已有账号，请直接登录；忘记密码请联系本级科协重置。")
    audit.record("account.open", person, by=by, at=at, after={"name": person.name})
    return person


@transaction.atomic
def change_password(person: Person, *, password: str, by: By, at: datetime) -> None:
    """Set a new password and end every other session.

    :raises django.core.exceptions.ValidationError: the password breaks a rule; the messages name it.
    """
    password_validation.validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=("password",))
    end_sessions(person)
    audit.record("account.password", person, by=by, at=at)


@transaction.atomic
def disable(person: Person, *, by: By, at: datetime, reason: str) -> None:
    """Close an account at once: it cannot sign in, and its open sessions end."""
    Person.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    end_sessions(person)
    audit.record("account.disable", person, by=by, at=at, reason=reason)


@transaction.atomic
def enable(person: Person, *, by: By, at: datetime, reason: str) -> None:
    """Open a closed account again."""
    Person.objects.filter(pk=person.pk).update(is_active=True)
    person.is_active = True
    audit.record("account.enable", person, by=by, at=at, reason=reason)


def end_sessions(person: Person) -> None:
    """End every session of a person at its next request: her stamp no longer matches."""
    Person.objects.filter(pk=person.pk).update(stamp=F("stamp") + 1)
    person.refresh_from_db(fields=("stamp",))
