"""Fetching letters from a mailbox at a provider (IMAP), for units whose mail is hosted elsewhere."""

import imaplib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zhiqiao.kit.mail.boxes import deliver_to

TIMEOUT_SECONDS = 30
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Account:
    """Where letters wait and how to get in. ``ssl`` is off only towards the same machine."""

    host: str
    user: str
    password: str
    port: int = 993
    ssl: bool = True


def poll(account: Account, folder: Path) -> int:
    """Bring the unread letters of the inbox into the maildir; returns how many.

    Each is marked read after it is on disk, so that a broken line brings it again rather than losing it.

    :raises OSError, imaplib.IMAP4.error: the mailbox cannot be reached or does not let us in.
    """
    connection: imaplib.IMAP4
    if account.ssl:
        connection = imaplib.IMAP4_SSL(account.host, account.port, timeout=TIMEOUT_SECONDS)
    else:
        connection = imaplib.IMAP4(account.host, account.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.login(account.user, account.password)
        with suppress(imaplib.IMAP4.error):  # some providers let in only programs that say their name
            connection.xatom("ID", '("name" "zhiqiao")')
        connection.select("INBOX")
        _, found = connection.uid("search", "UNSEEN")
        keys = (found[0] or b"").split()[:MOST_AT_ONCE]
        return sum(_fetch(connection, key.decode(), folder) for key in keys)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            connection.logout()


def _fetch(connection: imaplib.IMAP4, key: str, folder: Path) -> bool:
    _, answer = connection.uid("fetch", key, "(BODY.PEEK[])")
    raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
    if not isinstance(raw, bytes):
        return False
    deliver_to(folder, raw)
    connection.uid("store", key, "+FLAGS", "(\\Seen)")
    return True
