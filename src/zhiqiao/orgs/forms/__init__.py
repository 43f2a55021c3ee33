"""Forms of the network."""

from zhiqiao.orgs.forms.network import (
    KINDS_BELOW,
    GrantForm,
    KnownPersonForm,
    NewPersonForm,
    OrganisationForm,
    ReasonForm,
    RoleField,
)

__all__ = [
    "KINDS_BELOW",
    "GrantForm",
    "KnownPersonForm",
    "NewPersonForm",
    "OrganisationForm",
    "ReasonForm",
    "RoleField",
]
