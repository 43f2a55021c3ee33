"""Who gets in where: every URL × method. Kept as data; the gate and the test of the matrix read it.

A URL missing here is closed, and the test that compares this table with the URL tree fails.
"""

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.kit.web.policy import LINK, PUBLIC, SIGNED_IN, Access, Policy, holds
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

_STAFF = OrgPerm.VIEW  # every member of staff sees her part of the network; an enterprise's contact does not

_NEEDS_WORKBENCH: Policy = {
    "needs:inbox": {"GET": holds(NeedPerm.HANDLE, NeedPerm.ASK)},
    "needs:register": {"GET": holds(NeedPerm.VIEW)},
    "needs:export": {"GET": holds(NeedPerm.EXPORT), "POST": holds(NeedPerm.EXPORT)},
    "needs:bulk": {"POST": holds(NeedPerm.HANDLE)},
    "needs:staffing": {"GET": holds(NeedPerm.HANDLE), "POST": holds(NeedPerm.HANDLE)},
    "needs:staffing_pick": {"POST": holds(NeedPerm.HANDLE)},
    "needs:detail": {"GET": holds(NeedPerm.VIEW, subject="needs.need")},
    "needs:finder": {"GET": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:team": {"GET": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:matches": {"GET": holds(_STAFF, subject="needs.need")},
    "needs:recommend": {"POST": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:for_expert": {"GET": holds(NeedPerm.VIEW, subject="directory.expert")},
    "needs:for_output": {"GET": holds(NeedPerm.VIEW, subject="directory.researchoutput")},
    "needs:step": {
        "GET": holds(NeedPerm.HANDLE, NeedPerm.ASK, subject="needs.need"),
        "POST": holds(NeedPerm.HANDLE, NeedPerm.ASK, subject="needs.need"),
    },
    "needs:substitutes": {"POST": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:conflicts": {
        "GET": holds(NeedPerm.HANDLE, DirectoryPerm.CONFLICT, subject="needs.need"),
        "POST": holds(DirectoryPerm.CONFLICT, subject="needs.need"),
    },
    "needs:sheet": {"GET": holds(_STAFF, subject="needs.need")},
    "needs:calendar": {"GET": holds(NeedPerm.VIEW, subject="needs.need")},
    "needs:file": {"GET": holds(NeedPerm.VIEW, subject="needs.need")},
    "needs:talk": {
        "GET": holds(_STAFF, subject="needs.need"),
        "POST": holds(NeedPerm.NOTE, subject="needs.need"),
    },
    "needs:talk_follow": {"POST": holds(NeedPerm.NOTE, subject="needs.need")},
    "needs:talk_move": {
        "GET": holds(NeedPerm.HANDLE, subject="needs.message"),
        "POST": holds(NeedPerm.HANDLE, subject="needs.message"),
    },
    "needs:talk_undo": {"POST": holds(NeedPerm.HANDLE, subject="needs.message")},
    "needs:package_ask": {"POST": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:package": {"GET": holds(NeedPerm.HANDLE, subject="needs.package")},
    "needs:package_file": {"GET": holds(NeedPerm.HANDLE, subject="needs.package")},
    "needs:package_layout": {
        "GET": holds(NeedPerm.HANDLE, subject="orgs.organisation"),
        "POST": holds(NeedPerm.HANDLE, subject="orgs.organisation"),
    },
    "needs:pledge": {
        "GET": holds(NeedPerm.HANDLE, subject="needs.invitation"),
        "POST": holds(NeedPerm.HANDLE, subject="needs.invitation"),
    },
    "needs:pledge_file": {"GET": holds(NeedPerm.HANDLE, subject="needs.invitation")},
    "needs:solution_draft": {"POST": holds(NeedPerm.HANDLE, subject="needs.need")},
    "needs:solution_cards": {"GET": holds(NeedPerm.HANDLE)},
    "needs:solution_edit": {
        "GET": holds(NeedPerm.HANDLE, subject="needs.solutioncard"),
        "POST": holds(NeedPerm.HANDLE, subject="needs.solutioncard"),
    },
    "needs:letters": {"GET": holds(NeedPerm.HANDLE)},
    "needs:letter": {
        "GET": holds(NeedPerm.HANDLE, subject="needs.letter"),
        "POST": holds(NeedPerm.HANDLE, subject="needs.letter"),
    },
    "needs:letter_file": {"GET": holds(NeedPerm.HANDLE, subject="needs.letter")},
    "needs:saved_replies": {"GET": holds(NeedPerm.HANDLE), "POST": holds(NeedPerm.HANDLE)},
    "needs:saved_reply": {
        "GET": holds(NeedPerm.HANDLE, subject="needs.savedreply"),
        "POST": holds(NeedPerm.HANDLE, subject="needs.savedreply"),
    },
    "search": {"GET": holds(NeedPerm.VIEW, DirectoryPerm.VIEW)},
    "suggest": {"GET": holds(NeedPerm.VIEW, DirectoryPerm.VIEW)},
}

_NEEDS_PORTAL: Policy = {
    "needs:find": {"GET": PUBLIC, "POST": PUBLIC},
    "needs:published": {"GET": PUBLIC},
    "needs:published_suggest": {"GET": PUBLIC},
    "needs:published_detail": {"GET": PUBLIC},
    "needs:solutions": {"GET": PUBLIC},
    "needs:solution": {"GET": PUBLIC},
    "needs:ask": {"GET": holds(NeedPerm.ASK), "POST": holds(NeedPerm.ASK)},
    "needs:draft": {
        "GET": holds(NeedPerm.ASK, subject="needs.need"),
        "POST": holds(NeedPerm.ASK, subject="needs.need"),
    },
    "needs:mine": {"GET": SIGNED_IN},
    "needs:mine_detail": {
        "GET": Access("signed_in", subject="needs.need"),
        "POST": Access("signed_in", subject="needs.need"),
    },
    "needs:talk_file": {"GET": LINK},
    "needs:answer": {"GET": LINK, "POST": LINK},
    "needs:link_calendar": {"GET": LINK},
    "needs:follow": {"GET": LINK, "POST": LINK},
    "needs:follow_calendar": {"GET": LINK},
}

_NEEDS: Policy = {**_NEEDS_WORKBENCH}

_DIRECTORY: Policy = {
    "directory:experts": {"GET": holds(DirectoryPerm.VIEW)},
    "directory:expert": {
        "GET": holds(DirectoryPerm.VIEW, subject="directory.expert"),
        "POST": holds(DirectoryPerm.CONTACT, subject="directory.expert"),
    },
    "directory:expert_new": {"GET": holds(DirectoryPerm.EDIT), "POST": holds(DirectoryPerm.EDIT)},
    "directory:expert_pairs": {"GET": holds(DirectoryPerm.EDIT)},
    "directory:expert_identity": {
        "GET": holds(DirectoryPerm.EDIT, subject="directory.expert"),
        "POST": holds(DirectoryPerm.EDIT, subject="directory.expert"),
    },
    "directory:expert_leave": {
        "GET": holds(DirectoryPerm.EDIT, subject="directory.expert"),
        "POST": holds(DirectoryPerm.EDIT, subject="directory.expert"),
    },
    "directory:expert_ties": {
        "GET": holds(DirectoryPerm.CONFLICT, subject="directory.expert"),
        "POST": holds(DirectoryPerm.CONFLICT, subject="directory.expert"),
    },
    "directory:my_leave": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "directory:my_ties": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "directory:expert_edit": {
        "GET": holds(DirectoryPerm.EDIT, subject="directory.expert"),
        "POST": holds(DirectoryPerm.EDIT, subject="directory.expert"),
    },
    "directory:enterprises": {"GET": holds(DirectoryPerm.VIEW)},
    "directory:enterprise": {"GET": holds(DirectoryPerm.VIEW, subject="directory.enterprise")},
    "directory:enterprise_new": {"GET": holds(DirectoryPerm.EDIT), "POST": holds(DirectoryPerm.EDIT)},
    "directory:outputs": {"GET": holds(DirectoryPerm.VIEW)},
    "directory:output": {"GET": holds(DirectoryPerm.VIEW, subject="directory.researchoutput")},
    "directory:output_new": {"GET": holds(DirectoryPerm.EDIT), "POST": holds(DirectoryPerm.EDIT)},
    "directory:output_edit": {
        "GET": holds(DirectoryPerm.EDIT, subject="directory.researchoutput"),
        "POST": holds(DirectoryPerm.EDIT, subject="directory.researchoutput"),
    },
    "directory:ranking": {"GET": holds(DirectoryPerm.VIEW), "POST": holds(OrgPerm.MANAGE)},
    "directory:availability": {"GET": SIGNED_IN, "POST": SIGNED_IN},
}

_ORGS: Policy = {
    "orgs:list": {"GET": holds(OrgPerm.VIEW)},
    "orgs:detail": {"GET": holds(OrgPerm.VIEW, subject="orgs.organisation")},
    "orgs:add": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
    },
    "orgs:grant": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
    },
    "orgs:person_new": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
    },
    "orgs:calendar": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
    },
    "orgs:deputies": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.grant"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.grant"),
    },
    "needs:terms": {
        "GET": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
        "POST": holds(OrgPerm.MANAGE, subject="orgs.organisation"),
    },
    "orgs:revoke": {"POST": holds(OrgPerm.MANAGE, subject="orgs.grant")},
    "orgs:disable": {"POST": holds(OrgPerm.MANAGE, subject="accounts.person")},
    "orgs:enable": {"POST": holds(OrgPerm.MANAGE, subject="accounts.person")},
    "orgs:new_link": {"POST": holds(OrgPerm.MANAGE, subject="accounts.person")},
    "orgs:set_password": {"GET": LINK, "POST": LINK},
    "audit": {"GET": holds(OrgPerm.AUDIT)},
}

_INSIGHTS: Policy = {
    "insights:dashboard": {"GET": holds(NeedPerm.FIGURES)},
    "insights:figure": {"GET": holds(NeedPerm.FIGURES)},
    "insights:export": {"GET": holds(NeedPerm.EXPORT), "POST": holds(NeedPerm.EXPORT)},
}

_IMPORTERS = holds(NeedPerm.IMPORT, DirectoryPerm.IMPORT, OrgPerm.MANAGE)
_IMPORTS: Policy = {
    "imports": {"GET": _IMPORTERS},
    "import": {"GET": _IMPORTERS, "POST": _IMPORTERS},
    "import_template": {"GET": _IMPORTERS},
    "import_errors": {"POST": _IMPORTERS},
}

POLICY: Policy = {**_SITE, **_NEEDS_PORTAL, **_NEEDS, **_DIRECTORY, **_ORGS, **_INSIGHTS, **_IMPORTS}

__all__ = ["LINK", "POLICY", "DirectoryPerm", "NeedPerm", "OrgPerm", "holds"]
