"""What the libraries know for the check of conflicts: read for many experts at once, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Model, Q

from zhiqiao.directory import conflicts, identity
from zhiqiao.directory.conflicts import Check, Party, Subject, Term, Tie, Work
from zhiqiao.directory.enums import ConflictSource, EvidenceKind, Purpose, RelationKind
from zhiqiao.directory.identity_likeness import bare
from zhiqiao.directory.models import ConflictDecision, ConflictTerm, Enterprise, Evidence, Expert, Relation
from zhiqiao.kit import clock

JOINT = (EvidenceKind.PAPER, EvidenceKind.PATENT, EvidenceKind.PROJECT)
MOST_TITLES = 500
"""So many titles of an enterprise's own people are looked for among everybody's."""


def terms_for(purpose: str, at: datetime) -> dict[str, Term]:
    """Return what each source means for a purpose on that day: the latest row, else the default."""
    terms = dict(conflicts.DEFAULTS[purpose])
    rows = ConflictTerm.objects.filter(purpose=purpose, starts_on__lte=clock.local_date(at))
    for row in rows.order_by("starts_on", "id"):
        terms[row.source] = Term(row.level, row.years, row.is_required)
    return terms


def checks(
    keys: Collection[int], enterprise: Enterprise, *, purpose: str, subject: Model, at: datetime
) -> dict[int, Check]:
    """Check experts against an enterprise, before anybody is asked, and return what was found for each.

    subject : what they would be asked for; decisions taken for it count.
    """
    keys = list(keys)
    if not keys:
        return {}
    terms = terms_for(purpose, at)
    party = _party(enterprise)
    since = clock.local_date(at).year - terms[ConflictSource.COAUTHOR].years
    subjects = _subjects(keys, party, since)
    found = {pk: conflicts.check(one, party, terms, clock.local_date(at)) for pk, one in subjects.items()}
    decided = _decided(keys, subject)
    return {
        pk: Check(findings, decided.get((pk, conflicts.digest(findings)))) for pk, findings in found.items()
    }


def _party(enterprise: Enterprise) -> Party:
    name = enterprise.organisation.name
    # Two look-ups instead of one with a join, for which every expert would be read.
    named = Expert.objects.filter(unit=name, merged_into__isnull=True).order_by()
    told = Relation.objects.filter(
        enterprise=enterprise,
        kind=RelationKind.EMPLOYED,
        ends_on__isnull=True,
        withdrawn_at__isnull=True,
    )
    people = {*named.values_list("pk", flat=True), *told.order_by().values_list("expert_id", flat=True)}
    titles = Evidence.objects.filter(expert__pk__among=people, kind__in=JOINT).order_by("-id")
    known = titles.values_list("title", flat=True)[:MOST_TITLES]
    return Party(
        name,
        enterprise.pk,
        enterprise.industry,
        frozenset(people),
        frozenset(bare(title) for title in known),
    )


def _subjects(keys: list[int], party: Party, since: int) -> dict[int, Subject]:
    rows = list(Expert.objects.filter(pk__among=keys).order_by().values_list("pk", "name", "unit"))
    ties, works = _ties(keys), _works(keys, party, since)
    trades = _trades({unit for _, _, unit in rows if unit}, party.trade)
    unresolved = identity.unresolved(keys)
    return {
        pk: Subject(unit, trades.get(unit, ""), tuple(ties[pk]), tuple(works[pk]), pk not in unresolved)
        for pk, _, unit in rows
    }


def _ties(keys: list[int]) -> Mapping[int, list[Tie]]:
    """Return the declared relations of experts, those to another expert from both ends."""
    found: dict[int, list[Tie]] = defaultdict(list)
    mine = Q(expert__pk__among=keys) | Q(other__pk__among=keys)
    rows = (
        Relation.objects.filter(mine, withdrawn_at__isnull=True).order_by("id").select_related("enterprise")
    )
    wanted = set(keys)
    for row in rows:
        trade = row.enterprise.industry if row.enterprise else ""
        for holder, other in ((row.expert_id, row.other_id), (row.other_id, row.expert_id)):
            if holder in wanted:
                tie = Tie(row.kind, row.enterprise_id, row.party, other, trade, row.ends_on, row.is_own_word)
                found[holder].append(tie)
    return found


def _works(keys: list[int], party: Party, since: int) -> Mapping[int, list[Work]]:
    """Return the recent works that name the enterprise, or that its own people have put their names to."""
    found: dict[int, list[Work]] = defaultdict(list)
    recent = Evidence.objects.filter(Q(year__isnull=True) | Q(year__gte=since), expert__pk__among=keys)
    rows = recent.filter(kind__in=JOINT).order_by("id")
    stem = conflicts.core(party.name)
    if len(stem) >= conflicts.SHORTEST_CORE:
        naming = rows.filter(Q(title__contains=stem) | Q(text__contains=stem))
        for pk, title, year in naming.values_list("expert_id", "title", "year"):
            found[pk].append(Work(title, year, names_party=True))
    if party.titles:
        for pk, title, year in rows.values_list("expert_id", "title", "year"):
            if pk not in party.people and bare(title) in party.titles:
                found[pk].append(Work(title, year))
    return found


def _trades(units: set[str], trade: str) -> dict[str, str]:
    """Return the units that are enterprises of this trade."""
    if not trade or not units:
        return {}
    rivals = Enterprise.objects.filter(industry=trade, organisation__name__in=units)
    return dict.fromkeys(rivals.order_by().values_list("organisation__name", flat=True), trade)


def _decided(keys: list[int], subject: Model) -> dict[tuple[int, str], bool]:
    """Return the latest decision for each expert and each state of knowledge."""
    rows = ConflictDecision.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=subject.pk, expert__pk__among=keys
    )
    told = rows.order_by("id").values_list("expert_id", "digest", "may_ask")
    return {(pk, known): may_ask for pk, known, may_ask in told}


__all__ = ["Purpose", "checks", "terms_for"]
