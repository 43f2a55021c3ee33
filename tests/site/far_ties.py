"""What is known in the other city of its experts beyond their work: ties, leaves, decisions, who is who."""

from __future__ import annotations

from datetime import timedelta

from tests import factories
from tests.site import canaries
from tests.site.far_city import FarCity
from tests.site.world import World
from zhiqiao.directory.actions.conflicts import declare
from zhiqiao.directory.actions.identity import merge_experts, tell_apart
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import ConflictDecision, Merge
from zhiqiao.kit import clock
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.flow.models import ClockTerm, Pause
from zhiqiao.needs import actions
from zhiqiao.needs.models import Invitation, Substitute
from zhiqiao.orgs.models import Grant


def plant_time(world: World, far: FarCity) -> None:
    """What the other city has set about time: a pause of its case, a term of its own, somebody's deputy."""
    need, owner, place, at = far.need, far.seats[0].person, world.places["other_city"], world.at
    assert need is not None
    sing = far.aviary.canary
    Pause.objects.create(
        flow="need", subject_type="needs.need", subject_id=need.pk, stage="met", reason="budget", at=at,
        until=at + timedelta(5), ended_at=at + timedelta(1), how=Pause.How.RESUMED, minutes=0,
        note=sing("kit.pause.note"), by_name=sing("kit.pause.by_name"),
    )  # fmt: skip
    ClockTerm.objects.create(
        flow="need", clock="triage", place=place.path, starts_on=clock.local_date(at), amount=4, made_at=at,
        source=sing("kit.clockterm.source"), made_by=sing("kit.clockterm.made_by"),
    )  # fmt: skip
    held = Grant.objects.get(person=owner)
    held.deputies.create(
        person=far.seats[1].person, since=at, until=at + timedelta(9), reason=sing("orgs.deputy.reason")
    )
    far.urls += [f"/workbench/organisations/{place.pk}/terms/", f"/workbench/grants/{held.pk}/deputies/"]


def plant(world: World, far: FarCity) -> None:
    """Give the own expert of the other city a life, and plant its words."""
    expert, need, at = far.own_expert, far.need, world.at
    assert expert is not None
    assert need is not None
    twin, other = (factories.expert(organisation=expert.organisation, sharing=Sharing.OWN) for _ in "ab")
    today = clock.local_date(at)
    expert.leaves.create(starts_on=today, ends_on=today + timedelta(9), by_name="x", at=at)
    declare(expert, kind="kin", enterprise=need.enterprise, by=SYSTEM, at=at)
    actions.decide_conflict(need, expert, may_ask=True, reason="核实以后", by=SYSTEM, at=at)
    merge_experts(expert, twin, by=SYSTEM, at=at, reason="同一人")
    apart = tell_apart(expert, other, by=SYSTEM, at=at, reason="不是同一人")
    declined = Invitation.objects.get(need=need, state="declined")
    named = Substitute.objects.create(invitation=declined, name="同行", state="open", at=at)
    decisions = ConflictDecision.objects.filter(expert=expert)
    for rows in (expert.leaves.all(), expert.relations.all(), decisions, [apart], [named]):
        canaries.plant(far.aviary, rows)
    canaries.plant(far.aviary, Merge.objects.filter(survivor=expert))
    page = f"/workbench/experts/{expert.pk}"
    far.urls += [f"{page}/leave/", f"{page}/ties/", f"{page}/identity/", f"{page}/identity/?with={other.pk}"]
    far.urls += [twin.get_absolute_url(), "/workbench/experts/same/"]
    far.urls += [f"/workbench/needs/{need.pk}/conflicts/?expert={expert.pk}"]
