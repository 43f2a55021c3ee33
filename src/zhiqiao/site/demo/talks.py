"""What is said in the demo: a few conversations on the desks, a letter to claim, words used again, solved problems."""

from datetime import datetime

from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.jobs.models import Job
from zhiqiao.needs import actions, knowledge, links
from zhiqiao.needs.enums import SUCCESSES, InvitationState, NeedPerm, Stage
from zhiqiao.needs.models import Need, Outcome
from zhiqiao.needs.talk_enums import Audience, Via
from zhiqiao.orgs.scope import nearest_holders
from zhiqiao.site.demo.network import Network

CARDS = 12
_QUIET = ("needs.tell_message", "needs.tell_letter")
_ASKED = "现场照片和工艺参数已经整理好，约定对接以前需要先发给专家吗？"
_ANSWERED = "请把照片发到这里，专家看得到。对接当天请安排设备操作人员在场。"
_SAID = "看过情况说明，初步判断不难。对接时请准备一件有缺陷的样品和一件合格的样品。"
_NOTED = "企业希望安排在月底前，约时间时留意。"
_REPLIES = (
    (
        "请补充材料",
        "{企业}您好，“{需求}”（{编号}）还缺少一些材料，请补充主要工艺参数和缺陷照片，直接回复即可。",
    ),
    ("对接提醒", "您好，“{需求}”的对接即将举行，请提前安排现场人员，准备好样品。如需改期，请直接回复。"),
)


def compose(network: Network, at: datetime) -> None:
    """Let people talk about the cases that are being arranged now. Nobody is sent a message about it."""
    for title, body in _REPLIES:
        actions.save_reply(network.city, title=title, body=body, by=SYSTEM, at=at)
    needs = Need.objects.select_related("organisation", "enterprise__organisation")
    for need in needs.filter(stage__in=(Stage.ARRANGING, Stage.SCHEDULED)).order_by("pk"):
        _talk(need, at)
    last = needs.filter(stage=Stage.MATCHING).order_by("-pk").first()
    if last is not None:
        letter = f"From: chejian@example.com\r\nSubject: {last.number}\r\n\r\n补充一点：{last.number} 的样品本周可以寄出。"
        actions.receive_letter(letter.encode(), at=at)
    _share_what_was_solved(at)
    Job.objects.filter(name__in=_QUIET).delete()


def _talk(need: Need, at: datetime) -> None:
    invitation = need.invitations.filter(state=InvitationState.ACCEPTED).select_related("expert").first()
    handlers = nearest_holders(NeedPerm.HANDLE, need.organisation)
    if invitation is None or not handlers:
        return
    invitation.need = need
    said = (
        (_ASKED, Audience.ALL, Via.LINK, links.enterprise_actor(need)),
        (_ANSWERED, Audience.ALL, Via.WORKBENCH, handlers[0]),
        (_SAID, Audience.ALL, Via.LINK, links.expert_actor(invitation)),
        (_NOTED, Audience.STAFF, Via.WORKBENCH, handlers[0]),
    )
    for body, audience, via, by in said:
        actions.write_message(need, body=body, audience=audience, via=via, by=by, at=at)


def _share_what_was_solved(at: datetime) -> None:
    """Release the cards of some cases that went well; one that still tells whose it was is left to a clerk."""
    won = Outcome.objects.filter(superseded_at__isnull=True, confirmed_at__isnull=False, result__in=SUCCESSES)
    rows = Need.objects.filter(stage=Stage.ARCHIVED, pk__in=won.values("need_id")).order_by("-pk")[:CARDS]
    for need in rows.select_related("organisation", "enterprise__organisation"):
        card = actions.draft_card(need, by=SYSTEM, at=at)
        if not knowledge.leaks(need, (card.title, card.problem, card.solution)):
            actions.release_card(card, by=SYSTEM, at=at)
