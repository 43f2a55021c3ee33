"""Words, where words are wanted: phrases that end where a word ends, and BM25 over words to compare with.

The matching itself needs no words (`text`). The segmenter is the library rjieba, the algorithm and dictionary
of jieba in a compiled form; where it is not installed, texts are cut at punctuation and white space only.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

from zhiqiao_match.text import CLASSES, normalise


@cache
def _segmenter() -> ModuleType | None:
    # The dictionary takes a tenth of a second and some memory: only those who ask for words pay for it.
    try:
        import rjieba
    except ImportError:
        return None
    return rjieba


def can_cut() -> bool:
    """This says whether the segmenter is installed."""
    return _segmenter() is not None


def pieces(text: str) -> list[str]:
    """This cuts a text into words, punctuation and white space; joined they are the text again."""
    segmenter = _segmenter()
    if not segmenter or not text:
        return [text] if text else []
    found: list[str] = segmenter.cut(text)
    return found


def words(text: str) -> list[str]:
    """This returns the words of a text, spelling folded, in order; punctuation and white space are left out."""
    return [
        piece for piece in pieces(normalise(text)) if any(CLASSES[ord(char)] in (1, 2, 3) for char in piece)
    ]


def borders(text: str) -> frozenset[int]:
    """This returns the positions in a text where a word begins or ends, including 0 and its length.

    Without a segmenter every position is one.
    """
    if not can_cut():
        return frozenset(range(len(text) + 1))
    at, found = 0, {0}
    for piece in pieces(text):
        at += len(piece)
        found.add(at)
    return frozenset(found)
