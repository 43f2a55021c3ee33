"""A seat at the bench: each engine answers in a process of its own, so that its memory is its own.

The bench and the seat exchange one JSON object per line. Times are taken inside, around the call alone.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zhiqiao.site.cli.bench.peers import Engine, Missing, Query, Row

ENGINES = {
    "zhiqiao-sqlite": "own:Own",
    "zhiqiao-postgres": "own:Own",
    "sqlite-fts5": "peers:Fts5",
    "postgres-fts": "peers:PostgresText",
    "tantivy": "peers:Tantivy",
}


class Seat:
    """This is the bench's end: starts the process of one engine and asks it things.

    :raises Missing: from `ask`, if the engine cannot run here or has fallen over.
    """

    def __init__(self, name: str, folder: Path, url: str, environment: dict[str, str]) -> None:
        self.name = name
        start = "from zhiqiao.site.cli.bench.seat import main; main()"
        command = [sys.executable, "-c", start, name, str(folder), url]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **about: Any) -> dict[str, Any]:
        """Have the engine do one thing and return what it says of it."""
        if self.process.stdin is None or self.process.stdout is None:
            raise Missing("进程没有管道")
        try:
            self.process.stdin.write(json.dumps({"do": do, **about}, ensure_ascii=False) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Missing("进程意外退出，原因见上面的输出") from None
        line = self.process.stdout.readline()
        if not line:
            raise Missing("进程意外退出，原因见上面的输出")
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise Missing(answer["missing"])
        return answer

    def leave(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def rows_of(path: Path, limit: int) -> Iterator[Row]:
    """Read the experts the bench has written: text and tokens, one expert per line, keys from 1."""
    with path.open(encoding="utf-8") as lines:
        for key, line in enumerate(lines, start=1):
            if key > limit:
                return
            text, _, tokens = line.rstrip("\n").partition("\t")
            yield Row(key, text, tokens)


def serve(engine: Engine, lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Do what the lines ask for, one answer each."""
    for line in lines:
        asked = json.loads(line)
        match asked.pop("do"):
            case "build":
                yield _build(engine, **asked)
            case "open":
                engine.open()
                yield {"size": engine.size()}
            case "search":
                yield _search(engine, **asked)
            case "update":
                yield _update(engine, **asked)
            case "memory":
                yield {"own": _memory(), "server": engine.server_memory()}


def _build(engine: Engine, path: str, limit: int) -> dict[str, Any]:
    engine.prepare(limit)
    began = time.perf_counter()
    engine.build(rows_of(Path(path), limit))
    return {"seconds": time.perf_counter() - began}


def _search(engine: Engine, text: str, tokens: list[str], top: int) -> dict[str, Any]:
    query = Query(text, tokens)
    began = time.perf_counter()
    answer = engine.search(query, top)
    spent = time.perf_counter() - began
    return {"ms": 1000 * spent, "keys": [key for key, _ in answer], "scores": [score for _, score in answer]}


def _update(engine: Engine, old: list[Any], new: list[Any], text: str, tokens: list[str]) -> dict[str, Any]:
    seconds, seen = engine.update(Row(*old), Row(*new), Query(text, tokens))
    return {"ms": 1000 * seconds, "seen": seen}


def _memory() -> int:
    """Return the highest resident memory this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Run one engine: name, folder, address of its database."""
    name, folder, url = sys.argv[1:4]
    module, _, title = ENGINES[name].partition(":")
    try:
        engine = getattr(importlib.import_module(f"zhiqiao.site.cli.bench.{module}"), title)(
            Path(folder), url
        )
        for answer in serve(engine, sys.stdin):
            print(json.dumps(answer), flush=True)
    except Missing as missing:
        print(json.dumps({"missing": str(missing)}), flush=True)
