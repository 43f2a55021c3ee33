"""The kit's own upkeep."""

from datetime import timedelta

from django.utils import timezone

from zhiqiao.kit import files
from zhiqiao.kit.jobs import periodic
from zhiqiao.kit.jobs.worker import tidy
from zhiqiao.kit.web.models import Submission

KEEP_SUBMISSIONS = timedelta(days=2)


@periodic("kit.tidy", every=timedelta(hours=1))
def tidy_up() -> None:
    """Forget finished jobs, old form keys and files that no row speaks of."""
    now = timezone.now()
    tidy(now)
    files.sweep(now)
    Submission.objects.filter(at__lt=now - KEEP_SUBMISSIONS).delete()
