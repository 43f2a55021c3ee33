"""What has happened to a need, in words and in order: the steps taken, and what was recorded between them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from zhiqiao.kit import clock, files
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.flow import Transition
from zhiqiao.needs import clocks_words, queries, talk
from zhiqiao.needs.enums import STEP_BAR, DeclineReason, EvidenceLevel, Side, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Invitation, Message, Need
from zhiqiao.needs.talk_enums import Audience, TalkRole

_TONES = {
    "confirm": "success", "archive": "success", "reject": "danger", "withdraw": "danger",
    "dispute": "warning", "exhaust": "warning", "send_back": "warning", "rematch": "warning",
}  # fmt: skip
_LAST = 2**62
_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline, as ``{% timeline %}`` takes it. ``step`` names the step of the flow it was, if any."""

    who: str
    when: datetime
    what: str
    note: str = ""
    tone: str = ""
    attachments: tuple[dict[str, Any], ...] = ()
    step: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened to one need, oldest first."""

    need: Need
    transitions: list[Transition]
    attachments: list[Attachment]
    events: list[Event]

    @property
    def latest_first(self) -> list[Event]:
        return self.events[::-1]

    def bar(self, now: datetime) -> list[dict[str, str]]:
        """Return the stops of the step bar: done, now, todo, or skipped where the case did not pass."""
        visited = {t.source for t in self.transitions} | {t.target for t in self.transitions}
        here = next((i for i, (_, stages) in enumerate(STEP_BAR) if self.need.stage in stages), None)
        stops = []
        for index, (title, stages) in enumerate(STEP_BAR):
            passed = bool(visited.intersection(stages))
            state = _state(index, here, passed=passed, archived=self.need.stage == Stage.ARCHIVED)
            stops.append(
                {"title": title, "state": state, "due_words": self._due(now) if state == "now" else ""}
            )
        return stops

    def _due(self, now: datetime) -> str:
        return clock.remaining_words(self.need.due_at, now) if self.need.due_at else ""


def _state(index: int, here: int | None, *, passed: bool, archived: bool) -> str:
    if here is None or index < here or archived:
        return "done" if passed else "skipped"
    return "now" if index == here else "todo"


def tell(need: Need) -> Story:
    """Read the story of a need that came from ``queries.need_page``, in three queries whatever its length."""
    transitions = list(queries.timeline(need))
    entries = list(_recorded(need))
    attachments = list(files.attachments_of(need))
    places = {(e.after or {})["transition"]: e.pk for e in entries if _is_step(e)}
    engaged = {str(t.data.get("invitation")) for t in transitions if t.step == "engage"}
    told = [(t.at, places.get(t.pk, _LAST), _of_step(t)) for t in transitions]
    for entry in entries:
        said = entry.verb == "invitation.accepted" and entry.subject_id in engaged
        if not _is_step(entry) and not said and (event := _of_entry(entry, need, attachments)):
            told.append((entry.at, entry.pk, event))
    told += [(one.at, _LAST, of_message(one)) for one in talk.for_staff(need)]
    told.sort(key=lambda one: one[:2])
    return Story(need, transitions, attachments, [event for _, _, event in told])


def _recorded(need: Need) -> Iterable[AuditEntry]:
    """Return what the audit record has on the need and on everything that hangs on it."""
    about = Q(subject_type="needs.need", subject_id=str(need.pk))
    for rows in (need.invitations, need.meetings, need.outcomes):
        if keys := [str(row.pk) for row in rows.all()]:
            about |= Q(subject_type=rows.model._meta.label_lower, subject_id__in=keys)
    return AuditEntry.objects.filter(about).order_by("id")


def _is_step(entry: AuditEntry) -> bool:
    """Say whether an entry is the audit side of a step, which stands in the timeline as a transition."""
    return "transition" in (entry.after or {})


def _of_step(transition: Transition) -> Event:
    step = NEED_FLOW.steps.get(transition.step)
    title = step.title if step else transition.step
    late = "（逾期办理）" if transition.late and transition.actor_kind != "system" else ""
    tone = _TONES.get(transition.step, "accent")
    what = f"{title}{late}"
    return Event(transition.actor_name, transition.at, what, transition.note, tone, step=transition.step)


def _of_entry(entry: AuditEntry, need: Need, attachments: list[Attachment]) -> Event | None:
    """Put one record into words; what nobody asks about has none and is left out."""
    if entry.verb == "files.attach":
        return _attached(entry, need, attachments)
    words = _WORDS.get(entry.verb)
    what = words(entry, need) if words else ""
    if not what:
        return None
    return Event(entry.actor_name, entry.at, what, entry.reason, _ENTRY_TONES.get(entry.verb, ""))


def of_message(message: Message) -> Event:
    """Put a message of the conversation into the timeline: who wrote to whom, and how it begins."""
    if message.audience == Audience.STAFF:
        what, tone, step = "内部备注", "", "note"
    elif message.role == TalkRole.STAFF:
        to = message.addressee.name if message.addressee else message.get_audience_display()
        what, tone, step = f"写信给{to}", "", "talk"
    else:
        what, tone, step = f"{message.get_role_display()}来信", "accent", "talk"
    body = " ".join(message.body.split())
    note = f"{body[:_EXCERPT]}…" if len(body) > _EXCERPT else body
    return Event(message.author_name, message.at, what, note, tone, step=step)


def _attached(entry: AuditEntry, need: Need, attachments: list[Attachment]) -> Event:
    facts = entry.after or {}
    kept = [one for one in attachments if one.file.sha256 == facts.get("file")]
    shown = tuple(file_shape(need, one) for one in kept)
    return Event(entry.actor_name, entry.at, "上传材料", "" if shown else facts.get("title", ""), "", shown)


def file_shape(need: Need, attachment: Attachment) -> dict[str, Any]:
    """Return an attachment as the timeline and lists take it."""
    return {
        "title": attachment.title,
        "url": reverse("needs:file", args=(need.pk, attachment.pk)),
        "size": size_words(attachment.file.size),
    }


def size_words(size: int) -> str:
    """Say a number of bytes as people do: 128 KB, 2.4 MB."""
    return f"{size / 1048576:.1f} MB" if size >= 1048576 else f"{max(1, round(size / 1024))} KB"


def _invitation(entry: AuditEntry, need: Need) -> Invitation | None:
    return next((one for one in need.invitations.all() if str(one.pk) == entry.subject_id), None)


def _expert(entry: AuditEntry, need: Need) -> str:
    invitation = _invitation(entry, need)
    return invitation.expert.name if invitation else "专家"


def _declined(entry: AuditEntry, need: Need) -> str:
    code = (entry.after or {}).get("reason", "")
    reason = DeclineReason(code).label if code in DeclineReason.values else "未说明原因"
    return f"{_expert(entry, need)}婉拒：{reason}"


def _revised(entry: AuditEntry, need: Need) -> str:
    titles = {field.name: str(field.verbose_name) for field in Need._meta.fields}
    names = [titles.get(field, field) for field in entry.after or {}]
    return f"修改{'、'.join(names)}"


def _moved(entry: AuditEntry, need: Need) -> str:
    at = (entry.after or {}).get("starts_at")
    return f"对接改到 {clock.exact(datetime.fromisoformat(at))}" if at else "对接改期"


def _answered(entry: AuditEntry, need: Need) -> str:
    """A yes; a no is the step “对结果有异议” that follows it."""
    facts = entry.after or {}
    return f"{Side(facts['side']).label}同意登记的结果" if facts.get("agrees") else ""


def _proved(entry: AuditEntry, need: Need) -> str:
    level = (entry.after or {}).get("level")
    return f"证据等级定为“{EvidenceLevel(level).label}”" if level in EvidenceLevel.values else "补充成效证据"


_WORDS: dict[str, Callable[[AuditEntry, Need], str]] = {
    "create": lambda entry, need: f"建立需求（{need.get_source_display()}）",
    "need.enterprise": lambda entry, need: f"核实企业：{(entry.after or {}).get('enterprise', '')}",
    "need.revise": _revised,
    "need.recommend": lambda entry, need: f"推荐成果：{(entry.after or {}).get('title', '')}",
    "need.invite_more": lambda entry, need: f"追加候补：{(entry.after or {}).get('experts', '')}",
    "need.rate": lambda entry, need: f"专家评价：{(entry.after or {}).get('score')} 分",
    "invitation.accepted": lambda entry, need: f"{_expert(entry, need)}接受邀请",
    "invitation.declined": _declined,
    "invitation.lapse": lambda entry, need: f"{_expert(entry, need)}逾期未答复",
    "invitation.promote": lambda entry, need: f"自动改邀{_expert(entry, need)}",
    "invitation.skip": lambda entry, need: f"轮到{_expert(entry, need)}时不便邀请，改看下一位",
    "invitation.substitute": lambda entry, need: f"{_expert(entry, need)}推荐了一位同行",
    "meeting.move": _moved,
    "meeting.cancel": lambda entry, need: "取消对接",
    "outcome.answer": _answered,
    "outcome.proof": _proved,
    **clocks_words.WORDS,
}
_ENTRY_TONES = {
    "invitation.declined": "warning", "invitation.lapse": "warning", "meeting.cancel": "warning",
    "invitation.accepted": "success", "outcome.answer": "success",
}  # fmt: skip
