"""归档包：办理单和往来的 PDF、原件、目录、校验值；改动、缺少、多出来都查得出。"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from tests import factories
from tests.needs import talking
from zhiqiao.kit import files, jobs, paper
from zhiqiao.kit.audit.models import AuditEntry
from zhiqiao.kit.errors import Refused
from zhiqiao.needs import actions, packages
from zhiqiao.needs.enums import Stage
from zhiqiao.needs.models import Package
from zhiqiao.needs.talk_enums import Audience, Via
from zhiqiao.site.cli.commands import app

CANARY = "内部金丝雀7319"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path, request, monkeypatch):
    """自己的文件夹；PDF 排版慢，只有要看 PDF 的测试才真的做。"""
    settings.MEDIA_ROOT = tmp_path / "files"
    if "pdf" not in request.fixturenames:
        monkeypatch.setattr(paper, "why_no_pdf", lambda: "（测试）不做 PDF")


@pytest.fixture
def pdf() -> None:
    if paper.why_no_pdf():
        pytest.skip(f"没有 Pango（pango absent）：{paper.why_no_pdf()}")


@pytest.fixture
def need(net):
    """一条有往来、有材料、有备注的已归档需求。"""
    made = factories.need(enterprise=net.enterprise, stage=Stage.ARCHIVED)
    now = timezone.now()
    stored = files.store(io.BytesIO("检测数据".encode()), by=net.clerk, at=now, name="检测.txt")
    files.attach(made, stored, by=net.clerk, at=now, title="=检测报告")
    talking.say(
        made, net.clerk, "请查收", Audience.ENTERPRISE, via=Via.WORKBENCH,
        uploads=[SimpleUploadedFile("附图.txt", "图".encode())],
    )  # fmt: skip
    talking.say(made, net.clerk, CANARY, Audience.STAFF, via=Via.WORKBENCH)
    return made


def made_of(need, by) -> Package:
    package = actions.ask_for_package(need, by=by, at=timezone.now())
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    package.refresh_from_db()
    assert package.state == Package.State.DONE, package.words
    return package


def contents(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(package.path) as book:
        return {name.partition("/")[2]: book.read(name) for name in book.namelist()}


def rewrite(path: Path, target: Path, change) -> Path:
    """复制一个归档包，中途改一下：change(名字, 内容) 返回新的内容，None 就是去掉。"""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name.partition("/")[2], old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_package_holds_everything_by_the_layout_with_an_index_and_hashes(net, need):
    package = made_of(need, net.clerk)
    inside = contents(package)
    assert sorted(inside) == sorted([
        "01办理单/办理单.html", "02往来/往来记录.html", "样式.css", "03材料/01_=检测报告.txt", "04往来附件/01_附图.txt",
        "05过程数据/办理过程.json", "说明.txt", "目录.csv", "SHA256SUMS",
    ])  # fmt: skip
    assert inside["03材料/01_=检测报告.txt"].decode() == "检测数据"
    index = list(csv.DictReader(io.StringIO(inside["目录.csv"].decode("utf-8-sig"))))
    for row in index:
        assert hashlib.sha256(inside[row["路径"]]).hexdigest() == row["SHA-256"]
    assert index[2]["名称"] == "'=检测报告"  # no formula for a spreadsheet
    assert package.progress == 100
    assert package.sha256 == hashlib.sha256(package.path.read_bytes()).hexdigest()
    assert packages.verify(package.path) == []


def test_the_papers_are_pdf_with_their_fonts_inside(net, need, pdf):
    inside = contents(made_of(need, net.clerk))
    assert "02往来/往来记录.pdf" in inside
    assert "样式.css" not in inside
    sheet = inside["01办理单/办理单.pdf"]
    assert sheet.startswith(b"%PDF-")
    assert b"/FontFile" in sheet or b"/ObjStm" in sheet  # fonts travel with it


def test_internal_notes_are_not_in_the_package_unless_the_layout_says_so(net, need):
    inside = contents(made_of(need, net.clerk))
    assert "请查收" in inside["02往来/往来记录.html"].decode()  # the control
    assert [name for name, content in inside.items() if CANARY.encode() in content] == []
    actions.save_layout(net.district, lines="往来记录=甲\n内部备注 = 乙", by=net.clerk, at=timezone.now())
    inside = contents(made_of(need, net.clerk))
    assert [name for name, content in inside.items() if CANARY.encode() in content] == ["乙/内部备注.html"]


def test_without_pango_the_package_carries_html_and_says_so(net, need, monkeypatch):
    monkeypatch.setattr(paper, "why_no_pdf", lambda: "系统缺少 Pango")
    package = made_of(need, net.clerk)
    inside = contents(package)
    assert {"01办理单/办理单.html", "样式.css"} <= set(inside)
    assert "这个包的机器系统缺少 Pango" in inside["说明.txt"].decode()
    assert packages.verify(package.path) == []


def test_the_list_of_hashes_is_read_by_sha256sum(net, need, tmp_path):
    package = made_of(need, net.clerk)
    with zipfile.ZipFile(package.path) as book:
        book.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda name, content: content + b"!" if name.startswith("03") else content, "内容被改动过：03材料/01_=检测报告.txt"),
        (lambda name, content: None if name.startswith("04") else content, "缺少：04往来附件/01_附图.txt"),
        (lambda name, content: None if name == "SHA256SUMS" else content, "里面没有 SHA256SUMS"),
        (
            lambda name, content: content.replace(b"0", b"1") if name == "SHA256SUMS" else content,
            "清单与系统的登记对不上",
        ),
    ],
)  # fmt: skip
def test_whatever_is_changed_is_found(net, need, tmp_path, change, found):
    package = made_of(need, net.clerk)
    changed = rewrite(package.path, tmp_path / "changed.zip", change)
    assert any(found in finding for finding in packages.verify(changed))


def test_a_file_added_or_hidden_behind_another_is_found(net, need, tmp_path):
    package = made_of(need, net.clerk)
    whole = rewrite(package.path, tmp_path / "more.zip", lambda name, content: content)
    with zipfile.ZipFile(whole, "a") as book:
        first = book.namelist()[0]
        book.writestr(f"{first.partition('/')[0]}/多出来.txt", b"x")
        with pytest.warns(UserWarning, match="Duplicate"):
            book.writestr(first, b"x")
    findings = packages.verify(whole)
    assert "清单里没有，后来加进来的：多出来.txt" in findings
    assert any(finding.startswith("同一个名字出现了两次") for finding in findings)


def test_the_command_says_whether_a_package_is_sound(net, need, tmp_path):
    package = made_of(need, net.clerk)
    sound = CliRunner().invoke(app, ["archive", "verify", str(package.path)])
    assert (sound.exit_code, sound.output.strip()) == (0, "完好：每个文件都与清单一致。")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(package.path.read_bytes()[:-100])
    torn = CliRunner().invoke(app, ["archive", "verify", str(broken)])
    assert torn.exit_code == 1
    assert "打不开" in torn.output


def test_a_package_that_never_came_is_asked_for_again(net, need):
    now = timezone.now()
    first = actions.ask_for_package(need, by=net.clerk, at=now - timedelta(hours=1))
    second = actions.ask_for_package(need, by=net.clerk, at=now)
    first.refresh_from_db()
    assert (first.state, second.pk != first.pk) == (Package.State.FAILED, True)


def test_nothing_is_fetched_for_a_page_on_paper(tmp_path, pdf):
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    made = paper.to_pdf(f'<p>轴承</p><img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.png">')
    assert made is not None
    assert made.startswith(b"%PDF-")


def test_a_missing_original_makes_no_package(net, need):
    attachment = files.attachments_of(need)[0]
    files.path_of(attachment.file).unlink()
    package = actions.ask_for_package(need, by=net.clerk, at=timezone.now())
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    package.refresh_from_db()
    assert package.state == Package.State.FAILED
    assert "不在服务器上了" in package.words
    assert not package.path.exists()


def test_one_click_makes_it_and_only_the_handler_takes_it_away(as_person, net, need):
    clerk = as_person(net.clerk)
    assert clerk.post(reverse("needs:package_ask", args=(need.pk,))).status_code == 302
    assert clerk.post(reverse("needs:package_ask", args=(need.pk,))).status_code == 302
    package = Package.objects.get()  # asked twice, made once
    assert "排队中" in clerk.get(package.get_absolute_url()).content.decode()
    jobs.run_ready(timezone.now() + timedelta(minutes=1))
    assert "下载" in clerk.get(package.get_absolute_url(), headers={"HX-Request": "1"}).content.decode()
    file = reverse("needs:package_file", args=(package.pk,))
    taken = b"".join(clerk.get(file).streaming_content)
    package.refresh_from_db()
    assert hashlib.sha256(taken).hexdigest() == package.sha256
    assert AuditEntry.objects.filter(verb="package.open").count() == 1
    for other in (net.sibling_clerk, net.neighbour):
        assert as_person(other).get(file).status_code == 404
    for other in (net.leader, net.contact):
        assert as_person(other).get(file).status_code == 403
    assert package.get_absolute_url() in clerk.get(need.get_absolute_url()).content.decode()


@pytest.mark.parametrize("lines", ["", "办理单", "不认识 = 01", "办理单 = ..", "办理单 = a/b"])
def test_a_layout_that_cannot_be_read_is_refused(net, lines):
    with pytest.raises(Refused):
        actions.save_layout(net.district, lines=lines, by=net.clerk, at=timezone.now())


def test_a_layout_is_changed_on_its_page_and_by_its_own_unit(as_person, net):
    url = reverse("needs:package_layout", args=(net.district.pk,))
    clerk = as_person(net.clerk)
    assert clerk.post(url, {"lines": "办理单 = 甲/乙"}).status_code == 200
    assert clerk.post(url, {"lines": "办理单 = 甲"}).status_code == 302
    assert as_person(net.sibling_clerk).get(url).status_code == 404
