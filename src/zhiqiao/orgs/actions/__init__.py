"""The write verbs of the network: add, grant, revoke, stand in."""

from zhiqiao.orgs.actions.network import (
    add_organisation,
    add_organisations,
    grant,
    rename,
    revoke,
)

__all__ = [
    "add_organisation",
    "add_organisations",
    "grant",
    "rename",
    "revoke",
]
