"""Where the words of a search stand in a text, and the part of a long text that shows them."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

CHARACTERS = 120
LEAD = 30
_ENDS = "。；！？\n"


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, or a piece of it, with the spans [start, end) to highlight, in characters of ``text``."""

    text: str
    spans: tuple[Span, ...] = ()


def places(text: str, words: Iterable[str]) -> tuple[Span, ...]:
    """Return where words stand in a text, whatever their case and width; spans of the text as given.

    Overlapping finds are joined.
    """
    folded, origin = _folded(text)
    found: list[Span] = []
    for word in {_fold(word) for word in words}:
        start = folded.find(word) if word else -1
        while start >= 0:
            found.append((origin[start], origin[start + len(word) - 1] + 1))
            start = folded.find(word, start + len(word))
    return _joined(found)


def marked(text: str, words: Iterable[str], most: int = CHARACTERS) -> Passage:
    """Return the piece of a text in which the words of a search stand, with their places."""
    return cut(text, places(text, words), most)


def cut(text: str, spans: Sequence[Span], most: int = CHARACTERS) -> Passage:
    """Cut the piece out of a text that holds most of the highlighted characters, beginning at a sentence.

    most : length of the piece in characters, without the marks … at its ends.
    """
    line = "".join(" " if mark.isspace() else mark for mark in text)
    ordered = sorted(spans)
    if len(line) <= most:
        return Passage(line, tuple(ordered))
    first = _beginning(text, ordered, most)
    last = first + most
    before = "…" if first else ""
    moved = [
        (max(start, first) - first + len(before), min(end, last) - first + len(before))
        for start, end in ordered
        if start < last and end > first
    ]
    return Passage(f"{before}{line[first:last]}{'…' if last < len(line) else ''}", tuple(moved))


def _beginning(text: str, spans: Sequence[Span], most: int) -> int:
    """Return where to cut in: at the sentence of the span with the most company, or a little before it."""
    if not spans:
        return 0
    room = most - LEAD
    start = max(
        (start for start, _ in spans),
        key=lambda one: (sum(e - s for s, e in spans if s >= one and e <= one + room), -one),
    )
    earliest = max(0, start - LEAD)
    sentence = max(text.rfind(mark, earliest, start) for mark in _ENDS) + 1
    return max(0, min(max(sentence, earliest), len(text) - most))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _folded(text: str) -> tuple[str, list[int]]:
    """Return a text as it is compared, and for each of its characters the place it comes from."""
    written: list[str] = []
    origin: list[int] = []
    for place, mark in enumerate(text):
        folded = _fold(mark)
        written.append(folded)
        origin.extend([place] * len(folded))
    return "".join(written), origin


def _joined(found: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
