"""Screens of the network: tree and people, working hours, deputies."""

from zhiqiao.orgs.views.network import (
    CHILDREN,
    FRESH_LINK,
    NETWORK,
    PAST_SHOWN,
    add,
    disable,
    enable,
    grant,
    new_link,
    organisation,
    organisations,
    person_new,
    person_of,
    revoke,
    set_password,
)

__all__ = [
    "CHILDREN",
    "FRESH_LINK",
    "NETWORK",
    "PAST_SHOWN",
    "add",
    "disable",
    "enable",
    "grant",
    "new_link",
    "organisation",
    "organisations",
    "person_new",
    "person_of",
    "revoke",
    "set_password",
]
