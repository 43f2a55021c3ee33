"""A small SMTP server that takes letters for our own reply addresses and nothing else."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from zhiqiao.kit.mail.boxes import deliver_to
from zhiqiao.kit.mail.reading import ENVELOPE

LARGEST_BYTES = 30 * 1024 * 1024
MOST_RECIPIENTS = 10
_UNSAFE = str.maketrans("", "", "\r\n<>,")


class _Handler:
    """Answers the two commands that matter: for whom a letter is, and the letter itself."""

    def __init__(self, folder: Path, accepts: Callable[[str], bool]) -> None:
        self.folder, self.accepts = folder, accepts

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.accepts(address):
            return "550 5.7.1 no such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        receivers = ", ".join(address.translate(_UNSAFE) for address in envelope.rcpt_tos)
        sender = (envelope.mail_from or "").translate(_UNSAFE)
        known = f"Return-Path: <{sender}>\r\n{ENVELOPE}: {receivers}\r\n".encode()
        try:
            await asyncio.get_running_loop().run_in_executor(None, deliver_to, self.folder, known + raw)
        except OSError:
            return "451 4.3.0 cannot keep it now, try again"
        return "250 OK"


def receiver(
    folder: Path, *, host: str, port: int, accepts: Callable[[str], bool], tls: ssl.SSLContext | None = None
) -> Controller:
    """Return the server, to be started and stopped; letters go to the maildir at ``folder``.

    accepts : whether an address is one of ours; anything else is refused, so nobody can relay through it.
    tls : offer STARTTLS with this certificate.
    """
    named: dict[str, Any] = {"data_size_limit": LARGEST_BYTES, "ident": "zhiqiao", "tls_context": tls}
    return Controller(_Handler(folder, accepts), hostname=host, port=port, **named)
