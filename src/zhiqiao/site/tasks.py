"""Upkeep of the site as a whole."""

from datetime import timedelta

from django.utils import timezone

from zhiqiao.kit.jobs import periodic
from zhiqiao.site.imports import Box


@periodic("site.tidy_imports", every=timedelta(hours=6))
def tidy_imports() -> None:
    """Remove uploads that were checked but never imported."""
    Box.tidy(timezone.now())
