"""Background work of 科协帮."""

from datetime import timedelta

from django.utils import timezone

from zhiqiao.kit.jobs import job, periodic
from zhiqiao.needs import actions, notices
from zhiqiao.needs.enums import InvitationState
from zhiqiao.needs.models import Invitation


@job("needs.tell_invited")
def tell_invited(invitation_id: int) -> None:
    """Send an invitation to its expert."""
    invitation = Invitation.objects.select_related("expert__person", "need__organisation").get(
        pk=invitation_id
    )
    if invitation.state == InvitationState.SENT:
        notices.tell_invited(invitation, at=timezone.now())


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
