"""The site as the web server runs it, on the database of a test; only for the tests that kill it.

``ZQ_TEST_DATABASE`` names the database. ``ZQ_TEST_FAULT`` takes a guard away, so that the test can show that
it would see the damage: "ack-early" answers before it commits, "audit-later" writes the audit record in a
second transaction.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

WINDOW_SECONDS = 0.3


def _answer_before_commit(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the application so that a POST is committed only after its answer has been sent."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, transaction

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # it would drop the transaction held open here

    class Late:
        def __init__(self, answer: Any, held: Any) -> None:
            self.answer, self.held = answer, held

        def __iter__(self) -> Iterator[bytes]:
            return iter(self.answer)

        def close(self) -> None:
            self.answer.close()
            time.sleep(WINDOW_SECONDS)
            self.held.__exit__(None, None, None)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return inner(environ, start_response)
        held = transaction.atomic()
        held.__enter__()
        return Late(inner(environ, start_response), held)

    return application


def _audit_later(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Write every audit record in a transaction of its own, a moment after the change."""
    from django.db import transaction

    from zhiqiao.kit import audit

    record = audit.record

    def later(*args: Any, **named: Any) -> None:
        def write() -> None:
            time.sleep(WINDOW_SECONDS)
            record(*args, **named)

        transaction.on_commit(write)

    audit.record = later
    return inner


def _warm_up() -> None:
    """Read the templates once, before the workers are forked: a new worker is then busy at once."""
    from django.db import connections
    from django.test import Client

    for path in ("/login/", "/needs/", "/find/"):
        Client(SERVER_NAME="127.0.0.1").get(path)
    connections.close_all()  # a connection must not be shared with the workers


_FAULTS = {"": lambda inner: inner, "ack-early": _answer_before_commit, "audit-later": _audit_later}

settings.DATABASES["default"]["NAME"] = os.environ["ZQ_TEST_DATABASE"]
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.ALLOWED_HOSTS = ["127.0.0.1"]
_sound = get_wsgi_application()
_warm_up()
application = _FAULTS[os.environ.get("ZQ_TEST_FAULT", "")](_sound)
