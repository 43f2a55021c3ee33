"""Reads for screens and reports. Every one starts from scope."""

from django.db.models import Q, QuerySet

from zhiqiao.directory.enums import DirectoryPerm, Sharing
from zhiqiao.directory.models import Expert
from zhiqiao.kit.actors import SYSTEM
from zhiqiao.orgs.scope import Who, visible

PUBLIC_CARD = Q(sharing=Sharing.PUBLIC, consented_at__isnull=False)
"""Experts whom anybody may find: shared with the public, and she herself has agreed to be in the library."""


def experts_for(who: Who) -> QuerySet[Expert]:
    """Return the experts a person may see: of her network, herself, and those shared with the public.

    Enterprises and visitors hold no grant in the directory, so they see the public ones. The system itself
    (command line, jobs) sees everybody. People who have left the library are included: ``is_active``.
    """
    experts = Expert.objects.all()
    if who is SYSTEM:
        return experts
    return visible(experts, who, DirectoryPerm.VIEW) | experts.filter(PUBLIC_CARD)
