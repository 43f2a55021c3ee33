"""Every message 科协帮 sends."""

from collections.abc import Iterable
from datetime import datetime

from zhiqiao.kit import clock
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.notify import Message, Notice, Recipient, send
from zhiqiao.kit.notify.channels import channel
from zhiqiao.needs import links, secrecy, talk_people
from zhiqiao.needs.enums import InvitationState, NeedPerm
from zhiqiao.needs.models import Invitation, Need, Recommendation
from zhiqiao.orgs.scope import nearest_holders


def handlers_of(need: Need) -> list[Recipient]:
    """Return the clerks who handle a need."""
    people = nearest_holders(NeedPerm.HANDLE, need.organisation)
    return [
        Recipient(p.name, person=p, email=p.email or "", phone=p.phone or "", key="staff") for p in people
    ]


def askers_of(need: Need) -> list[Recipient]:
    """Return the enterprise's people: those with an account, and the contact named in the need."""
    people = [
        p
        for p in nearest_holders(NeedPerm.ASK, need.enterprise.organisation)
        if p.grants.filter(organisation=need.enterprise.organisation).exists()
    ]
    known = {p.phone for p in people} | {p.email for p in people}
    told = [Recipient(p.name, person=p, email=p.email or "", phone=p.phone or "") for p in people]
    if not ({need.contact_phone, need.contact_email} - {""}) & known:
        link = links.enterprise_url(need)
        told.append(
            Recipient(need.contact_name, None, need.contact_email, need.contact_phone, link, "contact")
        )
    return told


def experts_of(need: Need) -> list[Recipient]:
    """Return the experts who accepted, each with the link by which she acts."""
    accepted = need.invitations.filter(state=InvitationState.ACCEPTED).select_related("expert__person")
    return [_recipient(invitation) for invitation in accepted]


def _recipient(invitation: Invitation) -> Recipient:
    expert = invitation.expert
    person = expert.person
    return Recipient(
        expert.name,
        person=person,
        email=expert.email or (person.email if person else "") or "",
        phone=expert.phone or (person.phone if person else "") or "",
        link=links.invitation_url(invitation),
        key=f"invitation:{invitation.pk}",
    )


class ToHandler(Notice):
    """A need waits for the handling association."""

    name = "needs.to_handler"
    title = "有需求等待办理"
    flow = "need"
    steps = ("submit", "exhaust", "engage", "dispute", "rate", "withdraw")
    WORDS = {
        "submit": "新需求待受理",
        "exhaust": "受邀专家均未接受，请重新匹配",
        "engage": "专家已接受邀请，请约定对接时间",
        "dispute": "对结果有异议，请联系双方",
        "rate": "企业已评价，可以归档",
        "withdraw": "需求已撤回",
    }

    def recipients(self, subject: Need, transition: Transition) -> Iterable[Recipient]:
        return [r for r in handlers_of(subject) if str(r.person.pk) != transition.actor_key]

    def message(self, subject: Need, transition: Transition, to: Recipient) -> Message:
        due = f"\n请在 {clock.exact(transition.due_at)} 前办理。" if transition.due_at else ""
        return Message(
            f"{self.WORDS[transition.step]}：{secrecy.name_outside(subject)}",
            f"{subject.enterprise}：{secrecy.name_outside(subject)}（{subject.number or '草稿'}）\n{transition.note}{due}".strip(),
            subject.get_absolute_url(),
            talk_people.headers(subject, to),
        )


class ToEnterprise(Notice):
    """Something happened to an enterprise's need, or its answer is wanted."""

    name = "needs.to_enterprise"
    title = "您的需求有进展"
    flow = "need"
    steps = ("accept", "send_back", "reject", "engage", "schedule", "report", "confirm", "archive")
    channels = ("site", "email", "sms")
    WORDS = {
        "accept": "需求已受理，正在匹配专家",
        "send_back": "需求需要补充",
        "reject": "需求未予受理",
        "engage": "已有专家接受邀请",
        "schedule": "对接时间已约定",
        "report": "请确认对接结果",
        "confirm": "请评价本次服务",
        "archive": "需求已办结归档",
    }
    ANSWERS = ("send_back", "report", "confirm")

    def recipients(self, subject: Need, transition: Transition) -> Iterable[Recipient]:
        return askers_of(subject)

    def message(self, subject: Need, transition: Transition, to: Recipient) -> Message:
        due = ""
        if transition.due_at is not None and transition.step in self.ANSWERS:
            due = f"\n请在 {clock.exact(transition.due_at)} 前答复。"
        return Message(
            f"{self.WORDS[transition.step]}：{secrecy.name_outside(subject)}",
            f"{secrecy.name_outside(subject)}（{subject.number}）\n{secrecy.words_outside(subject, transition.note)}{due}".strip(),
            to.link or subject.get_absolute_url(),
            talk_people.headers(subject, to),
        )


class ToExpert(Notice):
    """The case an expert takes part in moved on, or her answer is wanted."""

    name = "needs.to_expert"
    title = "您参与的对接有进展"
    flow = "need"
    steps = ("schedule", "report", "archive")
    channels = ("site", "email", "sms")
    WORDS = {"schedule": "对接时间已约定", "report": "请确认对接结果", "archive": "对接已办结，感谢参与"}

    def recipients(self, subject: Need, transition: Transition) -> Iterable[Recipient]:
        return experts_of(subject)

    def message(self, subject: Need, transition: Transition, to: Recipient) -> Message:
        return Message(
            f"{self.WORDS[transition.step]}：{secrecy.name_outside(subject)}",
            f"{secrecy.name_outside(subject)}（{subject.number}）\n{secrecy.words_outside(subject, transition.note)}".strip(),
            to.link,
            talk_people.headers(subject, to),
        )


def tell_recommended(made: Recommendation, *, at: datetime) -> None:
    """Tell an enterprise of an output that may answer its need; sending it again adds nothing."""
    need, output = made.need, made.output
    lines = [output.title, f"完成单位：{output.owner}" if output.owner else "", made.note]
    for to in askers_of(need):
        message = Message(
            f"为您的需求找到一项成果：{output.title}",
            f"{need.title}（{need.number}）\n" + "\n".join(line for line in lines if line),
            to.link or need.get_absolute_url(),
        )
        for name in ToEnterprise.channels:
            address = channel(name).address_of(to)
            if address is not None:
                key = f"needs.recommended:{made.pk}:{name}:{to.person.pk if to.person else address}"
                send(name, to, message, notice="needs.recommended", key=key, at=at, address=address)


def tell_invited(invitation: Invitation, *, at: datetime) -> None:
    """Send an invitation by every channel that reaches the expert; sending it again adds nothing."""
    to = _recipient(invitation)
    need = invitation.need
    reasons = () if secrecy.is_secret(need) else invitation.why  # they quote what the need says
    why = "".join(f"\n· {reason}" for reason in reasons)
    until = clock.exact(invitation.due_at) if invitation.due_at else ""
    message = Message(
        f"请您帮助一家企业：{secrecy.name_outside(need)}",
        f"{to.name}老师，您好。{need.organisation.title}诚邀您就这项技术需求给予指导。\n\n{secrecy.name_outside(need)}\n"
        f"{invitation.message}\n"
        + (f"\n为什么想到您：{why}\n" if why else "")
        + f"\n点开链接就能答复，无需登录；请在 {until} 前答复，不便参加也请告诉我们。",
        to.link,
        talk_people.headers(need, to),
    )
    for name in ("site", "email", "sms"):
        address = channel(name).address_of(to)
        if address is not None:
            key = f"needs.invitation:{invitation.pk}:{name}"
            send(name, to, message, notice="needs.invitation", key=key, at=at, address=address)
