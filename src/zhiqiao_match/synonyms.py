"""Other names for the same thing: 3D打印 and 增材制造, PLC and 可编程控制器, welding and 焊接.

The table is data (`data/synonyms.txt`), one group of interchangeable names a line; broader and narrower terms
do not belong there. Names are looked up in the need, not in the evidence: the index stays as it is when the
table changes, and what was added to the need can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from zhiqiao_match.text import CLASSES, DIGIT, LETTER, normalise

MOST_NAMES = 12
LONGEST_READ = 4_000


@cache
def groups() -> tuple[tuple[str, ...], ...]:
    """This reads the table: groups of names, spelling folded."""
    lines = (files("zhiqiao_match") / "data" / "synonyms.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split("|") for line in lines if line.strip() and not line.startswith("#"))
    return tuple(tuple(normalise(name.strip()) for name in row) for row in rows)


def other_names(text: str, table: Sequence[Sequence[str]] | None = None) -> tuple[str, ...]:
    """This returns the other names of what a text mentions, in the order of the table, at most twelve.

    Latin names must stand as whole words: "ai" is not found in "air".
    """
    folded = normalise(text)
    found: list[str] = []
    for names in groups() if table is None else table:
        held = [name for name in names if _mentions(folded, name)]
        if held:
            found.extend(name for name in names if not any(name in one for one in held))
    return tuple(found[:MOST_NAMES])


def with_other_names(text: str, title: str = "") -> str:
    """This adds to a text the other names of what it or its title mentions; doing it twice changes nothing."""
    names = other_names(f"{title}\n{text}"[:LONGEST_READ])
    return f"{text}\n{'，'.join(names)}" if names else text


def _mentions(folded: str, name: str) -> bool:
    at = folded.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_is_token(folded, at - 1) and _is_token(name, 0)) and not (
            _is_token(folded, end) and _is_token(name, len(name) - 1)
        ):
            return True
        at = folded.find(name, at + 1)
    return False


def _is_token(text: str, place: int) -> bool:
    return 0 <= place < len(text) and int(CLASSES[ord(text[place])]) in (LETTER, DIGIT)
