"""Another city full of canaries: a case that has gone all the way, its library, its people; and published needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps

from tests import factories
from tests.site import canaries
from tests.site.canaries import Aviary
from tests.site.world import Seat, World
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import FieldVisibility, Sharing
from zhiqiao.directory.models import Enterprise, Evidence, Expert, ResearchOutput
from zhiqiao.kit import audit, files, search
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.web.models import Draft
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage, Visibility
from zhiqiao.needs.models import (
    Attendance,
    Confirmation,
    MessageMove,
    Need,
    Pledge,
    Programme,
    Recommendation,
)
from zhiqiao.orgs.enums import Kind


@dataclass
class FarCity:
    """What lies in the other city: objects for addresses, seats of its own, links into the case."""

    aviary: Aviary
    seats: list[Seat] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    declined_link: str = ""
    need: Need | None = None
    masked: Need | None = None
    own_expert: Expert | None = None
    expert: Expert | None = None
    enterprise: Enterprise | None = None


def build(world: World) -> FarCity:
    """Make the other city and plant its canaries."""
    from tests.site import far_ties

    far = FarCity(Aviary())
    far.urls += [
        f"/workbench/search/suggest/?q=QX{only}" for only in ("", "&in=needs", "&in=experts", "&in=outputs")
    ]
    far.urls += ["/workbench/search/suggest/?q=QX&in=enterprises", "/needs/suggest/?q=QX"]
    _people(world, far)
    _library(world, far)
    _case(world, far)
    _masked(world, far)
    _open_text(world, far)
    far_ties.plant(world, far)
    far_ties.plant_time(world, far)
    _index()
    _audit(world, far)
    return far


def _audit(world: World, far: FarCity) -> None:
    """Plant the record last, so that it stands on the first page of the audit."""
    owner = far.seats[0].person
    assert owner is not None
    audit.record("need.revise", world.places["other_district"], by=owner, at=world.at,
                 after={"title": far.aviary.canary("audit.after")}, reason=far.aviary.canary("audit.reason"))  # fmt: skip


def _index() -> None:
    """Planting goes past the actions: the search has to learn the canaries, or its silence proves nothing."""
    for library in search.library.known.values():
        for keys in library.batches():
            search.changed(library, keys)


def _people(world: World, far: FarCity) -> None:
    """Its own staff, who see all of it: the control of every walk."""
    place = world.places["other_city"]
    village = factories.organisation(name="村", kind=Kind.TOWN, parent=world.places["other_district"])
    canaries.plant(far.aviary, [village], "village")
    far.urls.append(f"/workbench/organisations/{village.pk}/")
    staff = factories.person(role="town_clerk", organisation=village)
    canaries.plant(far.aviary, [staff], "staff of the village")
    for role in ("administrator", "auditor"):
        person = factories.person(name=f"外市{role}", role=role, organisation=place)
        far.seats.append(Seat(f"far {role}", person, ((role, "other_city"),)))
    owner = far.seats[0].person
    now = world.at
    Delivery.objects.create(
        person=owner, channel="site", notice="test", unique_key="far", url="/", created_at=now,
        title=far.aviary.canary("notice.title"), body=far.aviary.canary("notice.body"),
    )  # fmt: skip
    values = {"text": far.aviary.canary("draft.values")}
    Draft.objects.create(person=owner, form="ask", values=values, saved_at=now)
    ImportRun.objects.create(
        ledger="needs", file_name=far.aviary.canary("import.file_name"), sha256="0" * 64, size=1,
        state="done", actor_kind="person", actor_key=str(owner.pk), actor_name=owner.name, at=now,
    )  # fmt: skip


def _library(world: World, far: FarCity) -> None:
    place = world.places["other_district"]
    own = factories.expert(organisation=place, sharing=Sharing.OWN)
    canaries.plant(far.aviary, [own], "own expert")
    canaries.plant(far.aviary, Evidence.objects.filter(expert=own), "own expert's evidence")
    shared = factories.expert(
        organisation=place, sharing=Sharing.PUBLIC, consented_at=world.at, name="公开的专家",
        phone_visibility=FieldVisibility.OWN, email_visibility=FieldVisibility.NOBODY,
    )  # fmt: skip
    words = {
        "phone": far.aviary.canary("shared expert.phone"),
        "email": far.aviary.canary("shared expert.email"),
    }
    Expert.objects.filter(pk=shared.pk).update(phone=words["phone"], email=f"{words['email']}@example.cn")
    output = directory.save_output(
        ResearchOutput(title="成果", organisation=place, sharing=Sharing.OWN), by=SYSTEM, at=world.at
    )
    canaries.plant(far.aviary, [output], "own output")
    far.own_expert, far.expert = own, shared
    far.urls += [f"/workbench/experts/{own.pk}/", f"/workbench/experts/{own.pk}/edit/"]
    far.urls += [f"/workbench/experts/{shared.pk}/", f"/workbench/outputs/{output.pk}/"]


def _case(world: World, far: FarCity) -> None:
    """A need for staff only that went all the way, with everything that hangs on it."""
    enterprise = factories.enterprise(place=world.places["other_district"], name="远方企业")
    contact = factories.person(
        name="外市企业", role="enterprise_contact", organisation=enterprise.organisation
    )
    far.seats.append(Seat("far contact", contact, (("enterprise_contact", "far"),)))
    declined, asked = (
        factories.expert(organisation=world.places["other_district"], sharing=Sharing.OWN) for _ in "ab"
    )
    need = factories.need(enterprise=enterprise, stage=Stage.INVITING, experts=[declined, asked])
    first = need.invitations.select_related("expert", "need").order_by("rank")[0]
    actions.decline_invitation(
        first, reason="busy", note="没有时间", by=links.expert_actor(first), at=world.at
    )
    far.declined_link = links.invitation_url(first)
    second = need.invitations.select_related("expert", "need").order_by("rank")[1]
    actions.accept_invitation(second, by=links.expert_actor(second), at=world.at)
    case = factories._Case(factories._fresh(need), None, [], "unsolved", world.at)
    stored = files.store(_Paper(far.aviary.canary("file.content")), by=SYSTEM, at=world.at, name="说明.txt")
    attachment = files.attach(need, stored, by=SYSTEM, at=world.at)
    for step in ("schedule", "hold", "report", "confirm", "rate", "archive"):
        getattr(case, step)()
        case.need = factories._fresh(case.need)
    programme = Programme.objects.create(
        code="far", name="far", organisation=world.places["other_city"], starts_on=world.at.date()
    )
    need.programmes.add(programme)
    _talk(world, far, factories._fresh(need))
    _plant_case(far, need, enterprise, programme, attachment)
    far.need, far.enterprise = need, enterprise
    far.urls += [
        f"/workbench/enterprises/{enterprise.pk}/",
        f"/workbench/organisations/{enterprise.organisation_id}/",
    ]
    far.urls += [
        f"/needs/{need.pk}/",
        f"/my/needs/{need.pk}/",
        f"/ask/{need.pk}/",
        f"/workbench/needs/{need.pk}/",
    ]
    below = ("finder/", "finder/?name=QX", "sheet/", "meeting.ics", f"files/{attachment.pk}/", "do/attach/")
    far.urls += [f"/workbench/needs/{need.pk}/{page}" for page in below]
    far.links += [links.enterprise_url(need), links.invitation_url(second)]
    far.links += [f"{link}meeting.ics" for link in far.links]


def _talk(world: World, far: FarCity, need: Need) -> None:
    """What is said in the case, what came by mail, and what became of it; all of it belongs to the other city."""
    unit, at = need.organisation, world.at
    said = actions.write_message(
        need, body="来信", audience="enterprise", via="link", by=links.enterprise_actor(need), at=at
    )
    letter = actions.receive_letter(f"From: far@example.com\r\n\r\n{need.number}".encode(), at=at)
    reply = actions.save_reply(unit, title="问候", body="您好", by=SYSTEM, at=at)
    layout = actions.save_layout(unit, lines="办理单 = 甲", by=SYSTEM, at=at)
    package = actions.ask_for_package(need, by=SYSTEM, at=at)
    solved = factories.need(enterprise=need.enterprise, stage=Stage.ARCHIVED, result="solved")
    card = actions.draft_card(solved, by=SYSTEM, at=at)
    pledge = Pledge.objects.create(
        need=need,
        expert=need.invitations.order_by("rank")[1].expert,
        signed_at=at,
        approved_at=at,
        approved_by="某",
    )
    other = factories.need(enterprise=need.enterprise, stage=Stage.SUBMITTED)
    move = MessageMove.objects.create(message=said, source=need, target=other, reason="x", by_name="x", at=at)
    canaries.plant(
        far.aviary, [said, *need.participants.all(), letter, reply, layout, package, card, pledge, move]
    )
    pages = (
        f"needs/{need.pk}/talk/", f"letters/{letter.pk}/", f"replies/{reply.pk}/", f"packages/{package.pk}/",
        f"solutions/{card.pk}/", f"units/{unit.pk}/package-layout/", f"talk/{said.pk}/move/",
    )  # fmt: skip
    far.urls += [f"/workbench/{page}" for page in pages]
    far.urls += [
        f"/solutions/{card.pk}/",
        f"/workbench/invitations/{need.invitations.order_by('rank')[1].pk}/pledge/",
    ]


def _plant_case(far: FarCity, need: Need, enterprise: Enterprise, *others: Any) -> None:
    canaries.plant(far.aviary, [need, enterprise, enterprise.organisation, *others])
    canaries.plant(far.aviary, [others[-1].file])
    made = ResearchOutput(title="远方成果", organisation=need.organisation, sharing=Sharing.OWN)
    directory.save_output(made, by=SYSTEM, at=need.created_at)
    Recommendation.objects.create(need=need, output=made, at=need.created_at)
    for name in ("invitations", "meetings", "outcomes", "ratings", "recommendations"):
        canaries.plant(far.aviary, getattr(need, name).all())
    canaries.plant(far.aviary, [need.closing])
    canaries.plant(far.aviary, Attendance.objects.filter(meeting__need=need))
    canaries.plant(far.aviary, Confirmation.objects.filter(outcome__need=need))
    canaries.plant(far.aviary, Transition.objects.filter(subject_type="needs.need", subject_id=need.pk))


def _masked(world: World, far: FarCity) -> None:
    """A need that anybody may read, whose enterprise asked to stay unnamed, and whose text names it all the same."""
    canary = far.aviary.canary
    enterprise = factories.enterprise(place=world.places["other_district"], name=canary("masked.name"))
    Enterprise.objects.filter(pk=enterprise.pk).update(address=canary("masked.address"))
    name = enterprise.organisation.name
    phone = canary("masked.text phone")
    need = factories.need(
        enterprise=enterprise, stage=Stage.MATCHING, visibility=Visibility.MASKED,
        title=f"{name}的轴承", body=f"{name}想查明裂纹原因,微信{phone}", target=f"{name}定",
        contact_name=canary("masked.contact_name"), contact_phone="13900009999",
        contact_email=f"{canary('masked.contact_email')}@example.cn",
    )  # fmt: skip
    far.masked = need
    far.urls += [f"/needs/{need.pk}/", f"/workbench/needs/{need.pk}/", f"/my/needs/{need.pk}/"]
    far.urls += [f"/workbench/enterprises/{enterprise.pk}/"]


def _open_text(world: World, far: FarCity) -> None:
    """A need that anybody may read, with its enterprise; only the ways to reach it are nobody's business."""
    enterprise = factories.enterprise(place=world.places["other_district"], name="不怕公开的企业")
    need = factories.need(
        enterprise=enterprise, stage=Stage.MATCHING, visibility=Visibility.PUBLIC,
        contact_name=far.aviary.canary("public.contact_name"), contact_phone="13900008888",
        contact_email=f"{far.aviary.canary('public.contact_email')}@example.cn",
    )  # fmt: skip
    far.urls += [f"/needs/{need.pk}/", f"/workbench/needs/{need.pk}/"]


class _Paper:
    """A text file, as a browser would send it."""

    def __init__(self, text: str) -> None:
        self.name, self.content = "说明.txt", text.encode()

    def read(self, size: int = -1) -> bytes:
        head, self.content = (self.content, b"") if size < 0 else (self.content[:size], self.content[size:])
        return head


def worded_models() -> set[str]:
    """Return the models of ours that have fields with words, by label: each has to be planted somewhere."""
    return {
        model._meta.label_lower
        for model in apps.get_models()
        if model.__module__.startswith("zhiqiao.")
        and any(
            canaries._word_for(Aviary(), one, "") is not None for one in model._meta.local_concrete_fields
        )
    }
