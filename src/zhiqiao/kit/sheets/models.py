"""Which files were imported, by whom, and what came of it."""

from django.db import models


class ImportRun(models.Model):
    """One import of one file into one ledger, kept for good: the same file is recognised by its SHA-256.

    ``counts`` holds the figures of the report (new, changed, same, bad, possible duplicates).
    ``once_key`` is unique for the first import of a file, so that two people, or two clicks, cannot import
    it at the same time; a deliberate repetition has none.
    """

    class State(models.TextChoices):
        DONE = "done", "已导入"
        PARTLY = "partly", "部分导入"
        REFUSED = "refused", "未导入"

    ledger = models.CharField("台账", max_length=48)
    file_name = models.CharField("文件名", max_length=150)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField("字节数")
    state = models.CharField("结果", max_length=8, choices=State.choices)
    counts = models.JSONField("各类行数", default=dict)
    actor_kind = models.CharField(max_length=8)
    actor_key = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField("导入人", max_length=80)
    at = models.DateTimeField("导入时间")
    once_key = models.CharField(max_length=120, null=True, unique=True, editable=False)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("ledger", "sha256"), name="import_run_of_file"),)

    def __str__(self) -> str:
        return f"{self.ledger} {self.file_name} {self.state}"
