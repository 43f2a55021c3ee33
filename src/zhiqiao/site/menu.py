"""The menu of the workbench, and what every page knows."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from zhiqiao.accounts.models import Person
from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import may_somewhere


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: where it leads, and which permission (held anywhere) shows it."""

    title: str
    url_name: str
    icon: str
    permissions: tuple[str, ...]


MENU = (
    Item("待办", "needs:inbox", "inbox", (NeedPerm.HANDLE, NeedPerm.ASK)),
    Item("需求", "needs:register", "clipboard-list", (NeedPerm.VIEW,)),
    Item("来信", "needs:letters", "mail", (NeedPerm.HANDLE,)),
    Item("专家", "directory:experts", "users", (DirectoryPerm.VIEW,)),
    Item("企业", "directory:enterprises", "building", (DirectoryPerm.VIEW,)),
    Item("成果", "directory:outputs", "bulb", (DirectoryPerm.VIEW,)),
    Item("组织", "orgs:list", "sitemap", (OrgPerm.VIEW,)),
    Item("导入", "imports", "upload", (NeedPerm.IMPORT, DirectoryPerm.IMPORT)),
    Item("驾驶舱", "insights:dashboard", "chart-bar", (NeedPerm.FIGURES,)),
)

SECTIONS = (
    ("needs:letter", "needs:letters"),
    ("needs:terms", "orgs:list"),
    ("needs:", "needs:register"),
    ("directory:expert", "directory:experts"),
    ("directory:ranking", "directory:experts"),
    ("directory:enterprise", "directory:enterprises"),
    ("directory:output", "directory:outputs"),
    ("orgs:", "orgs:list"),
    ("import", "imports"),
    ("insights:", "insights:dashboard"),
)
"""Beginnings of view names, and the entry of the menu each belongs to."""


def context(request: HttpRequest) -> dict[str, Any]:
    """Give every template the menu of this person, the instant, and her unread notices.

    What asks the database is asked when a template first wants it, and once for a page.
    """
    person = getattr(request, "user", None)
    base: dict[str, Any] = {"now": timezone.now(), "installation": cache(installation_name)}
    if person is None or not person.is_authenticated:
        return base | {"may_ask": True}  # whoever is not signed in is asked to, and then told
    unread = Delivery.objects.filter(person=person, channel="site", read_at__isnull=True)
    return base | {
        "menu": cache(lambda: menu_for(request)),
        "unread_count": cache(unread.count),
        "may_ask": cache(lambda: may_somewhere(person, NeedPerm.ASK)),
        "sees_needs": cache(lambda: may_somewhere(person, NeedPerm.VIEW)),
        "my_organisation": cache(lambda: home_organisation(person)),
    }


def home_organisation(person: Person) -> str:
    """Return where a person works: the first organisation at which she holds a role."""
    grant = person.grants.valid(timezone.now()).select_related("organisation").order_by("id").first()
    return grant.organisation.title if grant else ""


def menu_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries this person may open."""
    match = request.resolver_match
    entries = []
    for item in MENU:
        if any(may_somewhere(request.user, permission) for permission in item.permissions):
            try:
                url = reverse(item.url_name)
            except NoReverseMatch:
                continue
            current = match is not None and _section(match.view_name) == _section(item.url_name)
            entries.append({"title": item.title, "url": url, "icon": item.icon, "current": current})
    return entries


def _section(view_name: str) -> str:
    """Several pages belong to one entry: a need's page lights up the register."""
    if view_name == "needs:inbox":
        return view_name
    for prefix, section in SECTIONS:
        if view_name.startswith(prefix):
            return section
    return view_name


def installation_name() -> str:
    """Return whose installation this is: the association at the root of the network."""
    root = Organisation.objects.filter(parent__isnull=True).order_by("path").first()
    return root.title if root else "科学技术协会"
