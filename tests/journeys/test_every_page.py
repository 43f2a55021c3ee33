"""Every main page, as each kind of reader, at both widths: axe finds nothing, no script complains, nothing
scrolls sideways, and no request leaves for another host."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from tests import factories
from zhiqiao.directory import actions as directory
from zhiqiao.directory.enums import Sharing
from zhiqiao.directory.models import ResearchOutput
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.needs import actions, links
from zhiqiao.needs.enums import Stage, Visibility

pytestmark = [pytest.mark.anydb, pytest.mark.django_db(transaction=True)]

WIDTHS = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture
def pages(net):
    """Return, for each reader, the addresses of her pages, with something on each of them."""
    expert = factories.expert(organisation=net.city, sharing=Sharing.PUBLIC)
    cases = {
        stage: factories.need(enterprise=net.enterprise, stage=stage, visibility=Visibility.PUBLIC)
        for stage in (
            Stage.SUBMITTED,
            Stage.MATCHING,
            Stage.INVITING,
            Stage.SCHEDULED,
            Stage.CONFIRMING,
            Stage.ARCHIVED,
        )
    }
    output = directory.save_output(
        ResearchOutput(title="高速轴承套圈磨削裂纹检测仪", organisation=net.city),
        by=SYSTEM,
        at=timezone.now(),
    )
    actions.recommend_output(cases[Stage.CONFIRMING], output, by=net.clerk, at=timezone.now())
    administrator = factories.person(name="总管理", role="administrator", organisation=net.province)
    case = {stage: f"/workbench/needs/{need.pk}/" for stage, need in cases.items()}
    invitation = cases[Stage.INVITING].invitations.get()
    return [
        (None, ["/", "/find/?q=轴承磨削裂纹", "/needs/", f"/needs/{cases[Stage.MATCHING].pk}/", "/login/", "/styleguide/",
                "/nowhere/", links.invitation_url(invitation), links.enterprise_url(cases[Stage.CONFIRMING])]),
        (net.clerk, ["/workbench/", "/workbench/needs/", *case.values(), "/workbench/experts/",
                     f"/workbench/experts/{expert.pk}/", "/workbench/enterprises/", "/workbench/outputs/",
                     "/workbench/organisations/", f"/workbench/organisations/{net.district.pk}/", "/workbench/import/",
                     "/workbench/import/needs/", "/workbench/search/?q=轴承", "/workbench/search/?q=谁懂轴承套圈磨削为什么开裂",
                     case[Stage.MATCHING] + "finder/?name=查无此人", case[Stage.MATCHING] + "team/",
                     case[Stage.MATCHING] + "matches/", f"/workbench/experts/{expert.pk}/needs/",
                     f"/workbench/outputs/{output.pk}/", f"/workbench/outputs/{output.pk}/needs/",
                     "/workbench/needs/?q=轴承", "/ask/", "/me/", "/me/password/", "/me/notices/",
                     case[Stage.SUBMITTED] + "do/accept/", case[Stage.SUBMITTED] + "do/send_back/",
                     case[Stage.MATCHING] + f"do/invite/?expert={expert.pk}", case[Stage.SCHEDULED] + "do/hold/",
                     case[Stage.MATCHING] + "do/report/", case[Stage.ARCHIVED] + "sheet/"]),
        (net.leader, ["/dashboard/", "/dashboard/figures/received/"]),
        (net.contact, ["/my/needs/", f"/my/needs/{cases[Stage.CONFIRMING].pk}/", "/ask/"]),
        (administrator, [f"/workbench/organisations/{net.city.pk}/", "/workbench/experts/new/"]),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "elder"), [("wide", "off"), ("phone", "on")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(someone, pages, live_server, width, elder):
    faults, seen = [], 0
    for person, paths in pages:
        reader = someone(viewport=WIDTHS[width])
        reader.page.context.add_cookies([{"name": "elder", "value": elder, "url": live_server.url}])
        hosts = set()
        reader.page.on("request", lambda request, hosts=hosts: hosts.add(urlsplit(request.url).netloc))
        if person is not None:
            reader.sign_in(person)
        for path in paths:
            reader.open(path)
            reader.page.wait_for_load_state("networkidle")
            seen += 1
            faults += [f"{path}: {fault}" for fault in _faults(reader.page)]
        assert hosts <= {urlsplit(live_server.url).netloc, ""}
        reader.errors[:] = [error for error in reader.errors if "404" not in error]
    print(f"\n{seen} pages, {width}, elder {elder}")
    assert faults == []


def _faults(page):
    for violation in Axe().run(page, options=RULES).response["violations"]:
        where = [node["target"][0] for node in violation["nodes"][:2]]
        yield f"axe {violation['id']} at {where}"
    wide, inner = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if wide > inner:
        yield f"scrolls sideways: {wide} > {inner}"
