"""Pictures, judged by their headers: nothing is decoded, so a picture of a million megapixels costs nothing."""

import re
import struct
from typing import BinaryIO, NamedTuple, NoReturn

from zhiqiao.kit.errors import refuse

MAX_PIXELS = 120_000_000  # a little more than the largest ordinary phone camera
MAX_SIDE = 20_000
_MAX_PARTS = 100_000
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_ACTIVE = re.compile(rb"<script|<html|<svg|<\?php|<iframe|<!doctype", re.IGNORECASE)


class Dimensions(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def check_png(stream: BinaryIO) -> Dimensions:
    """Walk the chunks of a PNG from header to IEND, which has to be the end of the file.

    :raises Refused: damaged, too many pixels, or something glued on.
    """
    end = stream.seek(0, 2)
    stream.seek(8)
    size: Dimensions | None = None
    for count in range(_MAX_PARTS):
        head = stream.read(8)
        if len(head) < 8:
            _damaged()
        length, kind = struct.unpack(">L4s", head)
        if stream.tell() + length + 4 > end or (kind == b"IHDR") != (count == 0):
            _damaged()
        if kind == b"IHDR":
            size = Dimensions(*struct.unpack(">LL", stream.read(8)))
            length -= 8
        stream.seek(length + 4, 1)
        if kind == b"IEND":
            if stream.tell() != end:
                refuse("file.polyglot", "图片后面附带了别的内容。请另存或截图后再上传。")
            return _plausible(size, stream)
    _damaged()


def check_jpeg(stream: BinaryIO) -> Dimensions:
    """Walk the segments of a JPEG to the frame header.

    Phones append data of their own after the picture; that is allowed as long as nothing in it runs.

    :raises Refused: damaged, too many pixels, or something active glued on.
    """
    end = stream.seek(0, 2)
    stream.seek(max(end - 65536, 2))
    if b"\xff\xd9" not in stream.read() and end < 65536:
        _damaged()
    stream.seek(2)
    for _ in range(_MAX_PARTS):
        marker = _marker(stream)
        if marker in _STANDALONE:
            continue
        raw = stream.read(2)
        length = struct.unpack(">H", raw)[0] if len(raw) == 2 else 0
        if length < 2 or stream.tell() + length - 2 > end or marker in (0xD9, 0xDA):
            _damaged()
        if marker in _FRAMES:
            frame = stream.read(5)
            if len(frame) < 5:
                _damaged()
            height, width = struct.unpack(">HH", frame[1:])
            return _plausible(Dimensions(width, height), stream)
        stream.seek(length - 2, 1)
    _damaged()


def _marker(stream: BinaryIO) -> int:
    if stream.read(1) != b"\xff":
        _damaged()
    byte = stream.read(1)
    while byte == b"\xff":  # padding
        byte = stream.read(1)
    if not byte:
        _damaged()
    return byte[0]


def _plausible(size: Dimensions | None, stream: BinaryIO) -> Dimensions:
    if size is None or not size.width or not size.height:
        _damaged()
    if max(size) > MAX_SIDE or size.width * size.height > MAX_PIXELS:
        refuse(
            "file.pixels",
            f"图片有 {size.width}×{size.height} 像素，过大。请缩小到 {MAX_PIXELS // 10**8} 亿像素以内再上传。",
        )
    stream.seek(0)
    if _ACTIVE.search(stream.read()):
        refuse("file.polyglot", "图片里夹带了网页或脚本。请另存或截图后再上传。")
    return size


def _damaged() -> NoReturn:
    refuse("file.damaged", "图片不完整或已损坏。请重新导出后再上传。")
