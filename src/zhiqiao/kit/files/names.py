"""File names as a person may see and save them."""

import re
import unicodedata
from pathlib import PurePosixPath

from zhiqiao.kit.files.models import StoredFile

MAX_LENGTH = 120  # characters; 360 bytes of Chinese at most, plus the extension

EXTENSIONS = {
    StoredFile.Kind.PDF: (".pdf",),
    StoredFile.Kind.PNG: (".png",),
    StoredFile.Kind.JPEG: (".jpg", ".jpeg"),
    StoredFile.Kind.DOCX: (".docx",),
    StoredFile.Kind.XLSX: (".xlsx",),
    StoredFile.Kind.TXT: (".txt",),
    StoredFile.Kind.CSV: (".csv",),
}
_ACCEPTED = {extension for several in EXTENSIONS.values() for extension in several}
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str, kind: StoredFile.Kind) -> str:
    """Return a name without path, control or direction characters, ending as its content demands.

    "..\\合同.PDF.exe" of a PDF becomes "合同.PDF.exe.pdf": whatever it was called, it opens as what it is.
    """
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(
        char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C"
    )
    plain = _FORBIDDEN.sub("_", " ".join(plain.split())).strip(" .") or "未命名"
    path = PurePosixPath(plain)
    extension = path.suffix.lower()
    allowed = EXTENSIONS[kind]
    if extension in _ACCEPTED:
        stem = path.stem
        extension = extension if extension in allowed else allowed[0]
    else:
        stem, extension = plain, allowed[0]
    stem = stem[:MAX_LENGTH].strip(" .") or "未命名"
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return stem + extension
