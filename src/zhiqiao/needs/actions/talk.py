"""What is said in a case: messages, internal notes, a message put into the right case, words used again."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from zhiqiao.kit import audit, files, jobs
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.kit.files import StoredFile
from zhiqiao.kit.files.store import Upload
from zhiqiao.needs import rules, secrecy, talk, talk_people
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.models import Message, MessageMove, Need, Participant, SavedReply
from zhiqiao.needs.talk_enums import Audience, TalkRole, Via
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import covers, holders

LONGEST = 20_000
MOST_FILES = 10
MOST_PER_HOUR = 30
_MENTION = re.compile(r"(?<![A-Za-z0-9_.+-])[@＠]([\u3400-\u9fff·]{2,20})")


@transaction.atomic
def write_message(
    need: Need,
    *,
    body: str,
    audience: str,
    via: str,
    by: By,
    at: datetime,
    addressee: Participant | None = None,
    uploads: Sequence[Upload] = (),
) -> Message:
    """Say something in a case, with files; whom it concerns is told.

    A note may mention colleagues as @姓名; they are told, if they may see the case.

    :raises Refused: not for this person or audience; nothing said; a file is not accepted; nobody of that name.
    """
    require(talk.may_write(by, need, audience, addressee))
    author = talk_people.join_as(by, need, at=at)
    if author is None:
        refuse("talk.stranger", "您没有参与这条需求，不能在这里留言。请联系受理单位。")
    if len(uploads) > MOST_FILES:
        refuse("talk.files", f"一次最多带 {MOST_FILES} 个附件，请分几次发。")
    stored = [files.store(one, by=by, at=at) for one in uploads]
    return post(
        need, author, body=body, audience=audience, via=via, by=by, at=at, addressee=addressee, stored=stored
    )


@transaction.atomic
def post(
    need: Need,
    author: Participant,
    *,
    body: str,
    audience: str,
    via: str,
    by: By,
    at: datetime,
    addressee: Participant | None = None,
    stored: Sequence[StoredFile] = (),
    quoted: str = "",
    said_at: datetime | None = None,
) -> Message:
    """Put words of a participant into a case; who may do so has been asked. For letters and for pages alike.

    said_at : when it was said, if not now.
    """
    body = body.strip()
    if not body and not stored:
        refuse("talk.empty", "请写几句话，或者带上附件，再发送。")
    if len(body) > LONGEST:
        refuse("talk.long", f"最多写 {LONGEST} 字，长的材料请作为附件发送。")
    _keep_measure(author, at)
    mentioned = _mentioned(body, need, at) if author.role == TalkRole.STAFF else []
    message = Message.objects.create(
        need=need,
        author=author,
        author_name=author.name,
        role=author.role,
        audience=audience,
        addressee=addressee if audience == Audience.ONE else None,
        via=via,
        body=body,
        quoted=quoted,
        at=said_at or at,
    )
    message.mentioned.set(mentioned)
    for file in stored:
        files.attach(message, file, by=by, at=at)
    facts = {"need": need.pk, "audience": audience, "via": via, "characters": len(body), "files": len(stored)}
    audit.record("talk.write", message, by=by, at=at, after=facts)
    jobs.enqueue("needs.tell_message", at=at, message_id=message.pk)
    return message


def _keep_measure(author: Participant, at: datetime) -> None:
    """A party writes as much as a person can; what writes more is a program."""
    if author.role == TalkRole.STAFF:
        return
    latest = Message.objects.filter(author=author, at__gt=at - timedelta(hours=1))
    if latest.count() >= MOST_PER_HOUR:
        refuse("talk.too_many", "一小时里的留言太多了，请稍后再写，或者电话联系受理单位。")


def colleagues(need: Need) -> dict[str, list[int]]:
    """Return who may be mentioned on a case, by name: those who may write notes on it."""
    found: dict[str, list[int]] = {}
    places = [(need.organisation, NeedPerm.HANDLE)]
    if not secrecy.is_secret(need):
        places = [(need.organisation, NeedPerm.NOTE), (need.enterprise.organisation, NeedPerm.NOTE)]
    for place, permission in places:
        for person in holders(permission, place):
            if person.pk not in found.setdefault(person.name, []):
                found[person.name].append(person.pk)
    return found


def _mentioned(body: str, need: Need, at: datetime) -> list[Participant]:
    from zhiqiao.accounts.models import Person

    called = _MENTION.findall(body)
    if not called:
        return []
    known = colleagues(need)
    keys: list[int] = []
    for words in called:
        name = max((one for one in known if words.startswith(one)), key=len, default="")
        if not name:
            refuse(
                "talk.nobody", f"没有叫“{words}”的同事能看到这条需求，请核对姓名；不是要提醒谁，请去掉 @。"
            )
        keys += known[name]
    return [talk_people.staff(need, person, at=at) for person in Person.objects.filter(pk__in=keys)]


@transaction.atomic
def follow(need: Need, *, on: bool, by: By, at: datetime) -> None:
    """Be told of everything said in a case from now on, or no longer."""
    require(talk.may_note(by, need))
    author = talk_people.staff(need, by, at=at)
    if author.follows != on:
        Participant.objects.filter(pk=author.pk).update(follows=on)
        audit.record("talk.follow", need, by=by, at=at, after={"follows": on})


@transaction.atomic
def move_message(message: Message, target: Need, *, by: By, at: datetime, reason: str) -> MessageMove:
    """Put a party's message that stands in the wrong case into the right one; both keep a line about it.

    Its author is looked for among the parties of the other case; if she is not one of them, what she wrote
    is shown there to the staff and to her alone, so that no party of either case reads what is not hers.
    """
    message = Message.objects.select_for_update().get(pk=message.pk)
    source = message.need
    require(rules.is_handler(by, source))
    require(rules.is_handler(by, target))
    if source.pk == target.pk:
        refuse("talk.same_case", "这条来信已经在这条需求里了，请填写另一条需求的编号。")
    if message.role == TalkRole.STAFF:
        refuse("talk.own_words", "只有企业、专家和其他人的来信可以改归；工作人员写的请重新写一条。")
    if not reason.strip():
        refuse("talk.reason_missing", "请写一句为什么移动，两条需求里都会留下记录。")
    before = {
        "author": message.author_id, "addressee": message.addressee_id,
        "audience": message.audience, "role": message.role,
    }  # fmt: skip
    author = _same_person(message, target, at=at)
    is_party = author.role in (TalkRole.ENTERPRISE, TalkRole.EXPERT)
    private = not is_party or message.audience == Audience.ONE
    message.need, message.author, message.role = target, author, author.role
    message.audience = Audience.ONE if private else message.audience
    message.addressee = author if private else None
    message.save()
    move = MessageMove.objects.create(
        message=message, source=source, target=target, before=before, reason=reason.strip()[:200],
        by_name=actor_of(by).name, at=at,
    )  # fmt: skip
    facts = {"from": source.pk, "to": target.pk}
    audit.record("talk.move", message, by=by, at=at, before=before, after=facts, reason=reason)
    return move


def _same_person(message: Message, target: Need, *, at: datetime) -> Participant:
    """Return the author's place in another case: as its expert, as its enterprise, or as somebody else."""
    author = message.author
    if author is None:
        return talk_people.join(
            target, f"name:{message.author_name}", role=TalkRole.GUEST, name=message.author_name, at=at
        )
    if author.invitation is not None:
        expert = author.invitation.expert_id
        invited = target.invitations.filter(expert_id=expert).exclude(state="queued")
        if found := invited.select_related("expert__person").first():
            return talk_people.expert(found, target, at=at)
    same_enterprise = author.need.enterprise_id == target.enterprise_id
    if author.role == TalkRole.ENTERPRISE and same_enterprise:
        return talk_people.join(
            target, author.key, role=author.role, name=author.name, at=at, email=author.email,
            person=author.person,
        )  # fmt: skip
    return talk_people.join(
        target, f"from:{author.pk}", role=TalkRole.GUEST, name=author.name, at=at, email=author.email
    )


@transaction.atomic
def undo_move(move: MessageMove, *, by: By, at: datetime) -> None:
    """Put a moved message back where it was, as it was. Later moves are undone first."""
    message = Message.objects.select_for_update().get(pk=move.message_id)
    require(rules.is_handler(by, move.source))
    require(rules.is_handler(by, move.target))
    latest = message.moves.filter(undone_at__isnull=True).order_by("-pk").first()
    if latest is None or latest.pk != move.pk:
        refuse("talk.moved_on", "这次移动已经撤销，或者之后又移动过，请刷新后再看。")
    before = move.before
    message.need_id, message.author_id, message.addressee_id = (
        move.source_id,
        before["author"],
        before["addressee"],
    )
    message.audience, message.role = before["audience"], before["role"]
    message.save()
    MessageMove.objects.filter(pk=move.pk).update(undone_at=at, undone_by=actor_of(by).name)
    facts = {"from": move.target_id, "to": move.source_id}
    audit.record("talk.undo_move", message, by=by, at=at, after=facts)


@transaction.atomic
def save_reply(
    organisation: Organisation,
    *,
    title: str,
    body: str,
    by: By,
    at: datetime,
    reply: SavedReply | None = None,
) -> SavedReply:
    """Keep words a unit uses again and again, or change them."""
    require(covers(by, NeedPerm.HANDLE, organisation))
    if reply is not None:
        require(covers(by, NeedPerm.HANDLE, reply.organisation))
    saved = reply or SavedReply()
    saved.organisation, saved.title, saved.body = organisation, title.strip(), body.strip()
    saved.updated_at, saved.updated_by = at, actor_of(by).name
    saved.save()
    audit.record("talk.save_reply", saved, by=by, at=at, after={"title": saved.title})
    return saved


@transaction.atomic
def delete_reply(reply: SavedReply, *, by: By, at: datetime) -> None:
    """Take saved words away; what was sent with them stays."""
    require(covers(by, NeedPerm.HANDLE, reply.organisation))
    audit.record("talk.delete_reply", reply, by=by, at=at, before={"title": reply.title, "body": reply.body})
    reply.delete()


def default_via(by: By) -> str:
    """Return how somebody writes from a page of her own."""
    return Via.LINK if actor_of(by).kind == "link" else Via.PORTAL
