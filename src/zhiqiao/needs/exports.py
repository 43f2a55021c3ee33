"""A list leaves the system: which columns, and the audit entry that says who took it and what for."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import audit
from zhiqiao.kit.actors import By
from zhiqiao.kit.sheets.columns import Column
from zhiqiao.kit.sheets.writer import write
from zhiqiao.kit.web.register import Listing
from zhiqiao.needs.models import Need

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@transaction.atomic
def export(listing: Listing[Need], *, reason: str, by: By, at: datetime) -> bytes:
    """Return every row that the conditions of a register find, with all its columns, as a workbook.

    The entry in the audit record names the reader, the purpose, the conditions and the number of rows.
    """
    columns = listing.register.columns
    keys = list(listing.everything().values_list("pk", flat=True))
    after = {"count": len(keys), "filters": listing.query}
    audit.record("needs.export", None, by=by, at=at, after=after, reason=reason)
    rows = ([column.plain(need) for column in columns] for need in listing.everything().iterator(2000))
    return write([Column(column.key, column.title) for column in columns], rows, title="需求")
