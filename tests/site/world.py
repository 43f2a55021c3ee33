"""The little world of the access matrix: people in every seat, and objects in every relation to them.

A seat is a role at a place. Every role is held at the home district; some also sit where they really sit (a
contact in her enterprise, a liaison in her town) or elsewhere on the tree. Objects lie at the home district
and in the four relations to it, so that for each seat some are her own, some below, some above, some next
door and some in another city.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from tests import factories
from zhiqiao.accounts import actions as accounts
from zhiqiao.accounts.models import Person
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import Enterprise, Expert, ResearchOutput
from zhiqiao.kit import files
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs import actions, flow, links
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import Need
from zhiqiao.orgs.enums import Kind
from zhiqiao.orgs.models import Grant, Organisation
from zhiqiao.site.roles import ROLES

RELATIONS = {
    "own": "district",
    "child": "town",
    "parent": "city",
    "sibling": "sibling",
    "other city": "other_district",
}
"""Relation to the home district → the place where its objects lie."""

TREE = (
    # place, kind, above it
    ("province", Kind.PROVINCE, None),
    ("city", Kind.CITY, "province"),
    ("other_city", Kind.CITY, "province"),
    ("district", Kind.DISTRICT, "city"),
    ("sibling", Kind.DISTRICT, "city"),
    ("other_district", Kind.DISTRICT, "other_city"),
    ("town", Kind.TOWN, "district"),
    ("society", Kind.SOCIETY, "city"),
)

SEATS = (
    *((role.name, role.name, "district") for role in ROLES),
    ("clerk above", "clerk", "city"),
    ("clerk below", "clerk", "town"),
    ("clerk next door", "clerk", "sibling"),
    ("clerk of another city", "clerk", "other_city"),
    ("contact in her enterprise", "enterprise_contact", "enterprise at district"),
    ("contact in another city", "enterprise_contact", "enterprise at other_district"),
    ("liaison in her town", "town_clerk", "town"),
)
"""Name of the seat, role, place."""

TWO_GRANTS = ("clerk here, leader next door", (("clerk", "district"), ("leader", "sibling")))
"""Somebody whose grants differ by place: the gate lets her in by one, and the other must not carry over."""

OUTSIDE = ("anonymous", "nobody", "expired", "not yet", "disabled", "expert")
STEP_STAGES = {step.name: step.source[0] for step in flow.NEED_FLOW.steps.values()}


@dataclass
class Seat:
    """Somebody who asks for pages. ``grants`` are (role, place) that hold now, as written here, not read."""

    name: str
    person: Person | None
    grants: tuple[tuple[str, str], ...] = ()
    signed_in: bool = True
    session: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass
class Thing:
    """An object, where it lies, and what else decides who reaches it."""

    object: Any
    relation: str
    places: tuple[str, ...]
    shared: bool = False
    public: bool = False
    people: tuple[int, ...] = ()
    stage: str = ""

    @property
    def pk(self) -> int:
        return int(self.object.pk)


@dataclass
class World:
    """Everything the matrix walks over."""

    at: datetime
    places: dict[str, Organisation]
    above: dict[str, str | None]
    seats: list[Seat] = field(default_factory=list)
    things: dict[str, list[Thing]] = field(default_factory=dict)
    strong: Seat | None = None

    def ancestry(self, place: str | None) -> list[str]:
        """Return a place and everything above it, by the table this world was built from."""
        line = []
        while place is not None:
            line.append(place)
            place = self.above[place]
        return line

    def seat(self, name: str) -> Seat:
        return next(one for one in self.seats if one.name == name)

    def add(self, kind: str, thing: Thing) -> Thing:
        self.things.setdefault(kind, []).append(thing)
        return thing


def build(*, at: datetime | None = None) -> World:
    """Make the world; takes a few seconds."""
    at = at or timezone.now()
    world = World(at, {}, {})
    for name, kind, above in TREE:
        parent = world.places[above] if above else None
        world.places[name] = factories.organisation(name=f"{name}科协", kind=kind, parent=parent, at=at)
        world.above[name] = above
    enterprises = {place: _enterprise(world, place) for place in RELATIONS.values()}
    _people(world)
    _organisations(world)
    for relation, place in RELATIONS.items():
        _library(world, relation, place)
        _needs(world, relation, place, enterprises[place])
    _needs_for_everybody(world, enterprises)
    _handled_elsewhere(world, enterprises["other_district"])
    _notices(world)
    _talk(world)
    return world


def _enterprise(world: World, place: str) -> Enterprise:
    made = factories.enterprise(place=world.places[place], name=f"企业在{place}", at=world.at)
    name = f"enterprise at {place}"
    world.places[name], world.above[name] = made.organisation, place
    relation = next(r for r, p in RELATIONS.items() if p == place)
    world.add("directory.enterprise", Thing(made, relation, (name,)))
    return made


def _people(world: World) -> None:
    for name, role, place in SEATS:
        person = factories.person(
            name=f"人在{name}", role=role, organisation=world.places[place], at=world.at
        )
        world.seats.append(Seat(name, person, ((role, place),)))
    name, grants = TWO_GRANTS
    both = factories.person(name=name)
    for role, place in grants:
        factories.grant(person=both, role=role, organisation=world.places[place], at=world.at)
    world.seats.append(Seat(name, both, grants))
    home = world.places["district"]
    early, late = world.at - timedelta(days=9), world.at + timedelta(days=9)
    past = factories.person(name="授权已到期", at=early)
    factories.grant(
        person=past, role="administrator", organisation=home, at=early, until=early + timedelta(1)
    )
    future = factories.person(name="授权未生效", at=world.at)
    factories.grant(person=future, role="administrator", organisation=home, at=late)
    gone = factories.person(name="账号已停用", role="administrator", organisation=home, at=early)
    world.seats += [
        Seat("anonymous", None, signed_in=False),
        Seat("nobody", factories.person(name="没有授权")),
        Seat("expired", past),
        Seat("not yet", future),
        Seat("disabled", gone, signed_in=False),
        Seat("expert", factories.person(name="专家本人")),
    ]


def strong_seat(world: World) -> Seat:
    """Somebody who may do everything everywhere: her pages show which forms there are. Not part of the matrix."""
    person = factories.person(name="全省管理员")
    grants = (("administrator", "province"), ("auditor", "province"))
    for role, place in grants:
        factories.grant(person=person, role=role, organisation=world.places[place])
    return Seat("strong", person, grants)


def disable_the_disabled(world: World) -> None:
    """Close her account; called once her session is open."""
    accounts.disable(world.seat("disabled").person, by=SYSTEM, at=world.at, reason="离职")


def _organisations(world: World) -> None:
    asked_for = {*RELATIONS.values(), "province", "enterprise at district"}
    for name, organisation in world.places.items():
        if name not in asked_for:
            continue
        relation = next((r for r, p in RELATIONS.items() if p == name), name)
        world.add("orgs.organisation", Thing(organisation, relation, (name,)))
    for relation, place in RELATIONS.items():
        person = factories.person(name=f"员工在{place}", role="town_clerk", organisation=world.places[place])
        world.add("accounts.person", Thing(person, relation, (place,), people=(person.pk,)))
        grant = Grant.objects.get(person=person)
        world.add("orgs.grant", Thing(grant, relation, (place,), people=(person.pk,)))


def _library(world: World, relation: str, place: str) -> None:
    home, at = world.places[place], world.at
    account = world.seat("expert").person if relation == "other city" else None
    kinds = [(Sharing.OWN, at, account), (Sharing.NETWORK, at, None)]
    if relation == "other city":
        kinds += [(Sharing.PUBLIC, at, None), (Sharing.PUBLIC, None, None)]
    for sharing, consent, person in kinds:
        made = factories.expert(
            organisation=home,
            sharing=sharing,
            consented_at=consent,
            person=person,
            email="zhuanjia@example.cn",
        )
        people = (person.pk,) if person else ()
        thing = Thing(made, relation, (place,), sharing != Sharing.OWN, people=people)
        thing.public = sharing == Sharing.PUBLIC and consent is not None
        world.add("directory.expert", thing)
    for sharing in {sharing for sharing, _, _ in kinds}:
        output = ResearchOutput(title=f"成果{place}{sharing}", organisation=home, sharing=sharing)
        made = directory.save_output(output, by=SYSTEM, at=at)
        shared, public = sharing != Sharing.OWN, sharing == Sharing.PUBLIC
        world.add("directory.researchoutput", Thing(made, relation, (place,), shared, public))


_stage_numbers = itertools.count(1)


def _needs(world: World, relation: str, place: str, enterprise: Enterprise) -> None:
    """One need in every stage out of which a step leads, handled at the place."""
    for stage in sorted({Stage.MET, Stage.ARCHIVED, *STEP_STAGES.values()}):
        _need(world, relation, (place, f"enterprise at {place}"), enterprise, stage=stage)


def _need(
    world: World, relation: str, places: tuple[str, str], enterprise: Enterprise, *, stage: str, **values: Any
) -> Thing:
    """A need handled at the first place, of the enterprise at the second, with a file."""
    made = factories.need(
        enterprise=enterprise,
        stage=Stage.DRAFT,
        organisation=world.places[places[0]],
        at=world.at,
        **values,
    )
    asked = factories.expert(organisation=world.places[places[0]], sharing=Sharing.OWN)
    case = factories._Case(made, None, [asked], "partly", world.at)
    for step in factories._path_to(stage):
        getattr(case, step)()
        case.need = factories._fresh(case.need)
    thing = world.add("needs.need", Thing(case.need, relation, places, stage=str(stage)))
    if stage != Stage.DRAFT:
        number = next(_stage_numbers)
        stored = files.store(_Upload(f"第{number}份说明。\n"), by=SYSTEM, at=world.at, name="说明.txt")
        link = files.attach(case.need, stored, by=SYSTEM, at=world.at)
        world.add("kit.attachment", Thing(link, relation, places, stage=str(case.need.pk)))
    return thing


class _Upload:
    """A text file, as a browser would send it."""

    def __init__(self, text: str) -> None:
        self.name, self.content = "说明.txt", text.encode()

    def read(self, size: int = -1) -> bytes:
        head, self.content = (self.content, b"") if size < 0 else (self.content[:size], self.content[size:])
        return head


def _needs_for_everybody(world: World, enterprises: dict[str, Enterprise]) -> None:
    for relation, visibility in (("sibling", Visibility.PUBLIC), ("other city", Visibility.MASKED)):
        place = RELATIONS[relation]
        places = (place, f"enterprise at {place}")
        for stage, public in ((Stage.MATCHING, True), (Stage.SUBMITTED, False)):
            thing = _need(world, relation, places, enterprises[place], stage=stage, visibility=visibility)
            thing.public = public


def _handled_elsewhere(world: World, enterprise: Enterprise) -> None:
    """The home district handles a need from another city; and the expert is invited to one from there."""
    places = ("district", "enterprise at other_district")
    _need(world, "handled here, asked there", places, enterprise, stage=Stage.MATCHING)
    expert = Expert.objects.get(person=world.seat("expert").person)
    invited = factories.need(
        enterprise=enterprise, stage=Stage.INVITING, experts=[expert], at=world.at, organisation=None
    )
    places = ("other_district", "enterprise at other_district")
    people = (expert.person_id,)
    world.add("needs.need", Thing(invited, "invited", places, people=people, stage=str(Stage.INVITING)))
    waiting = factories.expert(organisation=world.places["other_district"], sharing=Sharing.OWN)
    queued = factories.need(
        enterprise=enterprise, stage=Stage.INVITING, experts=[waiting, expert], at=world.at
    )  # only an alternate so far: the expert does not know of it
    world.add("needs.need", Thing(queued, "in line", places, stage=str(Stage.INVITING)))


def _notices(world: World) -> None:
    for seat in world.seats:
        if seat.name in ("clerk", "clerk of another city", "expert", "disabled"):
            delivery = Delivery.objects.create(
                person=seat.person, channel="site", notice="test", unique_key=f"test:{seat.name}",
                title="一条提醒", body="正文", url="/", created_at=world.at,
            )  # fmt: skip
            thing = Thing(delivery, f"of {seat.name}", (), people=(seat.person.pk,))
            world.add("kit.delivery", thing)


def _talk(world: World) -> None:
    """At each place something said by the enterprise with a file, a letter nobody claimed, and saved words."""
    for relation, place in RELATIONS.items():
        home = world.places[place]
        case = next(t for t in world.things["needs.need"] if t.relation == relation and t.stage == Stage.MET)
        message = actions.write_message(
            case.object, body=f"来信{place}", audience="enterprise", via="link", uploads=[_Upload(f"附件{place}")],
            by=links.enterprise_actor(case.object), at=world.at,
        )  # fmt: skip
        world.add("needs.message", Thing(message, relation, case.places))
        letter = actions.receive_letter(
            f"From: a@example.com\r\nSubject: x\r\n\r\n{case.object.number}".encode(), at=world.at
        )
        world.add("needs.letter", Thing(letter, relation, (place,)))
        reply = actions.save_reply(home, title="问候", body="您好", by=SYSTEM, at=world.at)
        world.add("needs.savedreply", Thing(reply, relation, (place,)))
        _solution_card(world, relation, place)
        invited = invitations(case.object).first()
        world.add("needs.invitation", Thing(invited, relation, (place,)))
        package = actions.ask_for_package(case.object, by=SYSTEM, at=world.at)
        world.add("needs.package", Thing(package, relation, (place,)))


def _solution_card(world: World, relation: str, place: str) -> None:
    """The card of a closed case; next door's is released."""
    things = world.things["needs.need"]
    closed = next(t for t in things if t.relation == relation and t.stage == Stage.ARCHIVED)
    need = Need.objects.select_related("organisation", "enterprise__organisation").get(pk=closed.pk)
    card = actions.draft_card(need, by=SYSTEM, at=world.at)
    if relation == "sibling":
        actions.release_card(card, by=SYSTEM, at=world.at)
    world.add("needs.solutioncard", Thing(card, relation, (place,), public=relation == "sibling"))


def invitations(need: Need) -> models.QuerySet[Any]:
    """Return the invitations of a need, first rank first."""
    return need.invitations.select_related("expert", "need").order_by("rank")
