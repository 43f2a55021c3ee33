"""Two rows become one person, one person becomes two again, or are told apart for good.

A merge moves whatever points at an expert, found from the tables themselves, so that a table added later is
moved too. What the survivor has already (the same meeting attended twice) would count double: such a row is
taken out and kept, whole, with the merge. A split puts everything back.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from zhiqiao.directory import identity
from zhiqiao.directory.actions import Belongings, Proof, replace_evidence, save_expert
from zhiqiao.directory.models import Distinction, Evidence, Expert, ExpertDiscipline, Merge, MergedRow
from zhiqiao.directory.search import experts_rewritten
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse, require

FILLED = ("unit", "title", "position", "keywords", "place_id", "resting_until")
"""Fields of the survivor that are filled from the other row where she has nothing."""

CONTACTS = ("phone", "email")
"""Contacts are filled with the choice of who may see them, which was made for them."""

RULES = (Merge, MergedRow, Distinction)
"""Tables that say which rows are one person; they speak of rows and stay."""


@transaction.atomic
def merge_experts(survivor: Expert, other: Expert, *, by: By, at: datetime, reason: str) -> Merge:
    """Find two rows to be one person: what hangs on ``other`` hangs on ``survivor``, ``other`` redirects.

    :raises Refused: not permitted, or not possible now (the message says what to do first).
    """
    _need_reason(reason)
    survivor, other = _locked(survivor, other)
    require(identity.may_merge(by, survivor, other))
    merge = Merge.objects.create(
        survivor=survivor,
        other=other,
        reason=reason.strip(),
        kept={"is_active": other.is_active, "person_id": other.person_id},
        by_name=actor_of(by).name,
        at=at,
    )
    moved = MergedRow.objects.bulk_create(_moved(merge), batch_size=500)
    merge.filled = _fill(survivor, other)
    merge.save(update_fields=("filled",))
    other.is_active, other.merged_into = False, survivor
    other.save(update_fields=("is_active", "merged_into", "person"))
    survivor.save()
    _tell_search(survivor, other, at=at)
    after = {"other": other.pk, "rows": len(moved), "filled": [one["field"] for one in merge.filled]}
    audit.record("expert.merge", survivor, by=by, at=at, after=after, reason=merge.reason)
    audit.record(
        "expert.merged_away", other, by=by, at=at, after={"survivor": survivor.pk}, reason=merge.reason
    )
    return merge


@transaction.atomic
def split_experts(merge: Merge, *, by: By, at: datetime, reason: str) -> Distinction:
    """Take a merge back, exactly, and remember that the two are different people.

    What came after the merge stays with the survivor; a field that was changed since keeps its value.
    """
    _need_reason(reason)
    survivor, other = _locked(merge.survivor, merge.other)
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    merge.survivor, merge.other = survivor, other
    require(identity.may_split(by, merge))
    _unfill(survivor, merge.filled)
    survivor.save()
    other.is_active, other.person_id = merge.kept["is_active"], merge.kept["person_id"]
    other.merged_into = None
    other.save(update_fields=("is_active", "merged_into", "person"))
    _put_back(merge)
    merge.split_at, merge.split_by_name, merge.split_reason = at, actor_of(by).name, reason.strip()
    merge.save(update_fields=("split_at", "split_by_name", "split_reason"))
    _tell_search(survivor, other, at=at)
    audit.record("expert.split", survivor, by=by, at=at, after={"other": other.pk}, reason=reason.strip())
    return tell_apart(survivor, other, by=by, at=at, reason=reason)


@transaction.atomic
def tell_apart(one: Expert, other: Expert, *, by: By, at: datetime, reason: str) -> Distinction:
    """Say that two rows are different people: they are never offered as one again. Harmless to repeat."""
    _need_reason(reason)
    one, other = _locked(one, other)
    if known := identity.told_apart(one, other):
        return known
    require(identity.may_decide(by, one, other))
    first, second = sorted((one, other), key=lambda expert: expert.pk)
    made = Distinction.objects.create(
        first=first, second=second, reason=reason.strip(), by_name=actor_of(by).name, at=at
    )
    audit.record("expert.tell_apart", first, by=by, at=at, after={"other": second.pk}, reason=made.reason)
    return made


@transaction.atomic
def take_back(distinction: Distinction, *, by: By, at: datetime) -> None:
    """Withdraw the decision that two rows are different people; the pair is offered again."""
    require(identity.may_decide(by, distinction.first, distinction.second))
    rows = Distinction.objects.filter(pk=distinction.pk, revoked_at__isnull=True)
    if rows.update(revoked_at=at):
        audit.record(
            "expert.not_apart", distinction.first, by=by, at=at, after={"other": distinction.second_id}
        )


def _need_reason(reason: str) -> None:
    if not reason.strip():
        refuse("directory.reason_missing", "请写明判断的依据，例如电话核实、同一邮箱。")


def _locked(one: Expert, other: Expert) -> tuple[Expert, Expert]:
    """Lock both rows, the smaller number first, and return them as they are now."""
    rows = Expert.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    held = {
        row.pk: row for row in rows.filter(pk__in=(one.pk, other.pk)).select_related("organisation", "person")
    }
    return held[one.pk], held[other.pk]


def _tell_search(*experts: Expert, at: datetime) -> None:
    keys = [expert.pk for expert in experts]
    Expert.objects.filter(pk__in=keys).update(updated_at=at)
    experts_rewritten(keys)


# ── Moving what points at an expert ─────────────────────────────────────────────────────────────────


def pointing_at_experts() -> Iterator[tuple[type[models.Model], str]]:
    """Yield every table and column that names an expert, tables of many-to-many relations included."""
    for field in Expert._meta.get_fields(include_hidden=True):
        if not (field.auto_created and field.is_relation) or field.many_to_many:
            continue
        model = field.related_model
        if isinstance(model, type) and model is not Expert and model not in RULES:
            yield model, field.field.name  # type: ignore[union-attr]


def _moved(merge: Merge) -> list[MergedRow]:
    rows: list[MergedRow] = []
    for model, column in pointing_at_experts():
        held = model._base_manager.filter(**{column: merge.other}).order_by("pk")
        keys = list(held.values_list("pk", flat=True))
        if not keys:
            continue
        label = model._meta.label_lower
        made = (MergedRow(merge=merge, table=label, column=column, key=key) for key in keys)
        if _moves(model, column, keys, merge.survivor):
            rows += made
        else:
            rows += [row for row in made if _moves_alone(model, row, merge.survivor)]
    return rows


def _moves(model: type[models.Model], column: str, keys: Sequence[int], to: Expert) -> bool:
    """Point these rows at another expert; False if the tables do not allow it, and then nothing is changed."""
    try:
        with transaction.atomic():
            model._base_manager.filter(pk__in=keys).update(**{column: to})
    except IntegrityError:
        return False
    return True


def _moves_alone(model: type[models.Model], row: MergedRow, to: Expert) -> bool:
    """Move one row. One that the survivor has already is taken out and kept, unless other rows hang on it."""
    if _moves(model, row.column, (row.key,), to):
        return True
    if any(not relation.many_to_many for relation in model._meta.related_objects):
        return False  # an invitation with its answers and links: it stays where it was
    held = model._base_manager.get(pk=row.key)
    row.values = _frozen(held)
    model._base_manager.filter(pk=row.key).delete()
    return True


def _frozen(row: models.Model) -> dict[str, Any]:
    """Return every column of a row as text, so that ``_thawed`` gives back the very same."""
    return {
        field.attname: None if getattr(row, field.attname) is None else field.value_to_string(row)
        for field in row._meta.concrete_fields
    }


def _thawed(model: type[models.Model], values: dict[str, Any]) -> models.Model:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return model(
        **{
            name: None if value is None else fields[name].to_python(value)
            for name, value in values.items()
            if name in fields
        }
    )


def _put_back(merge: Merge) -> None:
    """Point moved rows back at the other expert where they still point at the survivor; restore those taken out."""
    for row in merge.rows.filter(values__isnull=False):
        model = apps.get_model(row.table)
        if not model._base_manager.filter(pk=row.key).exists():
            _thawed(model, row.values or {}).save(force_insert=True)
    moved: dict[tuple[str, str], list[int]] = {}
    for row in merge.rows.filter(values__isnull=True):
        moved.setdefault((row.table, row.column), []).append(row.key)
    for (table, column), keys in moved.items():
        rows = apps.get_model(table)._base_manager.filter(pk__in=keys, **{column: merge.survivor})
        rows.update(**{column: merge.other})


# ── Filling what the survivor does not say ──────────────────────────────────────────────────────────


def _fill(survivor: Expert, other: Expert) -> list[dict[str, Any]]:
    """Fill the survivor's empty fields from the other row and return what was changed, field by field."""
    changes = {name: getattr(other, name) for name in FILLED if not getattr(survivor, name)}
    for name in CONTACTS:
        if not getattr(survivor, name) and getattr(other, name):
            seen_by = f"{name}_visibility"
            changes |= {name: getattr(other, name), seen_by: getattr(other, seen_by)}
    if survivor.person_id is None and other.person_id is not None:
        changes["person_id"] = other.person_id
        Expert.objects.filter(pk=other.pk).update(person=None)
        other.person_id = None
    filled = []
    for name, value in changes.items():
        before = _frozen_field(survivor, name)
        setattr(survivor, name, value)
        if (after := _frozen_field(survivor, name)) != before:
            filled.append({"field": name, "before": before, "after": after})
    return filled


def _unfill(survivor: Expert, filled: Iterable[dict[str, Any]]) -> None:
    fields = {field.attname: field for field in Expert._meta.concrete_fields}
    for one in filled:
        if _frozen_field(survivor, one["field"]) == one["after"]:
            value = None if one["before"] is None else fields[one["field"]].to_python(one["before"])
            setattr(survivor, one["field"], value)


def _frozen_field(expert: Expert, name: str) -> Any:
    field = next(field for field in Expert._meta.concrete_fields if field.attname == name)
    return None if getattr(expert, name) is None else field.value_to_string(expert)


# ── What a file says of somebody who was merged ─────────────────────────────────────────────────────


@transaction.atomic
def save_from_source(
    row: Expert, *, by: By, at: datetime, belongings: Belongings, changes: dict[str, Any]
) -> Expert:
    """Save what a file says of a known row, and return who it is.

    The fields are the row's own. Evidence hangs on the surviving expert, but only what this row brought is
    replaced: a file read again neither undoes a merge nor takes away what the other row brought.
    """
    if not identity.is_merged(row):
        return save_expert(row, by=by, at=at, belongings=belongings, changes=changes)
    save_expert(row, by=by, at=at, changes=changes)
    holder = identity.surviving(row)
    if belongings.evidence is not None:
        _replace_evidence(row, holder, belongings.evidence)
    if belongings.disciplines is not None and row.pk == holder.pk:
        own = ExpertDiscipline.objects.filter(identity.brought_by(row, identity.DISCIPLINES))
        own.exclude(code__in=belongings.disciplines).delete()
        held = set(row.disciplines.values_list("code", flat=True))
        ExpertDiscipline.objects.bulk_create(
            ExpertDiscipline(expert=row, code=code)
            for code in dict.fromkeys(belongings.disciplines)
            if code not in held
        )
    _tell_search(holder, at=at)
    return holder


def _replace_evidence(row: Expert, holder: Expert, proofs: Sequence[Proof]) -> None:
    own = Evidence.objects.filter(identity.brought_by(row, identity.EVIDENCE))
    added = replace_evidence(own, proofs, holder=holder)
    step = row
    while step.merged_into_id is not None:  # so that a split gives the new items back, too
        merge = identity.live_merges().get(other=step)
        MergedRow.objects.bulk_create(
            MergedRow(merge=merge, table=identity.EVIDENCE, column="expert", key=item.pk) for item in added
        )
        step = merge.survivor
