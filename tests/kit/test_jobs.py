"""Background work: asked for in the transaction, done at least once, tried again, taken over."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhiqiao.kit import jobs
from zhiqiao.kit.jobs import registry, worker
from zhiqiao.kit.jobs.models import Job, Schedule

done: list[int] = []


@pytest.fixture(autouse=True)
def _names():
    """Register a few jobs for the test only."""
    done.clear()
    before = dict(registry.known)

    @jobs.job("test.note")
    def note(number):
        done.append(number)

    @jobs.job("test.fail", attempts=3)
    def fail():
        raise ValueError("坏了")

    yield
    registry.known.clear()
    registry.known.update(before)


@pytest.mark.django_db
def test_work_is_done_once_and_in_order():
    now = timezone.now()
    for number in range(3):
        jobs.enqueue("test.note", at=now, number=number)
    assert jobs.run_ready(now) == 3
    assert done == [0, 1, 2]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert jobs.run_ready(now) == 0


@pytest.mark.django_db
def test_a_request_is_rolled_back_with_its_transaction():
    with transaction.atomic():
        jobs.enqueue("test.note", at=timezone.now(), number=1)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_work_is_not_done_before_its_time():
    now = timezone.now()
    jobs.enqueue("test.note", at=now + timedelta(hours=1), number=1)
    assert jobs.run_ready(now) == 0
    assert jobs.run_ready(now + timedelta(hours=1)) == 1


@pytest.mark.django_db
def test_an_unknown_name_is_refused_when_asked_for():
    with pytest.raises(KeyError):
        jobs.enqueue("test.nobody", at=timezone.now())


@pytest.mark.django_db
def test_one_unfinished_job_per_key():
    now = timezone.now()
    for _ in range(3):
        jobs.enqueue("test.note", at=now, key="only", number=1)
    assert Job.objects.count() == 1
    jobs.run_ready(now)
    jobs.enqueue("test.note", at=now, key="only", number=2)
    assert jobs.run_ready(now) == 1


@pytest.mark.django_db
def test_a_failing_job_comes_back_later_and_ends_as_failed():
    now = timezone.now()
    jobs.enqueue("test.fail", at=now)
    assert jobs.run_ready(now) == 1
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("queued", 1)
    assert job.run_at > now + timedelta(seconds=9)
    for _ in range(5):
        jobs.run_ready(timezone.now() + timedelta(days=1))
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 3)
    assert "坏了" in job.error


def test_the_pause_doubles_up_to_an_hour():
    assert [worker.back_off(n).total_seconds() for n in (1, 2, 3, 20)] == [10, 20, 40, 3600]


@pytest.mark.django_db
def test_a_dead_workers_job_is_taken_up_when_its_lease_runs_out():
    now = timezone.now()
    jobs.enqueue("test.note", at=now, number=7)
    dead = worker.claim("dead", now)
    assert dead is not None
    assert worker.claim("other", now) is None
    taken = worker.claim("other", now + worker.LEASE + timedelta(seconds=1))
    assert (taken.pk, taken.attempts) == (dead.pk, 2)


@pytest.mark.django_db
def test_a_worker_that_overslept_cannot_overwrite_the_next_ones_result():
    now = timezone.now()
    jobs.enqueue("test.note", at=now, number=7)
    slow = worker.claim("slow", now)
    worker.claim("quick", now + worker.LEASE + timedelta(seconds=1))
    worker.perform(slow)
    assert Job.objects.get().state == "running"


@pytest.mark.django_db(transaction=True)
def test_many_workers_do_each_job_once():
    now = timezone.now()
    for number in range(40):
        jobs.enqueue("test.note", at=now, number=number)
    barrier = Barrier(4)

    def work():
        barrier.wait()
        try:
            jobs.run_ready(now)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(40))
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_a_recurring_job_takes_one_turn_however_many_workers_ask():
    count = []
    jobs.periodic("test.tick", every=timedelta(minutes=5))(lambda: count.append(1))
    now = timezone.now()
    for _ in range(3):
        worker.take_turns(now)
        jobs.run_ready(now)
    assert len(count) == 1
    worker.take_turns(now + timedelta(minutes=6))
    jobs.run_ready(now + timedelta(minutes=6))
    assert len(count) == 2
    assert Schedule.objects.get(name="test.tick").next_at == now + timedelta(minutes=11)


SLEEPER = """
import os, sys, time, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from zhiqiao.kit import jobs
from zhiqiao.kit.jobs.worker import Worker

@jobs.job("test.sleep")
def sleep(path):
    open(path, "a").write(f"{os.getpid()}\\n")
    time.sleep(60)

Worker().run()
"""


@pytest.mark.django_db(transaction=True)
def test_the_job_of_a_killed_worker_process_is_done_by_another(tmp_path):
    marks = tmp_path / "marks"
    jobs.job("test.sleep")(lambda path: done.append(1))
    jobs.enqueue("test.sleep", at=timezone.now(), path=str(marks))
    name = str(connection.settings_dict["NAME"])
    process = subprocess.Popen([sys.executable, "-c", SLEEPER, name], env=dict(os.environ))
    try:
        for _ in range(200):
            if marks.exists():
                break
            time.sleep(0.1)
        assert marks.read_text().strip() == str(process.pid)
        assert Job.objects.get(name="test.sleep").state == "running"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert jobs.run_ready(timezone.now()) == 0 or done == []
    jobs.run_ready(timezone.now() + worker.LEASE * 2)
    assert done == [1]
    assert Job.objects.get(name="test.sleep").state == "done"
