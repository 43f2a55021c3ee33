"""The gate in front of every reader: what a file is, how large it gets, and which encoding it is in."""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO, Literal

from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files import PackageLimits, office_kind, open_package, text_encoding

MAX_WORKBOOK = 30 * 1024 * 1024  # bytes
MAX_TEXT = 200 * 1024 * 1024
_LIMITS = PackageLimits()
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 1024 * 1024

Kind = Literal["xlsx", "csv", "json"]
_SUFFIXES: dict[str, Kind] = {
    ".xlsx": "xlsx", ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".jsonl": "json", ".json": "json",
}  # fmt: skip
_READABLE = "请用 Excel 工作簿（.xlsx）、CSV(.csv)或逐行 JSON(.jsonl)"


@dataclass(slots=True)
class Source:
    """A file that has passed the gate. ``package`` is set for workbooks, ``encoding`` for texts."""

    name: str
    kind: Kind
    size: int
    sha256: str
    stream: BinaryIO
    encoding: str = ""
    package: zipfile.ZipFile | None = None


@contextmanager
def opened(file: "str | Path | BinaryIO", name: str = "") -> Iterator[Source]:
    """Open a path, an uploaded file or a binary stream as a source of rows.

    :raises Refused: not a readable table, too large, encrypted, with macros, damaged. Says what to do.
    """
    if isinstance(file, str | Path):
        try:
            stream: BinaryIO = Path(file).open("rb")  # noqa: SIM115 - closed below
        except OSError:
            refuse("sheet.missing", f"打不开文件“{file}”。请检查路径是否正确、是否有读取权限。")
        try:
            yield _source(stream, name or Path(file).name)
        finally:
            stream.close()
    else:
        yield _source(file, name or os.path.basename(str(getattr(file, "name", "") or "未命名")))


def _source(stream: BinaryIO, name: str) -> Source:
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(4096)
    suffix = PurePath(name).suffix.lower()
    if not head.strip():
        refuse("sheet.empty", "文件是空的。请确认选对了文件。")
    _check_kind(stream, head, suffix)
    kind = _SUFFIXES[suffix]
    if size > (MAX_WORKBOOK if kind == "xlsx" else MAX_TEXT):
        limit = (MAX_WORKBOOK if kind == "xlsx" else MAX_TEXT) // 1024 // 1024
        refuse("sheet.size", f"文件超过 {limit} MB。请分成几份，或另存为 CSV 后再导入。")
    source = Source(name, kind, size, _sha256(stream), stream)
    if kind == "xlsx":
        source.package = open_package(stream, _LIMITS)
        office = office_kind(source.package)
        if office.kind != "xlsx":
            refuse("sheet.kind", f"这是{office.title}，不是表格。{_READABLE}。")
    else:
        source.encoding = text_encoding(stream)
    stream.seek(0)
    return source


def _check_kind(stream: BinaryIO, head: bytes, suffix: str) -> None:
    """Compare what the name says with what the first bytes say."""
    if head.startswith(_OLD_OFFICE):
        if _holds(stream, _ENCRYPTED):
            refuse("sheet.encrypted", "工作簿设了打开密码。请去掉密码，另存为 .xlsx 后再导入。")
        refuse("sheet.old", "这是旧版 Excel 文件（.xls）。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。")
    if suffix == ".xls" or (head.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] == b"<"):
        refuse("sheet.markup", "这是网页格式的表格。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。")
    is_package = head.startswith(b"PK\3\4")
    if suffix not in _SUFFIXES:
        hint = "请把扩展名改为 .xlsx 后再导入" if is_package else _READABLE
        refuse("sheet.kind", f"不认识“{suffix or '没有扩展名'}”的文件。{hint}。")
    if is_package != (_SUFFIXES[suffix] == "xlsx"):
        actual = "Excel 工作簿或压缩包" if is_package else "别的内容"
        refuse("sheet.kind", f"文件名以 {suffix} 结尾，里面却是{actual}。请另存为正确的格式后再导入。")


def _holds(stream: BinaryIO, needle: bytes) -> bool:
    stream.seek(0)
    tail = b""
    while chunk := stream.read(_CHUNK):
        if needle in tail + chunk:
            return True
        tail = chunk[-len(needle) :]
    return False


def _sha256(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
