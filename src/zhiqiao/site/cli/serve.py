"""Starting the web server and the worker together, for one machine."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from zhiqiao.kit.actors import By
from zhiqiao.kit.jobs import Worker

log = logging.getLogger("zhiqiao.run")
RESTART_PAUSE_SECONDS = 2


def serve(*, host: str, port: int, web: int, with_demo: bool, by: By) -> int:
    """Bring the database up to date, then run web and worker until one is told to stop. Returns the exit code."""
    if _taken(host, port):
        print(
            f"端口 {port} 已被占用。请关闭占用它的程序，或换一个：make run PORT={port + 1}", file=sys.stderr
        )
        return 3
    call_command("migrate", interactive=False, verbosity=0)
    call_command("check", fail_level="ERROR", databases=["default"])
    if settings.PRODUCTION:
        call_command("collectstatic", interactive=False, verbosity=0)
    if with_demo:
        _compose_demo_once()
    commands = {
        "网站": [
            sys.executable, "-m", "gunicorn", "zhiqiao.site.wsgi:application",
            "--bind", f"{host}:{port}", "--workers", str(web), "--threads", "4",
            "--worker-class", "gthread", "--timeout", "120", "--log-level", "warning",
        ],
        "后台任务": [sys.executable, "-m", "zhiqiao.site.cli", "worker"],
    }  # fmt: skip
    environment = {**os.environ, "ZHIQIAO_URL": os.environ.get("ZHIQIAO_URL", f"http://{host}:{port}")}
    return _Supervisor(commands, environment).run(lambda: _greet(host, port))


def _taken(host: str, port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def _compose_demo_once() -> None:
    from zhiqiao.orgs.models import Organisation
    from zhiqiao.site import demo

    if settings.PRODUCTION or Organisation.objects.exists():
        return
    print("首次运行，正在生成演示数据（约半分钟）…", flush=True)
    print(demo.compose(timezone.now(), progress=lambda text: print(f"  {text}", flush=True)), flush=True)


def _greet(host: str, port: int) -> None:
    from zhiqiao.accounts.models import Person
    from zhiqiao.site import demo

    print(f"\n智桥已启动：http://{host}:{port}/  （按 Ctrl+C 停止）\n")
    if not Person.objects.filter(is_demo=True, is_active=True).exists():
        return
    print(f"演示账号（密码都是 {demo.DEMO_PASSWORD}）：")
    for account in demo.DEMO_ACCOUNTS:
        print(f"  {account.login}  {account.title}（{account.place}）  可以先试：{account.try_first}")
    print(
        "\n先试这个：用区县经办人登录，在“待办”里打开一条需求 → 受理 → 找专家 → 邀请；"
        "\n邀请信写在数据目录的 outbox 里，打开其中的链接就能以专家身份答复。\n",
        flush=True,
    )


class _Supervisor:
    """Keeps the processes running: one that falls over is started again, and all stop together."""

    def __init__(self, commands: dict[str, list[str]], environment: dict[str, str]) -> None:
        self.commands, self.environment = commands, environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def run(self, ready: Callable[[], None]) -> int:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        try:
            for name in self.commands:
                self._start(name)
            time.sleep(1.5)
            if self.processes["网站"].poll() is not None:
                print("网站没有启动成功，原因见上面的输出。", file=sys.stderr)
                return 1
            ready()
            self._watch()
            return 0
        finally:
            self._end_all()

    def _watch(self) -> None:
        while not self.stopping:
            for name, process in self.processes.items():
                if process.poll() is not None and not self.stopping:
                    log.warning("%s进程退出（%s），重新启动", name, process.returncode)
                    time.sleep(RESTART_PAUSE_SECONDS)
                    self._start(name)
            time.sleep(0.5)

    def _start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(self.commands[name], env=self.environment)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def work() -> None:
    """Run one worker until it is told to stop; it finishes the job in hand first."""
    worker = Worker()
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    signal.signal(signal.SIGINT, lambda *_: worker.stop())
    log.info("后台任务已启动：%s", worker.name)
    worker.run()
