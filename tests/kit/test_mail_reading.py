"""来信读成普通的值：字符集、HTML、引用的历史、自动回复、退信。"""

from __future__ import annotations

import contextlib
import time
from email.message import EmailMessage

import pytest

from zhiqiao.kit import mail
from zhiqiao.kit.mail.plain import fold, text_of_html
from zhiqiao.kit.mail.reading import OURS

pytestmark = pytest.mark.anydb


def letter(body: str = "好的，周三可以。", **headers: str) -> bytes:
    made = EmailMessage()
    made["From"] = "张三 <zhang@example.cn>"
    made["To"] = "reply@localhost"
    made["Subject"] = "回复"
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made.as_bytes()


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("好的。\n\n在 2026年3月1日 12:00，李经办 写道：\n> 请看\n> 附件", "好的。"),
        ("好的。\n\n------------------ 原始邮件 ------------------\n发件人: 李", "好的。"),
        ("好的。\n\n发件人: 李经办\n发送时间: 2026年3月1日\n收件人: 张三\n主题: 裂纹\n\n原文", "好的。"),
        ("OK.\n\nOn Mon, 2 Mar 2026 at 10:00, Li <li@x.cn> wrote:\n> hi", "OK."),
        ("> 问：多久？\n\n两周。", "两周。"),
        ("> 问：多久？\n两周。\n> 问：多少钱？\n五万。", "两周。\n> 问：多少钱？\n五万。"),
        ("好的。\n-- \n张三 13800001111", "好的。"),
        ("发件人：他自己说的，不是信头", "发件人：他自己说的，不是信头"),
        ("> 只有引用", "> 只有引用"),
    ],
)
def test_what_is_new_is_parted_from_what_is_quoted(text, new):
    assert fold(text)[0] == new


def test_nothing_of_a_letter_is_lost_by_folding():
    text = "新的一句\n\n在 2026年3月1日 12:00，李 写道：\n> 旧的一句"
    new, old = fold(text)
    assert "".join(f"{new}{old}".split()) == "".join(text.split())


def test_html_becomes_text_without_anything_that_acts():
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>第一段<br>第二行</p><script>alert(1)</script>"
        '<p><a href="javascript:alert(1)">点我</a>和<a href="https://example.cn/a">这里</a></p>'
        "<img src=x onerror=alert(1)><blockquote><p>旧的</p></blockquote><ul><li>一</li></ul></body></html>"
    )
    text = text_of_html(html)
    assert [line for line in text.split("\n") if line] == [
        "第一段", "第二行", "点我和这里（https://example.cn/a）", "> 旧的", "· 一",
    ]  # fmt: skip


def test_chinese_letters_are_read_whatever_charset_they_claim():
    raw = (
        b"From: =?gb2312?B?1cXI/Q==?= <Zhang@Example.CN>\r\nSubject: =?gbk?B?u9i4tA==?=\r\n"
        b"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "镕基工程，轴承圆度㎜".encode("gb18030")
    )
    read = mail.read(raw)
    assert (read.from_name, read.from_address, read.subject) == ("张三", "zhang@example.cn", "回复")
    assert read.text == "镕基工程，轴承圆度㎜"


def test_the_plain_one_of_alternatives_is_read_and_files_keep_their_chinese_names():
    made = EmailMessage()
    made["From"] = "a@example.cn"
    made.set_content("纯文本")
    made.add_alternative("<p>网页</p>", subtype="html")
    made.add_attachment(b"abc", maintype="application", subtype="pdf", filename="检测报告.pdf")
    read = mail.read(made.as_bytes())
    assert (read.text, [part.name for part in read.parts]) == ("纯文本", ["检测报告.pdf"])


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, ""),
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "auto-replied"}, "reply"),
        ({"X_Autoreply": "yes"}, "reply"),
        ({"Subject": "自动回复：外出"}, "reply"),
        ({"Subject": "Automatic reply: away"}, "reply"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"From": "MAILER-DAEMON@example.cn"}, "bounce"),
        ({OURS: "1"}, "loop"),
    ],
)
def test_letters_of_machines_are_told_from_letters_of_people(headers, kind):
    assert mail.read(letter(**headers)).automatic == kind


def test_a_delivery_report_is_a_bounce_and_the_letter_it_returns_can_be_searched():
    raw = (
        b"From: postmaster@example.cn\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <zqabc@localhost>\r\n\r\nx\r\n--b--\r\n"
    )
    read = mail.read(raw)
    assert read.automatic == "bounce"
    assert "<zqabc@localhost>" in read.everything


def test_references_are_read_nearest_first():
    read = mail.read(letter(In_Reply_To="<c@x>", References="<a@x> <b@x> <c@x>"))
    assert read.references == ("c@x", "b@x", "a@x")


@pytest.mark.parametrize(
    "raw", [b"", b"\0\xff\xfe", b"From: \xff\xfe@\r\n\r\n", b"Content-Type: multipart/mixed\r\n\r\n--"]
)
def test_whatever_bytes_come_are_read_or_refused(raw):
    assert mail.read(raw).parts == ()


@pytest.mark.parametrize(
    "made",
    [
        lambda: ("<b>a</b>" * 200_000, "html"),
        lambda: ("<blockquote>" * 50_000 + "a", "html"),
        lambda: ("zq" + "a" * 29 + " ") * 50_000,
        lambda: "> " * 500_000,
        lambda: "发件人：\n" * 100_000,
    ],
    ids=["tags", "quotes", "tokens", "marks", "headers"],
)
def test_a_letter_made_to_cost_time_costs_little(made):
    text, kind = made() if isinstance(made(), tuple) else (made(), "plain")
    raw = f"From: a@example.cn\r\nTo: {'a@b.cn,' * 50_000}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}"
    began = time.process_time()
    read = mail.read(raw.encode())
    assert len(read.text) + len(read.quoted) <= 20_100
    assert time.process_time() - began < 5


def test_a_letter_nested_without_end_is_refused():
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    with contextlib.suppress(mail.Unreadable):
        assert mail.read(raw).text == ""


def test_a_letter_leaves_new_only_when_it_is_taken_in(tmp_path):
    folder = tmp_path / "mail"
    mail.deliver_to(folder, letter())
    mail.deliver_to(folder, letter("第二封"))
    seen: list[bytes] = []

    def handle(raw: bytes) -> None:
        if b"zhang" not in raw or len(seen) == 1:
            raise ValueError("unreadable")
        seen.append(raw)

    assert mail.take_in(folder, handle) == 1
    assert len(list((folder / "cur").iterdir())) == 1
    assert len(list((folder / "failed").iterdir())) == 1
    assert mail.take_in(folder, handle) == 0
