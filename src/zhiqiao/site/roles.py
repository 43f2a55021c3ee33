"""Every role, declared once: its title, a sentence a clerk can check, and what it may do."""

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.roles import Role, declare

_LOOK = frozenset({OrgPerm.VIEW, DirectoryPerm.VIEW, NeedPerm.VIEW, NeedPerm.FIGURES, NeedPerm.NOTE})
_WORK = _LOOK | {
    DirectoryPerm.CONTACT,
    DirectoryPerm.EDIT,
    DirectoryPerm.IMPORT,
    NeedPerm.HANDLE,
    NeedPerm.ASK,
    NeedPerm.IMPORT,
    NeedPerm.EXPORT,
}

ROLES = (
    Role(
        "clerk",
        "经办人",
        "可以看到并办理本单位及下级的全部需求：代填、受理、退回、匹配专家、邀请、登记对接和结果、归档；"
        "可以查看专家联系方式、维护专家和企业、导入和导出台账；可以看统计。可以与企业、专家往来，写内部备注。不能给别人授权。",
        _WORK,
    ),
    Role(
        "town_clerk",
        "镇街联络员",
        "可以替本镇街的企业提出需求、补充材料，查看这些需求办到哪一步，写内部备注，也可以查找专家；"
        "不能受理和邀请，看不到专家的联系方式。",
        frozenset(
            {OrgPerm.VIEW, DirectoryPerm.VIEW, NeedPerm.VIEW, NeedPerm.ASK, NeedPerm.FIGURES, NeedPerm.NOTE}
        ),
    ),
    Role(
        "leader",
        "分管领导",
        "可以看到本单位及下级的需求、专家和统计数字，每个数字都能点开，可以写内部备注；可以查看回避的原因，"
        "决定专家是否需要回避；不办理其他业务，看不到专家的联系方式。",
        _LOOK | {DirectoryPerm.CONFLICT},
    ),
    Role(
        "administrator",
        "系统管理员",
        "具备经办人的全部权限，还可以管理本单位及下级的组织、账号和授权，查看回避的原因并作决定；"
        "授权不能超过自己已有的权限。",
        _WORK | {OrgPerm.MANAGE, DirectoryPerm.CONFLICT},
    ),
    Role(
        "auditor",
        "审计员",
        "只能查看本单位及下级的组织、需求和审计记录，不能办理任何业务。",
        frozenset({OrgPerm.VIEW, OrgPerm.AUDIT, NeedPerm.VIEW}),
    ),
    Role(
        "society_clerk",
        "学会联络人",
        "可以维护本学会推荐的专家，查看全网络共享的专家；看不到企业的需求。",
        frozenset({OrgPerm.VIEW, DirectoryPerm.VIEW, DirectoryPerm.CONTACT, DirectoryPerm.EDIT}),
    ),
    Role(
        "enterprise_contact",
        "企业联系人",
        "可以替本企业提出需求、查看进展、确认结果和评价；只看得到本企业的需求。",
        frozenset({NeedPerm.VIEW, NeedPerm.ASK}),
    ),
)


def declare_all() -> None:
    """Put every role on the shelf."""
    declare(*ROLES)
