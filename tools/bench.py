#!/usr/bin/env python3
"""量一量：列表、详情、找专家、驾驶舱在一万与十万条需求时的耗时，两种数据库各一遍。

找专家与专家人数有关：--experts 200000 --sizes 10000 --only 找专家。请求走完整的中间件与模板（进程内，不含网络传输），每种页面量若干次，报告 p50、p95 与查询次数；
最后一列是需求多出十倍时 p50 变成几倍。数据是临时的，用完就删。
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import bench_figures
import postgres

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000)
WARM_UP = 3
PAGES_EXPERTS, FIGURES_EXPERTS = 2_000, 1_000_000


@dataclass(frozen=True)
class Timing:
    """一种页面的耗时，毫秒；queries 是单次请求的查询次数（各次中最多的）。"""

    page: str
    p50: float
    p95: float
    queries: int


def compose(needs: int, experts: int) -> tuple[object, random.Random]:
    """建库并写入数据；返回网络和骰子。"""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    import bench_data

    call_command("migrate", interactive=False, verbosity=0)
    dice = random.Random(20260601)  # noqa: S311 - 只是压测数据
    network = bench_data.compose_network(needs, dice, experts)
    bench_data.grow(needs, dice)
    bench_data.index()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return network, dice


def cases(network, dice: random.Random) -> Iterator[tuple[str, object, Callable[[], str]]]:
    """（页面名，谁在看，给出每次要请求的地址）。"""
    from urllib.parse import quote, urlencode

    from django.urls import reverse

    import bench_data
    from zhiqiao.needs.models import Need

    numbers = list(
        Need.objects.filter(organisation__grants__person=network.district_clerk).values_list("pk", flat=True)
    )
    numbers = numbers or list(Need.objects.values_list("pk", flat=True)[:500])

    def fixed(name: str, query: str = "") -> Callable[[], str]:
        return lambda: reverse(name) + query

    def one_need() -> str:
        return reverse("needs:detail", args=(dice.choice(numbers),))

    def finder(query: str = "") -> Callable[[], str]:
        return lambda: reverse("needs:finder", args=(dice.choice(numbers),)) + query

    def words() -> str:
        question = Need.objects.values_list("title", flat=True).get(pk=dice.choice(numbers))
        return reverse("needs:find") + "?" + urlencode({"q": question})

    clerks = (("省", network.province_clerk), ("区", network.district_clerk))
    for level, person in clerks:
        yield f"待办（{level}）", person, fixed("needs:inbox")
        yield f"需求列表（{level}）", person, fixed("needs:register")
        yield f"需求列表，按环节筛选（{level}）", person, fixed("needs:register", "?stage=matching")
        yield f"驾驶舱（{level}）", person, fixed("insights:dashboard")
        yield f"需求详情（{level}）", person, one_need
        yield f"找专家（按需求，{level}）", person, finder()
        yield f"找专家（带条件，{level}）", person, finder(bench_data.FINDER_FILTERS)
        yield f"找专家（为什么没有，{level}）", person, finder("?name=" + quote("专家0007"))
        yield f"找专家（一句话，{level}）", person, words


def measure(needs: int, experts: int, rounds: int, only: str) -> list[Timing]:
    network, dice = compose(needs, experts)
    from django.test import Client

    timings = []
    for page, person, address in cases(network, dice):
        if only not in page:
            continue
        client = Client(SERVER_NAME="localhost")
        client.force_login(person)
        timings.append(time_page(page, client, address, rounds))
    return timings


def time_page(page: str, client, address: Callable[[], str], rounds: int) -> Timing:
    """请求同一种页面若干次。:raises SystemExit: 页面没有正常打开。"""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spent, most = [], 0
    for number in range(WARM_UP + rounds):
        where = address()
        if number < WARM_UP:
            with CaptureQueriesContext(connection) as captured:
                response = client.get(where)
            most = max(most, len(captured))
        else:
            began = time.perf_counter()
            response = client.get(where)
            spent.append((time.perf_counter() - began) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{page}（{where}）没有正常打开：状态 {response.status_code}")
    return Timing(page, statistics.median(spent), statistics.quantiles(spent, n=20)[-1], most)


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """临时的数据目录与数据库；给出子进程要用的环境变量。"""
    with tempfile.TemporaryDirectory(prefix="zq-bench-") as home:
        (Path(home) / "static").mkdir()
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"ZHIQIAO_HOME": home, "DJANGO_SETTINGS_MODULE": "zhiqiao.site.settings"}
        if kind == "SQLite":
            yield environment
        else:
            with postgres.running() as cluster:
                yield environment | {"DATABASE_URL": cluster.url}


def run_one(kind: str, needs: int, options: argparse.Namespace) -> list[Timing]:
    """在自己的进程里量一种数据库、一种规模。"""
    print(f"· {kind}，{needs:,} 条需求：造数据并测量 …", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--measure", str(needs), "--rounds", str(options.rounds)]
    command += ["--experts", str(options.experts or PAGES_EXPERTS), "--only", options.only]
    with database(kind) as environment:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{kind}，{needs:,} 条需求没有量成。")
    return [Timing(**row) for row in json.loads(done.stdout)]


def show(kind: str, results: dict[int, list[Timing]]) -> None:
    """打印一种数据库的表。"""
    sizes = sorted(results)
    print(f"\n## {kind}（毫秒）\n")
    print("| 页面 | " + " | ".join(f"{size:,} 条 p50 | p95 | 查询" for size in sizes) + " | p50 增长 |")
    print("|---|" + "---:|" * (3 * len(sizes) + 1))
    for row in zip(*(results[size] for size in sizes), strict=True):
        cells = [f"{one.p50:.0f} | {one.p95:.0f} | {one.queries}" for one in row]
        print(f"| {row[0].page} | " + " | ".join(cells) + f" | {row[-1].p50 / row[0].p50:.1f} 倍 |")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="量一量主要页面的耗时")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="需求条数，用逗号分开")
    parser.add_argument("--database", choices=("both", "SQLite", "PostgreSQL"), default="both")
    parser.add_argument("--rounds", type=int, default=40, help="每种页面量几次")
    parser.add_argument("--experts", type=int, help="专家人数，默认 2,000（--figures 时一百万）")
    parser.add_argument("--only", default="", help="只量名字里有这几个字的页面，例如 找专家")
    parser.add_argument("--figures", action="store_true", help="不量页面，打印 docs/matching.md 的指标表")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        timings = measure(options.measure, options.experts, options.rounds, options.only)
        print(json.dumps([asdict(one) for one in timings]))
        return 0
    if options.figures:
        bench_figures.print_figures(options.experts or FIGURES_EXPERTS)
        return 0
    kinds = ("SQLite", "PostgreSQL") if options.database == "both" else (options.database,)
    for kind in kinds:
        sizes = [int(size) for size in options.sizes.split(",")]
        show(kind, {size: run_one(kind, size, options) for size in sizes})
    return 0


if __name__ == "__main__":
    sys.exit(main())
