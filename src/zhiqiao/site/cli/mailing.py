"""Receiving letters: a small SMTP server, and the reading of what it took."""

import logging
import signal
import threading

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from zhiqiao.kit import mail
from zhiqiao.kit.mail.receiver import receiver
from zhiqiao.needs import actions
from zhiqiao.needs.talk_tokens import is_ours

log = logging.getLogger("zhiqiao.mail")
PAUSE_SECONDS = 2.0


def serve(host: str, port: int, stopping: threading.Event | None = None) -> None:
    """Take letters and put them into their cases until told to stop."""
    stopping = stopping or _until_signal()
    server = receiver(settings.MAIL_FOLDER, host=host, port=port, accepts=is_ours)
    server.start()
    log.info("收信服务已启动：%s:%s，只收 %s", host, port, settings.MAIL_REPLY_TO)
    try:
        while not stopping.wait(PAUSE_SECONDS):
            read_box()
    finally:
        server.stop()


def read_box() -> int:
    """Read the new letters; returns how many. A database that is away only delays them."""
    close_old_connections()
    try:
        return mail.take_in(settings.MAIL_FOLDER, lambda raw: actions.receive_letter(raw, at=timezone.now()))
    except DatabaseError:
        log.exception("the database is away; letters wait in the mail folder")
        return 0


def _until_signal() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
