"""The access table and the URL tree say the same, and the gate follows the table."""

from types import ModuleType

import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from tests import factories
from tests.site import routes
from zhiqiao.kit.web.policy import PUBLIC, Access, url_names
from zhiqiao.orgs.roles import all_roles
from zhiqiao.site import gate, urls
from zhiqiao.site.policy import POLICY

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture
def client_of_all(db):
    """Somebody with every role at the root: nothing but the table can keep her out."""
    root = factories.organisation(name="省科协", kind="province", parent=None)
    person = factories.person(name="样样都行")
    for role in all_roles():
        factories.grant(person=person, role=role.name, organisation=root)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def test_the_table_and_the_url_tree_name_the_same():
    names = list(url_names())
    assert len(names) == len(set(names))
    assert set(names) == set(POLICY)
    assert [error for error in run_checks() if error.id in ("zhiqiao.E001", "zhiqiao.E002")] == []


def test_every_row_is_well_formed():
    known = {permission for role in all_roles() for permission in role.permissions}
    for name, row in POLICY.items():
        assert {"GET", "POST"} >= set(row) != set(), name
        for access in row.values():
            assert access.kind in ("public", "signed_in", "link", "holds"), name
            assert bool(access.permissions) == (access.kind == "holds"), name
            assert set(access.permissions) <= known, name


def test_link_rows_are_the_urls_with_a_signed_token():
    tokens = {route.name for route in routes.all_routes() if "token" in route.parameters}
    links = {name for name, row in POLICY.items() if any(a.kind == "link" for a in row.values())}
    assert links == tokens


def test_nothing_below_the_workbench_is_public():
    open_to_all = {
        route.pattern
        for route in routes.all_routes()
        if any(access.kind in ("public", "link") for access in POLICY[route.name].values())
    }
    assert [
        pattern for pattern in open_to_all if pattern.startswith(("workbench/", "my/", "dashboard/"))
    ] == []


@pytest.mark.parametrize("route", routes.all_routes(), ids=lambda route: route.name)
def test_methods_without_a_row_are_not_allowed(client_of_all, route):
    """Whether or not the object is there: the gate answers before anything is looked up."""
    url = route.url(dict.fromkeys(route.parameters, "999999999"))
    row = set(POLICY[route.name])
    allowed = row | ({"HEAD"} if "GET" in row else set())
    answered = {method for method in METHODS if client_of_all.generic(method, url).status_code != 405}
    assert answered == allowed


def _with_extra_url(view_name: str) -> ModuleType:
    def open_door(request):
        return HttpResponse("里面")

    made = ModuleType("urls_with_one_more")
    made.urlpatterns = [path("back-door/", open_door, name=view_name), *urls.urlpatterns]
    return made


@pytest.mark.django_db
def test_a_url_without_a_row_is_not_found(settings, client_of_all):
    settings.ROOT_URLCONF = _with_extra_url("back_door")
    for client in (Client(), client_of_all):
        assert client.get("/back-door/").status_code == 404


@pytest.mark.django_db
def test_control_with_a_row_it_is_found(settings, monkeypatch):
    settings.ROOT_URLCONF = _with_extra_url("back_door")
    monkeypatch.setattr(gate, "POLICY", {**POLICY, "back_door": {"GET": PUBLIC}})
    assert Client().get("/back-door/").content.decode() == "里面"


@pytest.mark.django_db
def test_an_unnamed_url_is_not_found_either(settings, client_of_all):
    made = _with_extra_url("back_door")
    made.urlpatterns[0] = path("back-door/", lambda request: HttpResponse("里面"))
    settings.ROOT_URLCONF = made
    assert client_of_all.get("/back-door/").status_code == 404


def test_control_the_start_up_check_names_a_url_without_a_row_and_a_row_without_a_url(settings, monkeypatch):
    made = _with_extra_url("back_door")
    made.urlpatterns = [entry for entry in made.urlpatterns if getattr(entry, "name", "") != "health"]
    settings.ROOT_URLCONF = made
    found = {error.id: error.msg for error in run_checks() if error.id.startswith("zhiqiao.E00")}
    assert "back_door" in found["zhiqiao.E001"]
    assert "health" in found["zhiqiao.E002"]


def test_control_a_kind_that_nobody_knows_lets_nobody_in(rf):
    from django.contrib.auth.models import AnonymousUser
    from django.core.exceptions import PermissionDenied

    class SomebodySignedIn(AnonymousUser):
        is_authenticated = True
        is_active = False

    request = rf.get("/")
    request.user = SomebodySignedIn()
    with pytest.raises(PermissionDenied):
        gate.admit(request, Access("pubic"))
