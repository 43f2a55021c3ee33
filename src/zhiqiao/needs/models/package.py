"""What a case leaves behind: the package for the archive, and how it is laid out."""

from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse

from zhiqiao.kit.privacy import IDENTITY, Personal
from zhiqiao.needs.models.case import Need
from zhiqiao.orgs.models import Organisation, Scope


class Package(models.Model):
    """One archive package of a case: asked for, made by a job, kept. ``sha256`` is that of the whole file.

    progress : per cent. manifest : SHA-256 of the list of files inside.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        MAKING = "making", "制作中"
        DONE = "done", "已完成"
        FAILED = "failed", "没有做成"

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="packages")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.PositiveSmallIntegerField("进度", default=0)
    words = models.CharField("说明", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField("字节数", default=0)
    files = models.PositiveIntegerField("文件数", default=0)
    asked_by = models.CharField("制作人", max_length=80)
    asked_at = models.DateTimeField("制作时间")
    done_at = models.DateTimeField("完成时间", null=True)

    PERSONAL: ClassVar[dict[str, Personal]] = {"asked_by": IDENTITY}
    PLAIN = ("state", "words", "sha256", "manifest")
    SCOPE = Scope(organisations=("need__organisation",))

    class Meta:
        verbose_name = "归档包"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.need.number or '草稿'} 归档包"

    def get_absolute_url(self) -> str:
        return reverse("needs:package", args=(self.pk,))

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return Path(settings.MEDIA_ROOT) / "packages" / f"{self.pk}.zip"


class PackageLayout(models.Model):
    """Which folder of the archive package holds what, as one unit wants it; units below use it too.

    ``lines`` : one a line, "往来记录 = 02往来"; the words before = are those of ``needs.packages.CONTENTS``.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="package_layout")
    lines = models.TextField("目录")
    updated_at = models.DateTimeField("修改时间")
    updated_by = models.CharField("修改人", max_length=80)

    PERSONAL: ClassVar[dict[str, Personal]] = {"updated_by": IDENTITY}
    PLAIN = ("lines",)
    SCOPE = Scope(organisations=("organisation",))

    class Meta:
        verbose_name = "归档目录"
        ordering = ("id",)
