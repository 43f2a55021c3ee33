"""Addresses of files in a conversation: for staff within their scope, for a party behind a signed link."""

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from zhiqiao.kit.files import Attachment
from zhiqiao.needs import links, party, rules, talk
from zhiqiao.needs.models import Invitation, Message, Need
from zhiqiao.needs.party import Case

SALT = "zhiqiao.needs.talk.file"
MAX_AGE_SECONDS = 24 * 3600
"""A page is reloaded for a file that is wanted later; the link by itself is worth little."""


def workbench_file(message: Message, attachment: Attachment) -> str:
    """Return the address of a file for staff."""
    return reverse("needs:file", args=(message.need_id, attachment.pk))


def party_file(case: Case) -> talk.FileUrl:
    """Return how files are addressed for one party of a case."""
    subject = rules.link_key(case.invitation or case.need)

    def url(message: Message, attachment: Attachment) -> str:
        token = signing.dumps([subject, attachment.pk], salt=SALT)
        return reverse("needs:talk_file", args=(token,))

    return url


def attachment_of(token: str) -> Attachment | None:
    """Return the file of a link, if it is genuine and its party may read the message today."""
    try:
        subject, pk = signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    case = _case(subject)
    if case is None:
        return None
    rows = Attachment.objects.select_related("file").filter(pk=pk, subject_type="needs.message")
    return rows.filter(subject_id__in=talk.for_case(case).values("pk")).first()


def _case(subject: str) -> Case | None:
    kind, _, pk = subject.partition(":")
    now = timezone.now()
    if kind == "invitation":
        rows = Invitation.objects.select_related(
            "expert", "need__enterprise__organisation", "need__organisation"
        )
        invitation = rows.filter(pk=int(pk)).first()
        return party.case_of_invitation(invitation, now) if invitation else None
    needs = Need.objects.select_related("enterprise__organisation", "organisation")
    need = needs.filter(pk=int(pk)).first()
    return party.case_of(need, links.enterprise_actor(need), now) if need else None
