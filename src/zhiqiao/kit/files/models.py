"""Evidence on disk: a file is kept once, and linked from as many places as speak of it."""

from django.db import models


class StoredFile(models.Model):
    """The content of one file, kept once under its SHA-256.

    ``kind`` is what the content was found to be, never what its name claims. ``name``, ``stored_at`` and
    the actor are those of the first upload; later uploads of the same content find this row.
    """

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        PNG = "png", "PNG 图片"
        JPEG = "jpeg", "JPEG 图片"
        DOCX = "docx", "Word 文档"
        XLSX = "xlsx", "Excel 工作簿"
        TXT = "txt", "纯文本"
        CSV = "csv", "CSV 表格"

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField("字节数")
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    name = models.CharField("文件名", max_length=150)
    stored_at = models.DateTimeField("存入时间")
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("存入人", max_length=80)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """A stored file as evidence for one subject; the same file may serve many subjects.

    The subject is held as plain identifiers, like in a transition, so any record can have attachments.
    """

    subject_type = models.CharField(max_length=48)
    subject_id = models.BigIntegerField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="attachments")
    title = models.CharField("标题", max_length=150)
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("添加人", max_length=80)
    at = models.DateTimeField("添加时间")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("subject_type", "subject_id", "file"), name="attachment_once"),
        )

    def __str__(self) -> str:
        return self.title
