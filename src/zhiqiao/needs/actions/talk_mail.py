"""Letters find their case: by the token in their address, or by a person who claims them."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.db import transaction

from zhiqiao.directory.models import Expert
from zhiqiao.kit import audit, files, jobs, mail
from zhiqiao.kit.actors import SYSTEM, By, actor_of
from zhiqiao.kit.errors import Refused, refuse, require
from zhiqiao.kit.files import StoredFile
from zhiqiao.needs import rules, talk, talk_people, talk_tokens
from zhiqiao.needs.actions.talk import post
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.models import Letter, Message, Need, Participant
from zhiqiao.needs.talk_enums import Audience, LetterState, TalkRole, Via
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import covers

NUMBER = re.compile(r"XQ-\d{4}-\d{4,}")
MOST_PER_HOUR = 20
"""Letters of one sender; more come from two programs that answer each other."""
_TOLD = {
    "reply": "对方的自动回复，不算答复",
    "bounce": "邮件没有送达，请改用电话联系并核对邮箱",
    "bulk": "群发的邮件",
    "loop": "本系统发出的信被转了回来，没有再处理",
}


@transaction.atomic
def receive_letter(raw: bytes, *, at: datetime) -> Letter:
    """Take in one letter: into its case, among the automatic ones, or into the tray of unclaimed letters.

    Taking in the same letter again, by whichever way it comes, changes nothing.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    if known := Letter.objects.filter(sha256=sha256).first():
        return known
    try:
        letter = mail.read(raw)
    except mail.Unreadable:
        return _keep(sha256, at, None, LetterState.UNCLAIMED, "这封信的结构不正常，没有拆开", None)
    same = Letter.objects.filter(from_address=letter.from_address, header_id=letter.message_id)
    if letter.message_id and (known := same.first()):
        return known
    one, answered = _named(letter)
    if letter.automatic and (letter.automatic != "bulk" or one is None):
        state = LetterState.BOUNCED if letter.automatic == "bounce" else LetterState.AUTOMATIC
        return _keep(sha256, at, letter, state, _TOLD[letter.automatic], one.need if one else None)
    if one is None:
        return _to_tray(sha256, at, letter, "信里没有识别码，认不出是哪条需求", None)
    try:
        with transaction.atomic():
            return _file(sha256, at, letter, one, answered)
    except Refused as refused:
        return _to_tray(sha256, at, letter, refused.refusal.message, one.need)


def _named(letter: mail.Letter) -> tuple[Participant | None, Message | None]:
    """Return who answers, and which message, by the token nearest to hand: address, references, text."""
    named = talk_tokens.read((*letter.to, *letter.references, letter.text, letter.quoted, letter.everything))
    if named is None:
        return None, None
    rows = Participant.objects.select_related(
        "person", "invitation__expert__person", "need__organisation", "need__enterprise__organisation"
    )
    one = rows.filter(pk=named[0]).first()
    if one is not None and one.invitation is not None:
        one.invitation.need = one.need
    return one, Message.objects.filter(pk=named[1]).select_related("addressee").first() if named[1] else None


def _file(
    sha256: str, at: datetime, letter: mail.Letter, one: Participant, answered: Message | None
) -> Letter:
    """Put a letter into the case of its token.

    :raises Refused: the writer may not write there any more, or writes as only a program does.
    """
    need = one.need
    if letter.automatic == "bulk":
        refuse("letter.bulk", "像是群发的邮件，请看一看再归入需求。")
    latest = Letter.objects.filter(from_address=letter.from_address, received_at__gt=at - timedelta(hours=1))
    if latest.count() >= MOST_PER_HOUR:
        refuse("letter.too_many", "这个邮箱一小时内来信太多，可能是两边的程序在互相回信。")
    if one.role == TalkRole.STAFF and letter.from_address != one.email:
        refuse("letter.not_staff", f"识别码属于{one.name}，但信不是从本人的邮箱寄来的，请核实是谁写的。")
    audience, addressee = _audience(one, answered)
    by = talk_people.as_actor(one)
    require(talk.may_write(by, need, audience, addressee))
    stored, left_out = _store(letter.parts, by=by, at=at)
    message = post(
        need, one, body=letter.text, audience=audience, via=Via.MAIL, by=by, at=at, addressee=addressee,
        stored=stored, quoted=letter.quoted,
    )  # fmt: skip
    made = _keep(sha256, at, letter, LetterState.THREADED, "", need, left_out)
    made.message = message
    made.save(update_fields=("message",))
    return made


def _audience(one: Participant, answered: Message | None) -> tuple[str, Participant | None]:
    """Return who reads an answer: those who read what it answers, never more; by default as few as make sense."""
    asked = answered.audience if answered is not None else ""
    if one.role == TalkRole.STAFF:
        if answered is None or answered.need_id != one.need_id:
            return Audience.STAFF, None
        return answered.audience, answered.addressee
    if one.role == TalkRole.ENTERPRISE:
        return (asked, None) if asked == Audience.ALL else (Audience.ENTERPRISE, None)
    engaged = one.invitation is not None and talk_people.is_engaged(one.invitation)
    if asked == Audience.ALL and engaged:
        return Audience.ALL, None
    return Audience.ONE, one


def _store(
    parts: Iterable[mail.Part], *, by: By, at: datetime
) -> tuple[list[StoredFile], list[dict[str, str]]]:
    """Keep the files of a letter that are accepted; say why the others are not."""
    stored, left_out = [], []
    for part in parts:
        try:
            stored.append(files.store(BytesIO(part.content), by=by, at=at, name=part.name))
        except Refused as refused:
            left_out.append({"name": part.name, "reason": refused.refusal.message})
    return stored, left_out


def _to_tray(sha256: str, at: datetime, letter: mail.Letter, why: str, need: Need | None) -> Letter:
    stored, left_out = _store(letter.parts, by=SYSTEM, at=at)
    made = _keep(sha256, at, letter, LetterState.UNCLAIMED, why, need, left_out)
    for file in stored:
        files.attach(made, file, by=SYSTEM, at=at)
    jobs.enqueue("needs.tell_letter", at=at, letter_id=made.pk)
    return made


def _keep(
    sha256: str,
    at: datetime,
    letter: mail.Letter | None,
    state: str,
    why: str,
    need: Need | None,
    left_out: list[dict[str, str]] | None = None,
) -> Letter:
    need = need or (_guess(letter) if letter is not None and state == LetterState.UNCLAIMED else None)
    facts: dict[str, Any] = {}
    if letter is not None:
        facts = {
            "header_id": letter.message_id, "from_address": letter.from_address, "from_name": letter.from_name,
            "subject": letter.subject, "body": letter.text, "quoted": letter.quoted,
        }  # fmt: skip
    return Letter.objects.create(
        sha256=sha256, state=state, why=why[:200], need=need, received_at=at, left_out=left_out or [],
        organisation=need.organisation if need else _unit_of(letter), **facts,
    )  # fmt: skip


def _guess(letter: mail.Letter) -> Need | None:
    """Return the case whose number stands in a letter: a proposal for a person, never more."""
    numbers = NUMBER.findall(f"{letter.subject}\n{letter.text}\n{letter.quoted}")
    return Need.objects.filter(number__in=numbers[:20]).select_related("organisation").first()


def _unit_of(letter: mail.Letter | None) -> Organisation:
    """Return who looks after a letter of which nothing is known: the unit that knows its sender, else the root."""
    address = letter.from_address if letter is not None else ""
    if address:
        asked = Need.objects.filter(contact_email__iexact=address).select_related("organisation")
        if need := asked.order_by("-pk").first():
            return need.organisation
        expert = Expert.objects.filter(email__iexact=address).select_related("organisation").first()
        if expert is not None:
            return expert.organisation
    return Organisation.objects.filter(parent__isnull=True).order_by("path")[0]


@transaction.atomic
def claim_letter(
    letter: Letter, need: Need, *, role: str, by: By, at: datetime, expert_name: str = ""
) -> Message:
    """Put an unclaimed letter into a case, as words of its enterprise, of an invited expert, or of somebody else.

    :raises Refused: settled already; not the handler of that case; no such expert was invited.
    """
    letter = _open(letter, by)
    require(rules.is_handler(by, need))
    one = _writer(letter, need, role, expert_name, at)
    party = one.role == TalkRole.ENTERPRISE
    stored = [attachment.file for attachment in files.attachments_of(letter)]
    message = post(
        need, one, body=letter.body or "（来信没有正文）", audience=Audience.ENTERPRISE if party else Audience.ONE,
        via=Via.MAIL, by=by, at=at, addressee=None if party else one, stored=stored, quoted=letter.quoted,
        said_at=letter.received_at,
    )  # fmt: skip
    letter.need, letter.message, letter.organisation = need, message, need.organisation
    _settle(letter, LetterState.THREADED, by=by, at=at, verb="letter.claim")
    return message


def _writer(letter: Letter, need: Need, role: str, expert_name: str, at: datetime) -> Participant:
    name, address = letter.from_name or letter.from_address or "来信人", letter.from_address
    if role == TalkRole.EXPERT:
        invited = list(need.invitations.exclude(state="queued").select_related("expert__person"))
        by_name = [i for i in invited if i.expert.name == expert_name.strip()]
        by_mail = [i for i in invited if i.expert.email and i.expert.email.lower() == address]
        found = by_name if expert_name.strip() else by_mail or invited
        if len(found) != 1:
            refuse("letter.which_expert", "请写明是哪位专家（姓名与邀请名单一致），只能归给邀请过的专家。")
        return talk_people.expert(found[0], need, at=at)
    if role == TalkRole.ENTERPRISE and need.contact_email and need.contact_email.lower() == address:
        return talk_people.contact(need, at=at)
    return talk_people.by_address(need, role=role, name=name, email=address, at=at)


@transaction.atomic
def pass_letter(letter: Letter, organisation: Organisation, *, by: By, at: datetime) -> None:
    """Hand an unclaimed letter to another unit within one's own, which then looks after it."""
    letter = _open(letter, by)
    require(covers(by, NeedPerm.HANDLE, organisation))
    before = letter.organisation_id
    Letter.objects.filter(pk=letter.pk).update(organisation=organisation)
    audit.record(
        "letter.pass", letter, by=by, at=at, before={"unit": before}, after={"unit": organisation.pk}
    )
    jobs.enqueue("needs.tell_letter", at=at, letter_id=letter.pk)


@transaction.atomic
def discard_letter(letter: Letter, *, by: By, at: datetime, reason: str) -> None:
    """Leave a letter unanswered: advertising, or settled otherwise. It stays in the tray's history."""
    letter = _open(letter, by)
    if not reason.strip():
        refuse("letter.reason_missing", "请写一句为什么不处理，例如：广告、已电话答复。")
    letter.why = reason.strip()[:200]
    _settle(letter, LetterState.DISCARDED, by=by, at=at, verb="letter.discard")


def _open(letter: Letter, by: By) -> Letter:
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    require(covers(by, NeedPerm.HANDLE, letter.organisation))
    if letter.state != LetterState.UNCLAIMED:
        who = letter.settled_by or "系统"
        refuse("letter.settled", f"这封信已经由{who}处理（{letter.get_state_display()}）。")
    return letter


def _settle(letter: Letter, state: str, *, by: By, at: datetime, verb: str) -> None:
    letter.state, letter.settled_by, letter.settled_at = state, actor_of(by).name, at
    letter.save()
    audit.record(verb, letter, by=by, at=at, after={"need": letter.need_id}, reason=letter.why)
