"""The records behind a figure leave the system: as a workbook, and with an entry in the audit record."""

from datetime import datetime

from django.db import transaction

from zhiqiao.insights.figures import Figure
from zhiqiao.insights.lens import Lens
from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.sheets import Column, write


@transaction.atomic
def export(figure: Figure, lens: Lens, *, by: By, at: datetime, reason: str) -> bytes:
    """Return exactly the rows a figure counts, with all columns of its register.

    The lens says by which permission the rows are reached: to export takes more than to look.
    """
    rows = figure.listed(figure.rows(lens)).order_by(*figure.register.order)
    columns = figure.register.columns
    after = {"figure": figure.name, "count": rows.count(), "filters": lens.params()}
    audit.record("insights.export", None, by=by, at=at, after=after, reason=reason)
    plain = ([column.plain(row) for column in columns] for row in rows.iterator(chunk_size=2000))
    return write([Column(column.key, column.title) for column in columns], plain, title=figure.title)
