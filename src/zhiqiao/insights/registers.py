"""How the records behind a number are listed: needs, experts, services, steps."""

from typing import Any

from django.db.models import QuerySet

from zhiqiao.insights.figures import Figure
from zhiqiao.insights.frame import Frame
from zhiqiao.kit.web.register import Column, Register
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Need
from zhiqiao.needs.registers import NEEDS

NEED_ROWS = Register("figure_needs", columns=NEEDS.columns, order=("-submitted_at", "-pk"))
EXPERT_ROWS = Register(
    "figure_experts",
    columns=(
        Column("name", "姓名", primary=True, href=lambda one: one.get_absolute_url(), sort="name"),
        Column("kind", "类别", cell=lambda one: one.get_kind_display()),
        Column("unit", "单位"),
        Column("title", "职称"),
        Column("keywords", "研究方向", optional=True),
        Column("organisation", "推荐单位", cell=lambda one: one.organisation.title),
    ),
    order=("pk",),
)
SERVICE_ROWS = Register(
    "figure_services",
    columns=(
        Column("expert", "专家", primary=True, cell=lambda row: row.expert.name, href=lambda row: row.expert.get_absolute_url()),
        Column("unit", "单位", cell=lambda row: row.expert.unit),
        Column("need", "需求", cell=lambda row: row.meeting.need.title, href=lambda row: row.meeting.need.get_absolute_url()),
        Column("starts_at", "对接时间", kind="when", cell=lambda row: row.meeting.starts_at, sort="meeting__starts_at"),
        Column("mode", "方式", cell=lambda row: row.meeting.get_mode_display()),
    ),
    order=("-meeting__starts_at", "-pk"),
)  # fmt: skip
STEP_ROWS = Register(
    "figure_steps",
    columns=(
        Column("subject_id", "需求", primary=True, cell=lambda row: row.need_title, href=lambda row: row.need_url),
        Column("step", "步骤", cell=lambda row: NEED_FLOW.steps[row.step].title),
        Column("actor_name", "办理人"),
        Column("at", "办理时间", kind="when", sort="at"),
        Column("waited", "等了多少工作小时", kind="number", cell=lambda row: round(row.waited_minutes / 60, 1), sort="waited_minutes"),
    ),
    order=("-at", "-pk"),
)  # fmt: skip

_REGISTERS = {"need": NEED_ROWS, "expert": EXPERT_ROWS, "service": SERVICE_ROWS, "step": STEP_ROWS}


def register_of(figure: Figure) -> Register:
    """Return the register that lists a figure's rows."""
    return _REGISTERS[figure.subject]


def rows_of(figure: Figure, frame: Frame) -> QuerySet[Any]:
    """Return a figure's rows with what its register shows of them."""
    rows = figure.rows(frame)
    match figure.subject:
        case "need":
            return rows.select_related("enterprise__organisation", "organisation").prefetch_related(
                "outcomes"
            )
        case "expert":
            return rows.select_related("organisation")
        case "service":
            return rows.select_related("expert", "meeting__need")
        case _:
            return rows


def name_subjects(rows: list[Any]) -> None:
    """Give each step the title and address of its need; a transition holds only the identifier."""
    found = Need.objects.in_bulk({row.subject_id for row in rows})
    for row in rows:
        need = found.get(row.subject_id)
        row.need_title = str(need) if need else f"需求 {row.subject_id}"
        row.need_url = need.get_absolute_url() if need else None
