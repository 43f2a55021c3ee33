"""Plain text: which encoding it is in, and that it is text at all."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from zhiqiao.kit.errors import refuse

_CHUNK = 256 * 1024
_SAMPLE = 4  # chunks in which the share of common characters is counted
# Characters no Chinese text in GB18030 has: control codes of the C1 set, private use, non-characters.
_NOT_CHINESE = re.compile("[\x00-\x08\x0e-\x1a\x7f-\x9f\ue000-\uf8ff\ufffe\uffff]")
_COMMON = re.compile("[\u2000-\u206f\u2460-\u24ff\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u00b0-\u00d7]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_encoding(stream: BinaryIO) -> str:
    """Return the encoding of a text: "utf-8-sig", "utf-8" or "gb18030". Reads it in chunks, twice at most.

    :raises Refused: another encoding, or no text. Says what to do.
    """
    stream.seek(0)
    head = stream.read(4096)
    if head.startswith(_UTF16):
        refuse("file.encoding", "文件是 UTF-16 编码。请另存为“CSV UTF-8（逗号分隔）”或 UTF-8 文本后再试。")
    if head.startswith(codecs.BOM_UTF8):
        candidates: tuple[str, ...] = ("utf-8-sig",)
    else:
        candidates = ("utf-8", "gb18030")
    for encoding in candidates:
        if _reads_as(stream, encoding):
            return encoding
    refuse(
        "file.encoding",
        "认不出文件的文字编码（只认 UTF-8 和 GB18030）。请用 Excel 或记事本另存为 UTF-8 后再试。",
    )


def _reads_as(stream: BinaryIO, encoding: str) -> bool:
    foreign = common = 0
    try:
        for index, text in enumerate(_decoded(stream, encoding)):
            if "\0" in text:
                refuse("file.binary", "这不是文本文件。请确认选对了文件。")
            if encoding == "gb18030" and _NOT_CHINESE.search(text):
                return False
            if encoding == "gb18030" and index < _SAMPLE:
                known = len(_COMMON.findall(text))
                common += known
                foreign += len(text) - len(text.encode("ascii", "ignore")) - known
    except UnicodeDecodeError:
        return False
    return foreign <= common


def _decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)
