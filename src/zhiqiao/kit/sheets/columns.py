"""What a ledger is: its columns, and how one row of it is saved. Each app declares its own in ``sheets.py``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zhiqiao.kit.actors import By
from zhiqiao.kit.sheets.clean import clean_text, half_width
from zhiqiao.kit.sheets.parse import Parser, text

CLEAR = "[清空]"
EXAMPLE_MARK = "【示例】"


class RowError(Exception):
    """A row cannot be saved; ``words`` say why, ``column`` (a column name) where, if it is one column."""

    def __init__(self, words: str, column: str = "") -> None:
        super().__init__(words)
        self.words, self.column = words, column


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger.

    name : key in the values given to ``save_row``; also understood as a heading.
    title : Chinese heading. aliases : other headings under which it is known.
    required : the column has to be there and filled in every row.
    parse : text → value; raises ValueError with Chinese words that follow 『title』.
    half_width : the text is wanted with ordinary letters and digits (codes, numbers, phones).
    example, help : for the template. width : in characters, 0 = from the title.
    """

    name: str
    title: str
    required: bool = False
    parse: Parser = field(default_factory=text)
    example: str = ""
    help: str = ""
    aliases: tuple[str, ...] = ()
    half_width: bool = False
    width: int = 0

    def headings(self) -> set[str]:
        return {heading_key(each) for each in (self.name, self.title, *self.aliases)}

    def cleaned(self, raw: str) -> str:
        """Return the text of a cell as it is kept."""
        return half_width(clean_text(raw)) if self.half_width else clean_text(raw)

    def value(self, cleaned: str) -> Any:
        """Return the value of a cleaned, non-empty cell; None where the cell asks to be cleared.

        :raises ValueError: not acceptable; the words follow 『title』.
        """
        if cleaned == CLEAR:
            if self.required:
                raise ValueError("是必填项，不能清空")
            return None
        return self.parse(cleaned)


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a row did: "new", "changed" or "same"; and what it may be a duplicate of, in words."""

    change: str
    duplicate_of: str = ""


def new(*, duplicate_of: str = "") -> Saved:
    return Saved("new", duplicate_of)


def changed(*, duplicate_of: str = "") -> Saved:
    return Saved("changed", duplicate_of)


def same() -> Saved:
    return Saved("same")


@dataclass(slots=True)
class Run:
    """One pass over a file, as ``save_row`` sees it.

    by, at : who imports, and when. row : number of the row as the person's program shows it.
    memo : the app's own look-ups for this pass. It is emptied when a row is refused, because what that row
    created has been undone.
    later : what good rows leave for the ledger's ``finish``, which saves it in bulk; it outlives refused rows.
    """

    by: By
    at: datetime
    row: int = 0
    memo: dict[Any, Any] = field(default_factory=dict)
    later: dict[Any, Any] = field(default_factory=dict)


SaveRow = Callable[[Mapping[str, Any], Run], Saved]
Finish = Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A kind of table people bring: needs, experts, enterprises.

    name : stable code. title : Chinese.
    save_row : saves one row through the app's actions and says what changed. It gets only the columns that
    are filled, because an empty cell means "unchanged"; None means "clear this". To refuse a row it raises
    RowError or Refused. It must not swallow database errors.
    finish : called once after the last row, in the same transaction, to save in bulk what ``save_row`` has
    put into ``run.later``.
    """

    name: str
    title: str
    columns: Sequence[Column]
    save_row: SaveRow
    finish: Finish | None = None

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            if clash := seen & column.headings():
                raise ValueError(f"台账“{self.title}”有两列都叫 {clash}")
            seen |= column.headings()

    def column_for(self) -> dict[str, Column]:
        """Return every heading this ledger understands, normalised, with its column."""
        return {heading: column for column in self.columns for heading in column.headings()}


def heading_key(heading: str) -> str:
    """Reduce a heading to what identifies it: 「拟投入 （万元）*」 and 「拟投入(万元)」 are the same."""
    plain = half_width(clean_text(heading)).replace("(必填)", "").replace("*", "")
    return "".join(plain.split()).lower()
