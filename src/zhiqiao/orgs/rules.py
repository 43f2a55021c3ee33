"""Small questions about the network."""

from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs import roles
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import covers, is_operator


def may_grant(by: By, role_name: str, organisation: Organisation) -> Answer:
    """管理该组织、且自己具备该角色全部权限的人"""
    if is_operator(by):
        return True
    managed = covers(by, OrgPerm.MANAGE, organisation)
    if not managed:
        return managed
    for permission in sorted(roles.role(role_name).permissions):
        if not covers(by, permission, organisation):
            title = roles.role(role_name).title
            return Refusal("orgs.more_than_held", f"您自己没有“{title}”的全部权限，不能授予别人。")
    return True
