"""Reads for screens."""

from django.db.models import QuerySet

from zhiqiao.orgs.enums import HANDLERS, OrgPerm
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import Who, visible


def organisations_for(who: Who) -> QuerySet[Organisation]:
    """Return the organisations a person may see."""
    return visible(Organisation.objects.all(), who, OrgPerm.VIEW)


def handler_of(organisation: Organisation) -> Organisation:
    """Return the association that handles the needs of a place: its district, or the level above.

    :raises Organisation.DoesNotExist: no association stands above the organisation.
    """
    return (
        Organisation.objects.above(organisation)
        .filter(kind__in=HANDLERS, is_active=True)
        .order_by("-path")
        [:1]
        .get()
    )
