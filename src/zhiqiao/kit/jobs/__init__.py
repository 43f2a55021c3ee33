"""Work done later: asked for in the transaction, done at least once, retried, scheduled. See README.md."""

from zhiqiao.kit.jobs.registry import autodiscover, enqueue, job, periodic
from zhiqiao.kit.jobs.worker import Worker, run_ready

__all__ = ["Worker", "autodiscover", "enqueue", "job", "periodic", "run_ready"]
