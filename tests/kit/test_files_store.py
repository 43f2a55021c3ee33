"""证明材料：存一次，用多次，先落盘再入库。"""

import hashlib
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from tests.kit import samples
from zhiqiao.kit import audit, files
from zhiqiao.kit.actors import Actor
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.files.models import Attachment, StoredFile
from zhiqiao.kit.files.store import Swept

pytestmark = pytest.mark.django_db

CLERK = Actor("person", "7", "李工")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LATER = datetime.now(tz=UTC) + timedelta(days=30)


@pytest.fixture(autouse=True)
def folder(tmp_path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def put(content: bytes = b"", name: str = "协议.pdf") -> StoredFile:
    return files.store(samples.upload(content or samples.pdf(), name), by=CLERK, at=NOW)


def put_and_fail() -> None:
    """存入之后，调用者的事务失败。"""
    with suppress(ZeroDivisionError), transaction.atomic():
        put()
        raise ZeroDivisionError
    assert not StoredFile.objects.exists()


def contents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def age(path: Path, **since: int) -> None:
    then = (datetime.now(tz=UTC) - timedelta(**since)).timestamp()
    os.utime(path, (then, then))


def test_a_file_is_kept_under_its_hash_with_its_facts(folder):
    content = samples.pdf()
    digest = hashlib.sha256(content).hexdigest()
    file = put(content, "../桌面/协议.PDF")
    assert (file.sha256, file.size, file.kind, file.name) == (digest, len(content), "pdf", "协议.pdf")
    assert (file.stored_at, file.actor_kind, file.actor_key, file.actor_name) == (NOW, "person", "7", "李工")
    assert contents(folder) == [folder / digest[:2] / digest[2:4] / digest]
    assert contents(folder)[0].read_bytes() == content


def test_an_upload_from_a_form_is_taken_in(folder):
    form_file = SimpleUploadedFile("照片.png", samples.png(), content_type="text/html")
    assert files.store(form_file, by=CLERK, at=NOW).kind == "png"


def test_the_same_content_is_kept_once_whatever_it_is_called(folder):
    first, second = put(name="协议.pdf"), put(name="另一个名字.pdf")
    assert first.pk == second.pk
    assert second.name == "协议.pdf"
    assert StoredFile.objects.count() == len(contents(folder)) == 1


def test_uploading_again_heals_a_damaged_copy(folder):
    file = put()
    files.path_of(file).write_bytes(b"damaged")
    assert len(files.verify()) == 1
    put()
    assert files.verify(deep=True) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"<svg onload='alert(1)'/>", "file.active"),
        (samples.docx({"word/vbaProject.bin": b"x"}), "file.macro"),
        (samples.png(100_000, 100_000), "file.pixels"),
    ],
)
def test_a_refused_file_leaves_nothing(folder, content, code):
    with pytest.raises(Refused) as refused:
        files.store(samples.upload(content, "x.png"), by=CLERK, at=NOW)
    assert refused.value.refusal.code == code
    assert contents(folder) == []
    assert not StoredFile.objects.exists()


def test_too_large_a_file_is_refused_at_the_first_byte_too_many(folder):
    class Endless:
        name, taken = "巨大.txt", 0

        def read(self, size: int = -1) -> bytes:
            Endless.taken += size
            return b"a" * size

    with pytest.raises(Refused) as refused:
        files.store(Endless(), by=CLERK, at=NOW, limit=3 * 1024 * 1024)
    assert refused.value.refusal.message.startswith("文件超过 3 MB。")
    assert Endless.taken == 4 * 1024 * 1024
    assert contents(folder) == []


def test_the_content_is_synced_and_in_place_before_the_row_is_written(folder, monkeypatch):
    events = []
    original_fsync, original_replace = os.fsync, Path.replace
    original_create = StoredFile.objects.get_or_create
    monkeypatch.setattr(os, "fsync", lambda fd: (events.append("sync"), original_fsync(fd))[1])
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (events.append("move"), original_replace(self, to))[1]
    )
    monkeypatch.setattr(
        StoredFile.objects,
        "get_or_create",
        lambda **facts: (events.append("row"), original_create(**facts))[1],
    )
    put()
    assert events == ["sync", "move", "sync", "sync", "sync", "row"]


def test_a_failed_transaction_leaves_content_that_the_sweep_removes_a_day_later(folder):
    put_and_fail()
    (orphan,) = contents(folder)
    assert files.sweep(datetime.now(tz=UTC)).orphans == 0  # 也许还有事务没有结束
    age(orphan, days=2)
    assert files.sweep(datetime.now(tz=UTC)).orphans == 1
    assert contents(folder) == []


def test_the_sweep_keeps_what_is_attached_and_removes_what_nobody_uses(folder):
    used, unused = put(samples.pdf(), "用.pdf"), put(samples.png(), "不用.png")
    files.attach(used, used, by=CLERK, at=NOW)
    for path in contents(folder):
        age(path, days=60)
    left_over = folder / "tmp" / "abc"
    left_over.write_bytes(b"half")
    age(left_over, days=2)
    assert files.sweep(LATER) == Swept(orphans=1, unfinished=1, unattached=1)
    assert contents(folder) == [files.path_of(used)]
    assert list(StoredFile.objects.values_list("pk", flat=True)) == [used.pk]
    assert not StoredFile.objects.filter(pk=unused.pk).exists()


def test_the_sweep_keeps_content_renewed_while_it_looks(folder, monkeypatch):
    put_and_fail()
    (path,) = contents(folder)
    age(path, days=2)
    rename = Path.rename

    def renewed_first(self, to):
        if self == path:
            os.utime(self)  # 就在这一刻，又有人上传了同样的内容
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", renewed_first)
    assert files.sweep(datetime.now(tz=UTC)).orphans == 0
    assert contents(folder) == [path]


def test_one_file_serves_many_subjects(folder):
    file, other = put(), put(samples.png(), "照片.png")
    one = files.attach(file, other, by=CLERK, at=NOW, title="现场照片")
    files.attach(other, other, by=CLERK, at=NOW)
    again = files.attach(file, other, by=CLERK, at=NOW)
    assert again.pk == one.pk
    assert [(a.title, a.file.name) for a in files.attachments_of(file)] == [("现场照片", "照片.png")]
    assert Attachment.objects.count() == 2


def test_linking_and_unlinking_are_recorded(folder):
    file = put()
    attachment = files.attach(file, file, by=CLERK, at=NOW, title="协议")
    files.detach(attachment, by=CLERK, at=NOW, reason="传错了")
    verbs = [(e.verb, e.reason, (e.before or e.after)["title"]) for e in AuditEntry.objects.all()]
    assert verbs == [("files.attach", "", "协议"), ("files.detach", "传错了", "协议")]
    assert audit.verify() == []
    assert StoredFile.objects.filter(pk=file.pk).exists()


def test_the_attachments_of_a_subject_take_one_query(folder, django_assert_num_queries):
    subject = put()
    for index in range(3):
        files.attach(subject, put(samples.png(extra=b"%d" % index), f"{index}.png"), by=CLERK, at=NOW)
    with django_assert_num_queries(1):
        assert len([a.file.name for a in files.attachments_of(subject)]) == 3


def test_missing_and_changed_content_is_found(folder):
    missing, shorter, changed = (
        put(samples.pdf(), "甲.pdf"),
        put(samples.png(), "乙.png"),
        put(samples.jpeg(), "丙.jpg"),
    )
    files.path_of(missing).unlink()
    files.path_of(shorter).write_bytes(b"x")
    content = bytearray(files.path_of(changed).read_bytes())
    content[-5] ^= 1
    files.path_of(changed).write_bytes(bytes(content))
    assert [finding.split("（")[0] for finding in files.verify()] == [
        "甲.pdf：文件不见了",
        "乙.png：内容被改动过",
    ]
    assert len(files.verify(deep=True)) == 3


def test_a_file_is_handed_out_so_that_nothing_in_it_runs(folder):
    content = samples.jpeg()
    response = files.open_for(put(content, '评审"照片\r\n.jpg'))
    assert b"".join(response.streaming_content) == content
    assert response["Content-Disposition"] == (
        "attachment; filename=\"_____.jpg\"; filename*=UTF-8''%E8%AF%84%E5%AE%A1_%E7%85%A7%E7%89%87.jpg"
    )
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response["Content-Length"] == str(len(content))
    response.close()


def test_content_that_is_gone_is_said_in_words(folder):
    file = put()
    files.path_of(file).unlink()
    with pytest.raises(Refused) as refused:
        files.open_for(file)
    assert refused.value.refusal.code == "file.missing"


@pytest.mark.django_db(transaction=True)
def test_many_people_uploading_the_same_file_at_once_share_one_row(folder):
    found, failed = [], []

    def upload_it() -> None:
        try:
            found.append(put().pk)
        except Exception as error:  # noqa: BLE001 - every failure counts
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(found)) == 1
    assert StoredFile.objects.count() == len(contents(folder)) == 1
