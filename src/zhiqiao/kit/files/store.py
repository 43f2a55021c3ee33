"""Keeping files: once by content, whole or not at all, and on disk before the database speaks of them."""

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import IntegrityError, models, transaction

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files.models import Attachment, StoredFile
from zhiqiao.kit.files.names import safe_name
from zhiqiao.kit.files.sniff import inspect

MAX_BYTES = 20 * 1024 * 1024
KEEP_ORPHANS = timedelta(days=1)
KEEP_UNATTACHED = timedelta(days=7)

_CHUNK = 1024 * 1024
_TEMPORARY = "tmp"


class Upload(Protocol):
    """A file on its way in: Django's uploaded file, or anything opened in binary mode."""

    def read(self, size: int = -1, /) -> bytes: ...


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def path_of(file: StoredFile) -> Path:
    """Return where a file's content lies. The path says nothing about name or kind."""
    return _place(file.sha256)


def store(upload: Upload, *, by: By, at: datetime, name: str = "", limit: int = MAX_BYTES) -> StoredFile:
    """Take a file in and return its row; content already known returns the row it has.

    The content is written and synced under a temporary name, looked at, and moved to its place before the
    row is written. If the caller's transaction fails, the content stays behind for :func:`sweep`.

    name : what to call it; else the name the upload brings. limit : bytes.
    :raises Refused: too large, not an accepted kind, damaged or active; the words say what to do.
    """
    name = name or os.path.basename(str(getattr(upload, "name", "") or ""))
    folder = root() / _TEMPORARY
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / secrets.token_hex(16)
    try:
        with temporary.open("x+b") as copy:
            sha256, size = _copied(upload, copy, limit)
            kind = inspect(copy, name)
            copy.flush()
            os.fsync(copy.fileno())
        _move(temporary, _place(sha256))
    finally:
        temporary.unlink(missing_ok=True)
    actor = actor_of(by)
    file, _ = StoredFile.objects.get_or_create(
        sha256=sha256,
        defaults={
            "size": size,
            "kind": kind,
            "name": safe_name(name, kind),
            "stored_at": at,
            "actor_kind": actor.kind,
            "actor_key": actor.key,
            "actor_name": actor.name,
        },
    )
    return file


@transaction.atomic
def attach(subject: models.Model, file: StoredFile, *, by: By, at: datetime, title: str = "") -> Attachment:
    """Link a stored file to a subject as evidence; linking it twice changes nothing."""
    actor = actor_of(by)
    attachment, created = Attachment.objects.get_or_create(
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        file=file,
        defaults={
            "title": title or file.name,
            "actor_kind": actor.kind,
            "actor_key": actor.key,
            "actor_name": actor.name,
            "at": at,
        },
    )
    if created:
        audit.record("files.attach", subject, by=by, at=at, after=_facts(attachment))
    return attachment


@transaction.atomic
def detach(attachment: Attachment, *, by: By, at: datetime, reason: str) -> None:
    """Take a link away; the audit record keeps what it was, the file stays while others use it."""
    audit.record("files.detach", attachment, by=by, at=at, before=_facts(attachment), reason=reason)
    attachment.delete()


def attachments_of(subject: models.Model) -> models.QuerySet[Attachment]:
    """Return the evidence of a subject, oldest first, with the files loaded."""
    of_subject = Attachment.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
    return of_subject.select_related("file").order_by("id")


def verify(*, deep: bool = False) -> list[str]:
    """Say which stored files are missing or changed on disk, in Chinese; empty = sound.

    deep : read every file and compare its SHA-256, not only its size.
    """
    findings = []
    for file in StoredFile.objects.order_by("id").iterator(chunk_size=2000):
        path = path_of(file)
        if not path.is_file():
            findings.append(f"{file.name}：文件不见了（{path.name[:12]}…）")
        elif path.stat().st_size != file.size or (deep and _digest(path) != file.sha256):
            findings.append(f"{file.name}：内容被改动过（{path.name[:12]}…）")
    return findings


@dataclass(frozen=True, slots=True)
class Swept:
    """How many were removed: content without a row, unfinished uploads, rows nobody attached."""

    orphans: int
    unfinished: int
    unattached: int


def sweep(at: datetime) -> Swept:
    """Remove what nobody refers to: content of failed transactions, unfinished uploads, unused files.

    Content younger than ``KEEP_ORPHANS`` may belong to a transaction still open and stays.
    """
    unattached = 0
    unused = StoredFile.objects.filter(attachments__isnull=True, stored_at__lt=at - KEEP_UNATTACHED)
    for file in unused.iterator(chunk_size=500):
        if _older(path_of(file), at - KEEP_UNATTACHED):  # uploading it again makes the content young
            with suppress(models.ProtectedError, IntegrityError):  # attached in this very moment
                file.delete()
                unattached += 1
    unfinished = _remove_old(list((root() / _TEMPORARY).glob("*")), at)
    orphans = 0
    for folder in sorted(root().glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
        here = {path.name: path for path in folder.iterdir()}
        known = set(StoredFile.objects.filter(sha256__in=here).values_list("sha256", flat=True))
        orphans += _remove_old((path for name, path in here.items() if name not in known), at)
    return Swept(orphans, unfinished, unattached)


def _facts(attachment: Attachment) -> dict[str, object]:
    return {
        "file": attachment.file.sha256,
        "title": attachment.title,
        "subject": f"{attachment.subject_type}:{attachment.subject_id}",
    }


def _place(sha256: str) -> Path:
    return root() / sha256[:2] / sha256[2:4] / sha256


def _copied(upload: Upload, copy: BinaryIO, limit: int) -> tuple[str, int]:
    """Copy and hash at once; stops at the first byte too many."""
    if hasattr(upload, "seek"):
        upload.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := upload.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            refuse(
                "file.size",
                f"文件超过 {limit // 1024 // 1024} MB。请压缩图片、拆分文件，或只上传需要的几页。",
            )
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest(), size


def _move(temporary: Path, place: Path) -> None:
    """Put content in its place, replacing an equal or damaged copy, and make the move itself durable."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary.chmod(0o640)
    temporary.replace(place)
    for folder in (place.parent, place.parent.parent, root()):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _older(path: Path, than: datetime) -> bool:
    try:
        return path.stat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return True


def _remove_old(paths: Iterable[Path], at: datetime) -> int:
    """Remove content older than ``KEEP_ORPHANS``.

    It is moved aside before it is judged for good: an upload of the same content may have renewed it
    in between, and then goes back.
    """
    removed = 0
    for path in paths:
        if not path.is_file() or not _older(path, at - KEEP_ORPHANS):
            continue
        aside = root() / _TEMPORARY / secrets.token_hex(16)
        aside.parent.mkdir(exist_ok=True)
        path.rename(aside)
        if _older(aside, at - KEEP_ORPHANS):
            aside.unlink()
            removed += 1
        else:
            aside.rename(path)
    return removed
