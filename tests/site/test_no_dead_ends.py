"""Nobody is led to a closed door: every link a page shows its reader opens for that reader."""

from collections import Counter, deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.site import pages, watching
from tests.site.browser import Browser
from tests.site.world import Seat, World
from zhiqiao.site import gate
from zhiqiao.site.roles import ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

OF_ONE_KIND = 2
"""So many pages of one view are opened for one reader; the rest are like them."""

WALKERS = [
    *(role.name for role in ROLES if role.name != "enterprise_contact"),
    *("contact in her enterprise", "liaison in her town", "expert", "anonymous"),
]


def closed_doors(seat: Seat) -> list[str]:
    """Follow the links of a reader from the front page on; return those that do not open, and where they stood."""
    browser, seen, opened, closed = Browser(seat.session), {"/"}, Counter(), []
    waiting = deque([("/", "")])
    while waiting:
        url, shown_on = waiting.popleft()
        with watching.undone():
            response = browser.get(url)
        if response.status_code >= 400:
            closed.append(f"{url} ({response.status_code}), linked on {shown_on}")
        elif response.headers.get("Content-Type", "").startswith("text/html"):
            for link in pages.read(response.whole.decode()).links:
                target = urljoin(url, link).partition("#")[0]
                if target not in seen and _to_be_seen(target, opened):
                    seen.add(target)
                    waiting.append((target, url))
    assert sum(opened.values()) > 5, "the walk did not get anywhere"
    return closed


def _to_be_seen(target: str, opened: Counter) -> bool:
    if urlsplit(target).netloc or urlsplit(target).scheme:  # another site, a telephone number
        return False
    try:
        view = resolve(urlsplit(target).path).view_name
    except Resolver404:
        return True
    opened[view] += 1
    return opened[view] <= OF_ONE_KIND


@pytest.mark.parametrize("name", WALKERS)
def test_every_link_on_every_page_opens(world: World, name: str):
    assert closed_doors(world.seat(name)) == []


def test_control_a_link_nobody_asked_about_is_found(world: World, monkeypatch):
    monkeypatch.setattr(gate, "may_open", lambda person, href: True)
    assert any("(403)" in door for door in closed_doors(world.seat("auditor")))
