"""Our own engine at the bench: kit.search in a database of its own, SQLite or PostgreSQL.

The experts are rows, as in life, so that the scope of a question is applied; their texts are only in the index.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zhiqiao.site.cli.bench.peers import Answer, Query, Row, backend_memory


class Own:
    """kit.search over the rows of a table of experts; the answer is within a queryset, as pages ask it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhiqiao.site.settings")
        import django

        django.setup()
        from django.apps import apps
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        from zhiqiao.directory.models import Expert
        from zhiqiao.kit import search

        self.folder, self.connection, self.search_in, self.experts = folder, connection, search, Expert
        self.texts: dict[int, str] = {}
        self.library = search.Library("bench", Expert, self._items)
        if "directory_expert" not in connection.introspection.table_names():
            # The tables as the models have them now; how they came to be so over the years is of no use here.
            settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
            call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)

    def _items(self, keys: Sequence[int]) -> Iterator[Any]:
        """Yield the texts of changed experts; the others are read once, when the index is built."""
        from zhiqiao_match import Item

        return (Item(key, "", self.texts[key]) for key in keys if key in self.texts)

    def build(self, rows: Iterable[Row]) -> None:
        from zhiqiao_match import Item

        self.search_in.build(self.library, (Item(row.key, "", row.text) for row in rows))
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute("VACUUM ANALYZE")
            else:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def prepare(self, number: int) -> None:
        """Write this many rows of experts with the keys 1…number, in one statement."""
        from django.utils import timezone

        from zhiqiao.kit.actors import SYSTEM
        from zhiqiao.orgs.actions import add_organisation
        from zhiqiao.orgs.enums import Kind

        at = timezone.now()
        root = add_organisation(name="压测省科协", kind=Kind.PROVINCE, parent=None, by=SYSTEM, at=at)
        first = self.experts.objects.create(
            pk=1, name="专家", kind="university", organisation=root, updated_at=at
        )
        columns = [field.column for field in first._meta.concrete_fields if not field.primary_key]
        names = ", ".join(f'"{column}"' for column in columns)
        numbers = "SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s"
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"WITH RECURSIVE numbers(n) AS ({numbers})"  # noqa: S608 - the columns of our own table
                f" INSERT INTO directory_expert (id, {names})"
                f" SELECT n, {names} FROM directory_expert, numbers WHERE id = 1 AND n <= %s",
                [number, number],
            )

    def open(self) -> None:
        self.connection.ensure_connection()

    def search(self, query: Query, top: int) -> Answer:
        return self.search_in.search(self.library, query.text, self.experts.objects.all(), top)

    def update(self, old: Row, new: Row, probe: Query) -> tuple[float, bool]:
        from django.db import transaction

        began = time.perf_counter()
        with transaction.atomic():
            self.texts[new.key] = new.text
            self.search_in.changed(self.library, [new.key])
            spent = time.perf_counter() - began
            seen = any(key == new.key for key, _ in self.search(probe, 50))
            began = time.perf_counter()
        return spent + time.perf_counter() - began, seen

    def size(self) -> int:
        """Return the bytes of the tables of the index."""
        tables = [
            name for name in self.connection.introspection.table_names() if name.startswith("kit_search")
        ]
        sizes = {
            "postgresql": "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name",
            "sqlite": "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT value FROM json_each(%s))",
        }
        with self.connection.cursor() as cursor:
            cursor.execute(sizes[self.connection.vendor], [self._listed(tables)])
            (size,) = cursor.fetchone() or (0,)
        return int(size or 0)

    def _listed(self, names: Sequence[str]) -> Any:
        return list(names) if self.connection.vendor == "postgresql" else json.dumps(names)

    def server_memory(self) -> int:
        if self.connection.vendor != "postgresql":
            return 0
        return backend_memory(self.connection.connection.info.backend_pid)
