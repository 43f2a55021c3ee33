"""The peers of the finder: SQLite FTS5, PostgreSQL full text, tantivy; each in its best honest form.

All of them get the same tokens and really rank: FTS5 with all details and bm25, PostgreSQL with ts_rank over a
GIN index, tantivy with BM25 on frequencies (no positions, which it would not need). Each commit is synced.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """This is one expert: her number, her text, and the text cut into tokens joined by spaces."""

    key: int
    text: str
    tokens: str


class Query(NamedTuple):
    """This is one need: the text as written, and its heaviest tokens for engines that want tokens."""

    text: str
    tokens: Sequence[str]


Answer = list[tuple[int, float]]


class Engine(Protocol):
    """This is what is measured. It is built by one process and opened by another, which then answers."""

    def prepare(self, number: int) -> None:
        """Do what is not part of the index but must be there before this many experts are indexed; not timed."""

    def build(self, rows: Iterable[Row]) -> None:
        """Index these experts, so that the next process can `open` the result."""

    def open(self) -> None:
        """Get ready to answer."""

    def search(self, query: Query, top: int) -> Answer:
        """Return the best (key, score), best first."""

    def update(self, old: Row, new: Row, probe: Query) -> tuple[float, bool]:
        """Change one expert and commit. Returns seconds, and whether `probe` then found her."""

    def size(self) -> int:
        """Return the bytes the index takes on disk."""

    def server_memory(self) -> int:
        """Return the bytes a server process of its own takes for this client, 0 if there is none."""


class Missing(Exception):
    """This peer cannot run here; the message says why, in Chinese."""


def files_in(folder: Path) -> int:
    """Return the size of all files in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Peer:
    """What most peers have nothing to do for."""

    def prepare(self, number: int) -> None:
        """Nothing is needed before the build."""

    def open(self) -> None:
        """Opened when made."""

    def server_memory(self) -> int:
        """Everything is in this process."""
        return 0


class Fts5(Peer):
    """SQLite FTS5, detail=full, without a copy of the text; ranked by its bm25."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.database = sqlite3.connect(folder / "fts5.sqlite3", isolation_level=None)
        self.database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;"
            "PRAGMA mmap_size=268435456;"
        )

    def build(self, rows: Iterable[Row]) -> None:
        run = self.database.execute
        run("CREATE VIRTUAL TABLE experts USING fts5(tokens, content='', detail=full, tokenize='ascii')")
        run("BEGIN")
        self.database.executemany(
            "INSERT INTO experts (rowid, tokens) VALUES (?, ?)", ((row.key, row.tokens) for row in rows)
        )
        run("COMMIT")
        run("INSERT INTO experts (experts) VALUES ('optimize')")
        run("PRAGMA wal_checkpoint(TRUNCATE)")

    def search(self, query: Query, top: int) -> Answer:
        words = " OR ".join(f'"{token}"' for token in query.tokens)
        found = self.database.execute(
            "SELECT rowid, rank FROM experts WHERE experts MATCH ? ORDER BY rank LIMIT ?", (words, top)
        )
        return [(key, -rank) for key, rank in found]

    def update(self, old: Row, new: Row, probe: Query) -> tuple[float, bool]:
        run = self.database.execute
        began = time.perf_counter()
        run("BEGIN IMMEDIATE")
        run("INSERT INTO experts (experts, rowid, tokens) VALUES ('delete', ?, ?)", (old.key, old.tokens))
        run("INSERT INTO experts (rowid, tokens) VALUES (?, ?)", (new.key, new.tokens))
        spent = time.perf_counter() - began
        seen = any(key == new.key for key, _ in self.search(probe, 50))
        began = time.perf_counter()
        run("COMMIT")
        return spent + time.perf_counter() - began, seen

    def size(self) -> int:
        return files_in(self.folder)


class PostgresText(Peer):
    """PostgreSQL full text: a tsvector column under a GIN index, ranked by ts_rank."""

    def __init__(self, folder: Path, url: str = "") -> None:
        import psycopg

        self.connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)

    def build(self, rows: Iterable[Row]) -> None:
        run = self.connection.execute
        run("CREATE UNLOGGED TABLE loaded (id bigint, tokens text)")
        with self.connection.cursor() as cursor, cursor.copy("COPY loaded FROM STDIN") as copy:
            for row in rows:
                copy.write_row((row.key, row.tokens))
        run("SET maintenance_work_mem = '256MB'")
        run("CREATE TABLE experts AS SELECT id, to_tsvector('simple', tokens) AS words FROM loaded")
        run("DROP TABLE loaded")
        run("ALTER TABLE experts ADD PRIMARY KEY (id)")
        run("CREATE INDEX experts_words ON experts USING gin (words)")
        run("VACUUM ANALYZE experts")

    def search(self, query: Query, top: int) -> Answer:
        words = " | ".join(f"'{token}'" for token in query.tokens)
        found = self.connection.execute(
            "SELECT id, ts_rank(words, query) AS score FROM experts, to_tsquery('simple', %s) AS query"
            " WHERE words @@ query ORDER BY score DESC, id LIMIT %s",
            (words, top),
        )
        return [(key, score) for key, score in found]

    def update(self, old: Row, new: Row, probe: Query) -> tuple[float, bool]:
        run = self.connection.execute
        began = time.perf_counter()
        run("BEGIN")
        run("UPDATE experts SET words = to_tsvector('simple', %s) WHERE id = %s", (new.tokens, new.key))
        spent = time.perf_counter() - began
        seen = any(key == new.key for key, _ in self.search(probe, 50))
        began = time.perf_counter()
        run("COMMIT")
        return spent + time.perf_counter() - began, seen

    def size(self) -> int:
        (size,) = self.connection.execute("SELECT pg_total_relation_size('experts')").fetchone() or (0,)
        return int(size)

    def server_memory(self) -> int:
        return backend_memory(self.connection.info.backend_pid)


def backend_memory(pid: int) -> int:
    """Return the private memory of a server process on this machine in bytes, 0 if it cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


class Tantivy(Peer):
    """tantivy: an index on disk, frequencies without positions, BM25."""

    def __init__(self, folder: Path, url: str = "") -> None:
        try:
            import tantivy
        except ImportError:
            raise Missing("没有安装 tantivy（开发依赖）") from None
        self.tantivy, self.folder = tantivy, folder
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("key", stored=False, indexed=True, fast=True)
        schema.add_text_field("tokens", stored=False, tokenizer_name="whitespace", index_option="freq")
        self.schema = schema.build()
        self.index = tantivy.Index(self.schema, path=str(folder))
        self.writer: Any = None

    def _add(self, writer: Any, row: Row) -> None:
        document = self.tantivy.Document()
        document.add_integer("key", row.key)
        document.add_text("tokens", row.tokens)
        writer.add_document(document)

    def build(self, rows: Iterable[Row]) -> None:
        writer = self.index.writer(heap_size=256_000_000, num_threads=2)
        for row in rows:
            self._add(writer, row)
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        self.index.reload()
        self.searcher = self.index.searcher()

    def search(self, query: Query, top: int) -> Answer:
        one, should = self.tantivy.Query, self.tantivy.Occur.Should
        words = [(should, one.term_query(self.schema, "tokens", token)) for token in query.tokens]
        hits = self.searcher.search(one.boolean_query(words), top, count=False).hits
        keys: Any = self.searcher.fast_field_values("key", [address for _, address in hits])
        return [(key, score) for key, (score, _) in zip(keys, hits, strict=True)]

    def update(self, old: Row, new: Row, probe: Query) -> tuple[float, bool]:
        if self.writer is None:
            self.writer = self.index.writer(heap_size=64_000_000, num_threads=1)
        began = time.perf_counter()
        self.writer.delete_documents("key", old.key)
        self._add(self.writer, new)
        self.writer.commit()
        self.open()
        spent = time.perf_counter() - began
        return spent, any(key == new.key for key, _ in self.search(probe, 50))

    def size(self) -> int:
        return files_in(self.folder)
