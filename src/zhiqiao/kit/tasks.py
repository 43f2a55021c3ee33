"""The kit's own upkeep."""

from datetime import timedelta

from django.utils import timezone

from zhiqiao.kit import files, jobs
from zhiqiao.kit.flow import upkeep
from zhiqiao.kit.jobs import job, periodic
from zhiqiao.kit.jobs.worker import tidy
from zhiqiao.kit.search.library import known
from zhiqiao.kit.search.merging import merge_deltas, rebuild, sweep
from zhiqiao.kit.search.models import Collection, Delta
from zhiqiao.kit.search.writing import MERGE
from zhiqiao.kit.web.models import Submission

KEEP_SUBMISSIONS = timedelta(days=2)


@periodic("kit.tidy", every=timedelta(hours=1))
def tidy_up() -> None:
    """Forget finished jobs, old form keys and files that no row speaks of."""
    now = timezone.now()
    tidy(now)
    files.sweep(now)
    Submission.objects.filter(at__lt=now - KEEP_SUBMISSIONS).delete()


@periodic("kit.ring_clocks", every=timedelta(minutes=5))
def ring_clocks() -> None:
    """Remind of due times and climb the ladder of what is over, batch by batch."""
    now = timezone.now()
    while upkeep.ring(now) == upkeep.BATCH:
        pass


@periodic("kit.end_pauses", every=timedelta(minutes=5))
def end_pauses() -> None:
    """Let clocks run again whose pause is over."""
    now = timezone.now()
    while upkeep.end_pauses(now) == upkeep.BATCH:
        pass


@periodic("kit.follow_calendar", every=timedelta(days=1))
def follow_calendar() -> None:
    """Once a day: a term whose date has come, or a year published with a new release, moves open due times."""
    upkeep.ask_for_recount(timezone.now())


@job("kit.recount_clocks")
def recount_clocks(after: int = 0) -> None:
    """Reckon one batch of open clocks anew and ask for the next."""
    now = timezone.now()
    went_to = upkeep.recount(now, after)
    if went_to is not None:
        jobs.enqueue("kit.recount_clocks", at=now, key=f"kit.recount_clocks:{went_to}", after=went_to)


@job(MERGE)
def merge_index(library: str) -> None:
    """Merge what has changed in a library into its segments."""
    merge_deltas(library)


@periodic("kit.search.tidy", every=timedelta(hours=1))
def tidy_index() -> None:
    """Build what was never built, merge changes that were too few to ask for it, remove what is left over."""
    built = set(Collection.objects.values_list("name", flat=True))
    for library in known.values():
        if library.name not in built and library.model._default_manager.exists():
            rebuild(library)
    for name in list(Delta.objects.order_by().values_list("collection__name", flat=True).distinct()):
        merge_deltas(name)
    sweep(timezone.now())
