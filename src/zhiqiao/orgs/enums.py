"""Kinds of organisation, and what may be done with organisations."""

from enum import StrEnum

from django.db import models


class Kind(models.TextChoices):
    """What an organisation is. The first five are the levels of the association's own network."""

    PROVINCE = "province", "省科协"
    CITY = "city", "市科协"
    DISTRICT = "district", "区县科协"
    TOWN = "town", "镇街科协"
    VILLAGE = "village", "村社区科协"
    SOCIETY = "society", "学会"
    ENTERPRISE_ASSOCIATION = "enterprise_association", "企业科协"
    PARK_ASSOCIATION = "park_association", "园区科协"
    UNIVERSITY_ASSOCIATION = "university_association", "高校科协"
    ENTERPRISE = "enterprise", "企业"


ASSOCIATIONS = (Kind.PROVINCE, Kind.CITY, Kind.DISTRICT, Kind.TOWN, Kind.VILLAGE)
HANDLERS = (Kind.PROVINCE, Kind.CITY, Kind.DISTRICT)


class OrgPerm(StrEnum):
    """What a grant may allow on the network itself."""

    VIEW = "orgs.view"
    MANAGE = "orgs.manage"
    AUDIT = "orgs.audit"
