"""What a cell of a workbook says, as text: the same text a person would have typed into a CSV."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE_LETTER = re.compile(r"[ymdhs年月日时分]")
# Built-in formats that show a date or time, including those of Chinese Excel.
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_LAST_SERIAL = 2_958_466  # 9999-12-31 and a day
_EXACT_DIGITS = 1e15


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell that cannot be taken as it is. ``words`` follow 『title』; ``shown`` is what to print in its place."""

    words: str
    shown: str


Cell = str | Flaw

FORMULA = Flaw("是公式，请粘贴为数值后再导入", "（公式）")


def is_date_format(number: int, code: str) -> bool:
    """Say whether a number format shows a number as a date or time."""
    if number in _DATE_FORMATS:
        return True
    plain = _LITERAL.sub("", code).split(";")[0].lower()
    return plain != "general" and bool(_DATE_LETTER.search(plain))


def written(kind: str, text: str, *, is_date: bool, epoch_1904: bool) -> Cell:
    """Return the text of a cell that holds no formula.

    kind : the type in the file ("n", "str", "inlineStr", "b", "e", "d"); shared strings come in as "str".
    """
    if kind in ("str", "inlineStr"):
        return unescaped(text)
    if not text:
        return ""
    if kind == "b":
        return "是" if text.strip() in ("1", "true") else "否"
    if kind == "e":
        return Flaw(f"是错误值 {text}", text)
    if kind == "d":
        return _moment_text(text)
    try:
        number = float(text)
    except ValueError:
        return Flaw(f"不是数字：“{text[:20]}”", text)
    return _date_text(number, text, epoch_1904) if is_date else _number_text(number, text)


def unescaped(text: str) -> str:
    """Undo the escapes of Office text: _x000D_ is a carriage return, _x005F_ an underscore."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _number_text(number: float, raw: str) -> Cell:
    if not abs(number) < _EXACT_DIGITS:
        return Flaw("超过 15 位，Excel 已丢失末尾的数字，请把这一列设为“文本”后重填", raw)
    if number == int(number):
        return str(int(number))
    return format(Decimal(f"{number:.15g}"), "f")  # 15 digits: what Excel shows


def _date_text(serial: float, raw: str, epoch_1904: bool) -> Cell:
    if not 0 <= serial < _LAST_SERIAL:
        return Flaw(f"不是有效的日期：{raw[:20]}", raw)
    if epoch_1904:
        base = datetime(1904, 1, 1, tzinfo=UTC)
    else:  # Excel believes in 29 February 1900
        base = datetime(1899, 12, 30 if serial >= 61 else 31, tzinfo=UTC)
    seconds = round(serial * 86400)
    if serial < 1:
        return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"
    return _spelled(base + timedelta(seconds=seconds))


def _moment_text(raw: str) -> Cell:
    try:
        return _spelled(datetime.fromisoformat(raw))
    except ValueError:
        return Flaw(f"不是有效的日期：“{raw[:20]}”", raw)


def _spelled(moment: datetime) -> str:
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
