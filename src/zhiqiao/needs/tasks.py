"""Background work of 科协帮."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from zhiqiao.kit import mail
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.jobs import job, periodic
from zhiqiao.needs import actions, learning, notices, talk_notices
from zhiqiao.needs.enums import InvitationState
from zhiqiao.needs.models import Invitation, Letter, Message, Package, Recommendation


@job("needs.tell_invited")
def tell_invited(invitation_id: int) -> None:
    """Send an invitation to its expert."""
    invitation = Invitation.objects.select_related("expert__person", "need__organisation").get(
        pk=invitation_id
    )
    if invitation.state == InvitationState.SENT:
        notices.tell_invited(invitation, at=timezone.now())


@job("needs.tell_recommended")
def tell_recommended(recommendation_id: int) -> None:
    """Tell the enterprise of an output recommended to it."""
    rows = Recommendation.objects.select_related("need__organisation", "need__enterprise__organisation")
    made = rows.select_related("output").filter(pk=recommendation_id).first()
    if made is not None:
        notices.tell_recommended(made, at=timezone.now())


@job("needs.lapse_invitation")
def lapse_invitation(invitation_id: int) -> None:
    """End the waiting for one expert's answer."""
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is not None:
        actions.lapse_invitation(invitation, at=timezone.now())


@periodic("needs.sweep_invitations", every=timedelta(minutes=5))
def sweep_invitations() -> None:
    """Catch invitations whose own job was lost or moved: no case may wait for ever."""
    now = timezone.now()
    for invitation in Invitation.objects.filter(state=InvitationState.SENT, due_at__lte=now):
        actions.lapse_invitation(invitation, at=now)


@job("needs.tell_message")
def tell_message(message_id: int) -> None:
    """Tell those whom a message in a case concerns."""
    rows = Message.objects.select_related(
        "author",
        "addressee__person",
        "addressee__invitation__expert",
        "need__enterprise__organisation",
        "need__organisation",
    )
    message = rows.filter(pk=message_id).first()
    if message is not None:
        talk_notices.tell_message(message, at=timezone.now())


@job("needs.tell_letter")
def tell_letter(letter_id: int) -> None:
    """Tell those who look after it that a letter waits to be claimed."""
    letter = Letter.objects.select_related("organisation").filter(pk=letter_id).first()
    if letter is not None:
        talk_notices.tell_letter(letter, at=timezone.now())


@periodic("needs.read_mail", every=timedelta(seconds=30))
def read_mail() -> None:
    """Fetch letters from the mailbox, if there is one, and take in those that lie in the mail folder."""
    try:
        given: dict[str, Any] = settings.MAIL_IMAP
        if given["host"]:
            mail.poll(mail.Account(**given), settings.MAIL_FOLDER)
    finally:
        mail.take_in(settings.MAIL_FOLDER, lambda raw: actions.receive_letter(raw, at=timezone.now()))


@job("needs.make_package", attempts=3)
def make_package(package_id: int) -> None:
    """Make an archive package that was asked for."""
    package = Package.objects.select_related("need").filter(pk=package_id).first()
    if package is not None:
        actions.make_package(package, at=timezone.now())


@periodic("needs.learn_ranking", every=timedelta(days=30))
def learn_ranking() -> None:
    """Learn from closed needs how experts should be ranked; a person decides on the proposal."""
    learning.learn_weights(by=SYSTEM, at=timezone.now())
