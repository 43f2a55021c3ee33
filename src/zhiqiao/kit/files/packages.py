"""Zip packages (docx, xlsx) looked at from outside: nothing is unpacked before it is known to be small.

The central directory says how large everything becomes. Python's reader never delivers more of a member than
its entry declares, so the declared sizes are a bound even when they lie.
"""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, NamedTuple, NoReturn
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from zhiqiao.kit.errors import refuse

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER = 30
_MIB = 1024 * 1024
# What Python's zip reader raises on damaged input.
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, OSError, EOFError, ValueError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackageLimits:
    """How much a package may declare, in bytes unless said otherwise."""

    directory: int = 1 * _MIB
    members: int = 4000  # count
    total: int = 300 * _MIB
    ratio: int = 150  # unpacked : packed, of each member and of the whole, beyond `ratio_from`
    ratio_from: int = 8 * _MIB


DEFAULT_LIMITS = PackageLimits()


class Office(NamedTuple):
    """What kind of Office file a package is, and how a person calls it."""

    kind: str  # "docx", "xlsx", or why not: "macro", "other"
    title: str


_MAIN_PARTS = (  # the first that matches
    ("sheet.binary.macroenabled.main", Office("other", "二进制工作簿（.xlsb）")),
    ("macroenabled", Office("macro", "带宏的文件")),
    ("wordprocessingml.document.main+xml", Office("docx", "Word 文档")),
    ("spreadsheetml.sheet.main+xml", Office("xlsx", "Excel 工作簿")),
    ("wordprocessingml.template.main+xml", Office("other", "Word 模板")),
    ("spreadsheetml.template.main+xml", Office("other", "Excel 模板")),
    ("presentationml.", Office("other", "演示文稿")),
)
_MACRO_PARTS = ("vbaproject.bin", "vbadata.xml", "/activex/", "/macrosheets/", "attachedtoolbars.bin")
# A target outside the package that a reader follows by itself. Links that a person has to click are fine.
_HARMLESS_OUTSIDE = ("/hyperlink", "/externallinkpath")


def open_package(stream: BinaryIO, limits: PackageLimits = DEFAULT_LIMITS) -> zipfile.ZipFile:
    """Open a zip package after checking what it declares; nothing is unpacked.

    :raises Refused: damaged, encrypted, glued to something else, or larger unpacked than ``limits`` allow.
    """
    _check_directory(stream, limits)
    stream.seek(0)
    try:
        package = zipfile.ZipFile(stream)
        _check_members(package.infolist(), limits)
    except BROKEN:
        _damaged()
    return package


def office_kind(package: zipfile.ZipFile) -> Office:
    """Say which Office file a package is.

    :raises Refused: not an Office file, or one with macros.
    """
    office = _main_part(package)
    names = (name.lower() for name in package.namelist())
    if office.kind == "macro" or any(mark in name for name in names for mark in _MACRO_PARTS):
        refuse("file.macro", "文件里有宏。请另存为不带宏的 .docx 或 .xlsx 再上传。")
    return office


def check_office(package: zipfile.ZipFile) -> Office:
    """Say which Office file a package is, and that it does nothing by itself when somebody opens it.

    :raises Refused: as :func:`office_kind`; or objects, entities, something loaded from outside.
    """
    office = office_kind(package)
    for name in map(str.lower, package.namelist()):
        if "/embeddings/" in name and name.endswith(".bin"):
            refuse("file.embedded", "文件里嵌有别的程序的对象。请删去嵌入的对象，或打印成 PDF 再上传。")
    _check_parts(package)
    return office


def read_member(package: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Unpack one member.

    :raises Refused: damaged, or larger than ``limit`` bytes.
    """
    try:
        if package.getinfo(name).file_size > limit:
            refuse("file.bomb", "文件展开后过大，无法处理。请只保留需要的内容后另存一份。")
        return package.read(name)
    except BROKEN:
        _damaged()


def _check_directory(stream: BinaryIO, limits: PackageLimits) -> None:
    """Read the last record only: a directory of a hundred thousand entries is never built in memory."""
    size = stream.seek(0, 2)
    stream.seek(max(size - _END.size, 0))
    tail = stream.read(_END.size)
    if len(tail) < _END.size or not tail.startswith(b"PK\5\6") or not tail.endswith(b"\0\0"):
        refuse("file.damaged", "文件不完整，或后面附带了别的内容。请用 Excel 或 WPS 打开后另存一份再上传。")
    _, disk, first_disk, _, _, length, offset, _ = _END.unpack(tail)
    end = size - _END.size
    wide = _wide_record(stream, end)
    if wide is not None:
        length, offset, end = wide
    if length > limits.directory:
        refuse("file.bomb", "文件里的部件过多，无法处理。请只保留需要的内容后另存一份。")
    if disk or first_disk or offset + length != end:
        refuse("file.damaged", "文件前后拼接了别的内容。请用 Excel 或 WPS 打开后另存一份再上传。")


def _wide_record(stream: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Return (length, offset, end) of the directory from a zip64 record, if the file has one."""
    start = end - _END64_LOCATOR.size - _END64.size
    if start < 0:
        return None
    stream.seek(start)
    record, locator = stream.read(_END64.size), stream.read(_END64_LOCATOR.size)
    if not locator.startswith(b"PK\6\7") or not record.startswith(b"PK\6\6"):
        return None
    *_, length, offset = _END64.unpack(record)
    return length, offset, start


def _check_members(members: list[zipfile.ZipInfo], limits: PackageLimits) -> None:
    if len(members) > limits.members:
        refuse("file.bomb", "文件里的部件过多，无法处理。请只保留需要的内容后另存一份。")
    if any(each.flag_bits & 1 for each in members):
        refuse("file.encrypted", "文件已加密。请去掉密码，另存一份再上传。")
    packed, total = sum(each.compress_size for each in members), sum(each.file_size for each in members)
    sizes = [(each.compress_size, each.file_size) for each in members]
    if total > limits.total or any(_swells(*size, limits) for size in (*sizes, (packed, total))):
        refuse("file.bomb", "文件很小，展开后却过大，不予打开。请只保留需要的内容后另存一份。")
    names = {each.filename.lower() for each in members}
    if len(names) != len(members) or any(_leads_out(name) for name in names):
        refuse("file.damaged", "文件内部的名称不正常。请用 Excel 或 WPS 打开后另存一份再上传。")
    if any(each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for each in members):
        refuse("file.damaged", "文件用了少见的压缩方式。请用 Excel 或 WPS 打开后另存一份再上传。")
    ordered = sorted(members, key=lambda each: each.header_offset)
    for one, following in pairwise(ordered):
        if one.header_offset + _LOCAL_HEADER + one.compress_size > following.header_offset:
            refuse("file.bomb", "文件内部互相重叠，不予打开。请用 Excel 或 WPS 打开后另存一份再上传。")


def _swells(packed: int, unpacked: int, limits: PackageLimits) -> bool:
    return unpacked > limits.ratio_from and unpacked > limits.ratio * packed


def _leads_out(name: str) -> bool:
    return name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/")


def _main_part(package: zipfile.ZipFile) -> Office:
    if "[Content_Types].xml" not in package.namelist():
        if "OFD.xml" in package.namelist():
            refuse("file.kind", "暂不收 OFD 文件。请转成 PDF 再上传。")
        if "mimetype" in package.namelist():
            refuse("file.kind", "暂不收 OpenDocument 文件。请另存为 .docx 或 .xlsx 再上传。")
        refuse("file.kind", "暂不收压缩包。请解压后把需要的文件逐个上传。")
    types = read_member(package, "[Content_Types].xml", _MIB).decode("utf-8", "replace").lower()
    for mark, office in _MAIN_PARTS:
        if mark in types:
            return office
    refuse("file.kind", "这不是 Word 文档或 Excel 工作簿。请上传 PDF、图片、.docx、.xlsx、.txt 或 .csv。")


def _check_parts(package: zipfile.ZipFile) -> None:
    """Look at the head of every XML part and at all links: no document type, no entity, nothing from outside."""
    for member in package.infolist():
        name = member.filename.lower()
        if name.endswith(".rels"):
            _check_links(read_member(package, member.filename, 4 * _MIB))
        elif name.endswith((".xml", ".vml")) and _has_document_type(package, member):
            refuse("file.entities", "文件内部含有不正常的定义（实体），不予打开。请另存一份再上传。")
        if (
            "/externallinks/" in name
            and b"ddelink" in read_member(package, member.filename, 4 * _MIB).lower()
        ):
            refuse("file.outside", "文件会调用别的程序（DDE）。请断开链接后另存一份再上传。")


def _has_document_type(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Office never writes one. UTF-16 is folded to ASCII, so the mark cannot hide in it."""
    try:
        with package.open(member) as part:
            head = part.read(4096).replace(b"\0", b"").upper()
    except BROKEN:
        _damaged()
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head


def _check_links(content: bytes) -> None:
    try:
        links = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        refuse("file.entities", "文件内部含有不正常的定义（实体），不予打开。请另存一份再上传。")
    except (ParseError, ValueError, LookupError):
        _damaged()
    for link in links.iter():
        kind = link.get("Type", "").lower()
        if link.get("TargetMode", "").lower() == "external" and not kind.endswith(_HARMLESS_OUTSIDE):
            refuse("file.outside", "文件打开时会从别处载入内容。请断开链接后另存一份再上传。")


def _damaged() -> NoReturn:
    refuse("file.damaged", "文件已损坏，打不开。请用 Excel 或 WPS 打开后另存一份再上传。")
