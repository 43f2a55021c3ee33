"""The archive package of a case: one ZIP with the papers, the originals, an index and the hashes.

The list of hashes (SHA256SUMS) is in the form ``sha256sum -c`` reads, so that anybody can check a package
without this software; ``verify`` checks it and says so in Chinese.
"""

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string

from zhiqiao.kit import clock, files, paper
from zhiqiao.kit.actors import SYSTEM, Actor
from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files import Attachment
from zhiqiao.needs import queries, secrecy, story, talk
from zhiqiao.needs.models import Message, Need, Package, PackageLayout
from zhiqiao.needs.talk_enums import Audience

DEFAULT_LAYOUT = (
    "办理单 = 01办理单\n往来记录 = 02往来\n原始材料 = 03材料\n往来附件 = 04往来附件\n过程数据 = 05过程数据"
)
MANIFEST, INDEX, README = "SHA256SUMS", "目录.csv", "说明.txt"
MOST_BYTES = 2 * 1024**3
Progress = Callable[[int], None]
_LINE = re.compile(r"\s*(\S+?)\s*[=＝]\s*(\S.*?)\s*")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Item:
    """One file to be packed: where, what it is called in the index, who made it when, and its content."""

    path: str
    title: str
    source: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Made:
    """A package that was written: its hash, the hash of its list, bytes, and how many files."""

    sha256: str
    manifest: str
    size: int
    files: int


def layout_of(need: Need) -> dict[str, str]:
    """Return contents → folder, by the layout of the nearest unit that has one."""
    paths = need.organisation.ancestor_paths()
    own = PackageLayout.objects.filter(organisation__path__in=paths).order_by("-organisation__path").first()
    return read_layout(own.lines if own else DEFAULT_LAYOUT)


def read_layout(lines: str) -> dict[str, str]:
    """Read a layout as it is typed: "往来记录 = 02往来", a line each, in the order of the package.

    :raises Refused: a line that cannot be read, unknown contents, a folder that is no folder; nothing at all.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            refuse("package.line", f"第 {number} 行看不懂，请写成“往来记录 = 02往来”的样子。")
        name, folder = match[1], match[2]
        if name not in CONTENTS:
            refuse(
                "package.contents", f"第 {number} 行：没有“{name}”这一项，可以写的有：{'、'.join(CONTENTS)}。"
            )
        if _FORBIDDEN.search(folder) or folder in (".", "..") or len(folder) > 60:
            refuse(
                "package.folder", f"第 {number} 行：“{folder[:60]}”不能做文件夹名，请去掉 / \\ : * ? 等符号。"
            )
        found[name] = folder
    if not found:
        refuse("package.empty", "请至少写一行，例如“办理单 = 01办理单”。")
    return found


def build(package: Package, *, at: datetime, progress: Progress) -> Made:
    """Write the package of a case to its place, whole or not at all.

    :raises Refused: a file is missing on disk, or the whole is too large.
    """
    need = queries.need_page(SYSTEM).get(pk=package.need_id)
    items = list(_items(need, package, at))
    root = safe("_".join(part for part in (need.number or "", str(need.enterprise), need.title) if part))
    package.path.parent.mkdir(parents=True, exist_ok=True)
    temporary = package.path.with_suffix(f".{os.getpid()}.part")
    try:
        with temporary.open("w+b") as stream:
            manifest, count = _write(stream, root, items, at, progress)
            stream.flush()
            os.fsync(stream.fileno())
            size = stream.tell()
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        temporary.replace(package.path)
    finally:
        temporary.unlink(missing_ok=True)
    return Made(sha256, manifest, size, count)


def _items(need: Need, package: Package, at: datetime) -> Iterator[Item]:
    for name, folder in layout_of(need).items():
        for path, title, source, content in CONTENTS[name](need, package, at):
            yield Item(f"{folder}/{path}", title, source, content)
    why = paper.why_no_pdf()
    if why:
        yield Item("样式.css", "网页的样式", "系统", paper.CSS.encode())
    yield Item(README, "说明", "系统", _readme(need, package, at, why).encode())


Piece = tuple[str, str, str, bytes | Path]


def _sheet(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    told = [one for one in story.tell(need).events if one.step != "note"]
    context = {"events": told, "outcome": queries.current_outcome(need)}
    yield _paper("办理单", "needs/archive/sheet.html", need, package, at, context)


def _talk(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    said = [one for one in talk.for_staff(need) if one.audience != Audience.STAFF]
    yield _paper("往来记录", "needs/archive/talk.html", need, package, at, {"messages": said})


def _notes(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    said = [one for one in talk.for_staff(need) if one.audience == Audience.STAFF]
    context = {"messages": said, "heading": "内部备注"}
    yield _paper("内部备注", "needs/archive/talk.html", need, package, at, context)


def _paper(
    name: str, template: str, need: Need, package: Package, at: datetime, context: dict[str, Any]
) -> Piece:
    """Return a page as PDF; as HTML where the machine makes none."""
    mark = f"{need.number or ''} {package.asked_by} {clock.exact(at)}"
    by = Actor("person", "", package.asked_by)
    facts = {
        "watermark": secrecy.watermark(need, by, at),
        "need": need,
        "mark": mark,
        "at": at,
        "package": package,
        "linked": bool(paper.why_no_pdf()),
    }
    html = render_to_string(template, facts | context)
    pdf = paper.to_pdf(html)
    return (f"{name}.pdf", name, "系统", pdf) if pdf else (f"{name}.html", name, "系统", html.encode())


def _originals(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    for number, one in enumerate(files.attachments_of(need), start=1):
        yield _original(number, one)


def _said_files(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    said = Message.objects.filter(need=need).exclude(audience=Audience.STAFF).values("pk")
    rows = Attachment.objects.filter(subject_type="needs.message", subject_id__in=said)
    for number, one in enumerate(rows.select_related("file").order_by("id"), start=1):
        yield _original(number, one)


def _original(number: int, one: Attachment) -> Piece:
    suffix = Path(one.file.name).suffix
    title = one.title if one.title.endswith(suffix) else f"{one.title}{suffix}"
    path = files.path_of(one.file)
    if not path.is_file():
        refuse("package.missing", f"“{one.title}”的内容不在服务器上了，不能归档。请运行 zhiqiao doctor。")
    return f"{number:02d}_{safe(title)}", one.title, f"{one.actor_name} {clock.exact(one.at)}", path


def _process(need: Need, package: Package, at: datetime) -> Iterator[Piece]:
    """The steps as data, for whoever takes the archive over into another system."""
    steps = [
        {
            "step": t.step, "from": t.source, "to": t.target, "by": t.actor_name, "at": t.at,
            "due_at": t.due_at, "note": t.note,
        }
        for t in queries.timeline(need)
    ]  # fmt: skip
    facts = {
        "number": need.number, "title": need.title, "body": need.body, "target": need.target,
        "enterprise": str(need.enterprise), "unit": need.organisation.name, "stage": need.get_stage_display(),
        "submitted_at": need.submitted_at, "steps": steps,
    }  # fmt: skip
    text = json.dumps(facts, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder)
    yield "办理过程.json", "办理过程", "系统", text.encode()


CONTENTS: dict[str, Callable[[Need, Package, datetime], Iterable[Piece]]] = {
    "办理单": _sheet,
    "往来记录": _talk,
    "内部备注": _notes,
    "原始材料": _originals,
    "往来附件": _said_files,
    "过程数据": _process,
}
"""What a package can hold, by the words of its layout."""


def _write(stream: Any, root: str, items: list[Item], at: datetime, progress: Progress) -> tuple[str, int]:
    """Write the items, the index and the list of hashes. Returns the hash of the list, and how many files it names."""
    moment = clock.local(at).timetuple()[:6]
    sums: list[tuple[str, str]] = []
    rows: list[list[str]] = []
    total = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:

        def put(path: str, content: bytes) -> str:
            info = zipfile.ZipInfo(f"{root}/{path}", moment)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o640 << 16
            book.writestr(info, content)
            digest = hashlib.sha256(content).hexdigest()
            sums.append((digest, path))
            return digest

        for number, item in enumerate(items, start=1):
            content = item.content if isinstance(item.content, bytes) else item.content.read_bytes()
            total += len(content)
            if total > MOST_BYTES:
                refuse("package.size", "材料加起来超过 2 GB，请先把大文件另行归档。")
            digest = put(item.path, content)
            rows.append([str(number), item.path, item.title, str(len(content)), digest, item.source])
            progress(round(95 * number / len(items)))
        put(INDEX, _index(rows))
        text = "".join(f"{digest}  {path}\n" for digest, path in sums).encode()
        info = zipfile.ZipInfo(f"{root}/{MANIFEST}", moment)
        info.compress_type = zipfile.ZIP_DEFLATED
        book.writestr(info, text)
    return hashlib.sha256(text).hexdigest(), len(sums)


def _index(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["序号", "路径", "名称", "字节数", "SHA-256", "来源"])
    for row in rows:
        table.writerow([_plain(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is kept as text."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell


def _readme(need: Need, package: Package, at: datetime, why: str) -> str:
    lines = [
        f"{need.number or ''} {need.title} 归档包",
        f"{need.organisation.name}，{package.asked_by}于 {clock.exact(at)} 由智桥生成，当时环节：{need.get_stage_display()}。",
        f"{INDEX} 是目录；{MANIFEST} 是每个文件的 SHA-256。",
        f"核对：zhiqiao archive verify 本文件；或解开后在里面运行 sha256sum -c {MANIFEST}。",
    ]
    if why:
        lines.append(
            f"生成这个包的机器{why}，办理单和往来记录因此是网页（.html），用浏览器打开后可以另存为 PDF。"
        )
    return "\n".join(lines) + "\n"


def safe(name: str) -> str:
    """Return a name that every system can save: no path, no control or direction characters, not too long."""
    plain = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    return _FORBIDDEN.sub("_", " ".join(plain.split())).strip(" .")[:80].strip(" .") or "未命名"


def verify(path: Path) -> list[str]:
    """Say what is wrong with a package, in Chinese; empty = whole and unchanged.

    Looks at every file against the list, and at the list against what this installation keeps of it.
    """
    try:
        with zipfile.ZipFile(path) as book:
            return _check(book)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        return [f"打不开，文件可能不完整：{error}"]


def _check(book: zipfile.ZipFile) -> list[str]:
    names = [info.filename for info in book.infolist()]
    lists = [name for name in names if name.count("/") == 1 and name.endswith(f"/{MANIFEST}")]
    if len(lists) != 1:
        return [f"里面没有 {MANIFEST}，不是智桥生成的归档包，或者清单被删掉了。"]
    root = lists[0].removesuffix(MANIFEST)
    text = book.read(lists[0])
    sums = dict(
        line.split("  ", 1)[::-1]
        for line in text.decode("utf-8", errors="replace").splitlines()
        if "  " in line
    )
    findings = [f"同一个名字出现了两次：{name}" for name in sorted({n for n in names if names.count(n) > 1})]
    present = {name.removeprefix(root) for name in names} - {MANIFEST}
    findings += [f"缺少：{name}" for name in sorted(set(sums) - present)]
    findings += [f"清单里没有，后来加进来的：{name}" for name in sorted(present - set(sums))]
    for name in sorted(present & set(sums)):
        with book.open(root + name) as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != sums[name]:  # type: ignore[arg-type]
                findings.append(f"内容被改动过：{name}")
    return findings + _against_records(hashlib.sha256(text).hexdigest())


def _against_records(manifest: str) -> list[str]:
    """Whoever changes both a file and the list is found out by what the installation remembers."""
    if Package.objects.filter(manifest=manifest).exists():
        return []
    return ["清单与系统的登记对不上：不是这套系统生成的，或者清单也被改过。"]
