"""Kinds of experts, evidence and outputs, and what may be done in the directory."""

from enum import StrEnum

from django.db import models


class ExpertKind(models.TextChoices):
    """By which door an expert came into the library."""

    ACADEMICIAN = "academician", "院士"
    OVERSEAS = "overseas", "海智专家"
    SOCIETY = "society", "学会专家"
    UNIVERSITY = "university", "高校院所专家"
    ENTERPRISE = "enterprise", "企业专家"


class EvidenceKind(models.TextChoices):
    """What kind of proof of competence an item is."""

    BIOGRAPHY = "biography", "简介"
    PAPER = "paper", "论文"
    PATENT = "patent", "专利"
    PROJECT = "project", "项目"
    AWARD = "award", "奖励"
    SERVICE = "service", "服务记录"


class Sharing(models.TextChoices):
    """Who finds an expert or output."""

    OWN = "own", "仅本单位及上级"
    NETWORK = "network", "全网络工作人员"
    PUBLIC = "public", "公开"


class FieldVisibility(models.TextChoices):
    """Who sees one field of an expert's contacts."""

    HANDLERS = "handlers", "受理单位工作人员"
    OWN = "own", "仅推荐单位"
    NOBODY = "nobody", "不显示"


class OutputKind(models.TextChoices):
    """What a research output is."""

    PATENT = "patent", "专利"
    TECHNOLOGY = "technology", "技术"
    PRODUCT = "product", "新产品"
    SOFTWARE = "software", "软件"
    STANDARD = "standard", "标准"


class Purpose(models.TextChoices):
    """What an expert would be asked for: to serve an enterprise, or to judge between applicants."""

    NEED = "need", "服务企业"
    PANEL = "panel", "评审"


class ConflictSource(models.TextChoices):
    """Where a conflict of interest comes from; identity: whether we know at all who she is."""

    EMPLOYER = "employer", "任职"
    COAUTHOR = "coauthor", "合作成果"
    STATION = "station", "建站或合同"
    KINSHIP = "kinship", "亲属或师生"
    SHARES = "shares", "持股或任董监高"
    RIVAL = "rival", "同业竞争"
    IDENTITY = "identity", "身份"


class ConflictLevel(models.TextChoices):
    """What a finding leads to."""

    NOTE = "note", "仅提示"
    DECIDE = "decide", "须经决定"
    BAR = "bar", "必须回避"


class RelationKind(models.TextChoices):
    """What a declared tie is."""

    EMPLOYED = "employed", "任职或曾任职"
    STATION = "station", "共建工作站"
    CONTRACT = "contract", "合同或合作"
    KIN = "kin", "亲属"
    TEACHER = "teacher", "师生"
    SHARES = "shares", "持股"
    BOARD = "board", "任董事、监事或高管"


class DirectoryPerm(StrEnum):
    """What a grant may allow in the directory."""

    VIEW = "directory.view"
    CONTACT = "directory.contact"
    EDIT = "directory.edit"
    IMPORT = "directory.import"
    CONFLICT = "directory.conflict"


TRL = {
    1: "基本原理",
    2: "技术概念或应用设想",
    3: "关键功能验证",
    4: "实验室环境部件验证",
    5: "相关环境部件验证",
    6: "相关环境原型演示",
    7: "使用环境样机",
    8: "实际系统完成并鉴定",
    9: "实际应用成功",
}
