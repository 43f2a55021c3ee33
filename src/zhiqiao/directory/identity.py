"""Who is who in the expert library: the rules that were decided, and the pairs that wait for a decision."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from zhiqiao.directory.enums import DirectoryPerm, EvidenceKind
from zhiqiao.directory.identity_likeness import Pair, Traits, likely_pairs
from zhiqiao.directory.models import Distinction, Evidence, Expert, Merge, MergedRow
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who, covers, visible

EVIDENCE = "directory.evidence"
DISCIPLINES = "directory.expertdiscipline"
NAMES_AT_ONCE = 200
LONGEST_CHAIN = 20


def surviving(expert: Expert) -> Expert:
    """Return the row that stands for this person now: itself, or the one it was merged into."""
    for _ in range(LONGEST_CHAIN):
        if expert.merged_into_id is None:
            return expert
        expert = Expert.objects.get(pk=expert.merged_into_id)
    raise ValueError(f"expert {expert.pk}: more than {LONGEST_CHAIN} merges in a row")


def live_merges() -> QuerySet[Merge]:
    """Return the merges that have not been split again."""
    return Merge.objects.filter(split_at__isnull=True)


def may_decide(who: Who, *rows: Expert) -> Answer:
    """Say whether somebody may decide who these rows are: all of them are hers to keep, and still rows."""
    if len({row.pk for row in rows}) < len(rows):
        return Refusal("directory.same_row", "这是同一条记录，请选另一位。")
    for row in rows:
        if row.merged_into_id is not None:
            return Refusal("directory.merged_already", f"{row}已经并入另一条记录，请刷新后再看。")
        if not (answer := covers(who, DirectoryPerm.EDIT, row.organisation)):
            return answer
    return True


def may_merge(who: Who, survivor: Expert, other: Expert) -> Answer:
    """Say whether somebody may decide that two rows are one person, or why not now."""
    if not (answer := may_decide(who, survivor, other)):
        return answer
    if told_apart(survivor, other) is not None:
        return Refusal("directory.told_apart", "这两位已判断为不是同一人。确要合并，请先撤销那次判断。")
    if _signs_in(survivor) and _signs_in(other):
        return Refusal(
            "directory.two_accounts", "两条记录各有一个能登录的账号。请先请系统管理员停用不用的那个，再合并。"
        )
    if _signs_in(other) and survivor.person_id is not None:
        return Refusal(
            "directory.account_of_other",
            f"能登录的账号在编号 {other.pk} 的记录上，请改为保留那一条。",
        )
    return True


def may_split(who: Who, merge: Merge) -> Answer:
    """Say whether a merge can be taken back now; the latest one of a person first, so that it is exact."""
    for one in (merge.survivor, merge.other):
        if not (answer := covers(who, DirectoryPerm.EDIT, one.organisation)):
            return answer
    if merge.split_at is not None:
        return Refusal("directory.split_already", "这次合并已经拆开。")
    if merge.survivor.merged_into_id is not None:
        return Refusal(
            "directory.split_later_first", f"{merge.survivor}后来又并入了另一条记录，请先拆开那一次。"
        )
    if live_merges().filter(survivor=merge.survivor, pk__gt=merge.pk).exists():
        return Refusal("directory.split_later_first", "在这之后还并入过别的记录，请从最近的一次开始拆。")
    return True


def _signs_in(expert: Expert) -> bool:
    return expert.person is not None and expert.person.is_active


def told_apart(one: Expert, other: Expert) -> Distinction | None:
    """Return the standing decision that two rows are different people, if there is one."""
    first, second = sorted((one.pk, other.pk))
    return Distinction.objects.filter(first=first, second=second, revoked_at__isnull=True).first()


# ── Pairs that wait for a decision ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Likely:
    """Two rows that may be one person, as the list of pairs shows them."""

    first: Expert
    second: Expert
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of the names that occur more than once; ``after`` continues behind it, "" at the end."""

    pairs: list[Likely]
    names: int
    after: str


def pairs_for(who: Who, after: str = "") -> Batch:
    """Return the undecided pairs both of whose rows a person may change, by name, behind ``after``."""
    mine = Expert.objects.filter(
        merged_into__isnull=True,
        organisation__in=visible(Organisation.objects.all(), who, DirectoryPerm.EDIT),
    )
    counted = mine.order_by().values("name").annotate(n=Count("pk")).filter(n__gt=1, name__gt=after)
    names = list(counted.order_by("name").values_list("name", flat=True)[: NAMES_AT_ONCE + 1])
    more, names = len(names) > NAMES_AT_ONCE, names[:NAMES_AT_ONCE]
    pairs = undecided(mine.filter(name__in=names))
    rows = mine.select_related("organisation").in_bulk({key for p in pairs for key in (p.first, p.second)})
    likely = [Likely(rows[p.first], rows[p.second], p.reasons) for p in pairs]
    likely.sort(key=lambda one: (one.first.name, one.first.pk, one.second.pk))
    return Batch(likely, len(names), names[-1] if more else "")


def twins_of(experts: Iterable[Expert]) -> dict[int, list[Pair]]:
    """Return, for each expert, the undecided pairs she is in, whoever keeps the other row."""
    keys = {expert.pk for expert in experts}
    names = Expert.objects.filter(pk__in=keys).order_by().values("name")
    found: dict[int, list[Pair]] = defaultdict(list)
    for pair in undecided(Expert.objects.filter(name__in=names, merged_into__isnull=True)):
        for key in keys & {pair.first, pair.second}:
            found[key].append(pair)
    return dict(found)


def unresolved(keys: Iterable[int]) -> set[int]:
    """Return those of these experts who share name and unit, or name and contact, with another row.

    Nobody has said yet whether it is the same person. What is only likely by a part of a unit or a title is
    offered for a decision (``pairs_for``), but does not stop an invitation.
    """
    same = Q(pk__in=())
    for trait in ("unit", "phone", "email", "source_key"):
        same |= Q(**{trait: OuterRef(trait)}) & ~Q(**{trait: ""})
    twins = Expert.objects.filter(same, name=OuterRef("name"), merged_into__isnull=True)
    shared = Exists(twins.exclude(pk=OuterRef("pk")).order_by())
    found = Expert.objects.filter(shared, pk__among=list(keys)).order_by().values_list("pk", "name")
    alike = dict(found)
    if not alike:
        return set()
    pairs = undecided(Expert.objects.filter(name__in=set(alike.values()), merged_into__isnull=True))
    return set(alike) & {key for pair in pairs for key in (pair.first, pair.second)}


def undecided(rows: QuerySet[Expert]) -> list[Pair]:
    """Return the likely pairs among these rows that nobody has told apart."""
    facts = list(rows.order_by().values_list("pk", "name", "unit", "phone", "email", "source_key"))
    shared = _shared_names(facts)
    titles: dict[int, list[str]] = defaultdict(list)
    proofs = Evidence.objects.filter(expert__in=[fact[0] for fact in facts if fact[1] in shared])
    for pk, title in proofs.exclude(kind=EvidenceKind.SERVICE).order_by().values_list("expert_id", "title"):
        titles[pk].append(title)
    pairs = likely_pairs(Traits(*fact, titles=tuple(titles[fact[0]])) for fact in facts if fact[1] in shared)
    apart = set(
        Distinction.objects.filter(revoked_at__isnull=True, first__in=[pair.first for pair in pairs])
        .order_by()
        .values_list("first_id", "second_id")
    )
    return [pair for pair in pairs if (pair.first, pair.second) not in apart]


def _shared_names(facts: Sequence[tuple[Any, ...]]) -> set[str]:
    counted: dict[str, int] = defaultdict(int)
    for fact in facts:
        counted[fact[1]] += 1
    return {name for name, count in counted.items() if count > 1}


# ── What an import means ────────────────────────────────────────────────────────────────────────────


class Ambiguous(Exception):
    """A row of a file fits several people who were not found to be one."""


def known_row(values: Mapping[str, Any], *, source: str) -> Expert | None:
    """Return the row a line of a file speaks of: by source number, else by name and unit.

    The row may have been merged away; ``surviving`` is then who she is. Of several people with that name and
    unit the one with the same phone or e-mail is meant.

    :raises Ambiguous: several different people fit, and no contact tells them apart.
    """
    if key := values.get("source_key"):
        return Expert.objects.filter(source=source, source_key=key).first()
    rows = Expert.objects.filter(name=values["name"], unit=values.get("unit", ""), source_key="")
    fitting = list(rows.order_by("merged_into_id", "pk"))
    people = {surviving(row).pk for row in fitting}
    if len(people) > 1:
        fitting = [row for row in fitting if _same_contact(row, values)]
        people = {surviving(row).pk for row in fitting}
        if len(people) != 1:
            raise Ambiguous
    return next((row for row in fitting if row.merged_into_id is None), None) or next(iter(fitting), None)


def _same_contact(row: Expert, values: Mapping[str, Any]) -> bool:
    return any(values.get(name) and values[name] == getattr(row, name) for name in ("phone", "email"))


def brought_by(row: Expert, table: str) -> Q:
    """Return the condition "a row of this table came with this expert row", before and after merges."""
    gained = MergedRow.objects.filter(
        merge__survivor=row, merge__split_at__isnull=True, table=table, values__isnull=True
    )
    if row.merged_into_id is None:
        held = Q(expert=row)
    else:
        moved = MergedRow.objects.filter(
            merge__other=row, merge__split_at__isnull=True, table=table, values__isnull=True
        )
        held = Q(pk__in=moved.values("key"))
    return held & ~Q(pk__in=gained.values("key"))


def is_merged(row: Expert) -> bool:
    """Say whether a row takes part in a merge that stands, as either side."""
    return row.merged_into_id is not None or live_merges().filter(survivor=row).exists()
