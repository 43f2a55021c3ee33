"""The few entries at the top of the portal."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.scope import may_somewhere


def portal_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what this reader may open: everybody finds and reads, who has a case follows it, staff work."""
    entries = [("找专家", "needs:find"), ("公开需求", "needs:published")]
    if request.user.is_authenticated:
        staff = may_somewhere(request.user, OrgPerm.VIEW)
        if not staff or may_somewhere(request.user, NeedPerm.ASK):
            entries.append(
                ("我的需求" if not hasattr(request.user, "expert") else "我的需求与邀请", "needs:mine")
            )
        if staff:
            entries.append(("工作台", "needs:inbox"))
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"title": title, "url": reverse(name), "current": here.startswith(name)} for title, name in entries
    ]
