"""Words planted in another city never show: not in a page, list, search, count, export, calendar or error.

The control is the same walk by that city's own people: it hears what was planted, so the walk can hear.
"""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.site import canaries, far_city, matrix, watching
from tests.site.browser import Browser
from tests.site.canaries import Walk
from tests.site.far_city import FarCity
from tests.site.routes import all_routes
from tests.site.world import Seat, World
from zhiqiao.directory.models import Enterprise
from zhiqiao.needs import queries
from zhiqiao.needs.models import Need
from zhiqiao.orgs import scope
from zhiqiao.orgs.models import Organisation
from zhiqiao.site.policy import POLICY

pytestmark = pytest.mark.django_db

NEAR = (
    "anonymous", "nobody", "expired", "clerk", "town_clerk", "leader", "administrator", "auditor",
    "society_clerk", "enterprise_contact", "contact in her enterprise", "clerk here, leader next door", "expert",
)  # fmt: skip
MOST_PAGES = 260

NOT_SHOWN = {
}
"""Planted, but on no page that is read: why."""


@pytest.fixture(scope="module")
def far(world: World, django_db_blocker) -> FarCity:
    """The other city with its canaries, inside the world of this module."""
    made = far_city.build(world)
    matrix.open_sessions(made.seats)
    return made


def starts(world: World) -> Iterator[str]:
    """Every address that can be opened, for things of one's own and things far away."""
    for route in all_routes():
        if "GET" in POLICY[route.name] and route.name != "logout":
            for target in matrix.targets(world, route):
                if target.thing is None or target.thing.relation == "own":
                    yield route.url(target.values)


def walk(world: World, far: FarCity, seat: Seat, *, links: bool = False) -> Walk:
    """Open everything as one reader; what she writes on the way is taken back."""
    first = [*far.urls, *(far.links if links else ()), *starts(world)]
    with watching.undone():
        return Walk(far.aviary, seat.session).from_(dict.fromkeys(first), most=MOST_PAGES)


@pytest.mark.parametrize("name", NEAR)
def test_nothing_of_another_city_shows_to(world, far, name):
    walked = walk(world, far, world.seat(name))
    assert walked.opened > 60
    assert {place: sorted(urls)[:3] for place, urls in walked.heard.items()} == {}
    assert walked.crashed == []


def test_control_its_own_people_hear_everything_that_was_planted(world, far, capsys):
    heard: dict[str, set[str]] = {}
    opened = 0
    for seat in far.seats:
        walked = walk(world, far, seat, links=True)
        opened += walked.opened
        for place, urls in walked.heard.items():
            heard.setdefault(place, set()).update(urls)
    silent = set(far.aviary.planted.values()) - set(heard)
    with capsys.disabled():
        print(f"\n金丝雀：{len(far.aviary.planted)} 处，本市的人打开 {opened} 页，听到 {len(heard)} 处")
    assert sorted(silent) == sorted(NOT_SHOWN)
