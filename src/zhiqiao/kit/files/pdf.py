"""PDF: whether opening it would run something."""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from zhiqiao.kit.errors import refuse

_MOST_UNPACKED = 64 * 1024 * 1024  # bytes, all object streams together
_MOST_STREAMS = 5000
_HEADING = 8192  # bytes in which the description of a stream is looked for
_CHUNK = 64 * 1024


def _name(text: str) -> "re.Pattern[bytes]":
    """Match a PDF name in every spelling: any character of it may be written as #xx."""
    letters = b"".join(b"(?:%c|#(?i:%02x))" % (char, char) for char in text.encode())
    return re.compile(b"/" + letters + rb"(?=[\s()<>\[\]{}/%]|$)")


_ACTIVE = tuple(
    _name(text) for text in ("JavaScript", "Launch", "RichMedia", "XFA", "ImportData", "SubmitForm")
)
_ENCRYPTED = _name("Encrypt")
_OBJECT_STREAM = _name("ObjStm")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9#]+)")
_STREAM_START = re.compile(rb"stream\r?\n")


def check_pdf(stream: BinaryIO) -> None:
    """Check that a PDF is whole and does nothing by itself. Reads it into memory once.

    :raises Refused: damaged, encrypted (it cannot be looked at), or with scripts, programs or rich media.
    """
    stream.seek(0)
    content = stream.read()
    if b"%%EOF" not in content[-4096:]:
        refuse("file.damaged", "PDF 不完整。请重新导出后再上传。")
    if _ENCRYPTED.search(content):
        refuse("file.encrypted", "PDF 已加密，无法检查。请去掉密码，或打印成新的 PDF 再上传。")
    for part in (content, *_object_streams(content)):
        if any(pattern.search(part) for pattern in _ACTIVE):
            refuse("file.active", "PDF 里有脚本或会自动运行的内容。请打印成新的 PDF 再上传。")


def _object_streams(content: bytes) -> Iterator[bytes]:
    """Unpack the streams that hold objects, in which names can hide from a plain search."""
    room = _MOST_UNPACKED
    for count, mark in enumerate(_OBJECT_STREAM.finditer(content)):
        start = _STREAM_START.search(content, mark.end(), mark.end() + _HEADING)
        if start is None or count >= _MOST_STREAMS:
            _unusual()
        earliest = max(mark.start() - _HEADING, 0)
        heading = content[max(content.rfind(b"obj", earliest, mark.start()), earliest) : start.start()]
        filters = _FILTER.search(heading)
        if filters is None and b"/Filter" not in heading:
            continue  # stored as it is: the plain search has seen it
        if filters is None or filters[1].strip(b"[] \r\n\t") != b"/FlateDecode":
            _unusual()
        unpacked = _inflated(content, start.end(), room)
        room -= len(unpacked)
        yield unpacked


def _inflated(content: bytes, start: int, room: int) -> bytes:
    engine, unpacked = zlib.decompressobj(), bytearray()
    try:
        for offset in range(start, len(content), _CHUNK):
            unpacked += engine.decompress(content[offset : offset + _CHUNK], room + 1 - len(unpacked))
            if len(unpacked) > room:
                refuse("file.bomb", "PDF 展开后过大，不予打开。请打印成新的 PDF 再上传。")
            if engine.eof:
                break
    except zlib.error:
        refuse("file.damaged", "PDF 已损坏。请重新导出后再上传。")
    return bytes(unpacked)


def _unusual() -> NoReturn:
    refuse("file.active", "PDF 的内部写法少见，无法检查。请打印成新的 PDF 再上传。")
