"""What an office has changed in its calendar."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.signals import post_delete, post_save

from zhiqiao.kit.clock import current
from zhiqiao.kit.clock.calendar import Day
from zhiqiao.kit.clock.week import Week, from_json


class CalendarDay(models.Model):
    """One date that differs from what the holiday library says: it wins over the library.

    place : whose date it is, with everything below; empty = the whole installation. The nearest one counts.
    A year counts as published once its 1 October is declared off, here or in the library.
    """

    place = models.CharField("单位", max_length=60, blank=True, default="")
    date = models.DateField("日期")
    working = models.BooleanField("是否上班")
    name = models.CharField("名称", max_length=40, blank=True)
    intervals = models.JSONField("当天时段", null=True, blank=True)
    source = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        ordering = ("date", "place")
        constraints = (
            models.UniqueConstraint(fields=("place", "date"), name="calendar_day_once"),
            models.CheckConstraint(
                condition=Q(working=True) | Q(intervals__isnull=True), name="calendar_day_off_has_no_hours"
            ),
        )

    def __str__(self) -> str:
        return f"{self.date} {self.name or ('上班' if self.working else '休息')}"

    def clean(self) -> None:
        try:
            self.as_day()
        except ValueError as error:
            raise ValidationError({"intervals": str(error)}) from error

    def as_day(self) -> Day:
        """Return the row as the calendar reads it.

        :raises ValueError: the hours are malformed or contradict ``working``.
        """
        hours = None if self.intervals is None else from_json(self.intervals)
        return Day(self.working, self.name, hours)


class WorkingHours(models.Model):
    """The office hours of a week from one date on, until a later row takes over.

    Earlier rows stay, so that time already worked is still counted by the hours of then.
    place : whose hours they are, as for days. A place without a week follows the one above it from then on.
    """

    place = models.CharField("单位", max_length=60, blank=True, default="")
    starts_on = models.DateField("自何日起")
    week = models.JSONField("一周作息", null=True, blank=True)
    name = models.CharField("名称", max_length=40, blank=True)
    source = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        ordering = ("starts_on", "place")
        constraints = (models.UniqueConstraint(fields=("place", "starts_on"), name="working_hours_once"),)

    def __str__(self) -> str:
        return f"{self.starts_on} 起 {self.name}"

    def clean(self) -> None:
        try:
            if self.week is not None:
                Week.from_json(self.week)
        except ValueError as error:
            raise ValidationError({"week": str(error)}) from error


def _edited(**_: Any) -> None:
    current.forget()


for _model in (CalendarDay, WorkingHours):
    post_save.connect(_edited, sender=_model, dispatch_uid=f"clock.saved.{_model.__name__}")
    post_delete.connect(_edited, sender=_model, dispatch_uid=f"clock.deleted.{_model.__name__}")
