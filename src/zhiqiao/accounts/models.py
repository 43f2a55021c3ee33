"""People with an account."""

import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from zhiqiao.kit.actors import Actor
from zhiqiao.kit.privacy import CONTACT, CREDENTIAL, IDENTITY, Personal


class PersonManager(BaseUserManager["Person"]):
    """Finds people by whatever they sign in with."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Find a person by phone or e-mail, spaces and capitals ignored."""
        login = clean_login(username or "")
        return self.get(Q(phone=login) | Q(email=login))


def clean_login(text: str) -> str:
    """Reduce what was typed as phone or e-mail to the form that is stored."""
    typed = unicodedata.normalize("NFKC", text).strip().lower()
    return typed if "@" in typed else typed.replace(" ", "").replace("-", "")


class Person(AbstractBaseUser):
    """One human being who signs in. What she may do is said by grants (``orgs``), never here.

    A shared account does not exist: an organisation is represented by the people who hold grants in it.
    """

    name = models.CharField("姓名", max_length=80)
    phone = models.CharField("手机号", max_length=20, null=True, blank=True, unique=True)
    email = models.EmailField("邮箱", null=True, blank=True, unique=True)
    is_active = models.BooleanField("在用", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    stamp = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    USERNAME_FIELD = "phone"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    PERSONAL: ClassVar[dict[str, Personal]] = {
        "name": IDENTITY,
        "phone": CONTACT,
        "email": CONTACT,
        "password": CREDENTIAL,
    }

    objects = PersonManager()

    class Meta:
        verbose_name = "人员"
        constraints = (
            models.CheckConstraint(
                condition=Q(phone__isnull=False) | Q(email__isnull=False), name="person_can_be_reached"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def as_actor(self) -> Actor:
        """Return how history remembers this person."""
        return Actor("person", str(self.pk), self.name)

    def get_username(self) -> str:
        return self.phone or self.email or ""

    def get_session_auth_hash(self) -> str:
        """Return what a session must match: it changes with the password and with the stamp.

        Raising ``stamp`` therefore ends every session of this person at its next request.
        """
        return self._hash_with(None)

    def get_session_auth_fallback_hash(self) -> Any:
        from django.conf import settings

        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._hash_with(secret)

    def _hash_with(self, secret: str | bytes | None) -> str:
        value = f"{self.password}:{self.stamp}:{self.is_active}"
        return salted_hmac("zhiqiao.accounts.session", value, secret=secret, algorithm="sha256").hexdigest()
