"""XML parts read as a stream, in bounded memory and without document types or entities."""

from collections.abc import Iterator
from typing import Any, NoReturn, Protocol
from xml.parsers import expat

from zhiqiao.kit.errors import refuse

_CHUNK = 64 * 1024
_LONGEST_PIECE = 4 * 1024 * 1024  # bytes one tag, comment or stretch of text may take


class Part(Protocol):
    """A stream of XML."""

    def read(self, size: int, /) -> bytes: ...


class Handlers:
    """What happens at each tag of a part. Names come without their namespace prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""

    def end(self, name: str) -> None:
        """A tag closes."""

    def text(self, data: str) -> None:
        """Characters between tags, possibly in several pieces."""


def walk(part: Part, handlers: Handlers) -> Iterator[None]:
    """Feed a part to its handlers; yields after every chunk, so that the caller can pass on what is ready.

    :raises Refused: damaged, a document type or entity, or a single piece of several MiB.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _document_type
    parser.EntityDeclHandler = _document_type
    start, end = handlers.start, handlers.end
    parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = handlers.text
    fed = 0
    try:
        while chunk := part.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _LONGEST_PIECE:
                refuse("sheet.bomb", "工作簿内部有一段过长的内容，不予打开。请另存一份再导入。")
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError:
        damaged()


def damaged() -> NoReturn:
    """:raises Refused: always."""
    refuse("sheet.damaged", "工作簿已损坏，读不完整。请用 Excel 或 WPS 打开后另存一份再导入。")


def _local(name: str) -> str:
    return name[name.find(":") + 1 :]


def _document_type(*_: Any) -> NoReturn:
    refuse("sheet.entities", "工作簿内部含有不正常的定义（实体），不予打开。请另存一份再导入。")
