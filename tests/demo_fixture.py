"""The demo network as a fixture: composed once per process, put back in seconds for every module.

A module asks for it with ``from tests.demo_fixture import demo`` and stands in ``TOGETHER`` of conftest.py, so that
one process does all of them and composes once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from zhiqiao.accounts.models import Person
from zhiqiao.site.demo import Summary, compose

DEMO_AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning in China
APPS = ("kit", "accounts", "orgs", "directory", "needs", "insights")


@dataclass(frozen=True)
class Demo:
    """What a test of the demo needs to know: its present and what it holds."""

    at: datetime
    summary: Summary

    def person(self, login: str) -> Person:
        return Person.objects.get(phone=login)


@dataclass
class Snapshot:
    """Every row of the demo in memory."""

    summary: Summary
    rows: dict[type[Model], list[Model]]

    def restore(self) -> None:
        for model, rows in self.rows.items():
            model._base_manager.bulk_create(rows, batch_size=500)
        statements = connection.ops.sequence_reset_sql(no_style(), list(self.rows))
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            # 没有提交的行，自动统计看不到；没有统计，PostgreSQL 以为表是空的，选出慢上千倍的计划。
            cursor.execute("ANALYZE")


_snapshot: Snapshot | None = None


def tables() -> list[type[Model]]:
    """The tables the demo writes, also those between two models; not the search index, which is made from them."""
    models = apps.get_models(include_auto_created=True)
    return [m for m in models if m._meta.app_label in APPS and not m._meta.db_table.startswith("kit_search")]


def snapshot() -> Snapshot:
    """The demo in memory; composed on first use, in a transaction that is rolled back."""
    global _snapshot
    if _snapshot is None:
        with transaction.atomic():
            known = {model for model in tables() if model._base_manager.exists()}
            summary = compose(DEMO_AT)
            rows = {model: list(model._base_manager.all()) for model in tables() if model not in known}
            _snapshot = Snapshot(summary, rows)
            transaction.set_rollback(True)
    return _snapshot


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker) -> Iterator[Demo]:
    """The demo network in the database, for the tests of one module; gone after them."""
    with django_db_blocker.unblock():
        kept = snapshot()
        with transaction.atomic():
            kept.restore()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # a planner that knows nothing of so many fresh rows takes minutes
            yield Demo(DEMO_AT, kept.summary)
            transaction.set_rollback(True)
