"""测试用的文件，都在这里现做：好的、坏的、伪装的。"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

CONTENT_TYPES = "[Content_Types].xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
EXCEL_WITH_MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


def png(width: int = 4, height: int = 3, *, extra: bytes = b"", after: bytes = b"") -> bytes:
    """一张图；extra 放进文字块，after 接在末尾。宽高只写在头里，像素数据只有一点点。"""
    head = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [
        (b"IHDR", head),
        (b"tEXt", b"Comment\0" + extra),
        (b"IDAT", zlib.compress(b"\0" * 15)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body + after


def jpeg(width: int = 4, height: int = 3, *, comment: bytes = b"", after: bytes = b"") -> bytes:
    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    parts = [segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"), segment(0xFE, comment), segment(0xC0, frame)]
    return (
        b"\xff\xd8"
        + b"".join(parts)
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + b"\x12\x34\xff\xd9"
        + after
    )


def pdf(*objects: bytes, after: bytes = b"") -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" + b"\n".join(objects)
    return body + b"\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n" + after


def object_stream(
    content: bytes, *, name: bytes = b"/ObjStm", filters: bytes = b"/Filter /FlateDecode"
) -> bytes:
    packed = zlib.compress(content) if b"Flate" in filters else content
    heading = b"7 0 obj\n<< /Type %s /N 1 /First 4 %s /Length %d >>\n" % (name, filters, len(packed))
    return heading + b"stream\n" + packed + b"\nendstream\nendobj"


def package(members: Mapping[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def content_types(main: str, **parts: str) -> str:
    """main 是主部件的类型；parts 另外指定：部件路径="类型"。"""
    both = {"/main.xml": main, **parts}
    inner = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in both.items())
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0"?><Types xmlns="{space}">{inner}</Types>'


def links(*rows: tuple[str, str, str]) -> str:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inner = "".join(
        f'<Relationship Id="r{i}" Type="{kind}/{name}" Target="{target}" TargetMode="{mode}"/>'
        for i, (name, target, mode) in enumerate(rows)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'


def docx(extra: Mapping[str, bytes | str] | None = None, *, main: str = WORD) -> bytes:
    members = {
        CONTENT_TYPES: content_types(main),
        "_rels/.rels": links(("officeDocument", "word/document.xml", "Internal")),
        "word/document.xml": "<w:document xmlns:w='w'><w:body>会议纪要</w:body></w:document>",
    }
    return package({**members, **(extra or {})})


def xlsx(extra: Mapping[str, bytes | str] | None = None) -> bytes:
    return docx({"xl/workbook.xml": "<workbook/>", **(extra or {})}, main=EXCEL)


def bomb(unpacked: int, *, names: tuple[str, ...] = ("xl/worksheets/sheet1.xml",)) -> bytes:
    """一个真的压缩炸弹：声明与实际都展开成 unpacked 字节（按成员均分），做它也不占内存。"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(CONTENT_TYPES, content_types(EXCEL))
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for name in names:
            with archive.open(name, "w", force_zip64=True) as member:
                block = b" " * (1024 * 1024)
                for _ in range(unpacked // len(names) // len(block)):
                    member.write(block)
    return out.getvalue()


def upload(content: bytes, name: str) -> io.BytesIO:
    stream = io.BytesIO(content)
    stream.name = name
    return stream
