"""Every write on the libraries. Each tells the search index, so that whatever it changes is found at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from zhiqiao.directory.codes import DISCIPLINES
from zhiqiao.directory.enums import EvidenceKind
from zhiqiao.directory.models import (
    Enterprise,
    Evidence,
    Expert,
    ExpertDiscipline,
    ResearchOutput,
)
from zhiqiao.directory.search import ENTERPRISES, OUTPUTS, experts_rewritten
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse
from zhiqiao.kit.privacy import CONTACT, masked
from zhiqiao.kit.search import changed
from zhiqiao.orgs.actions import add_organisation
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Organisation


@dataclass(frozen=True, slots=True)
class Proof:
    """One evidence item as it comes from a form or a file."""

    kind: str
    title: str
    text: str = ""
    year: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What hangs on an expert: ``None`` leaves what is there, an empty tuple clears it."""

    disciplines: tuple[str, ...] | None = None
    evidence: tuple[Proof, ...] | None = field(default=None)


@transaction.atomic
def save_expert(
    expert: Expert,
    *,
    by: By,
    at: datetime,
    belongings: Belongings = Belongings(),
    changes: Mapping[str, Any] | None = None,
) -> Expert:
    """Add an expert, or change one. Unknown disciplines are refused by name."""
    before = {name: getattr(expert, name) for name in changes} if changes and expert.pk else None
    for name, value in (changes or {}).items():
        setattr(expert, name, value)
    new = expert.pk is None
    expert.updated_at = at
    expert.save()
    _hang(expert, belongings)
    experts_rewritten((expert.pk,))
    verb = "expert.add" if new else "expert.change"
    after = {"name": expert.name, "unit": expert.unit} if new else dict(changes or {})
    audit.record(verb, expert, by=by, at=at, before=_texts(before), after=_texts(after))
    return expert


def _hang(expert: Expert, belongings: Belongings) -> None:
    if belongings.disciplines is not None:
        unknown = [code for code in belongings.disciplines if code not in DISCIPLINES]
        if unknown:
            refuse(
                "directory.discipline",
                f"没有这个学科代码：{'、'.join(unknown)}（GB/T 13745 一级，三位数字）。",
            )
        expert.disciplines.all().delete()
        ExpertDiscipline.objects.bulk_create(
            ExpertDiscipline(expert=expert, code=code) for code in dict.fromkeys(belongings.disciplines)
        )
    if belongings.evidence is not None:
        replace_evidence(expert.evidence.all(), belongings.evidence, holder=expert)


def replace_evidence(held: QuerySet[Evidence], proofs: Iterable[Proof], *, holder: Expert) -> list[Evidence]:
    """Make the items of ``held`` say what ``proofs`` say, services aside; return the items added to ``holder``.

    An item that says the same stays the same row, so that what speaks of it goes on speaking of it.
    """
    wanted = [_evidence(holder, proof) for proof in proofs]
    known: dict[tuple[Any, ...], list[Evidence]] = {}
    for item in held.exclude(kind=EvidenceKind.SERVICE).order_by("id"):
        known.setdefault(_said(item), []).append(item)
    added = [item for item in wanted if not (same := known.get(_said(item))) or not same.pop(0)]
    gone = [item.pk for items in known.values() for item in items]
    Evidence.objects.filter(pk__in=gone).delete()
    return Evidence.objects.bulk_create(added)


def _said(item: Evidence) -> tuple[Any, ...]:
    return (item.kind, item.title, item.text, item.year, item.url)


def _evidence(expert: Expert, proof: Proof) -> Evidence:
    return Evidence(
        expert=expert,
        kind=EvidenceKind(proof.kind),
        title=proof.title[:300],
        text=proof.text,
        year=proof.year,
        url=proof.url,
    )


@transaction.atomic
def record_service(expert: Expert, *, title: str, text: str, year: int, by: By, at: datetime) -> Evidence:
    """Add a service an expert has rendered to her evidence: entered once, found from then on."""
    evidence = Evidence.objects.create(
        expert=expert, kind=EvidenceKind.SERVICE, title=title[:300], text=text, year=year
    )
    Expert.objects.filter(pk=expert.pk).update(updated_at=at)
    experts_rewritten((expert.pk,))
    audit.record("expert.service", expert, by=by, at=at, after={"title": title})
    return evidence


@transaction.atomic
def set_availability(
    expert: Expert, *, by: By, at: datetime, task_cap: int, resting_until: Any = None
) -> None:
    """An expert says how much she takes on, and until when she wants to be left in peace."""
    save_expert(expert, by=by, at=at, changes={"task_cap": task_cap, "resting_until": resting_until})


@transaction.atomic
def add_enterprise(
    *, name: str, place: Organisation, by: By, at: datetime, credit_code: str = "", **values: Any
) -> Enterprise:
    """Enter an enterprise below the association of its place.

    :raises Refused: the credit code is entered already (the message names the enterprise).
    """
    if credit_code:
        known = Enterprise.objects.select_related("organisation").filter(credit_code=credit_code).first()
        if known:
            refuse("directory.enterprise_known", f"这个统一社会信用代码已登记：{known}。请直接选用。")
    organisation = add_organisation(
        name=name, kind=Kind.ENTERPRISE, parent=place, by=by, at=at, code=credit_code
    )
    enterprise = Enterprise(organisation=organisation, credit_code=credit_code, updated_at=at, **values)
    enterprise.full_clean(exclude=("organisation",))
    enterprise.save()
    changed(ENTERPRISES, (enterprise.pk,))
    return enterprise


@transaction.atomic
def change_enterprise(
    enterprise: Enterprise, *, by: By, at: datetime, changes: Mapping[str, Any]
) -> Enterprise:
    """Change what is known of an enterprise."""
    before = {name: getattr(enterprise, name) for name in changes}
    for name, value in changes.items():
        setattr(enterprise, name, value)
    enterprise.updated_at = at
    enterprise.save()
    changed(ENTERPRISES, (enterprise.pk,))
    audit.record("enterprise.change", enterprise, by=by, at=at, before=_texts(before), after=_texts(changes))
    return enterprise


@transaction.atomic
def save_output(output: ResearchOutput, *, by: By, at: datetime) -> ResearchOutput:
    """Add a research output, or change one."""
    new = output.pk is None
    output.updated_at = at
    output.save()
    changed(OUTPUTS, (output.pk,))
    audit.record(
        "output.add" if new else "output.change", output, by=by, at=at, after={"title": output.title}
    )
    return output


@transaction.atomic
def add_experts(
    rows: Iterable[tuple[Expert, Belongings]], *, by: By, at: datetime, reason: str
) -> list[Expert]:
    """Add many experts at once, in a handful of statements and one audit entry."""
    rows = list(rows)
    for expert, _ in rows:
        expert.updated_at = at
    experts = Expert.objects.bulk_create((expert for expert, _ in rows), batch_size=500)
    pairs = [(expert, belongings) for expert, (_, belongings) in zip(experts, rows, strict=True)]
    ExpertDiscipline.objects.bulk_create(
        (
            ExpertDiscipline(expert=expert, code=code)
            for expert, belongings in pairs
            for code in dict.fromkeys(belongings.disciplines or ())
        ),
        batch_size=1000,
    )
    Evidence.objects.bulk_create(
        (_evidence(expert, proof) for expert, belongings in pairs for proof in belongings.evidence or ()),
        batch_size=500,
    )
    experts_rewritten(expert.pk for expert in experts)
    audit.record("expert.add_many", None, by=by, at=at, after={"count": len(experts)}, reason=reason)
    return experts


def _texts(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: _text(name, value) for name, value in values.items()}


def _text(name: str, value: Any) -> Any:
    """Write a value for the audit record, which is for ever: contacts only so far as to recognise them."""
    if Expert.PERSONAL.get(name) is CONTACT and value:
        return masked(str(value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)
