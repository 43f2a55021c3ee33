"""The conversation of a case as somebody reads it. Every page, mail and package gets it from here.

Two doors: :func:`for_staff` gives everything, :func:`for_case` what one party may read. Internal notes leave by
the first only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.privacy import masked
from zhiqiao.needs import rules, talk_people
from zhiqiao.needs.enums import InvitationState, NeedPerm, Side, Stage
from zhiqiao.needs.models import Invitation, Letter, Message, MessageMove, Need, Participant
from zhiqiao.needs.talk_enums import Audience, LetterState, TalkRole, Via
from zhiqiao.orgs.scope import covers

if TYPE_CHECKING:
    from zhiqiao.needs.party import Case

FileUrl = Callable[[Message, Attachment], str]
_TONES = {
    TalkRole.STAFF: "accent", TalkRole.ENTERPRISE: "success", TalkRole.EXPERT: "warning", TalkRole.GUEST: "neutral",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One message as a page shows it. ``note`` says where it came from or went, if that is not plain."""

    pk: int
    who: str
    role: str
    tone: str
    at: datetime
    body: str
    quoted: str = ""
    audience: str = ""
    internal: bool = False
    note: str = ""
    files: Sequence[dict[str, Any]] = field(default_factory=tuple)
    movable: bool = False
    undo: int = 0


def may_note(by: By, need: Need) -> Answer:
    """Say whether somebody may write internal notes on a case."""
    place = need.enterprise.organisation
    if covers(by, NeedPerm.NOTE, need.organisation) or covers(by, NeedPerm.NOTE, place):
        return True
    return Refusal("talk.not_staff", "内部备注只有受理单位和企业所在地科协的工作人员可以写。")


def may_write(by: By, need: Need, audience: str, addressee: Participant | None = None) -> Answer:
    """Say whether somebody may write to this audience of a case now."""
    if need.stage == Stage.DRAFT:
        return Refusal("talk.draft", "需求还没有提交，提交以后才能与受理单位往来。")
    if audience == Audience.STAFF:
        return may_note(by, need)
    if rules.is_handler(by, need):
        return True
    if rules.is_staff(by, need):
        return Refusal(
            "talk.not_handler", f"给企业和专家写信由{need.organisation.title}经办人办理，您可以写内部备注。"
        )
    if rules.is_asker(by, need):
        return _only(audience in (Audience.ALL, Audience.ENTERPRISE))
    for invitation in need.invitations.all():
        if invitation.state != InvitationState.QUEUED and rules.speaks_for(by, invitation):
            private = (
                audience == Audience.ONE and addressee is not None and addressee.invitation == invitation
            )
            return _only(private or (audience == Audience.ALL and talk_people.is_engaged(invitation)))
    if audience == Audience.ONE and addressee is not None and _is_guest(by, addressee):
        return True
    return Refusal("talk.stranger", "您没有参与这条需求，不能在这里留言。请联系受理单位。")


def _only(allowed: bool) -> Answer:
    return allowed or Refusal("talk.audience", "您不能写给所选的人，请刷新页面后重新选择。")


def _is_guest(by: By, addressee: Participant) -> bool:
    return addressee.role == TalkRole.GUEST and getattr(by, "key", "") == f"participant:{addressee.pk}"


def for_staff(need: Need) -> QuerySet[Message]:
    """Return the whole conversation, internal notes included, oldest first. For staff only."""
    return need.messages.select_related("author", "addressee", "letter").order_by("at", "id")


def for_case(case: "Case") -> QuerySet[Message]:
    """Return what a party reads, oldest first; an expert what was said to all since she accepted, and to her."""
    if case.side == Side.ENTERPRISE:
        mine = Q(audience__in=(Audience.ALL, Audience.ENTERPRISE)) | Q(addressee__role=TalkRole.ENTERPRISE)
    else:
        mine = _of_expert(case.invitation, case.takes_part and case.details)
    rows = case.need.messages.filter(mine).exclude(audience=Audience.STAFF)
    return rows.select_related("author", "addressee").order_by("at", "id")


def _of_expert(invitation: Invitation | None, takes_part: bool) -> Q:
    if invitation is None:
        return Q(pk__in=())
    mine = Q(addressee__invitation=invitation) | Q(author__invitation=invitation)
    if takes_part and invitation.answered_at is not None:
        mine |= Q(audience=Audience.ALL, at__gte=invitation.answered_at)
    return mine


def lines_for_party(case: "Case", file_url: FileUrl) -> list[Line]:
    """Return the conversation as a party's page shows it, in two queries."""
    messages = list(for_case(case))
    files = _files_of(messages, file_url)
    return [_line(one, files.get(one.pk, ())) for one in messages]


def lines_for_staff(need: Need, file_url: FileUrl, *, handles: bool) -> list[Line]:
    """Return the conversation as the workbench shows it: with notes, letters that were automatic, and moves."""
    messages = list(for_staff(need))
    files = _files_of(messages, file_url)
    moves = list(
        MessageMove.objects.filter(Q(source=need) | Q(target=need)).select_related("source", "target")
    )
    standing = {
        move.message_id: move for move in moves if move.undone_at is None and move.target_id == need.pk
    }
    lines = [_staff_line(one, files.get(one.pk, ()), standing.get(one.pk), handles) for one in messages]
    lines += [_gone(move) for move in moves if move.source_id == need.pk and move.undone_at is None]
    lines += [_back(move) for move in moves if move.undone_at is not None]
    lines += [_automatic(letter) for letter in need.letters.filter(state__in=_AUTOMATIC)]
    return sorted(lines, key=lambda line: line.at)


_AUTOMATIC = (LetterState.AUTOMATIC, LetterState.BOUNCED)


def _files_of(messages: Iterable[Message], file_url: FileUrl) -> dict[int, list[dict[str, Any]]]:
    from zhiqiao.needs.story import size_words

    by_pk = {one.pk: one for one in messages}
    rows = Attachment.objects.filter(subject_type="needs.message", subject_id__in=list(by_pk))
    found: dict[int, list[dict[str, Any]]] = {}
    for one in rows.select_related("file").order_by("id"):
        url = file_url(by_pk[one.subject_id], one)
        shape = {"title": one.title, "url": url, "size": size_words(one.file.size)}
        found.setdefault(one.subject_id, []).append(shape)
    return found


def _line(one: Message, files: Sequence[dict[str, Any]]) -> Line:
    role = TalkRole(one.role)
    audience = f"只给{one.addressee.name}" if one.addressee else f"给{one.get_audience_display()}"
    return Line(
        one.pk, one.author_name, role.label, _TONES[role], one.at, one.body, one.quoted, audience, files=files
    )


def _staff_line(
    one: Message, files: Sequence[dict[str, Any]], move: MessageMove | None, handles: bool
) -> Line:
    base = _line(one, files)
    internal = one.audience == Audience.STAFF
    note = f"从“{move.source.title}”移来，{move.by_name}：{move.reason}" if move else _came(one)
    return Line(
        base.pk, base.who, base.role, "neutral" if internal else base.tone, base.at, base.body, base.quoted,
        "内部备注" if internal else base.audience, internal, note, files,
        movable=handles and not internal and one.role != TalkRole.STAFF,
        undo=move.pk if move and handles else 0,
    )  # fmt: skip


def _came(one: Message) -> str:
    """Say by which way a message came; a letter from an address that is not the author's own says so."""
    letter = getattr(one, "letter", None)
    if one.via != Via.MAIL or letter is None:
        return ""
    own = one.author.email if one.author else ""
    other = f"，寄自另一个邮箱 {masked(letter.from_address)}" if letter.from_address != own else ""
    left = "、".join(str(item["name"]) for item in letter.left_out)
    return f"邮件来信{other}{f'；没有收下的附件：{left}' if left else ''}"


def _gone(move: MessageMove) -> Line:
    note = f"原来在这里的一条来信已移到“{move.target.title}”：{move.reason}"
    return Line(0, move.by_name, "改归", "neutral", move.at, note)


def _back(move: MessageMove) -> Line:
    note = f"一条来信曾误移到“{move.target.title}”，已移回“{move.source.title}”。"
    return Line(0, move.undone_by, "改归", "neutral", move.undone_at or move.at, note)


def _automatic(letter: Letter) -> Line:
    who = letter.from_name or masked(letter.from_address)
    return Line(
        0,
        who,
        letter.get_state_display(),
        "neutral",
        letter.received_at,
        letter.why or letter.subject,
        letter.body,
    )
