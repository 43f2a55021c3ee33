"""Importing ledgers: which there are, who may import them, and the way in from command line and page."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core import signing

from zhiqiao.directory.enums import DirectoryPerm
from zhiqiao.directory.sheets import enterprises_ledger, experts_ledger, outputs_ledger
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import refuse
from zhiqiao.kit.sheets import Ledger, Report, load
from zhiqiao.needs.enums import NeedPerm
from zhiqiao.needs.sheets import needs_ledger
from zhiqiao.orgs.enums import OrgPerm
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisation_named
from zhiqiao.orgs.scope import Who, may_somewhere, roots_of
from zhiqiao.orgs.sheets import organisations_ledger

KEEP_SECONDS = 24 * 3600
SALT = "zhiqiao.import"


@dataclass(frozen=True, slots=True)
class Importable:
    """One kind of ledger: what it is for, and the permission its import takes."""

    name: str
    title: str
    words: str
    permission: str
    ledger: Callable[[Organisation], Ledger]


LEDGERS = {
    one.name: one
    for one in (
        Importable("needs", "需求台账", "走访、会议收集的企业需求，导入后进入“待受理”。", NeedPerm.IMPORT, needs_ledger),
        Importable("experts", "专家库", "专家的姓名、单位、学科和简介；同名的人按不同的人保存。", DirectoryPerm.IMPORT, experts_ledger),
        Importable("enterprises", "企业名录", "企业名称、信用代码和所在地。", DirectoryPerm.IMPORT, enterprises_ledger),
        Importable("outputs", "成果库", "可转化的成果，可带技术就绪度。", DirectoryPerm.IMPORT, outputs_ledger),
        Importable("organisations", "组织名录", "镇街和村社区，按行政区划代码挂到区县下面。", OrgPerm.MANAGE, organisations_ledger),
    )
}  # fmt: skip


def importable_by(who: Who) -> list[Importable]:
    """Return the ledgers a person may import."""
    return [one for one in LEDGERS.values() if may_somewhere(who, one.permission)]


def load_file(
    name: str,
    file: Path,
    *,
    under: str,
    by: By,
    at: datetime,
    dry_run: bool = False,
    skip_bad: bool = False,
    again: bool = False,
    errors_to: Path | None = None,
) -> Report:
    """Import a file for the operator of the machine.

    :raises Refused: no such ledger or organisation, or the file as a whole cannot be read.
    """
    if name not in LEDGERS:
        refuse("import.ledger", f"没有“{name}”这种台账，可以导入：{'、'.join(LEDGERS)}。")
    ledger = LEDGERS[name].ledger(_organisation(under))
    report = load(ledger, file, by=by, at=at, dry_run=dry_run, skip_bad=skip_bad, again=again)
    if errors_to is not None and report.bad:
        with errors_to.open("wb") as out:
            report.error_book(out)
    return report


def _organisation(name: str) -> Organisation:
    root = Organisation.objects.filter(parent__isnull=True).order_by("path").first()
    if root is None:
        refuse("import.no_network", "还没有任何组织。请先运行 zhiqiao demo，或在网页上建立本单位。")
    found = organisation_named(name, root) if name else root
    if found is None:
        refuse("import.under", f"没有找到组织“{name}”。可以填名称（如 滨江区科协）或行政区划代码。")
    return found


def roots_for(who: Who, one: Importable) -> list[Organisation]:
    """Return where a person may put what she imports: her topmost organisations."""
    return roots_of(who, one.permission)


class Box:
    """An uploaded file between its check and its import: kept for a day, known by a signed token."""

    @staticmethod
    def put(upload: BinaryIO, name: str, *, owner: int) -> str:
        """Keep a file and return the token by which its owner comes back to it."""
        folder = Box.folder()
        folder.mkdir(parents=True, exist_ok=True)
        stored = f"{secrets.token_hex(16)}{Path(name).suffix[:8].lower()}"
        upload.seek(0)
        with (folder / stored).open("wb") as out:
            while chunk := upload.read(1 << 20):
                out.write(chunk)
        return signing.dumps([stored, name, owner], salt=SALT)

    @staticmethod
    def take(token: str, *, owner: int) -> tuple[Path, str] | None:
        """Return the kept file and its name; None if the token is another's, forged or a day old."""
        try:
            stored, name, owned_by = signing.loads(token, salt=SALT, max_age=KEEP_SECONDS)
        except signing.BadSignature:
            return None
        path = Box.folder() / stored
        return (path, name) if owned_by == owner and path.exists() else None

    @staticmethod
    def folder() -> Path:
        return Path(settings.HOME) / "imports"

    @staticmethod
    def tidy(at: datetime) -> int:
        """Remove files kept for more than a day; returns how many."""
        old = [
            path
            for path in Box.folder().glob("*")
            if path.is_file() and at.timestamp() - path.stat().st_mtime > KEEP_SECONDS
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)
