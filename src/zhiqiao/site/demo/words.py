"""What people write on the way: messages, reasons, minutes, comments."""

from random import Random

from zhiqiao.needs.enums import DeclineReason, Result, UnsolvedReason
from zhiqiao.needs.models import Rating
from zhiqiao.site.demo.texts import NeedText

INCOMPLETE = (
    "请补充目前的工艺参数和不良率数据，方便匹配专家。",
    "指标要求还不够具体，请写明希望达到的数值。",
    "请补充已经做过的试验和结果，避免专家重复建议。",
)
COMPLETED = (
    "已附近三个月的不良统计，平均值与描述一致。",
    "试验记录已整理，可在现场提供。",
    "指标按客户验收标准填写，可以分两步达到。",
)
REJECTED = (
    "这条诉求是申请银行贷款，不属于技术需求，已转告区金融服务中心的联系方式。",
    "内容为设备采购询价，请通过市场渠道办理；如有技术难题欢迎再提。",
    "与本企业另一条在办需求重复，请在原需求下补充。",
)
WITHDRAWN = ("企业已自行找到合作单位。", "项目调整，今年不再推进。", "提交时选错了企业，重新填报。")

INVITATIONS = (
    "企业希望先通过一次交流判断方向，时间可以配合您。",
    "诚邀您给予指导，路上如需接送请告诉我们。",
    "企业已准备好样件和数据，盼您抽空看一看。",
    "",
)
ACCEPTED = ("可以，下周方便。", "愿意交流，请把样件照片先发我。", "方向对口，可以到现场看看。", "")
DECLINED = {
    DeclineReason.BUSY: ("近期出差较多。", "本学期课程已排满，下次再来。", ""),
    DeclineReason.FIELD: ("建议找做表面处理的同行。", "我主要做理论，工程上帮不上忙。"),
    DeclineReason.CONFLICT: ("我是这家企业竞争对手的顾问，不便参加。",),
    DeclineReason.FAR: ("目前在外地，来回不便。", "如能视频可以再联系。"),
    DeclineReason.OTHER: ("身体原因，近期不便外出。", ""),
}

ROOMS = ("二楼会议室", "研发楼三楼", "生产车间旁会议室", "行政楼一号会议室", "技术中心")
MINUTES = (
    "专家现场查看了产线和样件，认为主因与{a}有关，建议先做{b}对比试验，再决定是否改设备。",
    "双方就{a}的路线交换意见，企业介绍了前期试验数据，专家指出测量方法需要先统一，并给出{b}的参考方案。",
    "专家建议分两步走：先用{a}定位问题，三个月内拿出结论；再从{b}入手改进，{c}作为备选。",
    "企业演示了现有装置，专家认为{a}方案可行，难点在{b}；约定互相提供数据，两周后再碰一次。",
    "会上逐项核对了失效样品，排除了{c}的影响，重点转向{a}，专家答应提供{b}方面的试验条件。",
)
NEXT_STEPS = (
    "企业两周内提供样件和历史数据，专家给出试验方案。",
    "双方商谈技术开发合同的内容与费用。",
    "企业按建议做一轮小试，结果发给专家。",
    "科协一周后回访，了解进展。",
    "",
)
ANOTHER_EXPERT = "第一次对接后，专家建议改请做过同类产品的同行，重新匹配。"
LEFTOVER = "双千行动遗留需求清理：原专家工作变动，重新匹配。"
LEFTOVER_RETURNED = "双千行动遗留需求清理：当年材料不全、未能受理，请确认是否仍有需要并补充指标。"
LEFTOVER_MET = "双千行动遗留需求清理：企业希望与原专家再谈一次。"

DISPUTES = (
    "还没有做到批量验证，目前只能算部分解决，请改一下说明。",
    "合同还没有签，请等签完再登记。",
    "说明里的指标与我们实测不一致，请核对。",
)

SCORES = {Result.SOLVED: 5, Result.COOPERATION: 5, Result.PARTLY: 4, Result.UNSOLVED: 3}
ITEMS = tuple(name for name, _ in Rating.ITEMS)
COMMENTS = {
    1: ("等待时间太长。",),
    2: ("专家方向不太对口。", "没有实质进展。"),
    3: ("态度很好，问题还没有解决。", "给了思路，还要自己摸索。"),
    4: ("有帮助，希望后续继续指导。", "建议实用，落地还需要时间。", ""),
    5: ("专家很负责，到车间待了一整天。", "问题说得透，少走了不少弯路。", "非常满意，已推荐给同行。", ""),
}
ARCHIVED = ("双方已确认，材料齐全，归档。", "办结归档。", "已核对纪要与结果，归档。", "")

_SOLVED = (
    "按专家建议从{a}入手调整后，连续三批达到要求，已在产线固化。",
    "采用{a}与{b}相结合的方案，主要指标达到预期，企业已更新作业文件。",
    "确认主因在{a}，整改后客户复检通过，投诉关闭。",
)
_COOPERATION = (
    "双方签订技术开发合同，围绕{a}开展合作，周期一年。",
    "企业与专家团队共建{a}联合实验室，先行开展{b}研究。",
    "达成专利许可意向并签约，{a}技术用于新产品。",
)
_PARTLY = (
    "{a}方面已有改善，约达到目标的一半，{b}还要继续试验。",
    "实验室达标，量产一致性还差一些，企业自行继续优化。",
    "明确了原因在{a}，受设备条件限制只改了一部分。",
)
_UNSOLVED = {
    UnsolvedReason.NO_EXPERT: ("先后邀请的专家均未接受，暂时没有合适人选。",),
    UnsolvedReason.TECHNOLOGY: (
        "专家判断{a}目前还做不到指标要求，建议等下一代材料。",
        "试了两轮{b}方案，都没有达到最低要求，双方同意停止。",
    ),
    UnsolvedReason.COST: (
        "方案可行，但改造费用超出企业预算，未谈拢。",
        "双方对开发费用和知识产权归属没有达成一致。",
    ),
    UnsolvedReason.GAVE_UP: ("产品停产，企业不再需要。", "企业调整方向，暂不继续。"),
    UnsolvedReason.ELSEWHERE: ("企业已从设备供应商处得到解决办法。", "企业已与外地团队签约。"),
    UnsolvedReason.OTHER: ("联系人离职，企业未再响应。", "疫情期间无法进厂，双方同意结束。"),
}


def outcome(result: str, reason: str, text: NeedText, rng: Random) -> str:
    """Say in a sentence or two what came of a need."""
    choices = {
        Result.SOLVED: _SOLVED,
        Result.COOPERATION: _COOPERATION,
        Result.PARTLY: _PARTLY,
    }.get(Result(result)) or _UNSOLVED[UnsolvedReason(reason)]
    topics = text.problem.topics
    return rng.choice(choices).format(a=topics[0], b=topics[1])
