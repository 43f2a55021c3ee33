"""Personal data is marked on the model that holds it: class, purpose, retention.

A model says ``PERSONAL = {"phone": CONTACT, …}``; masking, export, erasure and logs read that one list.
A text field of one of our models that is neither personal nor listed in ``PLAIN`` fails a test.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Personal:
    """What a field holds about a person, why, and for how long after its last use (days)."""

    kind: str
    purpose: str
    keep_days: int


IDENTITY = Personal("身份", "确认办理人和专家身份", 3650)
CONTACT = Personal("联系方式", "就一项需求取得联系", 1095)
PROFILE = Personal("专业信息", "匹配技术需求", 3650)
CREDENTIAL = Personal("凭据", "登录", 365)


def masked(text: str) -> str:
    """Show enough of a contact to recognise it, too little to use it: 138****1234, l***@example.cn."""
    if "@" in text:
        name, _, host = text.partition("@")
        return f"{name[:1]}***@{host}"
    if len(text) >= 7:
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * (len(text) - 1)
