"""What a file is, judged by its content; the name only decides between the two kinds of text."""

import re
from pathlib import PurePosixPath
from typing import BinaryIO

from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files.images import check_jpeg, check_png
from zhiqiao.kit.files.models import StoredFile
from zhiqiao.kit.files.packages import check_office, open_package
from zhiqiao.kit.files.pdf import check_pdf
from zhiqiao.kit.files.texts import text_encoding

Kind = StoredFile.Kind

ACCEPTED = "PDF、PNG 或 JPEG 图片、.docx、.xlsx、.txt、.csv"
_PROGRAM = "这是可以运行的程序或脚本，不能上传。"
_REFUSED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "这是旧版 Office 文件或加密的文件。请另存为不加密的 .docx、.xlsx 或 PDF 再上传。"),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"#!", _PROGRAM),
    (b"L\0\0\0\x01\x14\x02\0", _PROGRAM),
    (b"GIF8", "暂不收 GIF。请另存为 PNG 或 JPEG 再上传。"),
    (b"II*\0", "暂不收 TIFF。请另存为 PNG 或 JPEG 再上传。"),
    (b"MM\0*", "暂不收 TIFF。请另存为 PNG 或 JPEG 再上传。"),
    (b"Rar!", "暂不收压缩包。请解压后把需要的文件逐个上传。"),
    (b"7z\xbc\xaf\x27\x1c", "暂不收压缩包。请解压后把需要的文件逐个上传。"),
    (b"\x1f\x8b", "暂不收压缩包。请解压后把需要的文件逐个上传。"),
    (b"BZh91AY", "暂不收压缩包。请解压后把需要的文件逐个上传。"),
    (b"\xfd7zXZ", "暂不收压缩包。请解压后把需要的文件逐个上传。"),
    (b"{\\rtf", "暂不收 RTF。请另存为 .docx 或 PDF 再上传。"),
)  # fmt: skip
_REFUSED_IF_BINARY = (
    (b"MZ", _PROGRAM),
    (b"BM", "暂不收 BMP。请另存为 PNG 或 JPEG 再上传。"),
)  # "BMW…" may begin a text
_MARKUP = re.compile(
    rb"^[\s\xef\xbb\xbf]*<\s*(!doctype|!--|\?xml|\?php|html|head|body|svg|script|iframe|math)", re.I
)
_SCRIPT_IN_TEXT = re.compile(rb"<script[\s>/]|<\?php|<svg[\s>]", re.IGNORECASE)
_DDE = re.compile(rb"""(^|[\r\n,;\t"])[\s"]*[=+\-@][^\r\n]{0,200}\|[^\r\n]{0,200}!""")


def inspect(stream: BinaryIO, name: str) -> Kind:
    """Say what a file is, after checking that it is whole and does nothing by itself.

    stream : binary, seekable, at most some tens of MiB.
    :raises Refused: not one of the accepted kinds, damaged, or active. The words say what to do.
    """
    stream.seek(0)
    head = stream.read(512)
    if not head:
        refuse("file.empty", "文件是空的。请确认选对了文件。")
    if head.startswith(b"PK\3\4"):
        return _office(stream)
    if head.startswith(b"%PDF-"):
        check_pdf(stream)
        return _alone(stream, Kind.PDF)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        check_png(stream)
        return _alone(stream, Kind.PNG)
    if head.startswith(b"\xff\xd8\xff"):
        check_jpeg(stream)
        return _alone(stream, Kind.JPEG)
    return _text(stream, head, name)


def _office(stream: BinaryIO) -> Kind:
    with open_package(stream) as package:
        office = check_office(package)
    if office.kind not in (Kind.DOCX, Kind.XLSX):
        refuse("file.kind", f"暂不收{office.title}。请另存为 PDF、.docx 或 .xlsx 再上传。")
    return Kind(office.kind)


def _alone(stream: BinaryIO, kind: Kind) -> Kind:
    """Refuse a second file glued on: archives are found from the end, so a picture can be one too."""
    end = stream.seek(0, 2)
    stream.seek(max(end - 65_557, 0))
    if b"PK\5\6" in stream.read():
        refuse("file.polyglot", "文件后面附带了压缩包。请重新导出后再上传。")
    return kind


def _text(stream: BinaryIO, head: bytes, name: str) -> Kind:
    for signature, words in (*_REFUSED, *(_REFUSED_IF_BINARY if b"\0" in head else ())):
        if head.startswith(signature):
            refuse("file.kind", words)
    if head[4:8] == b"ftyp":
        refuse("file.kind", "暂不收视频和 HEIC 图片。图片请另存为 JPEG 再上传。")
    if head.startswith(b"RIFF"):
        refuse("file.kind", "暂不收 WebP、音频和视频。图片请另存为 JPEG 或 PNG 再上传。")
    if _MARKUP.match(head):
        refuse("file.active", "暂不收网页和 SVG。请打印成 PDF，或截图后再上传。")
    encoding = text_encoding(stream)
    stream.seek(0)
    content = stream.read()
    if _SCRIPT_IN_TEXT.search(content) or _DDE.search(content):
        refuse("file.active", "文本里夹带了脚本或会调用程序的公式。请删去后再上传。")
    suffix = PurePosixPath(name.lower()).suffix
    if suffix not in (".txt", ".csv"):
        refuse("file.kind", f"不收这类文本文件（编码 {encoding}）。可以上传 {ACCEPTED}。")
    return Kind.CSV if suffix == ".csv" else Kind.TXT
