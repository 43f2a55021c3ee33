"""Who takes part in a case's conversation, and under which name, address and token."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from zhiqiao.kit.actors import Actor, By, actor_of
from zhiqiao.kit.notify import Recipient
from zhiqiao.needs import links, rules, talk_tokens
from zhiqiao.needs.enums import InvitationState
from zhiqiao.needs.models import Invitation, Need, Participant
from zhiqiao.needs.talk_enums import TalkRole

CONTACT = "contact"


def join(
    need: Need,
    key: str,
    *,
    role: str,
    name: str,
    at: datetime,
    email: str = "",
    person: Any = None,
    invitation: Invitation | None = None,
) -> Participant:
    """Return somebody's place in the conversation, made if need be and brought up to date."""
    facts = {
        "role": role,
        "name": name[:80],
        "email": email.lower(),
        "person": person,
        "invitation": invitation,
    }
    made, created = Participant.objects.get_or_create(need=need, key=key, defaults={**facts, "joined_at": at})
    changed = [field for field, value in facts.items() if getattr(made, field) != value]
    if not created and changed:
        for field in changed:
            setattr(made, field, facts[field])
        made.save(update_fields=changed)
    made.need = need
    return made


def join_as(by: By, need: Need, *, at: datetime) -> Participant | None:
    """Return the place of whoever is at work: staff, the enterprise, or an invited expert; None for a stranger."""
    if rules.is_staff(by, need):
        return staff(need, by, at=at)
    if rules.is_asker(by, need):
        return contact(need, at=at) if isinstance(by, Actor) else asker(need, by, at=at)
    for invitation in need.invitations.select_related("expert__person"):
        if invitation.state != InvitationState.QUEUED and rules.speaks_for(by, invitation):
            return expert(invitation, need, at=at)
    return None


def staff(need: Need, person: Any, *, at: datetime) -> Participant:
    """Return the place of a member of staff; the system itself has one without an account."""
    if isinstance(person, Actor):
        return join(need, f"system:{person.key}", role=TalkRole.STAFF, name=person.name, at=at)
    key = f"person:{person.pk}"
    return join(
        need, key, role=TalkRole.STAFF, name=person.name, at=at, email=person.email or "", person=person
    )


def asker(need: Need, person: Any, *, at: datetime) -> Participant:
    """Return the place of somebody with an account at the enterprise."""
    key = f"person:{person.pk}"
    return join(
        need, key, role=TalkRole.ENTERPRISE, name=person.name, at=at, email=person.email or "", person=person
    )


def contact(need: Need, *, at: datetime) -> Participant:
    """Return the place of the contact named in the need, who has no account."""
    name = need.contact_name or "联系人"
    return join(need, CONTACT, role=TalkRole.ENTERPRISE, name=name, at=at, email=need.contact_email)


def expert(invitation: Invitation, need: Need, *, at: datetime) -> Participant:
    """Return the place of an invited expert."""
    one = invitation.expert
    email = one.email or (one.person.email if one.person else "") or ""
    return join(
        need,
        f"invitation:{invitation.pk}",
        role=TalkRole.EXPERT,
        name=one.name,
        at=at,
        email=email,
        person=one.person,
        invitation=invitation,
    )


def by_address(need: Need, *, role: str, name: str, email: str, at: datetime) -> Participant:
    """Return the place of somebody known by her e-mail address only."""
    return join(need, f"mail:{email.lower()}", role=role, name=name or email, at=at, email=email)


def as_actor(one: Participant) -> By:
    """Return whoever takes part as somebody who acts: rules are asked of her as of any other."""
    if one.invitation is not None and one.person is None:
        return links.expert_actor(one.invitation)
    if one.person is not None:
        return one.person
    if one.role == TalkRole.ENTERPRISE:
        return links.enterprise_actor(one.need)
    return Actor("link", f"participant:{one.pk}", one.name)


def is_engaged(invitation: Invitation) -> bool:
    """Say whether an expert takes part: she accepted, and has not been released (``rematch``) since."""
    return invitation.state == InvitationState.ACCEPTED and invitation.answered_at is not None


def of_recipient(need: Need, to: Recipient) -> Participant | None:
    """Return the place of somebody a notice goes to, so that her answer finds the case; None without an address."""
    now = timezone.now()
    kind, _, pk = to.key.partition(":")
    if not to.email:
        return None
    if kind == "invitation":
        invitation = Invitation.objects.select_related("expert__person").get(pk=int(pk))
        return expert(invitation, need, at=now)
    if kind == CONTACT:
        return contact(need, at=now)
    if to.person is not None:
        return staff(need, to.person, at=now) if kind == "staff" else asker(need, to.person, at=now)
    return None


def headers(need: Need, to: Recipient, message_pk: int = 0) -> dict[str, str]:
    """Return the headers of a letter to somebody about a case: an answer to it lands in the case."""
    one = of_recipient(need, to)
    return headers_for(one, message_pk) if one is not None else {}


def headers_for(one: Participant, message_pk: int = 0) -> dict[str, str]:
    """Return the headers of a letter to a participant, about one message or the case as a whole."""
    made, case = talk_tokens.token(one.pk, message_pk), talk_tokens.token(one.pk)
    headers = {"Reply-To": talk_tokens.reply_address(made), "References": talk_tokens.message_id(case)}
    if message_pk:
        headers["Message-ID"] = talk_tokens.message_id(made)
    return headers


def name_of(by: By) -> str:
    """Return the name under which somebody is remembered."""
    return actor_of(by).name
