"""The loop of a need, from question to confirmed outcome (domain rules §5.1)."""

from zhiqiao.kit.flow import Flow, Step
from zhiqiao.needs import rules
from zhiqiao.needs.clocks import CLOCKS, LADDER, PAUSES
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.queries import campaign_keys, office_of

WITH_HANDLER = (Stage.MATCHING, Stage.ARRANGING, Stage.SCHEDULED, Stage.MET)
BEFORE_OUTCOME = (Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED, Stage.INVITING, *WITH_HANDLER)

# fmt: off
NEED_FLOW = Flow("need", "科协帮：技术需求", Stage, (
    #    step        title             from                              to                who                      starts
    Step("submit",   "提交",           (Stage.DRAFT, Stage.RETURNED),    Stage.SUBMITTED,  rules.may_ask,           ("acceptance",)),
    Step("accept",   "受理",           (Stage.SUBMITTED,),               Stage.MATCHING,   rules.is_handler,        ("triage", "contact")),
    Step("send_back", "退回补正",      (Stage.SUBMITTED,),               Stage.RETURNED,   rules.is_handler,        ("supplement",)),
    Step("reject",   "不予受理",       (Stage.SUBMITTED,),               Stage.REJECTED,   rules.is_handler),
    Step("invite",   "邀请专家",       (Stage.MATCHING,),                Stage.INVITING,   rules.is_handler,        ("answer",)),
    Step("exhaust",  "名单用完",       (Stage.INVITING,),                Stage.MATCHING,   rules.is_system,         ("triage",)),
    Step("engage",   "专家接受邀请",   (Stage.INVITING,),                Stage.ARRANGING,  rules.is_invited_expert, ("arranging", "meeting")),
    Step("schedule", "约定对接",       (Stage.ARRANGING, Stage.SCHEDULED, Stage.MET), Stage.SCHEDULED, rules.is_handler, ("minutes",)),
    Step("hold",     "登记对接",       (Stage.SCHEDULED,),               Stage.MET,        rules.is_handler,        ("feedback",)),
    Step("rematch",  "重新匹配",       (Stage.ARRANGING, Stage.SCHEDULED, Stage.MET), Stage.MATCHING, rules.is_handler, ("triage", "contact")),
    Step("report",   "登记结果",       WITH_HANDLER,                     Stage.CONFIRMING, rules.may_report,        ("confirmation",)),
    Step("dispute",  "对结果有异议",   (Stage.CONFIRMING,),              Stage.MET,        rules.is_party,          ("objection",)),
    Step("confirm",  "双方确认结果",   (Stage.CONFIRMING,),              Stage.RATING,     rules.is_party,          ("rating",)),
    Step("rate",     "评价",           (Stage.RATING,),                  Stage.CLOSING,    rules.is_asker,          ("closing",)),
    Step("archive",  "归档",           (Stage.RATING, Stage.CLOSING),    Stage.ARCHIVED,   rules.is_handler),
    Step("withdraw", "撤回",           BEFORE_OUTCOME,                   Stage.WITHDRAWN,  rules.may_withdraw),
), clocks=CLOCKS, ladder=LADDER, pauses=PAUSES, pausable=WITH_HANDLER, office=office_of, campaigns=campaign_keys)
# fmt: on
