"""整站测试共用的夹具：一个小世界，一个模块建一次，用完撤销。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.site.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[World]:
    """各种席位上的人和各种关系里的记录，见 world.py。"""
    from django.db import transaction

    from tests.site import matrix, scope_of_writes
    from tests.site import world as worlds

    with django_db_blocker.unblock(), transaction.atomic():
        made = worlds.build()
        made.strong = worlds.strong_seat(made)
        matrix.open_sessions([*made.seats, made.strong])
        worlds.disable_the_disabled(made)
        scope_of_writes.snapshot(made)
        yield made
        transaction.set_rollback(True)
