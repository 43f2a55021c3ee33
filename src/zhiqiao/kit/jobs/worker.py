"""Doing the work: claim a row, hold it by a lease, finish it, or try again later."""

import logging
import os
import socket
import threading
import traceback
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from zhiqiao.kit.jobs.models import Job, Schedule
from zhiqiao.kit.jobs.registry import enqueue, known

log = logging.getLogger("zhiqiao.jobs")

LEASE = timedelta(seconds=60)
KEEP_DONE = timedelta(days=7)


def back_off(attempts: int) -> timedelta:
    """Return the pause before the next try: 10 s, 20 s, 40 s … one hour at most."""
    return min(timedelta(seconds=10 * 2 ** max(attempts - 1, 0)), timedelta(hours=1))


def claim(worker: str, at: datetime) -> Job | None:
    """Take one job that is ready, or whose worker has let its lease run out.

    The UPDATE is conditional on the attempt count that was read, so of many workers one gets the row.
    It needs no lock that only one of the two databases has.
    """
    ready = Q(state=Job.State.QUEUED, run_at__lte=at) | Q(state=Job.State.RUNNING, lease_until__lt=at)
    for job in Job.objects.filter(ready).order_by("run_at", "id")[:10]:
        mine = Job.objects.filter(ready, pk=job.pk, attempts=job.attempts).update(
            state=Job.State.RUNNING, attempts=F("attempts") + 1, lease_until=at + LEASE, worker=worker
        )
        if mine:
            job.refresh_from_db()
            return job
    return None


def perform(job: Job) -> bool:
    """Do one claimed job and write down how it ended. Returns whether it succeeded."""
    registered = known.get(job.name)
    try:
        if registered is None:
            raise LookupError(f"no job is called {job.name}")
        with _Heartbeat(job):
            registered.work(**job.arguments)
    except Exception:
        log.exception("job %s #%s failed, attempt %s", job.name, job.pk, job.attempts)
        _retry_or_give_up(job, registered.attempts if registered else 1, traceback.format_exc())
        return False
    _still_mine(job).update(
        state=Job.State.DONE, finished_at=timezone.now(), lease_until=None, key=None, error=""
    )
    return True


def _retry_or_give_up(job: Job, attempts: int, error: str) -> None:
    if job.attempts >= attempts:
        changes = {"state": Job.State.FAILED, "finished_at": timezone.now(), "key": None}
    else:
        changes = {"state": Job.State.QUEUED, "run_at": timezone.now() + back_off(job.attempts)}
    _still_mine(job).update(lease_until=None, error=error[-4000:], **changes)


def _still_mine(job: Job):  # type: ignore[no-untyped-def]
    """A worker that slept past its lease must not overwrite what the next one wrote."""
    return Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts, state=Job.State.RUNNING)


class _Heartbeat:
    """Renews the lease while the work goes on, so that only a dead worker loses its job."""

    def __init__(self, job: Job) -> None:
        self.job, self.done = job, threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self) -> None:
        while not self.done.wait(LEASE.total_seconds() / 3):
            try:
                _still_mine(self.job).update(lease_until=timezone.now() + LEASE)
            except DatabaseError:  # a missed beat is made up by the next; the lease allows for two
                log.warning("heartbeat of job #%s missed", self.job.pk)
        connection.close()

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()


def take_turns(at: datetime) -> None:
    """Enqueue every recurring job whose turn has come; the conditional UPDATE lets one worker do it."""
    for name, registered in known.items():
        if registered.every is None:
            continue
        with transaction.atomic():
            schedule, _ = Schedule.objects.get_or_create(name=name, defaults={"next_at": at})
            due = Schedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at, next_at__lte=at)
            if due.update(next_at=at + registered.every):
                enqueue(name, at=at, key=f"periodic:{name}")


def tidy(at: datetime) -> None:
    """Forget jobs that were done a week ago."""
    Job.objects.filter(state=Job.State.DONE, finished_at__lt=at - KEEP_DONE).delete()


class Worker:
    """A loop that any number of processes may run at once."""

    def __init__(self, *, pause_seconds: float = 1.0) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.pause_seconds = pause_seconds
        self.stopping = threading.Event()

    def stop(self) -> None:
        """Finish the job in hand and end the loop."""
        self.stopping.set()

    def run(self) -> None:
        """Work until :meth:`stop`. A database that is away for a while only delays it."""
        while not self.stopping.is_set():
            try:
                close_old_connections()
                now = timezone.now()
                take_turns(now)
                busy = self.work_once()
            except Exception:
                log.exception("the worker could not reach its queue; trying again")
                connection.close()
                busy = False
            if not busy:
                self.stopping.wait(self.pause_seconds)

    def work_once(self) -> bool:
        """Do one job if one is ready. Returns whether there was one."""
        job = claim(self.name, timezone.now())
        if job is None:
            return False
        perform(job)
        return True


def run_ready(at: datetime | None = None) -> int:
    """Do everything that is ready, in this thread; returns the number of jobs. For tests and the demo."""
    count = 0
    while job := claim("inline", at or timezone.now()):
        perform(job)
        count += 1
    return count
