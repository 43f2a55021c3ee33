"""What the engine is compared with: BM25 over words and over pairs of characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence


class BM25:
    """BM25 over tokens of any kind. Source: Robertson & Zaragoza (2009); k1 = 1.2, b = .75."""

    def __init__(self, documents: Mapping[str, Sequence[str]], k1: float = 1.2, b: float = 0.75) -> None:
        self.counts = {key: Counter(tokens) for key, tokens in documents.items()}
        mean = sum(map(len, documents.values())) / len(documents)
        self.norms = {key: k1 * (1 - b + b * len(tokens) / mean) for key, tokens in documents.items()}
        found = Counter(token for counts in self.counts.values() for token in counts)
        number = len(documents)
        self.idf = {token: math.log1p((number - df + 0.5) / (df + 0.5)) for token, df in found.items()}
        self.k1 = k1

    def score(self, query: Sequence[str], key: str) -> float:
        counts, norm = self.counts[key], self.norms[key]
        return sum(
            times * self.idf[token] * counts[token] * (self.k1 + 1) / (counts[token] + norm)
            for token, times in Counter(query).items()
            if token in counts
        )


class Words:
    """Cuts a text into the longest words of a vocabulary, from left to right."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.vocabulary = set(vocabulary)
        self.longest = max(map(len, self.vocabulary))

    def cut(self, text: str) -> list[str]:
        words, at = [], 0
        while at < len(text):
            sizes = range(min(self.longest, len(text) - at), 0, -1)
            size = next((size for size in sizes if text[at : at + size] in self.vocabulary), 0)
            if size:
                words.append(text[at : at + size])
            at += size or 1
        return words


def pairs(text: str) -> list[str]:
    """Return the pairs of neighbouring ideographs."""
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    return [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
