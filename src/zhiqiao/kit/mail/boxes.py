"""Where letters wait until they are read: a maildir, the one place that every way in leads to.

A letter is in the maildir, synced, before its sender is told that it was accepted; it leaves ``new`` only
after the database has it. Reading it twice must therefore be harmless, and is, by its hash.
"""

import logging
import mailbox
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError

log = logging.getLogger("zhiqiao.mail")
FAILED = "failed"


def box(folder: Path) -> mailbox.Maildir:
    """Open the maildir at a folder, making it if need be."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return mailbox.Maildir(folder, create=True)


def deliver_to(folder: Path, raw: bytes) -> None:
    """Put one letter into the maildir; it is on disk when this returns."""
    box(folder).add(raw)


def take_in(folder: Path, handle: Callable[[bytes], object], *, most: int = 200) -> int:
    """Hand every new letter to ``handle``; returns how many were taken in.

    One that cannot be handled is put aside under ``failed`` for a person to look at; a database that is away
    leaves it where it is.

    :raises DatabaseError: the database is away; the rest waits.
    """
    taken = 0
    maildir = box(folder)
    for path in sorted((folder / "new").iterdir())[:most]:
        try:
            handle(path.read_bytes())
        except FileNotFoundError:  # another worker was quicker
            continue
        except DatabaseError:
            raise
        except Exception:
            log.exception("a letter could not be read: %s", path.name)
            _put_aside(folder, path)
            continue
        with suppress(FileNotFoundError):
            path.rename(folder / "cur" / f"{path.name}:2,S")
        taken += 1
    maildir.close()
    return taken


def failed(folder: Path) -> list[Path]:
    """Return the letters that were put aside."""
    place = folder / FAILED
    return sorted(place.iterdir()) if place.is_dir() else []


def _put_aside(folder: Path, path: Path) -> None:
    (folder / FAILED).mkdir(exist_ok=True)
    path.rename(folder / FAILED / path.name)
