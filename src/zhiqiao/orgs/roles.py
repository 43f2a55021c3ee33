"""What a role is. Which roles exist is declared in ``site.roles``; this is the shelf they stand on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A bundle of permissions with a title and one sentence that a clerk can check.

    name : stable code. title : Chinese. sentence : what its holder may see and do, in words.
    """

    name: str
    title: str
    sentence: str
    permissions: frozenset[str]


_roles: dict[str, Role] = {}


def declare(*roles: Role) -> None:
    """Put roles on the shelf; declaring one again replaces it."""
    _roles.update({role.name: role for role in roles})


def role(name: str) -> Role:
    """Return a declared role.

    :raises KeyError: no role has this name.
    """
    return _roles[name]


def all_roles() -> list[Role]:
    """Return every role in the order of declaration."""
    return list(_roles.values())


def roles_with(permission: str) -> list[str]:
    """Return the names of the roles that carry a permission."""
    return [role.name for role in _roles.values() if permission in role.permissions]
