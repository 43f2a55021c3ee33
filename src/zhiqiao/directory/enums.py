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


class DirectoryPerm(StrEnum):
    """What a grant may allow in the directory."""

    VIEW = "directory.view"
    CONTACT = "directory.contact"
    EDIT = "directory.edit"
    IMPORT = "directory.import"


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
