"""What the web layer remembers: forms already submitted, and forms not yet finished."""

from django.conf import settings
from django.db import models


class Submission(models.Model):
    """A form that was taken, by the key printed in it: a second click gets the first one's answer."""

    key = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=64)
    location = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_index=True)


class Draft(models.Model):
    """What somebody has typed into a form and not sent yet, kept for her alone."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    form = models.CharField(max_length=80)
    values = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "form"), name="draft_once"),)
