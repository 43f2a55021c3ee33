"""Handing files out so that a browser saves them and runs nothing in them. Who may have one is the view's question."""

from typing import BinaryIO
from urllib.parse import quote

from django.http import FileResponse

from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files.models import StoredFile
from zhiqiao.kit.files.store import path_of

_MIME = {
    StoredFile.Kind.PDF: "application/pdf",
    StoredFile.Kind.PNG: "image/png",
    StoredFile.Kind.JPEG: "image/jpeg",
    StoredFile.Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    StoredFile.Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    StoredFile.Kind.TXT: "text/plain",
    StoredFile.Kind.CSV: "text/csv",
}


def safe_headers(file: StoredFile, name: str = "") -> dict[str, str]:
    """Return the headers under which a file is handed out: saved under its Chinese name, never sniffed,
    and, should a browser open it all the same, without scripts, forms or outside requests."""
    name = name or file.name
    plain = "".join(char if (char.isascii() and char.isalnum()) or char in "._-" else "_" for char in name)
    return {
        "Content-Type": _MIME.get(StoredFile.Kind(file.kind), "application/octet-stream"),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }


def open_content(file: StoredFile) -> BinaryIO:
    """Open a file's content for reading.

    :raises Refused: the content is not on disk any more.
    """
    try:
        return path_of(file).open("rb")
    except FileNotFoundError:
        refuse("file.missing", f"“{file.name}”的内容不在服务器上了。请联系管理员运行 zhiqiao doctor。")


def open_for(file: StoredFile, name: str = "") -> FileResponse:
    """Return the response that hands a file out, with :func:`safe_headers` set.

    :raises Refused: the content is not on disk any more.
    """
    response = FileResponse(open_content(file))
    for header, value in safe_headers(file, name).items():
        response[header] = value
    return response
