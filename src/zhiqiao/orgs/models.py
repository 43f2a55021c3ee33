"""The network of organisations, and who holds which role where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from zhiqiao.kit.privacy import Personal
from zhiqiao.orgs.enums import Kind

SEGMENT = 5  # characters per level: 36**5 children under one parent
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Scope:
    """How rows of a model are reached; ``orgs.scope.visible`` reads it.

    organisations : lookups that lead to an organisation ("organisation", "enterprise__organisation", "pk").
    people : lookups that lead to the person a row is about; she sees it whatever her grants.
    shared : rows that everybody sees who holds the permission anywhere.
    """

    organisations: tuple[str, ...]
    people: tuple[str, ...] = ()
    shared: Q | None = None


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Filters that chain."""

    def within(self, organisation: "Organisation") -> "OrganisationQuerySet":
        """Keep the organisation itself and everything below it: one range on the path index."""
        return self.filter(path__gte=organisation.path, path__lt=organisation.path_end)

    def above(self, organisation: "Organisation") -> "OrganisationQuerySet":
        """Keep the organisation itself and everything above it."""
        return self.filter(path__in=organisation.ancestor_paths())


class Organisation(models.Model):
    """One unit of the network: an association of any level, a society, an enterprise.

    An enterprise is a leaf below the association of its place, so that one range question answers both
    "my district's enterprises" and "my own enterprise".

    ``path`` holds the identifiers from the root down, five base-36 digits a level. It only has digits and
    lower-case letters, so every collation of both databases sorts it alike.
    """

    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=40, blank=True)
    kind = models.CharField("类型", max_length=24, choices=Kind.choices)
    code = models.CharField("行政区划或统一社会信用代码", max_length=18, blank=True)
    parent = models.ForeignKey(
        "self", verbose_name="上级", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=60, unique=True, editable=False)
    is_active = models.BooleanField("在用", default=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("name", "short_name", "kind", "code", "path")
    SCOPE = Scope(organisations=("pk",))

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = "组织"
        ordering = ("path",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "code"), condition=~Q(code=""), name="organisation_code_once"
            ),
        )
        indexes = (
            models.Index(fields=("name",), name="organisation_name"),
            # The unique constraint is partial, and SQLite does not use a partial index for a bound value.
            models.Index(fields=("code",), name="organisation_code"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("orgs:detail", args=(self.pk,))

    @property
    def title(self) -> str:
        """The name people say."""
        return self.short_name or self.name

    @property
    def depth(self) -> int:
        """Levels below the root; the root has 0."""
        return len(self.path) // SEGMENT - 1

    @property
    def path_end(self) -> str:
        """The first path that is no longer below this organisation."""
        return successor(self.path)

    def ancestor_paths(self) -> list[str]:
        """Return the paths from the root down to this organisation itself."""
        return [self.path[:end] for end in range(SEGMENT, len(self.path) + 1, SEGMENT)]

    def is_within(self, other: "Organisation") -> bool:
        """Say whether this organisation is ``other`` or lies below it."""
        return self.path.startswith(other.path)


def segment_of(number: int) -> str:
    """Write a number as one path segment: five base-36 digits, which sort like the number.

    :raises ValueError: the number needs more than five digits.
    """
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    if len(digits) > SEGMENT:
        raise ValueError("too many organisations for a path segment")
    return digits.rjust(SEGMENT, "0")


def successor(path: str) -> str:
    """Return the smallest string above every path that starts with ``path``."""
    kept = path.rstrip("z")
    if not kept:
        return "{"
    return kept[:-1] + _DIGITS[_DIGITS.index(kept[-1]) + 1]


class GrantQuerySet(models.QuerySet["Grant"]):
    """Filters that chain."""

    def valid(self, at: datetime) -> "GrantQuerySet":
        """Keep the grants that hold at an instant."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=at), since__lte=at)


class Grant(models.Model):
    """A person holds a role at an organisation, from and until; it covers everything below.

    Roles themselves are declared in code, once, with a sentence a clerk can check (``site.roles``).
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField("角色", max_length=32)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="grants")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至", null=True, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("role",)
    SCOPE = Scope(organisations=("organisation",), people=("person",))

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = "授权"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="grant_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=("person", "role", "organisation"),
                condition=Q(until__isnull=True),
                name="grant_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} {self.role} {self.organisation}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        from zhiqiao.orgs.roles import role

        role(self.role)  # an unknown role must not reach the table
        super().save(*args, **kwargs)


class Deputy(models.Model):
    """Somebody stands in for the holder of a grant (代理人), from and until: what would reach the holder reaches her."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="deputies")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deputyships")
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    reason = models.CharField("事由", max_length=200, blank=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {}
    PLAIN = ("reason",)
    SCOPE = Scope(organisations=("grant__organisation",), people=("person",))

    class Meta:
        verbose_name = "代理"
        ordering = ("since", "id")
        constraints = (
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="deputy_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"{self.person} 代 {self.grant}"
