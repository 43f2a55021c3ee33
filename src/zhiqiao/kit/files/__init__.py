"""Evidence: sniffed, hashed, stored once, linked many times. See README.md."""

from zhiqiao.kit.files.models import Attachment, StoredFile
from zhiqiao.kit.files.packages import PackageLimits, check_office, office_kind, open_package
from zhiqiao.kit.files.serving import open_content, open_for, safe_headers
from zhiqiao.kit.files.sniff import ACCEPTED, inspect
from zhiqiao.kit.files.store import (
    MAX_BYTES,
    Swept,
    Upload,
    attach,
    attachments_of,
    detach,
    path_of,
    store,
    sweep,
    verify,
)
from zhiqiao.kit.files.texts import text_encoding

__all__ = [
    "ACCEPTED",
    "MAX_BYTES",
    "Attachment",
    "PackageLimits",
    "StoredFile",
    "Swept",
    "Upload",
    "attach",
    "attachments_of",
    "check_office",
    "detach",
    "inspect",
    "office_kind",
    "open_content",
    "open_for",
    "open_package",
    "path_of",
    "safe_headers",
    "store",
    "sweep",
    "text_encoding",
    "verify",
]
