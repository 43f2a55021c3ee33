"""The access matrix: every URL × method × seat × object, the answer that is due, and the answer that came.

What is due is worked out here from the access table and from the world's own description of who sits where;
``orgs.scope`` is never asked. A parameter that this file does not know fails, so a new URL has to be placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tests.site import watching
from tests.site.browser import Browser
from tests.site.routes import Route
from tests.site.world import RELATIONS, STEP_STAGES, Seat, Thing, World, invitations
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.kit.files import Attachment
from zhiqiao.needs import links, party, talk_links
from zhiqiao.needs.enums import NeedPerm, Side, Stage
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.site.policy import POLICY
from zhiqiao.site.roles import ROLES

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
IN, LOGIN, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = "in", "login", "403", "404", "405"
CARRIES = {role.name: role.permissions for role in ROLES}
WITH_MEETING = (Stage.SCHEDULED, Stage.MET, Stage.CONFIRMING, Stage.RATING, Stage.CLOSING, Stage.ARCHIVED)
LINK_STAGES = (Stage.INVITING, Stage.SCHEDULED, Stage.CONFIRMING, Stage.RATING)
SHARED_TO = {
    "directory.expert": (DirectoryPerm.VIEW,),
    "directory.researchoutput": (DirectoryPerm.VIEW,),
}
"""Models of which some rows are shared with everybody who holds one of these permissions anywhere."""

SEEN_WITH: dict[str, tuple[str, ...]] = {
    "needs.need": (NeedPerm.VIEW,),
    "needs:draft": (NeedPerm.ASK,),
    "directory.expert": (DirectoryPerm.VIEW,),
    "directory:expert_edit": (DirectoryPerm.EDIT,),
    "directory:expert_identity": (DirectoryPerm.EDIT,),
    "directory:expert_leave": (DirectoryPerm.EDIT,),
    "directory:expert_ties": (DirectoryPerm.CONFLICT,),
    "directory.researchoutput": (DirectoryPerm.VIEW,),
    "directory:output_edit": (DirectoryPerm.EDIT,),
}
"""Models and URLs whose objects are looked up by another permission than the one that opens the gate."""

IMPORTED_WITH = {
    "needs": NeedPerm.IMPORT,
    "experts": DirectoryPerm.IMPORT,
    "enterprises": DirectoryPerm.IMPORT,
    "outputs": DirectoryPerm.IMPORT,
    "organisations": OrgPerm.MANAGE,
}
"""Which permission opens which ledger."""


class UnknownParameter(Exception):
    """A URL has a parameter for which no object is planned: add it to ``VALUES``."""


@dataclass(frozen=True)
class Target:
    """One way to fill in the parameters of a URL, and the object it then speaks of."""

    values: dict[str, Any]
    thing: Thing | None = None
    label: str = ""
    exists: bool = True


# ── Who may ─────────────────────────────────────────────────────────────────────────────────────────


def holds_anywhere(seat: Seat, permission: str) -> bool:
    """Say whether one of the seat's roles carries a permission."""
    return any(permission in CARRIES[role] for role, _ in seat.grants)


def holds_at(world: World, seat: Seat, permission: str, place: str) -> bool:
    """Say whether the seat holds a permission at a place: there, or anywhere above it."""
    line = world.ancestry(place)
    return any(permission in CARRIES[role] and where in line for role, where in seat.grants)


def reaches(world: World, seat: Seat, permissions: tuple[str, ...], thing: Thing, kind: str) -> bool:
    """Say whether the seat reaches an object by one of these permissions, by sharing, or as its person."""
    if seat.signed_in and seat.person is not None and seat.person.pk in thing.people:
        return True
    for permission in permissions:
        if any(holds_at(world, seat, permission, place) for place in thing.places):
            return True
        if thing.shared and permission in SHARED_TO.get(kind, ()) and holds_anywhere(seat, permission):
            return True
    return thing.public and bool(set(permissions) & set(SHARED_TO.get(kind, ())))


def due(world: World, route: Route, method: str, seat: Seat, target: Target) -> str:
    """Return the answer that the table and the world call for."""
    row = POLICY[route.name]
    access = row.get("GET" if method == "HEAD" else method)
    if access is None:
        return NOT_ALLOWED
    if access.kind not in ("public", "link"):
        if not seat.signed_in:
            return LOGIN
        if access.kind == "holds" and not any(holds_anywhere(seat, p) for p in access.permissions):
            return FORBIDDEN
    if not target.exists:
        return NOT_FOUND
    if route.name in SPECIAL:
        return IN if SPECIAL[route.name](world, seat, target) else NOT_FOUND
    kind = subject_of(route)
    permissions = SEEN_WITH.get(route.name) or SEEN_WITH.get(kind) or access.permissions
    if target.thing is not None and kind and not reaches(world, seat, permissions, target.thing, kind):
        return NOT_FOUND
    return IN


def _own(world: World, seat: Seat, target: Target) -> bool:
    return seat.person is not None and seat.person.pk in target.thing.people


def _published(world: World, seat: Seat, target: Target) -> bool:
    return target.thing.public


def _seen(world: World, seat: Seat, target: Target) -> bool:
    """Seen at all: the parties get a page of their own, staff are sent on to the workbench."""
    return reaches(world, seat, (NeedPerm.VIEW,), target.thing, "needs.need")


def _meeting(world: World, seat: Seat, target: Target) -> bool:
    return _seen(world, seat, target) and target.thing.stage in WITH_MEETING


def _link_to_meeting(world: World, seat: Seat, target: Target) -> bool:
    return target.thing.stage in WITH_MEETING


def _an_expert(world: World, seat: Seat, target: Target) -> bool:
    return seat.name == "expert"


def _ledger_open(world: World, seat: Seat, target: Target) -> bool:
    return holds_anywhere(seat, IMPORTED_WITH[target.values["ledger"]])


def _never(world: World, seat: Seat, target: Target) -> bool:
    return False


SPECIAL: dict[str, Callable[[World, Seat, Target], bool]] = {
    "notice": _own,
    "needs:published_detail": _published,
    "needs:solution": _published,
    "needs:mine_detail": _seen,
    "needs:calendar": _meeting,
    "needs:link_calendar": _link_to_meeting,
    "needs:follow_calendar": _link_to_meeting,
    "directory:availability": _an_expert,
    "directory:my_leave": _an_expert,
    "directory:my_ties": _an_expert,
    "import": _ledger_open,
    "import_template": _ledger_open,
    "import_errors": _never,  # without a checked file of one's own there is nothing to fetch
}
"""URLs whose objects are reached by a rule of their own."""


def subject_of(route: Route) -> str:
    """Return the model of the object in the path, as the table names it; for a few URLs, as named here."""
    subjects = {access.subject for access in POLICY[route.name].values()} - {""}
    if len(subjects) > 1:
        raise UnknownParameter(f"{route.name} has several subjects: {sorted(subjects)}")
    return next(iter(subjects), SUBJECTS.get(route.name, ""))


SUBJECTS = {
    "notice": "kit.delivery",
    "needs:published_detail": "needs.need",
    "needs:solution": "needs.solutioncard",
    "needs:mine_detail": "needs.need",
}
"""Subjects of URLs that anybody, or everybody signed in, may open, and that then look for themselves."""


# ── What to ask for ─────────────────────────────────────────────────────────────────────────────────


def targets(world: World, route: Route) -> list[Target]:
    """Return every way to fill in the parameters of a URL.

    :raises UnknownParameter: it has parameters that this file does not know.
    """
    shape = tuple(sorted(route.parameters))
    if not shape:
        return [Target({})]
    plan = PLANS.get(route.name) or VALUES.get(shape)
    if plan is None:
        raise UnknownParameter(f"{route.name} has the parameters {shape}: plan objects for them in matrix.py")
    found = list(plan(world, route))
    if not found:
        raise UnknownParameter(f"{route.name}: no object for {shape}")
    return found


def _by_pk(world: World, route: Route) -> Iterator[Target]:
    kind = subject_of(route)
    if kind not in world.things:
        raise UnknownParameter(f"{route.name}: nothing is planned for the subject {kind or '(none)'}")
    for thing in world.things[kind]:
        if kind != "needs.need" or _typical(thing):
            yield Target({"pk": thing.pk}, thing, f"{thing.relation} {thing.stage}")
    yield Target({"pk": 2**31 - 1}, None, "nobody's", exists=False)
    yield Target({"pk": 10**25}, None, "no number of ours", exists=False)


def _typical(thing: Thing) -> bool:
    """One need that has come far in each relation, the special ones, and drafts near and far."""
    if thing.relation not in RELATIONS or thing.public:
        return True
    return thing.stage == Stage.MET or (
        thing.stage == Stage.DRAFT and thing.relation in ("own", "other city")
    )


def _step(world: World, route: Route) -> Iterator[Target]:
    """Each step at a need at which it could be taken; and a step that does not exist."""
    from zhiqiao.needs.views import steps

    for step in steps.PAGES:
        stage = STEP_STAGES.get(step, Stage.MET)
        near_and_far = RELATIONS if step == "accept" else ("own", "sibling", "other city")
        for thing in world.things["needs.need"]:
            if thing.stage == stage and thing.relation in near_and_far and not thing.public:
                yield Target({"pk": thing.pk, "step": step}, thing, f"{step} {thing.relation}")
    own = next(thing for thing in world.things["needs.need"] if thing.relation == "own")
    yield Target({"pk": own.pk, "step": "no-such-step"}, own, "no such step", exists=False)


def _need_file(world: World, route: Route) -> Iterator[Target]:
    """The file of each need; and the file of one need asked for through another."""
    needs = {thing.pk: thing for thing in world.things["needs.need"]}
    files = {file.relation: file for file in world.things["kit.attachment"]}
    for relation, file in files.items():
        need = needs[int(file.stage)]
        yield Target({"pk": need.pk, "file_pk": file.pk}, need, relation)
    for here, there in (("own", "other city"), ("other city", "own"), ("own", "sibling")):
        need = needs[int(files[here].stage)]
        yield Target({"pk": need.pk, "file_pk": files[there].pk}, need, f"file of {there}", exists=False)


def _token(world: World, route: Route) -> Iterator[Target]:
    """A link for a need or invitation near and far, in each stage that waits for an answer; and false ones."""
    wants_invitation = "/i/" in f"/{route.pattern}"
    for thing in world.things["needs.need"]:
        if thing.relation in ("own", "other city") and thing.stage in LINK_STAGES:
            invitation = invitations(thing.object).first()
            mine, other = (invitation, thing.object) if wants_invitation else (thing.object, invitation)
            yield Target({"token": links.sign(mine)}, thing, f"{thing.relation} {thing.stage}")
    yield Target({"token": links.sign(other)}, thing, "other sort", exists=False)
    yield Target({"token": links.sign(mine)[:-1] + "-"}, thing, "changed", exists=False)
    yield Target({"token": "guessed"}, None, "guessed", exists=False)


def _talk_file(world: World, route: Route) -> Iterator[Target]:
    """The file of a message, for the enterprise that sent it; for another one; and a changed link."""
    messages = {thing.relation: thing for thing in world.things["needs.message"]}
    for here, there in (("own", "own"), ("other city", "other city"), ("own", "other city")):
        case, message = messages[here].object.need, messages[there].object
        attachment = Attachment.objects.get(subject_type="needs.message", subject_id=message.pk)
        view = party.Case(case, links.enterprise_actor(case), Side.ENTERPRISE, [], world.at)
        token = talk_links.party_file(view)(message, attachment).rstrip("/").rpartition("/")[2]
        yield Target({"token": token}, messages[there], f"{there} by {here}", exists=here == there)
    yield Target({"token": token[:-1] + "-"}, messages["own"], "changed", exists=False)
    yield Target({"token": "guessed"}, None, "guessed", exists=False)


def _account_link(world: World, route: Route) -> Iterator[Target]:
    thing = world.things["accounts.person"][0]
    uid = urlsafe_base64_encode(force_bytes(thing.pk))
    yield Target({"uid": uid, "token": default_token_generator.make_token(thing.object)}, thing, "her own")
    yield Target({"uid": "MQ", "token": "guessed"}, None, "guessed", exists=False)
    yield Target({"uid": "----", "token": "guessed"}, None, "no number", exists=False)


def _draft(world: World, route: Route) -> Iterator[Target]:
    yield Target({"form": "ask"}, None, "ask")


def _figure(world: World, route: Route) -> Iterator[Target]:
    from zhiqiao.insights.figures import FIGURES

    for name in list(FIGURES)[::5]:
        yield Target({"name": name}, None, name)
    yield Target({"name": "no-such-figure"}, None, "no such figure", exists=False)


def _ledger(world: World, route: Route) -> Iterator[Target]:
    for name in IMPORTED_WITH:
        yield Target({"ledger": name}, None, name)
    yield Target({"ledger": "no-such-ledger"}, None, "no such ledger", exists=False)


VALUES: dict[tuple[str, ...], Callable[[World, Route], Iterator[Target]]] = {
    ("pk",): _by_pk,
    ("pk", "step"): _step,
    ("file_pk", "pk"): _need_file,
    ("token",): _token,
    ("token", "uid"): _account_link,
    ("form",): _draft,
    ("ledger",): _ledger,
    ("name",): _figure,
}
"""Names of the parameters of a URL → the ways to fill them in."""

PLANS: dict[str, Callable[[World, Route], Iterator[Target]]] = {"needs:talk_file": _talk_file}
"""The same for single URLs, where the names alone do not tell."""


# ── Asking ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Cell:
    """One request of the matrix, and what came of it."""

    route: Route
    method: str
    seat: Seat
    target: Target
    due: str
    url: str = ""
    got: str = ""
    status: int = 0
    crash: str = ""

    def __str__(self) -> str:
        return (
            f"{self.method} {self.route.name} {self.target.label or ''} as {self.seat}: "
            f"due {self.due}, got {self.got} ({self.status}) {self.url}{self._last_words()}"
        )

    def _last_words(self) -> str:
        return f"\n    {' | '.join(self.crash.strip().splitlines()[-3:])}" if self.crash else ""


def open_sessions(seats: Iterable[Seat]) -> None:
    """Sign everybody in once; the cells then only carry the cookie."""
    for seat in seats:
        if seat.person is not None:
            client = Client()
            client.force_login(seat.person)
            seat.session = client.cookies[settings.SESSION_COOKIE_NAME].value


def ask(
    cell: Cell, body: dict[str, Any] | None = None, inspect: Callable[[set[str]], None] | None = None
) -> Any:
    """Send the request of a cell, fill in what came of it, and take back what it wrote.

    inspect : looks at the database before that; called with the names of the tables written.
    """
    cell.url = cell.url or cell.route.url(cell.target.values)
    browser = Browser(cell.seat.session)
    with watching.undone() as watch:
        with watch.watching():
            if cell.method == "POST":
                response = browser.post(cell.url, body or {})
            else:
                response = browser.generic(cell.method, cell.url)
        cell.status, cell.got, cell.crash = response.status_code, verdict(response), response.crash
        if inspect is not None:
            inspect(watch.written)
    return response


def verdict(response: Any) -> str:
    """Sort an answer into the kinds the table knows; anything else is its number."""
    status = response.status_code
    if status == 302 and response.headers["Location"].startswith(f"/{settings.LOGIN_URL}/?"):
        return LOGIN
    if status in (403, 404, 405):
        return str(status)
    if status == 410:
        return NOT_FOUND
    return IN if status < 500 else str(status)
