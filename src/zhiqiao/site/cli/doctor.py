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
from zhiqiao.kit.mail import boxes
from zhiqiao.kit.notify.models import Delivery
from zhiqiao.kit.search import health

PATIENCE = timedelta(minutes=10)
MOST_WAITING = 10_000


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
        for check in (
            _chain,
            _history,
            _jobs,
            _worker,
            _outbox,
            _deliveries,
            _files,
            _calendar,
            _accounts,
            _index,
            _letters,
        ):
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


def _index(at: datetime) -> Iterator[Finding]:
    """A sample of every library is compared with its index; what waits too long shows a worker that is away."""
    for library in health.all_libraries():
        name = f"检索索引（{library.name}）"
        if wrong := health.differing(library, seed=int(at.timestamp())):
            text = f"抽查有 {len(wrong)} 行与数据不符，请运行 zhiqiao search rebuild {library.name}"
            yield Finding(name, False, text)
            continue
        waiting = health.status(library).waiting
        late = waiting > MOST_WAITING
        told = f"{waiting} 行改动等待合并，请确认后台任务 zhiqiao worker 在运行" if late else "抽查与数据一致"
        yield Finding(name, not late, told)


def _letters(at: datetime) -> Iterator[Finding]:
    """Letters that could not be read are put aside; somebody has to look at them."""
    aside = len(boxes.failed(settings.MAIL_FOLDER))
    text = f"{aside} 封信读不懂，放在 mail/failed，请人工查看" if aside else "没有读不懂的信"
    yield Finding("来信", not aside, text)
