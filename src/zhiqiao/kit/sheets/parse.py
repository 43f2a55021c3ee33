"""Ready-made readers of cells: cleaned text → value, or ValueError with words that follow 『列名』."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from zhiqiao.kit.sheets.clean import half_width

Parser = Callable[[str], Any]

_DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?|(\d{4})(\d{2})(\d{2})"
)
_YES = frozenset({"是", "有", "对", "√", "y", "yes", "true", "1"})
_NO = frozenset({"否", "无", "不", "×", "n", "no", "false", "0"})
_PHONE = re.compile(r"\+?\d[\d\- ]{4,18}\d(?:转\d{1,6})?")
_SEVERAL = re.compile(r"[;；、,，|\n]+")


def text(longest: int = 0) -> Parser:
    """Any text; ``longest`` in characters, 0 = as long as it is."""

    def read(cell: str) -> str:
        if longest and len(cell) > longest:
            raise ValueError(f"最多 {longest} 个字，现在有 {len(cell)} 个")
        return cell

    return read


def whole(least: int | None = None, most: int | None = None) -> Parser:
    """A whole number between ``least`` and ``most`` inclusive; thousands separators are understood."""

    def read(cell: str) -> int:
        number = _decimal(cell)
        if number != number.to_integral_value():
            raise ValueError(f"应是整数，现在是“{_shown(cell)}”")
        _within(number, least, most)
        return int(number)

    return read


def decimal(places: int = 2, least: int | None = None, most: int | None = None) -> Parser:
    """A number with at most ``places`` digits after the point, exact."""

    def read(cell: str) -> Decimal:
        number = _decimal(cell)
        if number != round(number, places):
            raise ValueError(f"最多 {places} 位小数，现在是“{_shown(cell)}”")
        _within(number, least, most)
        return round(number, places)

    return read


def fen_from_wan(cell: str) -> int:
    """An amount written in 万元, as whole fen; 1,200.5 万元 → 1 200 500 000 fen."""
    plain = half_width(cell).removesuffix("万元").removesuffix("万")
    fen = _decimal(plain) * 1_000_000
    if fen != fen.to_integral_value():
        raise ValueError(f"最多精确到分，现在是“{_shown(cell)}”")
    _within(fen, 0, None)
    return int(fen)


def day(cell: str) -> date:
    """A date in any of the usual spellings: 2026-11-22, 2026/11/22, 2026年11月22日, 20261122; a time is dropped."""
    found = _DAY.fullmatch(half_width(cell))
    if found is None:
        raise ValueError(f"应写成 2026-11-22 这样的日期，现在是“{_shown(cell)}”")
    year, month, on = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, on)
    except ValueError:
        raise ValueError(f"没有这一天：“{_shown(cell)}”") from None


def yes_no(cell: str) -> bool:
    """是 or 否, and what people write for it."""
    word = half_width(cell).lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"请填“是”或“否”，现在是“{_shown(cell)}”")


class OneOf:
    """One of a list: label → value. ``choices`` become a drop-down in the template."""

    def __init__(self, choices: Mapping[str, Any]) -> None:
        self.choices = dict(choices)

    def __call__(self, cell: str) -> Any:
        if cell in self.choices:
            return self.choices[cell]
        few = list(self.choices)[:12]
        listed = "、".join(few) + ("等" if len(self.choices) > len(few) else "")
        raise ValueError(f"请填 {listed} 之一，现在是“{_shown(cell)}”")


def one_of(choices: Mapping[str, Any]) -> OneOf:
    """One of ``choices``, label → value."""
    return OneOf(choices)


def several(each: Parser | None = None) -> Parser:
    """Several entries in one cell, separated by ; 、 , or line breaks; each read by ``each``, none twice."""

    def read(cell: str) -> list[Any]:
        parts = dict.fromkeys(part.strip() for part in _SEVERAL.split(cell) if part.strip())
        return [each(part) if each else part for part in parts]

    return read


def phone(cell: str) -> str:
    """A telephone number, mobile or landline with extension; spaces and hyphens are dropped from mobiles."""
    plain = half_width(cell).replace("—", "-").replace("–", "-")
    if not _PHONE.fullmatch(plain):
        raise ValueError(f"应是电话号码，如 13800000000 或 0571-88000000，现在是“{_shown(cell)}”")
    digits = plain.replace("-", "").replace(" ", "").removeprefix("+86")
    return digits if re.fullmatch(r"1\d{10}", digits) else plain


def _decimal(cell: str) -> Decimal:
    plain = half_width(cell).replace(",", "").replace(" ", "")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() >= 15 or number.adjusted() < -15:
        raise ValueError(f"应是数字，现在是“{_shown(cell)}”")
    return number


def _within(number: Decimal, least: int | None, most: int | None) -> None:
    if least is not None and number < least:
        raise ValueError(f"不能小于 {least}")
    if most is not None and number > most:
        raise ValueError(f"不能大于 {most}")


def _shown(cell: str) -> str:
    return cell if len(cell) <= 20 else cell[:20] + "…"
