"""Ledgers in and out: Excel, CSV and JSON lines, checked, explained, all or nothing. See README.md."""

from zhiqiao.kit.sheets import parse
from zhiqiao.kit.sheets.columns import Column, Ledger, RowError, Run, Saved, changed, new, same
from zhiqiao.kit.sheets.importing import check, load
from zhiqiao.kit.sheets.models import ImportRun
from zhiqiao.kit.sheets.report import Duplicate, Problem, Report
from zhiqiao.kit.sheets.writer import template, write

__all__ = [
    "Column",
    "Duplicate",
    "ImportRun",
    "Ledger",
    "Problem",
    "Report",
    "RowError",
    "Run",
    "Saved",
    "changed",
    "check",
    "load",
    "new",
    "parse",
    "same",
    "template",
    "write",
]
