"""The words of a case's conversation."""

from django.db import models


class TalkRole(models.TextChoices):
    """Whom somebody speaks for in a case."""

    STAFF = "staff", "受理单位"
    ENTERPRISE = "enterprise", "企业"
    EXPERT = "expert", "专家"
    GUEST = "guest", "其他人"


class Audience(models.TextChoices):
    """Who reads a message. Staff who see the case read all of them."""

    ALL = "all", "企业和专家"
    ENTERPRISE = "enterprise", "企业"
    ONE = "one", "某一位"
    STAFF = "staff", "内部备注"


class Via(models.TextChoices):
    """How a message came into the case."""

    WORKBENCH = "workbench", "工作台"
    PORTAL = "portal", "门户"
    LINK = "link", "短信或邮件里的链接"
    MAIL = "mail", "邮件"


class LetterState(models.TextChoices):
    """What became of a letter."""

    THREADED = "threaded", "已归入需求"
    UNCLAIMED = "unclaimed", "待认领"
    AUTOMATIC = "automatic", "自动回复"
    BOUNCED = "bounced", "退信"
    DISCARDED = "discarded", "不处理"
