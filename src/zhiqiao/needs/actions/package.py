"""Archive packages are asked for, made by a job, and handed out; each is an entry in the audit record."""

from datetime import datetime, timedelta

from django.db import transaction

from zhiqiao.kit import audit, jobs
from zhiqiao.kit.actors import SYSTEM, By, actor_of
from zhiqiao.kit.errors import Refused, refuse, require
from zhiqiao.needs import packages, rules
from zhiqiao.needs.enums import NeedPerm, Stage
from zhiqiao.needs.models import Need, Package, PackageLayout
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.scope import covers

PATIENCE = timedelta(minutes=30)
_GAVE_UP = "半小时没有做成，请重新制作；仍然不行，请联系管理员查看后台任务。"


@transaction.atomic
def ask_for_package(need: Need, *, by: By, at: datetime) -> Package:
    """Ask for the archive package of a case. One that is being made is not asked for twice."""
    require(rules.is_handler(by, need))
    if need.stage == Stage.DRAFT:
        refuse("package.draft", "需求还没有提交，没有可以归档的内容。")
    Need.objects.select_for_update().get(pk=need.pk)
    under_way = Package.objects.filter(need=need, state__in=(Package.State.WAITING, Package.State.MAKING))
    under_way.filter(asked_at__lt=at - PATIENCE).update(state=Package.State.FAILED, words=_GAVE_UP)
    if (waiting := under_way.first()) is not None:
        return waiting
    package = Package.objects.create(need=need, asked_by=actor_of(by).name, asked_at=at)
    audit.record("package.ask", package, by=by, at=at, after={"need": need.pk})
    jobs.enqueue("needs.make_package", at=at, package_id=package.pk)
    return package


def make_package(package: Package, *, at: datetime) -> None:
    """Make a package that was asked for. Done again after a crash it starts from the beginning."""
    if package.state == Package.State.DONE:
        return
    mine = Package.objects.filter(pk=package.pk)
    mine.update(state=Package.State.MAKING, progress=0)

    def tell(per_cent: int) -> None:
        mine.update(progress=per_cent)

    try:
        made = packages.build(package, at=at, progress=tell)
    except Refused as refused:
        mine.update(state=Package.State.FAILED, words=str(refused)[:200])
        return
    with transaction.atomic():
        mine.update(
            state=Package.State.DONE, progress=100, done_at=at, sha256=made.sha256, manifest=made.manifest,
            size=made.size, files=made.files, words="",
        )  # fmt: skip
        facts = {"sha256": made.sha256, "files": made.files}
        audit.record("package.done", package, by=SYSTEM, at=at, after=facts)


@transaction.atomic
def open_package(package: Package, *, by: By, at: datetime) -> None:
    """Note that a package was handed out.

    :raises Refused: it is not ready, or its file is gone.
    """
    require(rules.is_handler(by, package.need))
    if package.state != Package.State.DONE:
        refuse("package.not_ready", "归档包还没有做好，请稍后再试。")
    if not package.path.is_file():
        refuse("package.gone", "归档包的文件不在服务器上了，请重新制作一份。")
    audit.record("package.open", package, by=by, at=at, after={"sha256": package.sha256})


@transaction.atomic
def save_layout(organisation: Organisation, *, lines: str, by: By, at: datetime) -> PackageLayout:
    """Say how a unit's archive packages are laid out; packages made before stay as they are."""
    require(covers(by, NeedPerm.HANDLE, organisation))
    packages.read_layout(lines)
    before = PackageLayout.objects.filter(organisation=organisation).values_list("lines", flat=True).first()
    saved, _ = PackageLayout.objects.update_or_create(
        organisation=organisation,
        defaults={"lines": lines.strip(), "updated_at": at, "updated_by": actor_of(by).name},
    )
    audit.record(
        "package.layout", saved, by=by, at=at, before={"lines": before or ""}, after={"lines": saved.lines}
    )
    return saved
