"""The columns of the lists behind the figures; the same declaration serves screen and export."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from zhiqiao.insights.lens import CHOICES
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Column, Register
from zhiqiao.needs.enums import ClosingKind, Result
from zhiqiao.needs.models import Closing, Need, Outcome
from zhiqiao.needs.queries import current_outcome
from zhiqiao.needs.registers import result_of, stage_badge

TONES = {Result.SOLVED: "success", Result.COOPERATION: "success", Result.PARTLY: "warning"}


def _address(need: Need) -> str:
    return need.get_absolute_url()


def _reason(row: Closing) -> str:
    """Why nothing came of it, or why it was turned away."""
    if row.kind != ClosingKind.COMPLETED:
        return row.reason
    outcome = current_outcome(row.need)
    return outcome.get_reason_display() if outcome else ""


def _ten_thousand_yuan(outcome: Outcome) -> float | None:
    return None if outcome.amount_fen is None else outcome.amount_fen / 1_000_000


def _result(outcome: Outcome) -> SafeString:
    return badge(outcome.get_result_display(), TONES.get(Result(outcome.result), "neutral"))


def _of_case() -> tuple[Column, ...]:
    """The columns of a row that belongs to a need."""
    return (
        Column("need.number", "编号", kind="code", sort="need__number"),
        Column(
            "need.title", "需求", primary=True, href=lambda row: _address(row.need)
        ),
        Column("enterprise", "企业", cell=lambda row: str(row.need.enterprise)),
        Column("organisation", "受理单位", cell=lambda row: row.need.organisation.title),
    )  # fmt: skip


NEEDS = Register(
    "figure",
    columns=(
        Column("number", "编号", kind="code", sort="number"),
        Column("title", "需求", primary=True, href=_address),
        Column("enterprise", "企业", cell=lambda need: str(need.enterprise)),
        Column("organisation", "受理单位", cell=lambda need: need.organisation.title),
        Column("stage", "环节", kind="badge", cell=stage_badge, export=lambda need: need.get_stage_display()),
        Column("submitted_at", "提交", kind="date", sort="submitted_at"),
        Column("due_at", "时限", kind="due", sort="due_at", optional=True),
        Column("industry", "行业", cell=lambda need: need.enterprise.get_industry_display(), optional=True),
    ),
    order=("-submitted_at", "-pk"),
)

CLOSINGS = Register(
    "figure",
    columns=(
        *_of_case(),
        Column("kind", "办结方式", optional=True),
        Column("result", "结果", cell=lambda row: result_of(row.need)),
        Column("reason", "原因", cell=_reason),
        Column("at", "办结", kind="date", sort="at"),
        Column("by_name", "办理人", optional=True),
    ),
    order=("-at", "-pk"),
)

OUTCOMES = Register(
    "figure",
    columns=(
        *_of_case(),
        Column("result", "结果", kind="badge", cell=_result, export=lambda row: row.get_result_display()),
        Column("evidence_level", "证据等级", cell=lambda row: row.get_evidence_level_display()),
        Column("confirmed_at", "双方确认", kind="date", sort="confirmed_at"),
        Column("amount", "合同金额（万元）", kind="number", cell=_ten_thousand_yuan, optional=True),
        Column("note", "说明", optional=True),
    ),
    order=("-confirmed_at", "-pk"),
)

SERVICES = Register(
    "figure",
    columns=(
        Column("expert.name", "专家", primary=True, href=lambda row: row.expert.get_absolute_url()),
        Column("expert.unit", "单位"),
        Column("meeting.need.title", "需求", href=lambda row: _address(row.meeting.need)),
        Column("enterprise", "企业", cell=lambda row: str(row.meeting.need.enterprise)),
        Column("meeting.mode", "方式"),
        Column("meeting.starts_at", "对接时间", kind="date", sort="meeting__starts_at"),
        Column(
            "organisation", "受理单位", cell=lambda row: row.meeting.need.organisation.title, optional=True
        ),
    ),
    order=("-meeting__starts_at", "-pk"),
)

EXPERTS = Register(
    "figure",
    columns=(
        Column("name", "姓名", primary=True, href=lambda expert: expert.get_absolute_url(), sort="name"),
        Column("kind", "类别", sort="kind"),
        Column("unit", "单位", sort="unit"),
        Column("title", "职称"),
        Column("keywords", "研究方向"),
        Column("organisation.title", "推荐单位"),
        Column("place.title", "所在地", optional=True),
    ),
    order=("name", "pk"),
)


def _hours(row: Any) -> float:
    return round(row.waited_minutes / 60, 1)


def _paused_hours(row: Any) -> float | None:
    return None if row.minutes is None else round(row.minutes / 60, 1)


PAUSES = Register(
    "figure",
    columns=(
        Column("number", "编号", kind="code"),
        Column(
            "title", "需求", primary=True, href=lambda row: reverse("needs:detail", args=(row.subject_id,))
        ),
        Column("reason", "等谁", cell=lambda row: CHOICES["pause"].get(row.reason, row.reason)),
        Column("at", "开始", kind="when", sort="at"),
        Column("until", "最晚到", kind="date", sort="until"),
        Column("ended_at", "结束", kind="when"),
        Column("minutes", "停了（工作小时）", kind="number", cell=_paused_hours),
        Column("by_name", "经办人"),
        Column("note", "依据", optional=True),
    ),
    order=("-at", "-pk"),
)

STEPS = Register(
    "figure",
    columns=(
        Column("number", "编号", kind="code"),
        Column(
            "title", "需求", primary=True, href=lambda row: reverse("needs:detail", args=(row.subject_id,))
        ),
        Column("step", "步骤", cell=lambda row: CHOICES["step"].get(row.step, row.step)),
        Column("actor_name", "办理人"),
        Column("at", "时间", kind="when", sort="at"),
        Column("waited", "停留（工作小时）", kind="number", cell=_hours, sort="waited_minutes"),
        Column("late", "逾期", kind="yesno", sort="late"),
        Column("note", "说明", optional=True),
    ),
    order=("-at", "-pk"),
)
