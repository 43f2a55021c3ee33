"""The register of needs: its columns and filters. The same declaration serves screen, bulk acts and export."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from zhiqiao.directory.codes import INDUSTRIES
from zhiqiao.kit.web.cells import badge
from zhiqiao.kit.web.register import Choice, Column, DateRange, Flag, Register, Text
from zhiqiao.needs import enums, queries
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Need, Outcome
from zhiqiao.needs.search import needs_with, written_of
from zhiqiao.orgs.enums import HANDLERS
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisations_for
from zhiqiao.orgs.scope import Who, below

STAGE_TONES = {
    Stage.SUBMITTED: "accent", Stage.RETURNED: "warning", Stage.MATCHING: "accent", Stage.INVITING: "accent",
    Stage.ARRANGING: "accent", Stage.SCHEDULED: "accent", Stage.MET: "accent", Stage.CONFIRMING: "warning",
    Stage.RATING: "warning", Stage.CLOSING: "accent", Stage.ARCHIVED: "success",
}  # fmt: skip


def stage_badge(need: Need) -> SafeString:
    """Return the stage of a need as a label: coloured while somebody has to act, plain once it is over."""
    return badge(need.get_stage_display(), STAGE_TONES.get(Stage(need.stage), "neutral"))


def result_of(need: Need) -> str:
    """Return what came of a need, in words; empty as long as nothing has been reported."""
    outcome = queries.current_outcome(need)
    if outcome is None:
        return ""
    words = outcome.get_result_display()
    return words if outcome.confirmed_at else f"{words}（待确认）"


def _yuan(need: Need) -> float | None:
    return need.budget_yuan


def _due(need: Need) -> datetime | None:
    return None if need.stage in queries.FINISHED else need.due_at


def _handled_below(keys: list[Any]) -> Q:
    """Take a city to mean its districts too, as people do."""
    return Q(organisation__in=below(Organisation.objects.filter(pk__in=keys)))


def _with_result(results: list[Any]) -> Q:
    current = Outcome.objects.filter(superseded_at__isnull=True, result__in=results)
    return Q(pk__in=current.values("need_id"))


def _in_programme(keys: list[Any]) -> Q:
    return Q(pk__in=Need.programmes.through.objects.filter(programme_id__in=keys).values("need_id"))


def _overdue(at: datetime) -> Q:
    return Q(due_at__lt=at) & ~Q(stage__in=queries.FINISHED)


NEEDS = Register(
    "needs",
    columns=(
        Column("number", "编号", kind="code", sort="number"),
        Column("title", "需求", primary=True, href=lambda need: need.get_absolute_url(), sort="title"),
        Column("enterprise", "企业", cell=lambda need: str(need.enterprise)),
        Column("stage", "环节", kind="badge", cell=stage_badge, export=lambda need: need.get_stage_display()),
        Column("due_at", "时限", kind="due", cell=_due, sort="due_at"),
        Column("organisation", "受理单位", cell=lambda need: need.organisation.title),
        Column("submitted_at", "提交", kind="when", sort="submitted_at"),
        Column("kind", "类别", cell=lambda need: need.get_kind_display(), optional=True),
        Column("result", "结果", cell=result_of, optional=True),
        Column(
            "industry", "行业", cell=lambda need: need.enterprise.get_industry_display(), optional=True
        ),
        Column("urgency", "紧急程度", cell=lambda need: need.get_urgency_display(), optional=True),
        Column("source", "来源", cell=lambda need: need.get_source_display(), optional=True),
        Column("visibility", "公开范围", cell=lambda need: need.get_visibility_display(), optional=True),
        Column("budget", "拟投入（元）", kind="number", cell=_yuan, sort="budget_fen", optional=True),
        Column("wanted_on", "期望完成", kind="date", sort="wanted_on", optional=True),
        Column("stage_at", "进入环节", kind="when", sort="stage_at", optional=True),
    ),
    filters=(
        Text(
            "q", "名称、内容、编号或企业", where=needs_with, shows=written_of,
            suggest="suggest?in=needs",
        ),
        Choice("stage", "环节", choices=[c for c in Stage.choices if c[0] != Stage.DRAFT], many=True),
        Choice("organisation", "受理单位", where=_handled_below),
        Flag("overdue", "只看已逾期", where=_overdue),
        DateRange("submitted", "提交日期", field="submitted_at", more=True),
        Choice("kind", "类别", choices=enums.Kind.choices, many=True, more=True),
        Choice(
            "industry", "行业", choices=list(INDUSTRIES.items()), many=True, more=True,
            field="enterprise__industry",
        ),
        Choice("programme", "专项行动", where=_in_programme, more=True),
        Choice("result", "结果", choices=enums.Result.choices, many=True, where=_with_result, more=True),
        Choice("urgency", "紧急程度", choices=enums.Urgency.choices, more=True),
        Choice("source", "来源", choices=enums.Source.choices, more=True),
    ),
    order=("-pk",),
)  # fmt: skip

INBOX = Register("inbox", columns=(Column("title", "需求", primary=True),), order=("due_at", "pk"))
"""The inbox has no table of its own; it borrows the paging by key, with what has no due time last."""


def choices_for(who: Who) -> dict[str, list[tuple[int, str]]]:
    """Return the options of the register that depend on the reader: units that handle needs, programmes."""
    handlers = organisations_for(who).filter(kind__in=HANDLERS).order_by("path")
    return {
        "organisation": [(one.pk, one.title) for one in handlers],
        "programme": [(one.pk, one.name) for one in queries.programmes_for(who)],
    }


def rows_for(who: Who) -> QuerySet[Need]:
    """Return the rows of the register with all that a cell reads."""
    return queries.register_of_needs(who).prefetch_related("outcomes")
