"""Composing twice gives the same records: seed and instant decide everything."""

from collections import Counter

import pytest
from django.db.models import Model

from tests.demo_fixture import DEMO_AT, snapshot, tables
from zhiqiao.site.demo import compose

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

# Drawn anew each time: digests of passwords, and keys where the database goes on counting.
_DRAWN = {"password", "subject_id", "digest", "previous", "created_at", "path"}


def test_the_same_seed_and_instant_give_the_same_records():
    first = snapshot()
    again = compose(DEMO_AT)
    assert again == first.summary
    for model in tables():
        rows = first.rows.get(model)
        if rows is not None:
            assert Counter(map(facts, model._base_manager.all())) == Counter(map(facts, rows)), model


def facts(row: Model) -> tuple[object, ...]:
    """A row without keys, and without JSON, which may hold keys."""
    values = []
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.primary_key or field.remote_field or field.name in _DRAWN or isinstance(value, dict | list):
            continue
        values.append(value)
    return tuple(values)
