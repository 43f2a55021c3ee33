"""Documents that belong to a case."""

from datetime import datetime

from django.db import transaction

from zhiqiao.kit import files
from zhiqiao.kit.actors import By
from zhiqiao.kit.errors import require
from zhiqiao.kit.files import Attachment
from zhiqiao.kit.files.store import Upload
from zhiqiao.needs import rules
from zhiqiao.needs.models import Need


@transaction.atomic
def attach_file(need: Need, *, file: Upload, by: By, at: datetime, title: str = "") -> Attachment:
    """Keep a file as part of a case. The same content uploaded again changes nothing.

    :raises Refused: ``by`` is neither the enterprise nor its handler; the file is too large or not accepted.
    """
    require(rules.may_ask(by, need))
    return files.attach(need, files.store(file, by=by, at=at), by=by, at=at, title=title)
