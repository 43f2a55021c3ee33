"""Every figure, defined once: screen, command line, export and tests count by these definitions only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from zhiqiao.insights import queries, registers
from zhiqiao.insights.lens import Lens
from zhiqiao.kit.web.register import Register

Rows = Callable[[Lens], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that opens: its value is ``rows(lens).count()``, and opening it lists exactly these rows.

    name : stable code, also in addresses. definition : one sentence in Chinese that a clerk can check.
    formula : how it is counted, for whoever checks the definition against the records.
    listed : adds what the register shows to the rows; it must not change which rows they are.
    need : lookup from a row to its need ("" = the row is the need, None = it has none).
    instant : the instant that a period is compared with. looks_back : can be shown as of an earlier day.
    """

    name: str
    title: str
    definition: str
    formula: str
    unit: str
    rows: Rows
    register: Register
    listed: Callable[[QuerySet[Any]], QuerySet[Any]]
    need: str | None = None
    instant: str = ""
    looks_back: bool = True

    def count(self, lens: Lens) -> int | None:
        """Count the rows; None if the figure cannot be known for the day looked back to."""
        if lens.as_of and not self.looks_back:
            return None
        return self.rows(lens).count()


@dataclass(frozen=True, slots=True)
class Rate:
    """One figure over another; both open. ``as_percent`` False writes it as a plain ratio."""

    name: str
    title: str
    definition: str
    numerator: str
    denominator: str
    as_percent: bool = True

    @property
    def unit(self) -> str:
        return "%" if self.as_percent else FIGURES[self.numerator].unit + "/" + FIGURES[self.denominator].unit

    def value(self, part: int | None, whole: int | None) -> float | None:
        """Return percent with one decimal, or the ratio with two; None without a denominator."""
        if part is None or not whole:
            return None
        return round(100 * part / whole, 1) if self.as_percent else round(part / whole, 2)

    def words(self, part: int | None, whole: int | None) -> str:
        """Return the value as people read it: 82.2%, or 1.09."""
        value = self.value(part, whole)
        if value is None:
            return "—"
        return f"{value:.1f}%" if self.as_percent else f"{value:.2f}"


def _reached(step: str) -> Rows:
    return lambda lens: queries.reached(lens, step)


def _of_needs(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("enterprise__organisation", "organisation")


def _of_cases(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("need__enterprise__organisation", "need__organisation").prefetch_related(
        "need__outcomes"
    )


def _of_services(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related(
        "expert", "meeting__need__enterprise__organisation", "meeting__need__organisation"
    )


def _of_experts(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("organisation", "place")


def _of(name: str, title: str, definition: str, formula: str, rows: Rows, **more: Any) -> Figure:
    """A figure that counts needs."""
    return Figure(name, title, definition, formula, "项", rows, registers.NEEDS, _of_needs, need="", **more)


_ALL = (
    Figure(
        "experts", "专家",
        "在库的专家；选了专项行动时，是为它入选的专家。每人算一次，按入库类别分，不随时间段变化。",
        "Expert：is_active，可见范围内；回看时按 consented_at。",
        "人", queries.experts, registers.EXPERTS, _of_experts, instant="consented_at",
    ),
    _of(
        "received", "收到需求", "企业已经提交的需求，草稿不算，按最近一次提交的时间。",
        "Need：submitted_at 不为空。", queries.received, instant="submitted_at",
    ),
    _of("accepted", "受理", "受理单位接下来办理的需求。", "Need：有 accept 步骤。", _reached("accept")),
    _of(
        "matched", "发出邀请", "已经找到合适的专家并发出过邀请的需求，重新匹配不重复算。",
        "Need：有 invite 步骤。", _reached("invite"),
    ),
    _of("engaged", "专家接受", "至少有一位专家接受了邀请的需求。", "Need：有 engage 步骤。", _reached("engage")),
    _of(
        "met", "完成对接", "专家和企业至少见过一次面的需求，现场、视频、电话都算。",
        "Need：有已举行的 Meeting，且有专家到场。", queries.met,
    ),
    Figure(
        "services", "服务人次", "专家到场的次数：一位专家参加一次对接算一人次，同一次对接不重复算。",
        "Attendance：expert 不为空，Meeting 已举行；按 starts_at。",
        "人次", queries.services, registers.SERVICES, _of_services,
        need="meeting__need__", instant="meeting__starts_at",
    ),
    Figure(
        "confirmed", "双方确认结果", "登记了结果、并由参加的各方都确认的需求，不论结果好坏。",
        "Outcome：confirmed_at 不为空，且未被后来的登记取代。",
        "项", queries.confirmed, registers.OUTCOMES, _of_cases, need="need__", instant="confirmed_at",
    ),
    Figure(
        "successes", "解决或合作", "双方确认“已解决”或“达成合作”的需求。办结不等于解决，只有这里的才算。",
        "Outcome：同“双方确认结果”，result 为 solved 或 cooperation。",
        "项", queries.successes, registers.OUTCOMES, _of_cases, need="need__", instant="confirmed_at",
    ),
    Figure(
        "closed", "办结", "走完流程并归档的需求，不论是否解决；不予受理和撤回的不算。",
        "Closing：kind 为 completed；按 at。",
        "项", queries.closed, registers.CLOSINGS, _of_cases, need="need__", instant="at",
    ),
    Figure(
        "closed_without_success", "办结而未成",
        "已经办结，结果是“部分解决”或“未解决”的需求；未解决的都写明了原因。",
        "Closing：kind 为 completed，当前 Outcome 不是 solved 或 cooperation。",
        "项", queries.closed_without_success, registers.CLOSINGS, _of_cases, need="need__", instant="at",
    ),
    Figure(
        "turned_away", "不予受理或撤回", "提交后没有受理，或企业自己撤回的需求。",
        "Closing：kind 为 rejected 或 withdrawn。",
        "项", queries.turned_away, registers.CLOSINGS, _of_cases, need="need__", instant="at",
    ),
    _of(
        "open", "在办", "已经提交、还没有结束的需求；选了时间段时，是那段时间提交的。",
        "Need：submitted_at 不为空，没有 Closing。", queries.open_needs, instant="submitted_at",
    ),
    _of(
        "overdue", "已逾期", "在办的需求中，当前环节已过时限的。只看现在，不能回看。",
        "Need：在办，且 due_at 早于现在。", queries.overdue, instant="submitted_at", looks_back=False,
    ),
    Figure(
        "steps", "办理步骤",
        "办过的每一步：谁、什么时候办的，在上一环节停了多少工作时间，是否逾期。用时是这些步骤停留时间的中位数。",
        "Transition：flow 为 need；用时取 waited_minutes 的中位数。",
        "步", queries.steps, registers.STEPS, queries.with_needs, instant="at",
    ),
    Figure(
        "pauses", "暂停计时", "时限停下来等别人的次数：等谁、停了多久、有什么依据。停的时间不计入办理用时。",
        "Pause：flow 为 need；按 at。",
        "次", queries.pauses, registers.PAUSES, queries.with_needs, instant="at",
    ),
)  # fmt: skip

FIGURES: dict[str, Figure] = {figure.name: figure for figure in _ALL}
"""Every figure by name, in the order in which they are read."""

RATES: dict[str, Rate] = {
    rate.name: rate
    for rate in (
        Rate("close_rate", "办结率", "办结 ÷ 收到需求。", "closed", "received"),
        Rate("success_rate", "解决或合作率", "解决或合作 ÷ 收到需求。", "successes", "received"),
        Rate("success_rate_of_closed", "办结的成功率", "解决或合作 ÷ 办结。", "successes", "closed"),
        Rate(
            "services_per_need", "每项需求服务人次", "服务人次 ÷ 收到需求。",
            "services", "received", as_percent=False,
        ),
    )
}  # fmt: skip

FUNNEL = ("received", "accepted", "matched", "engaged", "met", "closed", "successes")
"""The stops from question to outcome. A case can be closed without anybody having met."""
