"""``zhiqiao bench finder``: how fast experts are found among N, beside SQLite FTS5, PostgreSQL and tantivy.

Every engine gets the same texts and the same needs, each in a process of its own (so that memory can be told
apart), asked in turn: need 1 to all, need 2 to all, a different one first each time. Slow engines answer as
many needs as their time allows; a ratio is taken over the needs both have answered.
"""

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from zhiqiao.site.cli.bench import texts
from zhiqiao.site.cli.bench.peers import Missing
from zhiqiao.site.cli.bench.report import (
    WRONG_USAGE,
    Json,
    Noise,
    Report,
    markdown,
    need_file,
    percentile,
    say,
    stop,
    tell,
)
from zhiqiao.site.cli.bench.seat import Seat
from zhiqiao.site.cli.bench.servers import postgres_server
from zhiqiao.site.cli.cluster import NoCluster

PEERS = ("sqlite-fts5", "postgres-fts", "tantivy")
OWN = ("zhiqiao-sqlite", "zhiqiao-postgres")
TITLES = {
    "zhiqiao-sqlite": "智桥（SQLite）",
    "zhiqiao-postgres": "智桥（PostgreSQL）",
    "sqlite-fts5": "SQLite FTS5",
    "postgres-fts": "PostgreSQL ts_rank + GIN",
    "tantivy": "tantivy",
}
REFERENCE = OWN[0]
TOP = 50
WARM_UP = 5
SMALL = 10_000
MEGABYTE = 1024**2
FEWEST_ANSWERS = 5


@dataclass
class Measured:
    """This is what was measured of one engine at one size. Times in ms by number of the need; sizes in bytes."""

    build_seconds: float
    disk: int = 0
    spent: dict[int, float] = field(default_factory=dict)
    keys: dict[int, list[int]] = field(default_factory=dict)
    ranks: bool = False
    updates: list[float] = field(default_factory=list)
    seen: bool = True
    memory: int = 0
    server_memory: int = 0

    @property
    def p50(self) -> float:
        return percentile(list(self.spent.values()), 50)

    @property
    def p95(self) -> float:
        return percentile(list(self.spent.values()), 95)


@dataclass(frozen=True)
class Plan:
    """This is how much is asked: needs and updates per engine, and seconds an engine may take for its needs."""

    needs: int = 100
    updates: int = 20
    seconds_each: float = 90.0


def bench_finder(
    experts: Annotated[int, typer.Option(help="多少位专家")] = 100_000,
    peers: Annotated[str, typer.Option(help="和谁比，用逗号分开")] = ",".join(PEERS),
    queries: Annotated[Path | None, typer.Option(help="需求文件，jsonl：title、content")] = None,
    tokens: Annotated[str, typer.Option(help="同类用的词：words（词）或 bigrams（二字串）")] = "words",
    needs: Annotated[int, typer.Option(help="问多少条需求")] = 100,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="用 Markdown 表格输出")] = False,
    as_json: Json = False,
) -> None:
    """找专家有多快：同样的专家和需求，和 SQLite FTS5、PostgreSQL 全文检索、tantivy 轮流比。"""
    chosen = [name for name in peers.split(",") if name]
    if unknown := sorted(set(chosen) - set(PEERS)):
        raise stop(f"没有这个同类：{'、'.join(unknown)}。可选：{'、'.join(PEERS)}。", WRONG_USAGE)
    if tokens not in texts.CUTS or experts < 1 or needs < 1:
        raise stop("专家数和需求数至少为 1，--tokens 只能是 words 或 bigrams。", WRONG_USAGE)
    path = need_file(queries) if queries else texts.real_needs_nearby()
    with tempfile.TemporaryDirectory(prefix="zq-finder-") as folder:
        bench = Bench(Path(folder), texts.Material(path, tokens), Plan(needs=needs))
        report = bench.run(experts, [*OWN, *chosen])
    if as_markdown:
        typer.echo(markdown(report))
    else:
        tell(report, as_json=as_json)


class Bench:
    """This runs the whole: for each size the engines are built one by one, then asked in turn."""

    def __init__(self, folder: Path, material: texts.Material, plan: Plan) -> None:
        self.folder, self.material, self.plan = folder, material, plan
        self.noise = Noise()
        self.left_out: dict[str, str] = {}
        self.notes: list[str] = []

    def run(self, experts: int, names: Sequence[str]) -> Report:
        """Measure at this size, and where it is larger than 10,000 also there: for the growth."""
        with ExitStack() as stack:
            server = None
            if any("postgres" in name for name in names):
                try:
                    server = stack.enter_context(postgres_server())
                    self.notes += server.notes
                except NoCluster as reason:
                    for name in (name for name in names if "postgres" in name):
                        self.left_out[name] = str(reason).splitlines()[0]
            small = self._at(SMALL, names, server) if experts > SMALL else {}
            return self._report(experts, self._at(experts, names, server), small)

    def _at(self, size: int, names: Sequence[str], server: Any) -> dict[str, Measured]:
        say(f"{size:,} 位专家：写出材料")
        folder = self.folder / str(size)
        folder.mkdir()
        corpus = self.material.write(folder / "experts.tsv", size)
        measured: dict[str, Measured] = {}
        with ExitStack() as stack:
            seats: dict[str, Seat] = {}
            for name in names:
                if name in self.left_out:
                    continue
                try:
                    seats[name], measured[name] = self._built(name, size, folder, corpus, server, stack)
                except Missing as reason:
                    self.left_out[name] = str(reason)
            say(f"{size:,} 位专家：轮流提问")
            self._ask_in_turn(seats, measured, corpus)
            self._update_in_turn(seats, measured, corpus, size)
            for name, seat in seats.items():
                memory = seat.ask("memory")
                measured[name].memory, measured[name].server_memory = memory["own"], memory["server"]
        return measured

    def _built(
        self, name: str, size: int, folder: Path, corpus: texts.Written, server: Any, stack: ExitStack
    ) -> tuple[Seat, Measured]:
        """Build in one process, open in another: what answers does not carry the memory of the build."""
        say(f"{size:,} 位专家：{TITLES[name]} 建索引")
        home = folder / name
        home.mkdir()
        url = stack.enter_context(server.database()) if "postgres" in name else ""
        environment = {"ZHIQIAO_HOME": str(home), "DATABASE_URL": url}
        with seated(name, home, url, environment) as builder:
            seconds = builder.ask("build", path=str(corpus.path), limit=size)["seconds"]
        seat = stack.enter_context(seated(name, home, url, environment))
        return seat, Measured(seconds, disk=seat.ask("open")["size"])

    def _ask_in_turn(
        self, seats: dict[str, Seat], measured: dict[str, Measured], corpus: texts.Written
    ) -> None:
        order = list(seats)
        for number, need in enumerate(corpus.needs(WARM_UP + self.plan.needs), start=-WARM_UP):
            for name in order:
                seen = measured[name]
                if sum(seen.spent.values()) > 1000 * self.plan.seconds_each:
                    continue
                answer = seats[name].ask("search", text=need.text, tokens=need.tokens, top=TOP)
                if number >= 0:
                    seen.spent[number] = answer["ms"]
                    seen.keys[number] = answer["keys"]
                    seen.ranks |= len(set(answer["scores"])) > 1 or len(answer["keys"]) < 2
            self.noise()
            order.append(order.pop(0))

    def _update_in_turn(
        self, seats: dict[str, Seat], measured: dict[str, Measured], corpus: texts.Written, size: int
    ) -> None:
        for number, change in enumerate(corpus.changes(self.plan.updates, size)):
            for name, seat in seats.items():
                answer = seat.ask(
                    "update", old=change.old, new=change.new, text=change.text, tokens=change.tokens
                )
                measured[name].seen &= answer["seen"]
                if number:  # the first one opens what a writer needs
                    measured[name].updates.append(answer["ms"])
            self.noise()

    def _report(self, experts: int, found: dict[str, Measured], small: dict[str, Measured]) -> Report:
        engines = {
            name: _engine(seen, small.get(name), experts) for name, seen in found.items() if seen.ranks
        }
        for name in found.keys() - engines.keys():
            self.left_out[name] = "答案的得分全部相同，没有排序，不计入"
        own = found.get(REFERENCE)
        ratios = {name: _ratio(found[name], own) for name in engines if name not in OWN and own is not None}
        data = {
            "experts": experts,
            "top": TOP,
            "queries": self.material.source,
            "tokens": self.material.cut,
            "p50_ms": {name: engine["p50_ms"] for name, engine in engines.items()},
            "p95_ms": {name: engine["p95_ms"] for name, engine in engines.items()},
            "ratio_p50": ratios,
            "engines": engines,
            "same_answers": _same_answers(found),
            "left_out": self.left_out,
            "noise": self.noise.as_dict(),
        }
        rows = [_row(name, engine, ratios.get(name)) for name, engine in engines.items()]
        title = f"找专家的速度：{experts:,} 位专家，取前 {TOP} 位"
        return Report(title, COLUMNS, rows, data, [*self._notes(experts), self.noise.sentence])

    def _notes(self, experts: int) -> Iterator[str]:
        yield f"需求：{self.material.source_words}；同类用的词：{self.material.cut_words}。"
        yield "“慢几倍”是同类的 p50 除以智桥（SQLite）的 p50，只算两者都答过的需求；小于 1 就是比智桥快。"
        if experts > SMALL:
            yield f"“增长”是从 {SMALL:,} 位到 {experts:,} 位 p50 的幂次（双对数），1 表示随人数成正比。"
        yield "更新：改一位专家直到提交并能查到。内存是答题进程的峰值，数据库服务器的另算。"
        if not self.notes:
            yield "提交都落盘：SQLite synchronous=FULL，PostgreSQL fsync 与 synchronous_commit 开着。"
        yield from self.notes
        for name, reason in self.left_out.items():
            yield f"略过 {TITLES[name]}：{reason}。"


COLUMNS = (
    "引擎",
    "建索引（秒）",
    "占盘（MB）",
    "内存（MB）",
    "p50（毫秒）",
    "p95",
    "更新 p50",
    "增长",
    "慢几倍",
    "答题数",
)


@contextmanager
def seated(name: str, folder: Path, url: str, environment: dict[str, str]) -> Iterator[Seat]:
    """Give a running engine and end it on leaving."""
    seat = Seat(name, folder, url, environment)
    try:
        yield seat
    finally:
        seat.leave()


def _engine(seen: Measured, small: Measured | None, experts: int) -> dict[str, Any]:
    growth = None
    if small is not None:
        growth = round(math.log(seen.p50 / small.p50) / math.log(experts / SMALL), 3)
    return {
        "build_s": round(seen.build_seconds, 2),
        "disk_mb": round(seen.disk / MEGABYTE, 1),
        "rss_mb": round(seen.memory / MEGABYTE, 1),
        "server_mb": round(seen.server_memory / MEGABYTE, 1),
        "p50_ms": round(seen.p50, 3),
        "p95_ms": round(seen.p95, 3),
        "update_p50_ms": round(percentile(seen.updates, 50), 3) if seen.updates else None,
        "seen_at_once": seen.seen,
        "growth": growth,
        "p50_ms_10k": None if small is None else round(small.p50, 3),
        "answered": len(seen.spent),
    }


def _ratio(peer: Measured, own: Measured) -> float | None:
    """Return how many times slower a peer is, over the needs both have answered."""
    both = sorted(peer.spent.keys() & own.spent.keys())
    if not both:
        return None
    theirs, ours = ([seen.spent[n] for n in both] for seen in (peer, own))
    return round(percentile(theirs, 50) / percentile(ours, 50), 3)


def _same_answers(results: dict[str, Measured]) -> bool | None:
    """Say whether our two databases gave the same people in the same order to every need."""
    if not set(OWN) <= results.keys():
        return None
    one, other = (results[name].keys for name in OWN)
    return all(one[number] == other[number] for number in one.keys() & other.keys())


def _row(name: str, engine: dict[str, Any], ratio: float | None) -> tuple[str | float | None, ...]:
    shown = ("build_s", "disk_mb", "rss_mb", "p50_ms", "p95_ms", "update_p50_ms", "growth")
    return (TITLES[name], *(engine[key] for key in shown), ratio, engine["answered"])
