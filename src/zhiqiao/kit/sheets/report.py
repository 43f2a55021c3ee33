"""What came of looking at a file, or of importing it: figures, and every mistake in words."""

import json
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, NamedTuple

from zhiqiao.kit import clock
from zhiqiao.kit.sheets.columns import Column, Ledger
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.sheets.writer import ERROR_HEADINGS, write

SHOWN = 100  # mistakes and duplicates kept for the screen; all of them are in the workbook


class Problem(NamedTuple):
    """One mistake: row as the person's program numbers it, title of the column or "", what is wrong."""

    row: int
    title: str
    words: str

    def __str__(self) -> str:
        column = f"『{self.title}』" if self.title else "："
        return f"第 {self.row} 行{column}{self.words}"


class Duplicate(NamedTuple):
    """A row that is saved, but may be the same as something there already; ``of`` says what, in words."""

    row: int
    of: str

    def __str__(self) -> str:
        return f"第 {self.row} 行疑似重复：{self.of}"


class BadRows:
    """The refused rows with their cells and mistakes, on disk, for the workbook that goes back."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def add(self, row: int, cells: Mapping[str, str], problems: list[Problem]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with this object
            weakref.finalize(self, self._file.close)
        words = "；".join(f"{problem.title}{problem.words}" for problem in problems)
        self._file.write(json.dumps([row, cells, words]) + "\n")

    def __iter__(self) -> Iterator[tuple[int, dict[str, str], str]]:
        if self._file is None:
            return
        self._file.seek(0)
        for line in self._file:
            row, cells, words = json.loads(line)
            yield row, cells, words


@dataclass(slots=True)
class Report:
    """The result of a check or an import. ``saved`` is true when the rows are in the database."""

    ledger: Ledger
    file_name: str
    sha256: str
    size: int
    dry_run: bool
    saved: bool = False
    new: int = 0
    changed: int = 0
    same: int = 0
    bad: int = 0
    duplicate_count: int = 0
    examples: int = 0
    columns: list[Column] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    sheet: str = ""
    other_sheets: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    earlier: ImportRun | None = None
    run: ImportRun | None = None
    bad_rows: BadRows = field(default_factory=BadRows)

    @property
    def rows(self) -> int:
        """Rows that hold data, good and bad."""
        return self.new + self.changed + self.same + self.bad

    @property
    def counts(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "bad": self.bad,
            "duplicates": self.duplicate_count,
        }

    @property
    def words(self) -> str:
        """The whole in one sentence."""
        figures = (
            f"共 {self.rows} 行：新增 {self.new}，更新 {self.changed}，未变 {self.same}，有误 {self.bad}"
        )
        if self.duplicate_count:
            figures += f"；疑似重复 {self.duplicate_count}"
        if self.dry_run:
            return f"试运行，没有保存。{figures}。"
        if not self.saved:
            return f"没有导入任何一行，请改正后再试。{figures}。"
        return f"已导入。{figures}。" + ("有误的行没有导入。" if self.bad else "")

    @property
    def notes(self) -> list[str]:
        """What the person should know besides: other sheets, columns passed over, an earlier import."""
        notes = []
        if self.earlier is not None:
            notes.append(earlier_words(self.earlier))
        if self.other_sheets:
            notes.append(f"只读取了工作表“{self.sheet}”，没有读取：{'、'.join(self.other_sheets[:5])}。")
        if self.unknown:
            notes.append(f"不认识、已略过的列：{'、'.join(self.unknown[:10])}。")
        if self.examples:
            notes.append(f"跳过示例 {self.examples} 行。")
        return notes

    def error_book(self, to: BinaryIO | None = None) -> bytes:
        """Write the refused rows with their mistakes as a workbook that can be corrected and imported again."""
        row_number, mistake = (
            Column(name, name, width=width) for name, width in zip(ERROR_HEADINGS, (8, 60), strict=True)
        )
        columns = [row_number, *self.columns, mistake]
        rows = ({row_number.name: row, mistake.name: words, **cells} for row, cells, words in self.bad_rows)
        return write(columns, rows, to=to, title="有误的行")

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "ledger": self.ledger.name,
            "file": self.file_name,
            "sha256": self.sha256,
            "dry_run": self.dry_run,
            "saved": self.saved,
            **self.counts,
            "unknown_columns": self.unknown,
            "problems": [problem._asdict() for problem in self.problems],
            "possible_duplicates": [duplicate._asdict() for duplicate in self.duplicates],
            "notes": self.notes,
        }


def earlier_words(run: ImportRun) -> str:
    """Say when and by whom a file was imported before."""
    on = clock.local(run.at)
    return f"这份文件 {on.month}月{on.day}日 已导入过（{run.actor_name}，{run.counts.get('rows', 0)} 行）。"
