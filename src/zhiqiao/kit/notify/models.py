"""Messages on their way."""

from django.conf import settings
from django.db import models


class Delivery(models.Model):
    """One message to one recipient through one channel; it keeps its own outcome.

    A recipient without an account (an invited expert) is an address only. Unique per notice, so that
    a step that is dispatched twice still tells everybody once.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        FAILED = "failed", "发送失败"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=8)
    address = models.CharField(max_length=254, blank=True)
    notice = models.CharField(max_length=64)
    unique_key = models.CharField(max_length=200, unique=True)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("正文")
    url = models.CharField(max_length=500, blank=True)
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("person", "channel", "read_at"), name="delivery_inbox"),)

    def __str__(self) -> str:
        return f"{self.notice} → {self.channel}"
