"""Stages, kinds, answers and permissions of 科协帮."""

from enum import StrEnum

from django.db import models


class Stage(models.TextChoices):
    """Where a need stands."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待受理"
    RETURNED = "returned", "退回补正"
    MATCHING = "matching", "待匹配"
    INVITING = "inviting", "邀请中"
    ARRANGING = "arranging", "待约定"
    SCHEDULED = "scheduled", "待对接"
    MET = "met", "已对接"
    CONFIRMING = "confirming", "待确认"
    RATING = "rating", "待评价"
    CLOSING = "closing", "待归档"
    ARCHIVED = "archived", "已归档"
    REJECTED = "rejected", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"


STEP_BAR = (
    ("提出", (Stage.DRAFT, Stage.RETURNED)),
    ("受理", (Stage.SUBMITTED,)),
    ("匹配", (Stage.MATCHING,)),
    ("邀请", (Stage.INVITING,)),
    ("对接", (Stage.ARRANGING, Stage.SCHEDULED)),
    ("结果", (Stage.MET, Stage.CONFIRMING)),
    ("评价", (Stage.RATING,)),
    ("归档", (Stage.CLOSING, Stage.ARCHIVED)),
)
"""The few stops a reader sees above a need, and the stages each stands for."""

OPEN_STAGES = tuple(
    stage for stage in Stage if stage not in (Stage.DRAFT, Stage.ARCHIVED, Stage.REJECTED, Stage.WITHDRAWN)
)
HANDLER_STAGES = (
    Stage.SUBMITTED,
    Stage.MATCHING,
    Stage.ARRANGING,
    Stage.SCHEDULED,
    Stage.MET,
    Stage.CLOSING,
)
"""Stages in which the handling association has the next move."""
ASKER_STAGES = (Stage.DRAFT, Stage.RETURNED, Stage.CONFIRMING, Stage.RATING)
"""Stages in which the enterprise has the next move."""


class Kind(models.TextChoices):
    """What is asked for."""

    RESEARCH = "research", "技术攻关"
    PROCESS = "process", "工艺改进"
    TESTING = "testing", "检测与标准"
    EQUIPMENT = "equipment", "设备与材料"
    DIGITAL = "digital", "数字化转型"
    TRANSFER = "transfer", "成果引进"
    PEOPLE = "people", "人才引进与培训"
    PATENT = "patent", "知识产权"
    ADVICE = "advice", "管理与政策咨询"
    FINANCE = "finance", "融资"
    OUTREACH = "outreach", "科普与文化"
    OTHER = "other", "其他"


class Visibility(models.TextChoices):
    """Who may read a need."""

    PUBLIC = "public", "公开"
    MASKED = "masked", "脱敏公开（不显示企业）"
    NETWORK = "network", "网络内（登录后可看，不显示企业）"
    STAFF = "staff", "仅科协可见"
    SECRET = "secret", "保密（签保密承诺后可看）"


class Urgency(models.TextChoices):
    """How soon."""

    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"


class Source(models.TextChoices):
    """How a need came in."""

    SELF = "self", "企业自报"
    VISIT = "visit", "走访代填"
    EVENT = "event", "活动收集"
    IMPORT = "import", "台账导入"


class InvitationState(models.TextChoices):
    """What became of one invitation."""

    QUEUED = "queued", "候补"
    SENT = "sent", "等待答复"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已婉拒"
    LAPSED = "lapsed", "逾期未答复"
    CANCELLED = "cancelled", "已取消"


class DeclineReason(models.TextChoices):
    """Why an expert declines; the finder learns from it."""

    BUSY = "busy", "近期没有时间"
    FIELD = "field", "不是我的方向"
    CONFLICT = "conflict", "与企业有利益关系"
    FAR = "far", "路途太远"
    OTHER = "other", "其他原因"


class SubstituteState(models.TextChoices):
    """What became of a colleague whom an expert named in her place."""

    OPEN = "open", "待处理"
    TAKEN = "taken", "已采纳"
    LEFT = "left", "未采纳"


class MeetingMode(models.TextChoices):
    """Where the two sides meet."""

    SITE = "site", "现场"
    VIDEO = "video", "视频"
    PHONE = "phone", "电话"


class MeetingState(models.TextChoices):
    """What became of a meeting."""

    PLANNED = "planned", "已约定"
    HELD = "held", "已举行"
    CANCELLED = "cancelled", "已取消"


class Result(models.TextChoices):
    """What came of it. Never implied by a need being closed."""

    SOLVED = "solved", "已解决"
    COOPERATION = "cooperation", "达成合作"
    PARTLY = "partly", "部分解决"
    UNSOLVED = "unsolved", "未解决"


SUCCESSES = (Result.SOLVED, Result.COOPERATION)


class UnsolvedReason(models.TextChoices):
    """Why nothing came of it."""

    NO_EXPERT = "no_expert", "没有合适的专家"
    TECHNOLOGY = "technology", "技术上暂时做不到"
    COST = "cost", "费用谈不拢"
    GAVE_UP = "gave_up", "企业不再需要"
    ELSEWHERE = "elsewhere", "企业已另行解决"
    OTHER = "other", "其他"


class EvidenceLevel(models.IntegerChoices):
    """How well an outcome is known."""

    STAFF = 0, "E0 工作人员陈述"
    ENTERPRISE = 1, "E1 企业确认"
    DOCUMENT = 2, "E2 有合同或报告"
    EFFECT = 3, "E3 有效益或专利"
    LASTING = 4, "E4 回访后仍成立"


class Side(models.TextChoices):
    """The two sides of a case."""

    ENTERPRISE = "enterprise", "企业"
    EXPERT = "expert", "专家"


class ClosingKind(models.TextChoices):
    """How a case was closed; an outcome is another record."""

    COMPLETED = "completed", "办结归档"
    REJECTED = "rejected", "不予受理"
    WITHDRAWN = "withdrawn", "企业撤回"


class NeedPerm(StrEnum):
    """What a grant may allow."""

    VIEW = "needs.view"
    ASK = "needs.ask"
    HANDLE = "needs.handle"
    IMPORT = "needs.import"
    EXPORT = "needs.export"
    FIGURES = "needs.figures"
    NOTE = "needs.note"
