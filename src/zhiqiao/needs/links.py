"""Signed links: a person without an account acts from the message she received."""

from django.core import signing
from django.urls import reverse

from zhiqiao.kit.actors import Actor
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.needs.rules import link_key

SALT = "zhiqiao.needs.link"
MAX_AGE_SECONDS = 120 * 24 * 3600


def invitation_url(invitation: Invitation) -> str:
    """Return the path by which the invited expert answers, confirms and rates."""
    return reverse("needs:answer", args=(sign(invitation),))


def enterprise_url(need: Need) -> str:
    """Return the path by which the enterprise's contact follows, confirms and rates."""
    return reverse("needs:follow", args=(sign(need),))


def sign(subject: Invitation | Need) -> str:
    """Return a token that names one subject and cannot be guessed or changed."""
    return signing.dumps(link_key(subject), salt=SALT, compress=False)


def invitation_of(token: str) -> Invitation | None:
    """Return the invitation a token names; None if it is forged, too old or names something else."""
    pk = _read(token, "invitation")
    if pk is None:
        return None
    rows = Invitation.objects.select_related("expert", "need__enterprise__organisation", "need__organisation")
    return rows.filter(pk=pk).first()


def need_of(token: str) -> Need | None:
    """Return the need a token names; None as above."""
    pk = _read(token, "need")
    rows = Need.objects.select_related("enterprise__organisation", "organisation")
    return None if pk is None else rows.filter(pk=pk).first()


def expert_actor(invitation: Invitation) -> Actor:
    """Return the expert behind an invitation's link as an actor."""
    return Actor("link", link_key(invitation), f"{invitation.expert.name}（专家）")


def enterprise_actor(need: Need) -> Actor:
    """Return the contact behind a need's link as an actor."""
    return Actor("link", link_key(need), f"{need.contact_name or '联系人'}（{need.enterprise}）")


def _read(token: str, kind: str) -> int | None:
    try:
        name, _, pk = signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS).partition(":")
    except signing.BadSignature:
        return None
    return int(pk) if name == kind and pk.isdigit() else None
