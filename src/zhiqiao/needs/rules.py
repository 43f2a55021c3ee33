"""Who may do what to a need, in small questions. The first line of each docstring is printed in docs/loops."""

from datetime import datetime

from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import Expert, ResearchOutput
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM, Actor, By
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.needs.enums import InvitationState, NeedPerm, Side, Stage
from zhiqiao.needs.models import Invitation, Need
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import covers, represents


def link_key(subject: Need | Invitation) -> str:
    """Return the key of whoever holds the signed link to this subject."""
    kind = "invitation" if isinstance(subject, Invitation) else "need"
    return f"{kind}:{subject.pk}"


def is_handler(by: By, need: Need) -> Answer:
    """受理单位经办人"""
    if covers(by, NeedPerm.HANDLE, need.organisation):
        return True
    return Refusal("needs.not_handler", f"这一步由{need.organisation.title}经办人办理。")


def is_staff(by: By, need: Need) -> Answer:
    """受理单位或企业所在地科协的工作人员"""
    place = need.enterprise.organisation
    return covers(by, OrgPerm.VIEW, need.organisation) or covers(by, OrgPerm.VIEW, place)


def is_asker(by: By, need: Need) -> Answer:
    """提出需求的企业（登录，或凭签名链接）"""
    if isinstance(by, Actor) and by.kind == "link" and by.key == link_key(need):
        return True
    if represents(by, NeedPerm.ASK, need.enterprise.organisation):
        return True
    return Refusal("needs.not_asker", f"这一步由提出需求的企业（{need.enterprise}）办理。")


def may_ask(by: By, need: Need) -> Answer:
    """提出需求的企业，或走访代填的联络员、经办人"""
    filing = covers(by, NeedPerm.ASK, need.enterprise.organisation)
    return filing or is_asker(by, need) or is_handler(by, need)


def may_withdraw(by: By, need: Need) -> Answer:
    """提出需求的企业，或应企业要求的经办人"""
    return is_asker(by, need) or is_handler(by, need)


def is_invited_expert(by: By, need: Need) -> Answer:
    """受邀专家（登录，或凭签名链接）"""
    for invitation in need.invitations.all():
        if speaks_for(by, invitation):
            return True
    return Refusal("needs.not_invited", "这一步由受邀专家答复。")


def is_system(by: By, need: Need) -> Answer:
    """系统自动（名单用完或逾期未答复）"""
    if by is SYSTEM:
        return True
    return Refusal("needs.automatic", "这一步由系统自动办理，无需操作。")


def is_party(by: By, need: Need) -> Answer:
    """企业或受邀专家"""
    return is_asker(by, need) or is_invited_expert(by, need)


def may_report(by: By, need: Need) -> Answer:
    """受理单位经办人，或提出需求的企业"""
    return is_handler(by, need) or is_asker(by, need)


def speaks_for(by: By, invitation: Invitation) -> bool:
    """Say whether ``by`` is the expert of an invitation: signed in, or by her link."""
    if isinstance(by, Actor):
        return by.kind == "link" and by.key == link_key(invitation)
    person_id = invitation.expert.person_id
    return person_id is not None and person_id == getattr(by, "pk", None)


def may_answer(by: By, invitation: Invitation) -> Answer:
    """Say whether this invitation can be answered now by this person."""
    if not speaks_for(by, invitation):
        return Refusal("needs.not_yours", "这份邀请是发给另一位专家的。")
    match invitation.state:
        case InvitationState.SENT:
            return True
        case InvitationState.ACCEPTED:
            return Refusal("needs.answered", "您已接受这份邀请，受理单位会与您约定对接时间。")
        case InvitationState.DECLINED:
            return Refusal("needs.answered", "您已婉拒这份邀请，感谢答复。")
        case InvitationState.LAPSED:
            return Refusal("needs.lapsed", "答复期限已过，已改邀其他专家。如仍有意，请联系受理单位。")
        case _:
            return Refusal("needs.cancelled", "这份邀请已取消，无需答复。")


def is_reachable(expert: Expert, at: datetime, open_tasks: int) -> Answer:
    """Say whether an expert may be asked at all: in the library, not resting, below her own limit."""
    if not expert.is_active:
        return Refusal("needs.inactive", f"{expert.name}已不在专家库。")
    if expert.resting_until and expert.resting_until >= clock.local_date(at):
        until = f"{expert.resting_until.month}月{expert.resting_until.day}日"
        return Refusal("needs.resting", f"{expert.name}请勿打扰至{until}。")
    if open_tasks >= expert.task_cap:
        return Refusal(
            "needs.full", f"{expert.name}手上已有 {open_tasks} 项，达到本人设定的上限 {expert.task_cap} 项。"
        )
    return True


def may_recommend(by: By, need: Need, output: ResearchOutput) -> Answer:
    """Say whether somebody may show this output to the enterprise behind a need."""
    if need.stage in (Stage.DRAFT, Stage.ARCHIVED, Stage.REJECTED, Stage.WITHDRAWN):
        return Refusal("needs.closed", f"这条需求{need.get_stage_display()}，不能再推荐成果。")
    if output.sharing == Sharing.OWN:
        home = output.organisation.title
        return Refusal("needs.output_kept", f"“{output.title}”只在{home}内部可见，请先请{home}放宽共享范围。")
    return is_handler(by, need)


def side_of(by: By, need: Need) -> Side | None:
    """Return which side of the case somebody speaks for: enterprise, expert, or neither."""
    if is_asker(by, need):
        return Side.ENTERPRISE
    if any(speaks_for(by, i) for i in need.invitations.all() if i.state == InvitationState.ACCEPTED):
        return Side.EXPERT
    return None
