"""The clocks of a case: their terms (domain rules §5.1), who is told when one runs out, and for what they may wait.

Terms are defaults; a unit or a campaign sets its own as data (``ClockTerm``, page “办理时限”).
"""

from zhiqiao.kit.clock import days, hours
from zhiqiao.kit.flow import ClockKind, PauseKind, Rung

HANDLER, ENTERPRISE, EXPERT, BOTH = "受理单位", "企业", "专家", "企业和专家"

# fmt: off
CLOCKS = (
    #         clock           title          term       waits for   runs on until one of these; none = until the next step
    ClockKind("acceptance",   "受理",        days(2),   HANDLER),
    ClockKind("supplement",   "补正",        days(10),  ENTERPRISE, climbs=1),
    ClockKind("triage",       "分诊匹配",    days(3),   HANDLER),
    ClockKind("answer",       "专家答复",    days(3),   EXPERT,     warn=None, climbs=0),  # the invitation lapses by itself
    ClockKind("contact",      "落实专家",    days(10),  HANDLER,    ("engage", "report", "withdraw"), warn=None),
    ClockKind("arranging",    "约定对接",    days(5),   HANDLER),
    ClockKind("meeting",      "举行对接",    days(15),  HANDLER,    ("hold", "rematch", "report", "withdraw"), warn=None),
    ClockKind("minutes",      "登记对接",    days(2),   HANDLER),   # counts from the end of the meeting
    ClockKind("feedback",     "反馈结果",    days(20),  HANDLER),
    ClockKind("objection",    "处理异议",    days(5),   HANDLER),
    ClockKind("confirmation", "确认结果",    days(5),   BOTH,       climbs=1),
    ClockKind("rating",       "评价",        days(5),   ENTERPRISE, climbs=0),  # may be left out
    ClockKind("closing",      "归档",        days(2),   HANDLER),
)

CLERK, LEADER = "clerk", "leader"

LADDER = (
    #    rung        title                after       post     at the unit (0) or the one above (1)
    Rung("overdue",  "已逾期",            hours(1),   CLERK),
    Rung("leader",   "逾期两个工作日",    hours(14),  LEADER),
    Rung("above",    "逾期五个工作日",    hours(35),  LEADER,  1),
)

PAUSES = (
    #         reason        who is waited for   at most
    PauseKind("enterprise", "等企业",           days(10)),
    PauseKind("expert",     "等专家",           days(10)),
    PauseKind("budget",     "等经费落实",       days(30)),
    PauseKind("approval",   "等上级审批",       days(20)),
)
# fmt: on
