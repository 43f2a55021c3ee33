"""收什么文件、不收什么文件：只看内容，不信名字。"""

import io
import resource
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit import samples
from zhiqiao.kit.errors import Refused
from zhiqiao.kit.files import inspect
from zhiqiao.kit.files.models import StoredFile
from zhiqiao.kit.files.names import EXTENSIONS, safe_name

pytestmark = pytest.mark.anydb

Kind = StoredFile.Kind


def looked_at(content: bytes, name: str = "证明") -> str:
    """返回认出的类型，或拒绝的代码。"""
    try:
        return inspect(io.BytesIO(content), name).value
    except Refused as refused:
        return refused.refusal.code


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (samples.pdf(), "协议.pdf", "pdf"),
        (samples.pdf(b"4 0 obj << /OpenAction [3 0 R /XYZ] >> endobj"), "协议.pdf", "pdf"),
        (samples.pdf(samples.object_stream(b"8 0 << /Type /Page >>")), "协议.pdf", "pdf"),
        (samples.png(), "照片.png", "png"),
        (samples.jpeg(), "照片.jpg", "jpeg"),
        (samples.jpeg(after=b"SEFT\x00\x01phone"), "手机照片.jpg", "jpeg"),
        (samples.docx(), "纪要.docx", "docx"),
        (
            samples.docx(
                {"word/_rels/d.rels": samples.links(("hyperlink", "https://example.cn", "External"))}
            ),
            "a",
            "docx",
        ),
        (samples.xlsx(), "台账.xlsx", "xlsx"),
        ("会议纪要\r\n第一项".encode(), "纪要.txt", "txt"),
        ("BMW 项目纪要".encode(), "纪要.txt", "txt"),
        ("会议纪要".encode("gb18030"), "纪要.txt", "txt"),
        ("﻿名称,金额\r\n某公司,-5".encode(), "表.CSV", "csv"),
    ],
)
def test_what_people_bring_is_recognised_by_content(content, name, kind):
    assert looked_at(content, name) == kind


def test_the_name_does_not_decide_what_a_file_is():
    assert looked_at(samples.pdf(), "照片.png") == "pdf"
    assert looked_at(samples.png(), "程序.exe") == "png"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "空.pdf", "file.empty"),
        (b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 100, "合同.pdf", "file.kind"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 100, "合同.pdf", "file.kind"),
        (b"#!/bin/sh\nrm -rf /\n", "说明.txt", "file.kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧表.xls", "file.kind"),
        (b"GIF89a" + b"\0" * 100, "图.png", "file.kind"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, "图.jpg", "file.kind"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 100, "图.jpg", "file.kind"),
        (b"\x1f\x8b\x08" + b"\0" * 100, "包.csv", "file.kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "图.png", "file.active"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", "图.txt", "file.active"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "页.txt", "file.active"),
        ("纪要 <script>alert(1)</script>".encode(), "页.txt", "file.active"),
        ("名称\r\n=cmd|'/c calc'!A0".encode(), "表.csv", "file.active"),
        ("名称\r\n\"@SUM(1+1)*cmd|'/c calc'!A0\"".encode(), "表.csv", "file.active"),
        (b"print(1)", "脚本.py", "file.kind"),
        ("纪要".encode("utf-16"), "纪要.txt", "file.encoding"),
        (b"caf\xe9 \xff\xfe\xfd", "x.txt", "file.encoding"),
        (b"abc\0def", "x.txt", "file.binary"),
    ],
)
def test_other_files_are_refused_with_what_to_do(content, name, code):
    assert looked_at(content, name) == code


@pytest.mark.parametrize(
    "content",
    [
        samples.png(after=b"<script>alert(1)</script>"),
        samples.png(extra=b"<script>alert(1)</script>"),
        samples.png(after=samples.package({"a.txt": "x"})),
        samples.jpeg(comment=b"<?php system($_GET[0]); ?>"),
        samples.jpeg(after=samples.package({"a.txt": "x"})),
        samples.jpeg(comment=b"*/=alert(1)/*<SCRIPT src=x>"),
        samples.pdf(after=samples.package({"a.txt": "x"})),
    ],
)
def test_two_files_in_one_are_refused(content):
    assert looked_at(content) == "file.polyglot"


@pytest.mark.parametrize(
    "content", [samples.docx() + b"tail", b"GIF89a" + samples.docx(), samples.pdf() + samples.docx()]
)
def test_an_office_file_has_nothing_before_or_after_it(content):
    assert looked_at(content) in {"file.damaged", "file.kind", "file.polyglot"}


@pytest.mark.parametrize(
    "content",
    [
        samples.png()[:-20],
        samples.png()[:20],
        b"\x89PNG\r\n\x1a\n",
        samples.jpeg()[:15],
        b"\xff\xd8\xff",
        samples.pdf()[:-10],
        samples.docx()[:-30],
        samples.docx()[:60],
        b"PK\3\4",
        b"%PDF-",
    ],
)
def test_half_a_file_is_refused(content):
    assert looked_at(content) == "file.damaged"


@pytest.mark.parametrize(
    "content",
    [
        samples.png(100_000, 100_000),
        samples.jpeg(60_000, 60_000),
        samples.png(20_001, 1),
        samples.png(12_000, 12_000),
    ],
)
def test_a_pixel_flood_is_refused_from_its_header(content):
    assert looked_at(content) == "file.pixels"


def test_the_largest_phone_picture_passes():
    assert looked_at(samples.jpeg(12_032, 9_024)) == "jpeg"


# --- PDF --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        samples.pdf(b"3 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj"),
        samples.pdf(b"3 0 obj << /S /J#61vaScr#69pt /JS (x) >> endobj"),
        samples.pdf(b"3 0 obj << /S /Launch /F (calc.exe) >> endobj"),
        samples.pdf(b"3 0 obj << /Subtype/RichMedia >> endobj"),
        samples.pdf(samples.object_stream(b"8 0 << /S /JavaScript /JS (x) >>")),
        samples.pdf(samples.object_stream(b"8 0 << /S /JavaScript /JS (x) >>", name=b"/O#62jStm")),
        samples.pdf(samples.object_stream(b"8 0 << >>", filters=b"/Filter /LZWDecode")),
        samples.pdf(samples.object_stream(b"8 0 << >>", filters=b"/Filter [/ASCIIHexDecode /FlateDecode]")),
        samples.pdf(samples.object_stream(b"8 0 << >>", filters=b"/Filter 5 0 R")),
        samples.pdf(b"3 0 obj << /Type /ObjStm " + b" " * 9000 + b">>\nstream\n"),
    ],
)
def test_a_pdf_that_acts_by_itself_is_refused(content):
    assert looked_at(content) == "file.active"


def test_an_encrypted_pdf_is_refused_because_it_cannot_be_looked_at():
    assert looked_at(samples.pdf(b"trailer << /Encrypt 5 0 R >>")) == "file.encrypted"
    assert looked_at(samples.pdf(b"<< /EncryptMetadata true >>")) == "pdf"


def test_a_pdf_that_swells_is_refused():
    assert looked_at(samples.pdf(samples.object_stream(b" " * (65 * 1024 * 1024)))) == "file.bomb"


# --- Office -----------------------------------------------------------------------------------------

_ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><w:document>&b;</w:document>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (samples.docx({"word/vbaProject.bin": b"x"}), "file.macro"),
        (samples.docx(main=samples.EXCEL_WITH_MACROS), "file.macro"),
        (samples.docx({"xl/macrosheets/sheet1.xml": "<x/>"}), "file.macro"),
        (samples.docx({"word/activeX/activeX1.xml": "<x/>"}), "file.macro"),
        (samples.docx({"word/embeddings/oleObject1.bin": b"MZ"}), "file.embedded"),
        (samples.docx({"word/document.xml": _ENTITIES}), "file.entities"),
        (samples.docx({"word/document.xml": _ENTITIES.encode("utf-16")}), "file.entities"),
        (
            samples.docx({"word/_rels/d.rels": '<!DOCTYPE x [<!ENTITY a "b">]><Relationships/>'}),
            "file.entities",
        ),
        (samples.docx({"word/_rels/d.rels": "<Relationships"}), "file.damaged"),
        (
            samples.docx(
                {"word/_rels/s.rels": samples.links(("attachedTemplate", "http://evil/t.dotm", "External"))}
            ),
            "file.outside",
        ),
        (samples.xlsx({"xl/externalLinks/e1.xml": '<ddeLink ddeService="cmd"/>'}), "file.outside"),
        (samples.docx(main=samples.SLIDES), "file.kind"),
        (samples.package({"a.txt": "x"}), "file.kind"),
        (samples.package({"OFD.xml": "<x/>"}), "file.kind"),
        (samples.package({"mimetype": "application/vnd.oasis.opendocument.text"}), "file.kind"),
        (samples.docx({"../../etc/cron.d/x": "x"}), "file.damaged"),
        (samples.docx({"C:/windows/x": "x"}), "file.damaged"),
        (samples.docx({"WORD/DOCUMENT.XML": "x"}), "file.damaged"),
        (
            samples.package(
                {samples.CONTENT_TYPES: samples.content_types(samples.WORD)}, method=zipfile.ZIP_LZMA
            ),
            "file.damaged",
        ),
    ],
)
def test_an_office_file_that_acts_or_hides_is_refused(content, code):
    assert looked_at(content) == code


def test_an_encrypted_member_is_refused():
    content = bytearray(samples.docx())
    position = content.find(b"PK\1\2")
    content[position + 8] |= 1
    assert looked_at(bytes(content)) == "file.encrypted"


def test_overlapping_members_are_refused():
    """两个目录项指向同一段数据：炸弹的另一种做法。"""
    content = bytearray(samples.package({samples.CONTENT_TYPES: "x" * 100, "b" * 19: "x" * 100}))
    second = content.rfind(b"PK\1\2")
    content[second + 42 : second + 46] = b"\0\0\0\0"
    assert looked_at(bytes(content)) == "file.bomb"


def test_a_directory_of_many_thousand_entries_is_refused_before_it_is_read():
    content = samples.package({f"{i:06}": b"" for i in range(20_000)}, method=zipfile.ZIP_STORED)
    assert looked_at(content) == "file.bomb"


def test_a_bomb_is_refused_at_once_and_without_unpacking():
    content = samples.bomb(600 * 1024 * 1024, names=("word/document.xml",))
    assert len(content) < 700_000
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert looked_at(content) == "file.bomb"
    assert time.process_time() - started < 0.2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_member_that_lies_about_its_size_never_delivers_more():
    """关口只看声明的大小；这里说明为什么够：改小了声明，读到声明为止就报错。"""
    content = bytearray(samples.docx({"word/document.xml": b"<x>" + b" " * 5_000_000 + b"</x>"}))
    position = content.rfind(b"word/document.xml") - 46
    content[position + 24 : position + 28] = (100_000).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive, archive.open("word/document.xml") as member:
        assert len(member.read(90_000)) == 90_000
        with pytest.raises(zipfile.BadZipFile):
            member.read()


# --- 任意内容 ----------------------------------------------------------------------------------------

seeds = st.sampled_from(
    [
        samples.png(),
        samples.jpeg(),
        samples.pdf(samples.object_stream(b"8 0 <<>>")),
        samples.docx(),
        samples.xlsx(),
    ]
)


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_get_an_answer(content, name):
    looked_at(content, name)


@settings(deadline=None)
@given(seeds, st.data())
def test_any_damage_gets_an_answer(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    looked_at(bytes(damaged))
    looked_at(bytes(damaged[:cut]))


# --- 文件名 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("合作协议.pdf", Kind.PDF, "合作协议.pdf"),
        ("../../etc/passwd", Kind.TXT, "passwd.txt"),
        (r"C:\Users\李\桌面\协议.PDF", Kind.PDF, "协议.pdf"),
        ("合同.exe", Kind.PDF, "合同.exe.pdf"),
        ("照片.png", Kind.JPEG, "照片.jpg"),
        ("照片.JPEG", Kind.JPEG, "照片.jpeg"),
        ("a\u202egpj.exe", Kind.PNG, "agpj.exe.png"),
        ("a\r\nSet-Cookie: x=1.pdf", Kind.PDF, "aSet-Cookie_ x=1.pdf"),
        ("", Kind.CSV, "未命名.csv"),
        ("...", Kind.CSV, "未命名.csv"),
        ("con.txt", Kind.TXT, "_con.txt"),
        ("长" * 300 + ".pdf", Kind.PDF, "长" * 120 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(name, kind, expected):
    assert safe_name(name, kind) == expected


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(list(Kind)))
def test_any_name_is_made_safe(name, kind):
    safe = safe_name(name, kind)
    assert safe.endswith(EXTENSIONS[kind])
    assert len(safe) <= 130
    assert not set(safe) & set('/\\:*?"<>|\r\n\0')
    assert safe_name(safe, kind) == safe
