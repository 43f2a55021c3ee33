"""Small questions about the libraries."""

from zhiqiao.directory.enums import DirectoryPerm, FieldVisibility
from zhiqiao.directory.models import Expert
from zhiqiao.kit.errors import Answer, Refusal
from zhiqiao.orgs.scope import Who, covers, may_somewhere


def may_edit(who: Who, expert: Expert) -> Answer:
    """推荐单位的工作人员，或专家本人"""
    if expert.person_id is not None and expert.person_id == getattr(who, "pk", None):
        return True
    return covers(who, DirectoryPerm.EDIT, expert.organisation)


def may_see_field(who: Who, expert: Expert, field: str) -> Answer:
    """Say whether a contact field of an expert is shown in full: she decides per field."""
    if expert.person_id is not None and expert.person_id == getattr(who, "pk", None):
        return True
    match getattr(expert, f"{field}_visibility"):
        case FieldVisibility.HANDLERS:
            allowed = may_somewhere(who, DirectoryPerm.CONTACT)
        case FieldVisibility.OWN:
            allowed = bool(covers(who, DirectoryPerm.CONTACT, expert.organisation))
        case _:
            allowed = False
    if allowed:
        return True
    return Refusal("directory.field_hidden", "专家本人未向您公开这项联系方式，请通过邀请功能联系。")
