"""Checking and importing a file: first every row is read, then all are saved in one transaction, or none.

Reading needs no database, so the transaction lasts only as long as saving does. Rows wait on disk in between.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from zhiqiao.kit.actors import By, actor_of
from zhiqiao.kit.errors import Refused, refuse
from zhiqiao.kit.sheets.cells import Cell, Flaw
from zhiqiao.kit.sheets.columns import Ledger, RowError, Run, Saved
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.sheets.report import SHOWN, Duplicate, Problem, Report, earlier_words
from zhiqiao.kit.sheets.source import Source, opened
from zhiqiao.kit.sheets.table import WHOLE_ROW, Table
from zhiqiao.kit.sheets.writer import CUT_MARK

Progress = Callable[[str, int], None]  # ("读取" or "保存", rows so far); may raise to cancel
File = str | Path | BinaryIO

_TICK = 1.0  # seconds between two calls of progress
_LONGEST_NAME = 150


def check(
    ledger: Ledger, file: File, *, by: By, at: datetime, name: str = "", progress: Progress | None = None
) -> Report:
    """Say what importing a file would do; nothing stays behind.

    Rows are really saved and then undone, so the figures are those of the import itself.
    :raises Refused: the file as a whole cannot be read; the words say what to do.
    """
    return load(ledger, file, by=by, at=at, name=name, dry_run=True, progress=progress)


def load(
    ledger: Ledger,
    file: File,
    *,
    by: By,
    at: datetime,
    name: str = "",
    dry_run: bool = False,
    skip_bad: bool = False,
    again: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import a file in one transaction: all rows or, if one is bad, none.

    file : path, uploaded file or binary stream. name : file name, if the stream has none.
    skip_bad : save the good rows all the same; the bad ones come back in ``report.error_book()``.
    again : import although this very file was imported before.
    progress : called about once a second; an exception from it cancels, and nothing is saved.
    :raises Refused: the file as a whole cannot be read, or was imported before (code sheet.again).
    """
    with opened(file, name) as source, closing(_Rows()) as rows:
        report = Report(ledger, source.name[:_LONGEST_NAME], source.sha256, source.size, dry_run)
        report.earlier = _earlier(ledger, source.sha256)
        if report.earlier is not None and not (dry_run or again):
            _refuse_again(report.earlier)
        tick = _Ticker(progress)
        _read(ledger, source, rows, report, tick)
        if dry_run or skip_bad or not report.bad:
            _save(ledger, rows, report, Run(by, at), keep=not dry_run, skip_bad=skip_bad, tick=tick)
        if not dry_run and not report.saved:
            report.run = _recorded(report, ImportRun.State.REFUSED, by, at)
        return report


# --- reading ------------------------------------------------------------------------------------------


class _Rows:
    """Good rows on their way from reading to saving, as cleaned text on disk."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by close()

    def add(self, row: int, cells: dict[str, str]) -> None:
        self._file.write(json.dumps([row, cells]) + "\n")

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        self._file.seek(0)
        for line in self._file:
            row, cells = json.loads(line)
            yield row, cells

    def close(self) -> None:
        self._file.close()


class _Ticker:
    """Tells how far things are, about once a second."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._last = progress, time.monotonic()

    def __call__(self, phase: str, rows: int) -> None:
        if self._progress and time.monotonic() - self._last >= _TICK:
            self._progress(phase, rows)
            self._last = time.monotonic()


def _read(ledger: Ledger, source: Source, rows: _Rows, report: Report, tick: _Ticker) -> None:
    table = Table(ledger)
    for count, (number, raw) in enumerate(table.rows(source), 1):
        cells, problems = _cleaned(ledger, number, raw)
        if problems:
            _refuse_row(report, number, cells, problems)
        else:
            rows.add(number, cells)
        tick("读取", count)
    report.columns, report.unknown = table.columns, table.unknown
    report.sheet, report.other_sheets, report.examples = table.sheet, table.other_sheets, table.examples


def _cleaned(ledger: Ledger, number: int, raw: dict[str, Cell]) -> tuple[dict[str, str], list[Problem]]:
    """Clean and try every cell of a row; return the texts and what is wrong with them."""
    cells: dict[str, str] = {}
    problems: list[Problem] = []
    if isinstance(whole := raw.get(WHOLE_ROW), Flaw):
        problems.append(Problem(number, "", whole.words))
    for column in ledger.columns:
        cell = raw.get(column.name, "")
        if isinstance(cell, Flaw):
            cells[column.name] = cell.shown
            problems.append(Problem(number, column.title, cell.words))
            continue
        cleaned = column.cleaned(cell)
        if not cleaned:
            if column.required:
                problems.append(Problem(number, column.title, "没有填"))
            continue
        cells[column.name] = cleaned
        try:
            if cleaned.endswith(CUT_MARK):
                raise ValueError("在导出时被截断，请从原记录里复制全文")
            column.value(cleaned)
        except ValueError as error:
            problems.append(Problem(number, column.title, str(error)))
    return cells, problems


def _refuse_row(report: Report, number: int, cells: dict[str, str], problems: list[Problem]) -> None:
    report.bad += 1
    report.bad_rows.add(number, cells, problems)
    report.problems.extend(problems[: SHOWN - len(report.problems)])


# --- saving -------------------------------------------------------------------------------------------


def _save(
    ledger: Ledger, rows: _Rows, report: Report, run: Run, *, keep: bool, skip_bad: bool, tick: _Ticker
) -> None:
    with transaction.atomic():
        if keep:
            report.run = _begun(report, run)
        for count, (number, cells) in enumerate(rows, 1):
            run.row = number
            _save_row(ledger, cells, report, run)
            tick("保存", count)
        if ledger.finish is not None:
            ledger.finish(run)
        if keep and (skip_bad or not report.bad):
            report.saved = True
            _finished(report)
        else:
            transaction.set_rollback(True)
            report.run = None


def _save_row(ledger: Ledger, cells: dict[str, str], report: Report, run: Run) -> None:
    titles = {column.name: column.title for column in ledger.columns}
    values = {
        column.name: column.value(cells[column.name]) for column in ledger.columns if column.name in cells
    }
    try:
        with transaction.atomic():
            saved = ledger.save_row(values, run)
    except (RowError, Refused, ValidationError, IntegrityError, DataError) as error:
        run.memo.clear()  # what the row created is gone again
        problems = [Problem(run.row, titles.get(name, ""), words) for name, words in _why(error)]
        _refuse_row(report, run.row, cells, problems)
    else:
        _count(report, run.row, saved)


def _count(report: Report, number: int, saved: Saved) -> None:
    if saved.change == "new":
        report.new += 1
    elif saved.change == "changed":
        report.changed += 1
    else:
        report.same += 1
    if saved.duplicate_of:
        report.duplicate_count += 1
        if len(report.duplicates) < SHOWN:
            report.duplicates.append(Duplicate(number, saved.duplicate_of))


def _why(error: Exception) -> Iterator[tuple[str, str]]:
    """Yield (column name or "", words) for each reason a row was refused."""
    if isinstance(error, RowError):
        yield error.column, error.words
    elif isinstance(error, Refused):
        yield "", error.refusal.message.rstrip("。")
    elif isinstance(error, ValidationError):
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, messages in by_field.items():
            for message in messages:
                yield ("" if name == "__all__" else name), message.rstrip("。")
    elif isinstance(error, IntegrityError):
        yield "", "与已有的或本文件中的另一行冲突（编号或名称重复）"
    else:
        yield "", "有内容超出数据库能保存的范围"


# --- the record of imports ----------------------------------------------------------------------------


def _earlier(ledger: Ledger, sha256: str) -> ImportRun | None:
    done = (ImportRun.State.DONE, ImportRun.State.PARTLY)
    return ImportRun.objects.filter(ledger=ledger.name, sha256=sha256, state__in=done).order_by("-id").first()


def _refuse_again(earlier: ImportRun) -> None:
    refuse("sheet.again", f"{earlier_words(earlier)}如果确实要再导入一次，请选择“仍然导入”。")


def _begun(report: Report, run: Run) -> ImportRun:
    """Claim the file for this import: of two at the same time, the second waits here and is refused."""
    once_key = None if report.earlier else f"{report.ledger.name}:{report.sha256}"
    try:
        with transaction.atomic():
            return _recorded(report, ImportRun.State.DONE, run.by, run.at, once_key=once_key)
    except IntegrityError:
        earlier = _earlier(report.ledger, report.sha256)
        if earlier is not None:
            _refuse_again(earlier)
        raise


def _finished(report: Report) -> None:
    run: Any = report.run
    run.counts = report.counts
    run.state = ImportRun.State.PARTLY if report.bad else ImportRun.State.DONE
    run.save(update_fields=("counts", "state"))


def _recorded(
    report: Report, state: ImportRun.State, by: By, at: datetime, *, once_key: str | None = None
) -> ImportRun:
    actor = actor_of(by)
    return ImportRun.objects.create(
        ledger=report.ledger.name,
        file_name=report.file_name,
        sha256=report.sha256,
        size=report.size,
        state=state,
        counts=report.counts,
        actor_kind=actor.kind,
        actor_key=actor.key,
        actor_name=actor.name,
        at=at,
        once_key=once_key,
    )
