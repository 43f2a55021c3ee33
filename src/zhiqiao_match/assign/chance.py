"""Random numbers that anybody can work out again: SHA-256 of a seed and a counter."""

from __future__ import annotations

import hashlib


class Chance:
    """This is a stream of numbers fixed by its seed, the same in every version of every library."""

    def __init__(self, seed: str) -> None:
        self.seed, self.count = seed, 0

    def number(self) -> float:
        """Return the next number, 0 <= number < 1, from the first 52 bits of the next hash."""
        digest = hashlib.sha256(f"{self.seed}:{self.count}".encode()).digest()
        self.count += 1
        return (int.from_bytes(digest[:7], "big") >> 4) / (1 << 52)
