"""The check-up: what an operator should know before users notice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from zhiqiao.accounts.models import Person
from zhiqiao.kit import audit, clock, files
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.flow import Transition
from zhiqiao.kit.jobs.models import Job, Schedule
from zhiqiao.kit.notify.models import Delivery

PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is sound, and if not, what to do."""

    name: str
    ok: bool
    text: str

    def __str__(self) -> str:
        return f"{self.name}：{self.text}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"name": self.name, "ok": self.ok, "text": self.text}


Check = Callable[[datetime], Iterator[Finding]]


def examine(at: datetime) -> list[Finding]:
    """Look at everything. A missing table ends the examination at the first finding."""
    findings = list(_migrations(at))
    if findings[0].ok:
        for check in (_chain, _history, _jobs, _worker, _outbox, _deliveries, _files, _calendar, _accounts):
            findings.extend(check(at))
    return findings


def _migrations(at: datetime) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = "结构是最新的" if not missing else f"有 {len(missing)} 项升级没有执行，请运行 zhiqiao migrate"
    yield Finding(f"数据库（{connection.vendor}）", not missing, text)


def _chain(at: datetime) -> Iterator[Finding]:
    problems = audit.verify()
    text = "；".join(problems) or f"{AuditEntry.objects.count()} 条记录首尾相接"
    yield Finding("审计链", not problems, text)


def _history(at: datetime) -> Iterator[Finding]:
    """Every step must stand in the audit chain too: a step written past the actions would show here."""
    steps = Transition.objects.count()
    audited = AuditEntry.objects.filter(after__has_key="transition").count()
    text = f"{steps} 步都有审计" if steps == audited else f"{steps} 步，审计里只有 {audited} 步"
    yield Finding("流程记录", steps == audited, text)


def _jobs(at: datetime) -> Iterator[Finding]:
    failed = Job.objects.filter(state=Job.State.FAILED)
    count = failed.count()
    last = failed.order_by("-finished_at").first()
    text = "没有失败的任务"
    if last is not None:
        text = f"{count} 个任务多次失败，最近：{last.name}，{(last.error.strip().splitlines() or [''])[-1][:120]}"
    yield Finding("后台任务", not count, text)


def _worker(at: datetime) -> Iterator[Finding]:
    """The schedules are moved on by any worker every few minutes; if none moves, none is running."""
    latest = Schedule.objects.order_by("-next_at").first()
    running = latest is not None and Schedule.objects.filter(next_at__gt=at - PATIENCE).exists()
    yield Finding("后台进程", running, "在运行" if running else "没有在运行，请启动 zhiqiao worker")


def _outbox(at: datetime) -> Iterator[Finding]:
    late = Transition.objects.filter(dispatched_at__isnull=True, at__lt=at - PATIENCE).count()
    yield Finding("通知分发", not late, f"{late} 步的通知超过 10 分钟没有分发" if late else "没有积压")


def _deliveries(at: datetime) -> Iterator[Finding]:
    late = Delivery.objects.filter(state=Delivery.State.WAITING, created_at__lt=at - PATIENCE).count()
    yield Finding("通知发送", not late, f"{late} 条超过 10 分钟没有发出" if late else "没有积压")


def _files(at: datetime) -> Iterator[Finding]:
    """Presence and size only: reading every file again is for the night (``files.verify(deep=True)``)."""
    wrong = files.verify()
    told = f"{len(wrong)} 个附件有问题，例如{wrong[0]}" if wrong else "附件都在，大小一致"
    yield Finding("附件", not wrong, told)


def _calendar(at: datetime) -> Iterator[Finding]:
    """An unpublished year ahead is worth a word; the present one unpublished falsifies today's clocks."""
    today, half_year = clock.assumption(at, at), clock.assumption(at, at + timedelta(days=180))
    yield Finding("工作日历", not today, half_year or "半年内的节假日安排都已公布")


def _accounts(at: datetime) -> Iterator[Finding]:
    demo = Person.objects.filter(is_demo=True, is_active=True).count()
    bad = bool(demo) and settings.PRODUCTION
    text = f"{demo} 个演示账号在用（仅限试用）" if demo else "没有演示账号"
    yield Finding("账号", not bad, text)
