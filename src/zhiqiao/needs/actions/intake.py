"""A need comes in: written, submitted, taken on or turned away."""

from datetime import datetime
from typing import Any

from django.db import transaction

from zhiqiao.directory.models import Enterprise
from zhiqiao.kit import audit, clock
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require
from zhiqiao.needs import rules
from zhiqiao.needs.enums import ClosingKind, Source, Stage
from zhiqiao.needs.flow import NEED_FLOW
from zhiqiao.needs.models import Closing, Need, NumberSeries
from zhiqiao.needs.search import rewritten
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import handler_of

EDITABLE = (
    "title", "body", "target", "kind", "visibility", "urgency", "budget_fen", "wanted_on",
    "contact_name", "contact_phone", "contact_email",
)  # fmt: skip


@transaction.atomic
def ask(
    *,
    enterprise: Enterprise,
    by: By,
    at: datetime,
    source: str = Source.SELF,
    source_key: str = "",
    organisation: Organisation | None = None,
    **values: Any,
) -> Need:
    """Open a draft for an enterprise. The association of its place will handle it, unless one is named.

    :raises Refused: ``by`` neither represents the enterprise nor handles needs of its place.
    """
    need = Need(
        enterprise=enterprise,
        organisation=organisation or handler_of(enterprise.organisation),
        source=source,
        source_key=source_key,
        created_at=at,
        **_editable(values),
    )
    require(rules.may_ask(by, need))
    NEED_FLOW.begin(need, Stage.DRAFT, by=by, at=at)
    return need


@transaction.atomic
def file_need(*, enterprise: Enterprise, by: By, at: datetime, **values: Any) -> Need:
    """Open and submit a need in one go, as an import or a clerk after a visit does."""
    need = ask(enterprise=enterprise, by=by, at=at, **values)
    submit(need, by=by, at=at)
    return need


@transaction.atomic
def save_draft(need: Need, *, by: By, at: datetime, **values: Any) -> None:
    """Keep what has been typed so far. Nothing need be complete.

    :raises Refused: the need is no longer a draft, or is not this person's to write.
    """
    if need.stage not in (Stage.DRAFT, Stage.RETURNED):
        refuse("needs.not_draft", "这条需求已经提交，不再是草稿。刷新后可查看进展。")
    require(rules.may_ask(by, need))
    changes = _editable(values)
    same_stage = Need.objects.filter(pk=need.pk, stage=need.stage)
    if changes and not same_stage.update(**changes):
        refuse("needs.not_draft", "这条需求刚刚已经提交，草稿没有再保存。刷新后可查看进展。")
    for field, value in changes.items():
        setattr(need, field, value)
    if changes and need.stage != Stage.DRAFT:  # a draft is nobody's to find
        rewritten((need.pk,))


@transaction.atomic
def revise(need: Need, *, by: By, at: datetime, reason: str, **values: Any) -> None:
    """Correct the text of a need under way; both versions stay in the audit record."""
    require(rules.is_handler(by, need))
    changes = {field: value for field, value in _editable(values).items() if getattr(need, field) != value}
    if not changes:
        return
    before = {field: getattr(need, field) for field in changes}
    Need.objects.filter(pk=need.pk).update(**changes)
    for field, value in changes.items():
        setattr(need, field, value)
    rewritten((need.pk,))
    audit.record("need.revise", need, by=by, at=at, before=before, after=changes, reason=reason)


@transaction.atomic
def submit(need: Need, *, by: By, at: datetime) -> None:
    """Hand a need in: it gets its number, and the clock of the handling association starts.

    :raises Refused: something that the association cannot do without is missing (code needs.incomplete).
    """
    if missing := missing_from(need):
        refuse("needs.incomplete", f"还差{'、'.join(missing)}，补上就可以提交。")
    number = need.number or next_number(at)
    NEED_FLOW.advance(need, "submit", by=by, at=at, number=number, submitted_at=at)
    rewritten((need.pk,))


def missing_from(need: Need) -> list[str]:
    """Return what the association cannot do without, in words; a need from a ledger may lack its contact."""
    facts = [("需求名称", need.title), ("需求内容", need.body)]
    if need.source != Source.IMPORT:
        reach = need.contact_phone or need.contact_email
        facts += [("联系人", need.contact_name), ("联系电话或邮箱", reach)]
    return [label for label, value in facts if not value.strip()]


@transaction.atomic
def identify_enterprise(need: Need, enterprise: Enterprise, *, by: By, at: datetime) -> None:
    """Say which enterprise asked, for a need that came from a ledger without one."""
    require(rules.is_handler(by, need))
    before = {"enterprise": str(need.enterprise)}
    Need.objects.filter(pk=need.pk).update(enterprise=enterprise)
    need.enterprise = enterprise
    rewritten((need.pk,))
    audit.record("need.enterprise", need, by=by, at=at, before=before, after={"enterprise": str(enterprise)})


def accept(need: Need, *, by: By, at: datetime, note: str = "") -> None:
    """Take a need on: it goes to matching."""
    NEED_FLOW.advance(need, "accept", by=by, at=at, note=note)


def send_back(need: Need, *, by: By, at: datetime, note: str) -> None:
    """Return a need to the enterprise to be completed; the note says what is missing."""
    _require_note(note, "请写明需要补充什么，企业会收到这段话。")
    NEED_FLOW.advance(need, "send_back", by=by, at=at, note=note)


@transaction.atomic
def reject(need: Need, *, by: By, at: datetime, note: str) -> None:
    """Decline to take a need on. The case is closed without an outcome."""
    _require_note(note, "请写明不予受理的理由，企业会收到这段话。")
    NEED_FLOW.advance(need, "reject", by=by, at=at, note=note)
    Closing.objects.create(
        need=need, kind=ClosingKind.REJECTED, reason=note, by_name=actor_of(by).name, at=at
    )


def next_number(at: datetime) -> str:
    """Take the next case number of the year, such as XQ-2026-0371. Holds the series' row until commit."""
    year = clock.local_date(at).year
    NumberSeries.objects.get_or_create(year=year)
    series = NumberSeries.objects.select_for_update().get(year=year)
    series.last += 1
    series.save(update_fields=("last",))
    return f"XQ-{year}-{series.last:04d}"


def _editable(values: dict[str, Any]) -> dict[str, Any]:
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not a field a person writes: {', '.join(sorted(unknown))}")
    return values


def _require_note(note: str, message: str) -> None:
    if not note.strip():
        refuse("needs.note_missing", message)
