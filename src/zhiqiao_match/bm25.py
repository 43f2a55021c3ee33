"""BM25 as everybody knows it, over words or over pairs of characters: what the engine is compared with.

Not used by the product itself. Nothing is tuned here and nothing is left out: the usual constants, repeated
words of a query count as often as they are said, and no stop words (their inverse frequency sees to them).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.text import normalise

K1 = 1.2
B = 0.75

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")


class BM25:
    """This scores a query, given as tokens, against every document.

    Source: Robertson & Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and Beyond"; idf is
    ln(1 + (N - df + .5) / (df + .5)), as in Lucene, so that no token counts against a document.
    """

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = K1, b: float = B) -> None:
        self.size = len(documents)
        lengths = np.array([len(tokens) for tokens in documents], dtype=np.float64)
        mean = float(lengths.mean()) if len(lengths) and lengths.any() else 1.0
        norms = k1 * (1 - b + b * lengths / mean)
        held: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for number, tokens in enumerate(documents):
            for token, times in Counter(tokens).items():
                held[token][0].append(number)
                held[token][1].append(times)
        self._impacts: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for token, (numbers, times_of) in held.items():
            at, counts = np.array(numbers), np.array(times_of, dtype=np.float64)
            idf = math.log1p((self.size - len(at) + 0.5) / (len(at) + 0.5))
            self._impacts[token] = at, idf * counts * (k1 + 1) / (counts + norms[at])

    def scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """This returns the score of every document, float64 (documents,), >= 0."""
        scores = np.zeros(self.size)
        for token, times in sorted(Counter(query).items()):
            if token in self._impacts:
                at, impacts = self._impacts[token]
                scores[at] += times * impacts
        return scores


def bigrams(text: str) -> list[str]:
    """This returns pairs of neighbouring Chinese characters; a lone one, a word or a number stays whole."""
    tokens: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if run.isascii() or len(run) == 1:
            tokens.append(run)
        else:
            tokens.extend(run[at : at + 2] for at in range(len(run) - 1))
    return tokens
