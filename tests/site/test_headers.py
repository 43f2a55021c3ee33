"""What every answer carries: a strict content policy, no sniffing, no framing, no foreign host, safe cookies."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests import factories
from tests.site import bodies, matrix, pages, watching
from tests.site.browser import Browser
from tests.site.routes import all_routes
from tests.site.world import World
from zhiqiao.kit.web.icons import ICONS
from zhiqiao.site import views
from zhiqiao.site.policy import POLICY

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
READERS = ("strong", "clerk", "contact in her enterprise", "expert", "anonymous")
STRICT = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy_of(response) -> dict[str, str]:
    parts = response.headers.get("Content-Security-Policy", "").split(";")
    pairs = (part.strip().partition(" ") for part in parts if part.strip())
    return {name: value.strip() for name, _, value in pairs}


def complaints(url: str, response) -> Iterator[str]:
    """Name everything about one answer that is not as strict as it should be."""
    given = policy_of(response)
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html":
        yield from (
            f"{url}: {name} is {given.get(name)}" for name, due in STRICT.items() if given.get(name) != due
        )
        yield from _page_complaints(url, pages.read(response.whole.decode()))
        if response.headers.get("Referrer-Policy") != "same-origin":
            yield f"{url}: referrer policy {response.headers.get('Referrer-Policy')}"
    if "unsafe" in response.headers.get("Content-Security-Policy", "unsafe"):
        yield f"{url}: content policy {response.headers.get('Content-Security-Policy')}"
    if given.get("frame-ancestors") != "'none'":
        yield f"{url}: may be framed"
    if response.headers.get("X-Content-Type-Options") != "nosniff":
        yield f"{url}: may be sniffed"
    if response.headers.get("X-Frame-Options") != "DENY":
        yield f"{url}: X-Frame-Options {response.headers.get('X-Frame-Options')}"
    if "Server" in response.headers or "X-Powered-By" in response.headers:
        yield f"{url}: tells what it runs on"


def _page_complaints(url: str, page: pages.Page) -> Iterator[str]:
    yield from (f"{url}: inline {what}" for what in page.inline)
    for tag, name, value in page.loads:
        parts = urlsplit(value)
        if parts.netloc or parts.scheme not in ("", "data") or (parts.scheme == "data" and tag != "img"):
            yield f"{url}: <{tag} {name}> loads {value[:80]}"


def _kept_from_others(response) -> bool:
    """A shared cache may not hand one person's page to the next."""
    control = response.headers.get("Cache-Control", "")
    return (
        "cookie" in response.headers.get("Vary", "").lower() or "private" in control or "no-store" in control
    )


@pytest.mark.parametrize("name", READERS)
def test_every_page_is_strict_for(world: World, name):
    seat = world.strong if name == "strong" else world.seat(name)
    browser, wrong, opened = Browser(seat.session), [], 0
    for route in all_routes():
        if "GET" not in POLICY[route.name]:
            continue
        for target in matrix.targets(world, route):
            if target.thing is None or target.thing.relation in ("own", "other city", "invited"):
                url = route.url(target.values)
                with watching.undone():
                    response = browser.get(url)
                opened += 1
                wrong += complaints(url, response)
                if seat.signed_in and "text/html" in response.headers.get("Content-Type", ""):
                    wrong += [] if _kept_from_others(response) else [f"{url}: a shared cache may keep it"]
    assert wrong == []
    assert opened > 100


def test_every_page_with_errors_in_its_form_is_strict(world: World):
    """Sent back empty, with nonsense, and refused."""
    browser, wrong = Browser(world.strong.session), []
    for route in all_routes():
        if "POST" in POLICY[route.name]:
            target = matrix.targets(world, route)[0]
            for body in ({}, *bodies.bodies(world, world.strong, route, target)[1:2]):
                with watching.undone():
                    wrong += complaints(f"POST {route.name}", browser.post(route.url(target.values), body))
    assert wrong == []


def test_error_pages_are_strict(world: World, monkeypatch):
    def breaks(*_, **__):
        raise RuntimeError("坏了")

    answers = {
        404: Browser().get("/no-such-page/"),
        403: Browser(world.seat("nobody").session).get("/workbench/needs/"),
        400: Browser().get("/", HTTP_HOST="evil.example"),
    }
    monkeypatch.setattr(views, "render", breaks)
    answers[500] = Browser().get("/")
    monkeypatch.undo()
    answers[4030] = Browser(csrf=True).post("/login/", {})
    for status, response in answers.items():
        assert response.status_code == min(status, 599) or (status, response.status_code) == (4030, 403)
        assert [*complaints(str(status), response)] == []
        assert "Traceback" not in response.whole.decode()
        assert "evil.example" not in response.whole.decode()


def test_no_form_is_taken_without_its_token(world: World):
    """Every URL that takes a POST turns down one that another site has made a browser send."""
    browser = Browser(world.strong.session, csrf=True)
    answered = {}
    for route in all_routes():
        if "POST" in POLICY[route.name]:
            with watching.undone():
                response = browser.post(route.url(matrix.targets(world, route)[0].values), {"go": "submit"})
            answered[route.name] = response.status_code
    assert set(answered.values()) == {403}, answered


def test_cookies_are_closed_to_scripts_and_to_other_sites(db):
    person = factories.person()
    client = Client()
    client.get("/login/")
    response = client.post("/login/", {"login": person.phone, "password": factories.PASSWORD})
    assert response.status_code == 302
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), name


def test_a_new_session_begins_at_signing_in(db):
    person = factories.person()
    client = Client()
    planted = client.session
    planted["by"] = "somebody else"
    planted.save()
    before = client.cookies["sessionid"].value
    client.post("/login/", {"login": person.phone, "password": factories.PASSWORD})
    assert client.cookies["sessionid"].value != before
    assert not type(planted)(session_key=before).exists(before)


PRODUCTION = """
from django.conf import settings as s
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000, s.DEBUG, s.ALLOWED_HOSTS)
"""


@pytest.mark.anydb
def test_in_production_cookies_only_travel_encrypted(tmp_path):
    environment = os.environ | {
        "ZHIQIAO_HOME": str(tmp_path),
        "ZHIQIAO_MODE": "production",
        "ZHIQIAO_SECRET_KEY": "k" * 50,
        "ZHIQIAO_HOSTS": "qiao.example.cn",
        "ZHIQIAO_URL": "https://qiao.example.cn",
        "DATABASE_URL": "",
    }
    told = subprocess.run(
        [sys.executable, "-c", PRODUCTION], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "True True True False ['qiao.example.cn']"


@pytest.mark.anydb
def test_every_icon_that_is_named_is_on_the_sheet():
    """A name that is not there breaks the page, and an empty list is where nobody looks."""
    named = re.compile(r"""icon="([a-z0-9-]+)"|{% icon "([a-z0-9-]+)"|"icon": "([a-z0-9-]+)\"""")
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "src").rglob("*")
        if path.suffix in (".html", ".py")
        for names in named.findall(path.read_text(encoding="utf8"))
        for name in names
        if name and name not in ICONS
    }
    assert unknown == set()


# ── Controls ────────────────────────────────────────────────────────────────────────────────────────


def test_control_a_lax_page_is_found(world: World, settings):
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'self'", "'unsafe-inline'"]}}
    settings.SECURE_CONTENT_TYPE_NOSNIFF = False
    found = [*complaints("/", Browser().get("/"))]
    assert any("unsafe-inline" in line for line in found)
    assert "/: may be framed" in found


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:red">',
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        '<p onclick="x()">',
        '<a href="javascript:x()">',
        '<p hx-on:click="x()">',
        '<script src="https://cdn.example/x.js"></script>',
        '<img src="//cdn.example/x.png">',
        '<link rel="stylesheet" href="https://cdn.example/x.css">',
        '<form action="https://evil.example/"></form>',
        '<button formaction="https://evil.example/">',
        '<iframe src="https://evil.example/"></iframe>',
        '<script src="data:text/javascript,x"></script>',
    ],
)
def test_control_what_a_page_may_not_hold_is_found(html):
    assert [*_page_complaints("x", pages.read(html))]


def test_control_what_a_page_may_hold_is_left_alone():
    html = (
        '<link rel="stylesheet" href="/static/x.css"><img src="data:image/png;base64,x">'
        '<script src="/static/x.js" defer></script><a href="https://example.cn/paper" rel="noopener">x</a>'
        '<form action="/x/" method="post"></form><script type="application/json" src="/x"></script>'
    )
    assert [*_page_complaints("x", pages.read(html))] == []


# ── What nobody can type ────────────────────────────────────────────────────────────────────────────


def test_a_nul_in_address_or_form_is_told_as_a_damaged_request(client):
    client.force_login(factories.person())
    answers = [
        client.get("/find/", {"q": "a\0b"}),
        client.get("/find/", {"a\0b": ""}),
        client.post("/me/drafts/ask/", {"title": "a\0b"}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 3
    assert "数据没有改动" in answers[0].content.decode()
    assert client.post("/me/drafts/ask/", {"title": r"\u0000"}).status_code == 200
