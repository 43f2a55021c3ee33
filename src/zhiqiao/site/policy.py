"""Who gets in where: every URL × method. Kept as data; the gate and the test of the matrix read it.

A URL missing here is closed, and the test that compares this table with the URL tree fails.
"""

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.kit.web.policy import LINK, PUBLIC, SIGNED_IN, Policy, holds
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm

_SITE: Policy = {
    "home": {"GET": PUBLIC},
    "login": {"GET": PUBLIC, "POST": PUBLIC},
    "logout": {"POST": SIGNED_IN},
    "preferences": {"POST": PUBLIC},
    "health": {"GET": PUBLIC},
    "styleguide": {"GET": PUBLIC},
    "me": {"GET": SIGNED_IN},
    "password": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "notices": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "notice": {"GET": SIGNED_IN},
    "draft": {"GET": SIGNED_IN, "POST": SIGNED_IN},
}

_NEEDS: Policy = {}

_DIRECTORY: Policy = {}

_ORGS: Policy = {}

_INSIGHTS: Policy = {}

_IMPORTS: Policy = {}

POLICY: Policy = {**_SITE, **_NEEDS, **_DIRECTORY, **_ORGS, **_INSIGHTS, **_IMPORTS}

__all__ = ["LINK", "POLICY", "DirectoryPerm", "NeedPerm", "OrgPerm", "holds"]
