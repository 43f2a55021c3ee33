"""What the engines are given: the experts in a file, the needs, and the changes; the same for all of them."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zhiqiao.site.cli.bench import synthetic
from zhiqiao.site.cli.bench.peers import Query, Row

CUTS = {"words": "词（按生成时的词表切分，相当于一部完美的词典）", "bigrams": "二字串"}
HEAVIEST = 32
NEARBY = Path("..", "shared", "data", "tech_needs")


class Change(NamedTuple):
    """This is one expert before and after, and a need that finds her only after."""

    old: Row
    new: Row
    text: str
    tokens: list[str]


@dataclass(frozen=True)
class Written:
    """These are the experts as written to a file, and how many of them hold each token of the needs."""

    path: Path
    size: int
    material: "Material"
    frequencies: Counter[str]

    def needs(self, number: int) -> Iterator[Query]:
        """Give this many needs, over and over if there are fewer."""
        texts = self.material.needs
        for at in range(number):
            text = texts[at % len(texts)]
            yield Query(text, self.heaviest(text))

    def heaviest(self, text: str) -> list[str]:
        """Return the tokens of a need that tell most: frequency × idf, at most 32, none unknown here."""
        times = Counter(token for token in self.material.tokens_of(text) if self.frequencies[token])
        weigh = {
            token: count * math.log(1 + self.size / self.frequencies[token]) for token, count in times.items()
        }
        return sorted(weigh, key=lambda token: (-weigh[token], token))[:HEAVIEST]

    def changes(self, number: int, size: int) -> Iterator[Change]:
        """Give texts that replace those of the first experts, each with a word nobody else has."""
        with self.path.open(encoding="utf-8") as lines:
            for key, line in zip(range(1, min(number, size) + 1), lines, strict=False):
                text, _, tokens = line.rstrip("\n").partition("\t")
                drawn = self.material.corpus.another(key)
                rare = chr(0x3400 + 2 * key) + chr(0x3401 + 2 * key)
                new = Row(key, f"{rare}。{drawn.text}", f"{rare} {self.material.cut_drawn(drawn)}")
                yield Change(Row(key, text, tokens), new, rare, [rare])


class Material:
    """This makes experts and needs; ``path`` names a file of real needs, None has them made up."""

    def __init__(self, path: Path | None, cut: str) -> None:
        self.cut = cut
        real = read_needs(path) if path else []
        self.corpus = synthetic.compose(real)
        self.needs: Sequence[str] = real or self.corpus.needs(300)
        self.source = "file" if real else "synthetic"

    @property
    def source_words(self) -> str:
        return f"{len(self.needs)} 条{'真实' if self.source == 'file' else '编造的'}需求"

    @property
    def cut_words(self) -> str:
        return CUTS[self.cut]

    def tokens_of(self, text: str) -> list[str]:
        """Cut a need as the texts of the experts are cut."""
        return self.corpus.cut(text) if self.cut == "words" else bigrams(text)

    def cut_drawn(self, drawn: synthetic.Drawn) -> str:
        """Return the tokens of a drawn text, joined by spaces."""
        return drawn.words if self.cut == "words" else " ".join(bigrams(drawn.text))

    def write(self, path: Path, size: int) -> Written:
        """Write the experts, one per line, and count the tokens of the needs in them."""
        asked = {token for need in self.needs for token in self.tokens_of(need)}
        frequencies: Counter[str] = Counter()
        with path.open("w", encoding="utf-8") as file:
            for chunk in self.corpus.texts(size):
                for drawn in chunk:
                    tokens = self.cut_drawn(drawn)
                    frequencies.update(asked.intersection(tokens.split(" ")))
                    file.write(f"{drawn.text}\t{tokens}\n")
        return Written(path, size, self, frequencies)


def bigrams(text: str) -> list[str]:
    """Return every pair of neighbouring ideographs."""
    pairs = (text[at : at + 2] for at in range(len(text) - 1))
    return [pair for pair in pairs if all("\u4e00" <= mark <= "\u9fff" for mark in pair)]


def read_needs(path: Path) -> list[str]:
    """Read needs from jsonl (title, content), the title first; empty lines are passed over."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [f"{row.get('title') or ''}。{row.get('content') or ''}" for row in rows]


def real_needs_nearby() -> Path | None:
    """Return the file of real needs beside the checkout, if there is one."""
    return min(NEARBY.glob("*.jsonl"), default=None)
