"""The few entries at the top of the portal."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import may_somewhere

DOORS = (
    ("needs:inbox", (NeedPerm.HANDLE, NeedPerm.ASK)),
    ("needs:register", (NeedPerm.VIEW,)),
    ("directory:experts", (DirectoryPerm.VIEW,)),
)


def portal_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what this reader may open: everybody finds and reads, who has a case follows it, staff work."""
    entries = [("找专家", "needs:find"), ("公开需求", "needs:published"), ("解决方案", "needs:solutions")]
    if request.user.is_authenticated:
        staff = may_somewhere(request.user, OrgPerm.VIEW)
        if not staff or may_somewhere(request.user, NeedPerm.ASK):
            entries.append(
                ("我的需求" if not hasattr(request.user, "expert") else "我的需求与邀请", "needs:mine")
            )
        if staff:
            entries.append(("工作台", _door(request)))
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"title": title, "url": reverse(name), "current": here.startswith(name)} for title, name in entries
    ]


def _door(request: HttpRequest) -> str:
    """Return the first page of the workbench that this member of staff may open."""
    may = (name for name, permissions in DOORS if any(may_somewhere(request.user, p) for p in permissions))
    return next(may, "me")
