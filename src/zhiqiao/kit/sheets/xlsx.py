"""Workbooks read as a stream: constant memory whatever the size, every formula seen, nothing evaluated.

Why not a library: see README.md (measured).
"""

import os
import posixpath
import tempfile
import zipfile
from array import array
from collections.abc import Generator
from typing import Self
from urllib.parse import unquote

from zhiqiao.kit.errors import refuse
from zhiqiao.kit.files.packages import BROKEN
from zhiqiao.kit.sheets.cells import FORMULA, Cell, is_date_format, unescaped, written
from zhiqiao.kit.sheets.xml import Handlers, Part, damaged, walk

MAX_COLUMNS = 200
_LONGEST_CELL = 100_000  # characters; Excel itself stops at 32 767
_MOST_STYLES = 100_000
_OFFICE = "officeDocument"


class SharedStrings(Handlers):
    """The texts of a workbook, which all sheets refer to by number. Kept on disk: there may be a million."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._ends = array("q", [0])
        self._pieces: list[str] = []
        self._length = 0
        self._reading = self._phonetic = False

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            damaged()
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode()

    def load(self, part: Part) -> None:
        """Read the whole part. :raises Refused: damaged or a text beyond reason."""
        for _ in walk(part, self):
            pass
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._pieces, self._length = [], 0
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._reading = not self._phonetic

    def end(self, name: str) -> None:
        if name == "t":
            self._reading = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            content = unescaped("".join(self._pieces)).encode("utf-8", "replace")
            self._file.write(content)
            self._ends.append(self._ends[-1] + len(content))

    def text(self, data: str) -> None:
        if self._reading:
            self._length += len(data)
            if self._length > _LONGEST_CELL:
                refuse("sheet.long_cell", f"有一个单元格超过 {_LONGEST_CELL} 个字。请拆开后再导入。")
            self._pieces.append(data)


class _Styles(Handlers):
    """Which cell styles show a date."""

    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.dates: list[bool] = []
        self._in_cell_styles = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.formats[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")[:200]
        elif name == "cellXfs":
            self._in_cell_styles = True
        elif name == "xf" and self._in_cell_styles:
            number = _number(attributes.get("numFmtId"))
            self.dates.append(is_date_format(number, self.formats.get(number, "")))
        if len(self.dates) + len(self.formats) > _MOST_STYLES:
            refuse("sheet.bomb", "工作簿的格式过多，不予打开。请把内容复制到新的工作簿再导入。")

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cell_styles = False


class _Index(Handlers):
    """The sheets of a workbook in order, or the links of a part."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []  # title, link id
        self.links: dict[str, tuple[str, str]] = {}  # link id → type, target
        self.epoch_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            link = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            self.sheets.append((attributes.get("name", ""), link))
        elif name == "Relationship":
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.links[attributes.get("Id", "")] = (kind, attributes.get("Target", ""))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in ("1", "true")
        if len(self.sheets) + len(self.links) > 5000:
            refuse("sheet.bomb", "工作簿的部件过多，不予打开。请把内容复制到新的工作簿再导入。")


class Workbook:
    """An open workbook. ``package`` has passed the gate: its declared sizes are within reason."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._strings = SharedStrings()
        try:
            self._open()
        except BaseException:
            self._strings.close()
            raise

    def _open(self) -> None:
        root = self._index("_rels/.rels")
        main = next((target for kind, target in root.links.values() if kind == _OFFICE), "xl/workbook.xml")
        main = _resolved("", main)
        index, links = self._index(main), self._index(_links_of(main)).links
        self.epoch_1904 = index.epoch_1904
        parts = {key: (kind, _resolved(main, target)) for key, (kind, target) in links.items()}
        sheets = [(title, parts.get(link, ("", ""))) for title, link in index.sheets]
        self.sheets = {title: path for title, (kind, path) in sheets if kind == "worksheet"}
        styles = _Styles()
        for kind, path in parts.values():
            if kind == "styles":
                self._walk(path, styles)
            elif kind == "sharedStrings":
                with self._part(path) as part:
                    self._strings.load(part)
        self._dates = styles.dates

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._strings.close()

    def rows(self, title: str) -> Generator[tuple[int, dict[int, Cell]], None, None]:
        """Yield (row number, column index → cell) for each row of a sheet that has any content."""
        sheet = _Sheet(self._strings, self._dates, self.epoch_1904)
        with self._part(self.sheets[title]) as part:
            for _ in walk(part, sheet):
                yield from sheet.ready
                sheet.ready.clear()

    def _index(self, path: str) -> _Index:
        index = _Index()
        self._walk(path, index)
        return index

    def _walk(self, path: str, handlers: Handlers) -> None:
        with self._part(path) as part:
            for _ in walk(part, handlers):
                pass

    def _part(self, path: str) -> "_Part":
        return _Part(self._package, path)


class _Part:
    """A member of the package, with the errors of the zip reader put into words."""

    def __init__(self, package: zipfile.ZipFile, path: str) -> None:
        try:
            self._file = package.open(path)
        except BROKEN:
            damaged()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except BROKEN:
            damaged()


class _Sheet(Handlers):
    """The cells of one sheet, row by row. Finished rows wait in ``ready``."""

    def __init__(self, strings: SharedStrings, dates: list[bool], epoch_1904: bool) -> None:
        self.ready: list[tuple[int, dict[int, Cell]]] = []
        self._strings, self._dates, self._epoch_1904 = strings, dates, epoch_1904
        self._row = self._column = 0
        self._cells: dict[int, Cell] = {}
        self._kind, self._style = "n", 0
        self._pieces: list[str] = []
        self._reading = self._phonetic = self._formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = _column(attributes.get("r", ""), self._column)
            self._kind = attributes.get("t", "n")
            self._style = _number(attributes.get("s"))
            self._pieces, self._formula = [], False
        elif name == "v" or name == "t":
            self._reading = not self._phonetic
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._column, self._cells = 0, {}
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "v" or name == "t":
            self._reading = False
        elif name == "c":
            if self._column <= MAX_COLUMNS and (cell := self._cell()):
                self._cells[self._column - 1] = cell
        elif name == "row":
            if self._cells:
                self.ready.append((self._row, self._cells))
        elif name == "rPh":
            self._phonetic = False

    def text(self, data: str) -> None:
        if self._reading:
            self._pieces.append(data)
            if len(self._pieces) > 1 and sum(map(len, self._pieces)) > _LONGEST_CELL:
                refuse(
                    "sheet.long_cell",
                    f"第 {self._row} 行有一个单元格超过 {_LONGEST_CELL} 个字。请拆开后再导入。",
                )

    def _cell(self) -> Cell:
        if self._formula:
            return FORMULA
        text = "".join(self._pieces)
        if self._kind == "s":
            return self._strings[_number(text.strip(), -1)]
        is_date = self._style < len(self._dates) and self._dates[self._style]
        return written(self._kind, text, is_date=is_date, epoch_1904=self._epoch_1904)


def _column(reference: str, previous: int) -> int:
    """Return the 1-based column of a reference such as AB12; without one, the next column."""
    column = 0
    for char in reference[:4].upper():
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - 64
    return column or previous + 1


def _number(text: str | None, default: int = 0) -> int:
    """Return a non-negative number from an attribute; anything else counts as absent."""
    return int(text) if text and len(text) < 12 and text.isascii() and text.isdigit() else default


def _resolved(base: str, target: str) -> str:
    target = unquote(target)
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), target)).lstrip("/")


def _links_of(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "_rels", f"{name}.rels")
