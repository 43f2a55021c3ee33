"""Telling people that something was said in a case, or that a letter waits to be claimed."""

from collections.abc import Iterator
from datetime import datetime

from zhiqiao.kit.notify import Message as Notice
from zhiqiao.kit.notify import Recipient, send
from zhiqiao.kit.notify.channels import channel
from zhiqiao.needs import links, notices, secrecy, talk_people, talk_tokens
from zhiqiao.needs.enums import InvitationState, NeedPerm
from zhiqiao.needs.models import Letter, Message, Participant
from zhiqiao.needs.talk_enums import Audience, TalkRole
from zhiqiao.orgs.scope import nearest_holders

LINE = "—— 请在这条线以上回复 ——"
LONGEST_IN_LETTER = 4000


def tell_message(message: Message, *, at: datetime) -> None:
    """Tell everybody whom a message concerns, its author excepted; doing it again adds nothing."""
    for to, one in _readers(message, at):
        if not _is_author(one, message):
            _tell(message, to, one, at=at)


def _readers(message: Message, at: datetime) -> Iterator[tuple[Recipient, Participant]]:
    """Yield whom a message concerns, each with her place in the conversation, once."""
    seen: set[int] = set()
    for to, one in (*_parties(message, at), *_staff(message, at)):
        if one.pk not in seen:
            seen.add(one.pk)
            yield to, one


def _parties(message: Message, at: datetime) -> Iterator[tuple[Recipient, Participant]]:
    need, audience = message.need, message.audience
    if audience in (Audience.ALL, Audience.ENTERPRISE):
        for to in notices.askers_of(need):
            one = talk_people.asker(need, to.person, at=at) if to.person else talk_people.contact(need, at=at)
            yield to, one
    if audience == Audience.ALL:
        invited = need.invitations.filter(state=InvitationState.ACCEPTED).select_related("expert__person")
        for invitation in invited:
            if talk_people.is_engaged(invitation):
                one = talk_people.expert(invitation, need, at=at)
                yield _to_party(one), one
    if audience == Audience.ONE and message.addressee is not None:
        yield _to_party(message.addressee), message.addressee


def _to_party(one: Participant) -> Recipient:
    link = phone = ""
    if one.invitation is not None:
        link, phone = links.invitation_url(one.invitation), one.invitation.expert.phone
    elif one.role == TalkRole.ENTERPRISE and one.person is None and one.key == talk_people.CONTACT:
        link, phone = links.enterprise_url(one.need), one.need.contact_phone
    return Recipient(one.name, person=one.person, email=one.email, phone=phone, link=link)


def _staff(message: Message, at: datetime) -> Iterator[tuple[Recipient, Participant]]:
    """The handlers, unless it is a note among colleagues; whoever is mentioned or follows, while she may see it."""
    need = message.need
    if message.audience != Audience.STAFF:
        for to in notices.handlers_of(need):
            yield to, talk_people.staff(need, to.person, at=at)
    mentioned = set(message.mentioned.values_list("pk", flat=True))
    for one in need.participants.filter(role=TalkRole.STAFF, person__isnull=False).select_related("person"):
        wants = one.follows or one.pk in mentioned
        person = one.person
        if wants and person is not None and person.is_active and secrecy.may_be_told(person, need):
            yield Recipient(one.name, person=person, email=one.email), one


def _is_author(one: Participant, message: Message) -> bool:
    author = message.author
    if author is None:
        return False
    return one.pk == author.pk or (one.person_id is not None and one.person_id == author.person_id)


def _tell(message: Message, to: Recipient, one: Participant, *, at: datetime) -> None:
    need = message.need
    where = to.link or need.get_absolute_url()
    role = TalkRole(message.role).label
    kind = "内部备注" if message.audience == Audience.STAFF else "新消息"
    said = Notice(
        f"{kind}：{secrecy.name_outside(need)}",
        f"{message.author_name}（{role}）写道：\n\n{secrecy.words_outside(need, message.body[:LONGEST_IN_LETTER])}",
        where,
    )
    for name in _channels(to, one):
        address = channel(name).address_of(to)
        if address is not None:
            sent = _letter(said, message, one) if name == "email" else said
            key = f"talk:{message.pk}:{name}:{one.pk}"
            send(name, to, sent, notice="needs.talk", key=key, at=at, address=address)


def _channels(to: Recipient, one: Participant) -> tuple[str, ...]:
    """A text message only goes to whom nothing else reaches."""
    reached = to.person is not None or to.email
    return ("site", "email") if reached else ("sms",)


def _letter(said: Notice, message: Message, one: Participant) -> Notice:
    made = talk_tokens.token(one.pk, message.pk)
    number = message.need.number or ""
    body = (
        f"{said.body}\n\n{LINE}\n直接回复这封邮件，您写的话和附件会进入这条需求{f'（{number}）' if number else ''}，"
        f"主题可以随意改。识别码 {made}"
    )
    return Notice(said.title, body, said.url, talk_people.headers_for(one, message.pk))


def tell_letter(letter: Letter, *, at: datetime) -> None:
    """Tell those who look after a unit's letters that one waits to be claimed."""
    who = letter.from_name or letter.from_address or "不明寄件人"
    said = Notice(f"有一封邮件待认领：{letter}", f"寄件人 {who}。{letter.why}", letter.get_absolute_url())
    for person in nearest_holders(NeedPerm.HANDLE, letter.organisation):
        key = f"letter:{letter.pk}:site:{person.pk}"
        to = Recipient(person.name, person=person)
        send("site", to, said, notice="needs.letter", key=key, at=at, address="")
