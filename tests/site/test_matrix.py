"""Every URL × method × seat × object answers as the access table and the tree of organisations say.

Each refusal must also have written nothing, each admission nothing out of scope.
"""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser

from tests.site import bodies, canaries, matrix, pages, scope_of_writes, watching
from tests.site.browser import Browser
from tests.site.matrix import Cell
from tests.site.routes import Route, all_routes
from tests.site.world import Seat, World
from zhiqiao.orgs import scope
from zhiqiao.orgs.models import Organisation
from zhiqiao.site import gate
from zhiqiao.site.policy import POLICY

pytestmark = pytest.mark.django_db

SAMPLE = 2
asked: Counter[str] = Counter()


def walk(world: World, route: Route) -> list[str]:
    """Ask for every cell of one URL; return what was not as it should be."""
    wrong: list[str] = []
    targets = matrix.targets(world, route)
    for number, target in enumerate(targets):
        forms: list[dict] = []
        for seat in world.seats:
            for method in matrix.METHODS:
                due = matrix.due(world, route, method, seat, target)
                if number >= SAMPLE and _told_at_the_gate(method, due):
                    continue
                sent: list[dict | None] = [None]
                if method == "POST" and due != matrix.NOT_ALLOWED:
                    forms = forms or bodies.bodies(world, world.strong, route, target)
                    sent = [*forms] if due == matrix.IN and _matters(route, seat) else [forms[-1]]
                for body in sent:
                    wrong += _complaints(world, Cell(route, method, seat, target, due), body)
                    asked[route.name] += 1
    return wrong


def _matters(route: Route, seat: Seat) -> bool:
    """Behind a link the token decides, not who holds it: a few seats try every form, the others one."""
    return "token" not in route.parameters or seat.name in ("anonymous", "clerk", "clerk of another city")


def _told_at_the_gate(method: str, due: str) -> bool:
    """The gate answers these before it knows of any object, so two objects speak for all."""
    return method == "HEAD" or due in (matrix.NOT_ALLOWED, matrix.LOGIN, matrix.FORBIDDEN)


def _complaints(world: World, cell: Cell, body: dict | None) -> Iterator[str]:
    outside = scope_of_writes.Watcher(world, cell)
    matrix.ask(cell, body, outside)
    if cell.got != cell.due:
        yield str(cell)
    yield from outside.complaints


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.name)
def test_every_cell_of(world, route):
    wrong = walk(world, route)
    assert not wrong, f"{len(wrong)} cells:\n" + "\n".join(wrong[:25])
    assert asked[route.name] >= len(world.seats), "nobody asked for this address"


# ── Words that no form expects ──────────────────────────────────────────────────────────────────────

HOSTILE = ("²", "a\0b", "9" * 30, "%00'\"<script>𠮷\u202e")
USUAL = frozenset({"q", "sort", "cols", "after", "before", "name", "next", "back", "due"})


def _names_on(page: pages.Page) -> set[str]:
    return {one.name for form in page.forms for one in form.fields if one.name != "_once"}


def test_nonsense_in_every_parameter_and_field_breaks_no_page(world):
    """The same word in every parameter a page knows, and in every field of its forms."""
    browser, broken = Browser(world.strong.session), []
    for route in all_routes():
        url, row = route.url(matrix.targets(world, route)[0].values), POLICY[route.name]
        with watching.undone():
            names = (
                USUAL | _names_on(pages.read(canaries.text_of(browser.get(url)))) if "GET" in row else USUAL
            )
        for word in HOSTILE:
            for method in row:
                with watching.undone():
                    send = browser.get if method == "GET" else browser.post
                    response = send(url, dict.fromkeys(names, word))
                if response.status_code >= 500:
                    broken.append(f"{method} {url} {word!a}: {response.crash.strip().splitlines()[-1]}")
    assert broken == []


# ── Controls: the walk sees a hole ──────────────────────────────────────────────────────────────────


def _route(name: str) -> Route:
    return next(route for route in all_routes() if route.name == name)


def test_control_a_scope_that_forgets_the_tree_is_found(world, monkeypatch):
    monkeypatch.setattr(scope, "below", lambda roots: Organisation.objects.all())
    wrong = walk(world, _route("directory:enterprise"))
    assert any(
        "GET directory:enterprise other city  as clerk: due 404, got in (200)" in line for line in wrong
    )
    assert not any(" as anonymous" in line for line in wrong)


def test_control_a_gate_that_lets_everybody_in_is_found(world, monkeypatch):
    monkeypatch.setattr(gate, "admit", lambda request, access: None)
    wrong = walk(world, _route("orgs:list"))
    assert any("GET orgs:list  as anonymous: due login, got in (200)" in line for line in wrong)
    assert any("as expert: due 403, got in (200)" in line for line in wrong)


def test_control_a_page_that_takes_objects_from_the_whole_table_is_found(world, monkeypatch):
    from zhiqiao.directory import queries
    from zhiqiao.directory.models import ResearchOutput

    monkeypatch.setattr(queries, "outputs_for", lambda who: ResearchOutput.objects.all())
    wrong = walk(world, _route("directory:output"))
    assert any("other city" in line and "as clerk: due 404, got in (200)" in line for line in wrong)


def test_control_a_write_out_of_scope_is_found(world, monkeypatch):
    from zhiqiao.needs import registers, rules
    from zhiqiao.needs.models import Need

    monkeypatch.setattr(registers, "rows_for", lambda who: Need.objects.all())
    monkeypatch.setattr(rules, "covers", lambda by, permission, organisation: by is not AnonymousUser)
    wrong = walk(world, _route("needs:bulk"))
    assert any("as clerk" in line and "changed needs.need of other city" in line for line in wrong)


def test_control_a_page_that_writes_when_it_is_read_is_found(world, monkeypatch):
    from django.utils import timezone

    from zhiqiao.kit.web.models import Draft
    from zhiqiao.site import views

    def writes(who):
        Draft.objects.create(person=who, form="x", saved_at=timezone.now())
        return []

    monkeypatch.setattr(views, "in_words", writes)
    assert any(
        "GET me  as clerk" in line and "reading wrote kit_draft" in line for line in walk(world, _route("me"))
    )


def test_control_an_unknown_parameter_is_refused(world):
    with pytest.raises(matrix.UnknownParameter):
        matrix.targets(world, Route("notice", "x/<uuid:ticket>/", {"ticket": "uuid"}))
