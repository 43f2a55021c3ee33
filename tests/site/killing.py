"""A web server that is killed again and again, and people who go on working with it.

Each client signs in, writes needs and hands them in; a clerk takes them on. Every POST carries a form key,
and is sent again with the same key until an answer comes. What was answered is kept and later looked for.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from django.db import connection

from tests.site import pages

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60
NO_ANSWER = (ConnectionError, http.client.HTTPException, TimeoutError)
CUT_OFF = (ConnectionResetError, BrokenPipeError, http.client.HTTPException)


class Server:
    """gunicorn with two workers, as `zhiqiao run` starts it, on the database of this test."""

    def __init__(self, log: Path, fault: str = "") -> None:
        self.port, self.log = _free_port(), log
        self.environment = os.environ | {
            "ZQ_TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "ZQ_TEST_FAULT": fault,
            "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "gunicorn", "tests.site.killed_wsgi:application", "--preload",
            "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--worker-class", "gthread",
            "--log-level", "error", "--graceful-timeout", "2",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        """Wait until somebody answers."""
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-2000:]}")

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return _children_of(self.process.pid) if self.process else []

    def kill_worker(self) -> bool:
        """Kill one worker in the middle of whatever it does; gunicorn starts another."""
        workers = self.workers()
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(random.choice(workers), signal.SIGKILL)
        return True

    def kill_all(self) -> None:
        """Kill the whole server, master and workers, at once."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


@contextmanager
def serving(log: Path, fault: str = "") -> Iterator[Server]:
    """A running server that is gone afterwards, whatever happens."""
    server = Server(log, fault)
    try:
        server.start()
        server.wait()
        yield server
    finally:
        server.kill_all()


@dataclass
class Answer:
    """What a server said: status, where to go, the body."""

    status: int
    location: str
    body: str


class Visitor:
    """A person at a browser: keeps cookies, reads forms, and does not give up when no answer comes."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        self.port, self.stop = port, stop
        self.cookies: dict[str, str] = {}
        self.cut_off = 0

    def get(self, path: str) -> Answer:
        return self._until_answered("GET", path, None)

    def post(self, path: str, values: Mapping[str, object]) -> Answer:
        """Send a form with a key of its own, again and again until it is answered."""
        sent = {"_once": uuid4().hex, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")} | dict(values)
        return self._until_answered("POST", path, urlencode(sent, doseq=True))

    def sign_in(self, login: str, password: str) -> None:
        self.get("/login/")
        answer = self.post("/login/", {"login": login, "password": password})
        if answer.status != 302:
            raise RuntimeError(f"could not sign in: {answer.status} {answer.body[-500:]}")

    def _until_answered(self, method: str, path: str, body: str | None) -> Answer:
        patience = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience:
            try:
                answer = self._once(method, path, body)
            except NO_ANSWER as error:
                self.cut_off += isinstance(error, CUT_OFF)  # not: nobody was there to take the call
                time.sleep(0.05)
            else:
                if answer.status < 500:
                    return answer
                raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]}")
        raise RuntimeError(f"{method} {path}: no answer for {PATIENCE_SECONDS} seconds")

    def _once(self, method: str, path: str, body: str | None) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
            line.request(method, path, body, headers)
            response = line.getresponse()
            text = response.read().decode("utf8", errors="replace")
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, rest = cookie.partition("=")
                self.cookies[name] = rest.partition(";")[0]
            return Answer(response.status, response.headers.get("Location", ""), text)
        finally:
            line.close()


@dataclass
class Acknowledged:
    """What the server has said yes to: the case, and how far it came."""

    title: str
    pk: int = 0
    steps: list[str] = field(default_factory=list)


class Pair(threading.Thread):
    """An enterprise that hands in one need after another, and the clerk who takes each of them on."""

    def __init__(self, port: int, stop: threading.Event, asker: str, clerk: str, password: str) -> None:
        super().__init__(daemon=True)
        self.stop, self.logins, self.password = stop, (asker, clerk), password
        self.asker, self.clerk = Visitor(port, stop), Visitor(port, stop)
        self.cases: list[Acknowledged] = []
        self.trouble = ""

    def run(self) -> None:
        try:
            for visitor, login in zip((self.asker, self.clerk), self.logins, strict=True):
                visitor.sign_in(login, self.password)
            enterprise = self._enterprise()
            while not self.stop.is_set():
                self._one_need(enterprise)
        except Exception as error:  # noqa: BLE001 - the test reports it; a thread has nobody to raise to
            self.trouble = repr(error)

    @property
    def cut_off(self) -> int:
        """How many requests were under way when their process was killed."""
        return self.asker.cut_off + self.clerk.cut_off

    def _enterprise(self) -> str:
        page = pages.read(self.asker.get("/ask/").body)
        form = next(form for form in page.forms if form.method == "post" and "text" in form.values())
        return str(form.values()["enterprise"])

    def _one_need(self, enterprise: str) -> None:
        title = f"磨削裂纹 {uuid4().hex}"
        case = Acknowledged(title)
        self.cases.append(case)
        opened = self._said_yes(self.asker.post("/ask/", {"text": title, "enterprise": enterprise}))
        case.pk = int(opened.rstrip("/").rpartition("/")[2])
        case.steps.append("ask")
        words = {
            "title": title, "body": "套圈磨削后出现裂纹。", "kind": "process", "visibility": "staff",
            "urgency": "normal", "contact_name": "陈工", "contact_phone": "13800001111",
        }  # fmt: skip
        self._said_yes(self.asker.post(f"/ask/{case.pk}/", words))
        case.steps.append("write")
        self._said_yes(self.asker.post(f"/ask/{case.pk}/", {"go": "submit"}))
        case.steps.append("submit")
        self._said_yes(self.clerk.post(f"/workbench/needs/{case.pk}/do/accept/", {"note": "收到"}))
        case.steps.append("accept")

    @staticmethod
    def _said_yes(answer: Answer) -> str:
        if answer.status != 302:
            errors = [line for line in answer.body.splitlines() if "error" in line][:5]
            raise RuntimeError(f"refused: {answer.status} {errors}")
        return answer.location.partition("?")[0]
