"""The benches of the matching engine: ``zhiqiao bench …``, on our data or on anybody's own.

One file per bench; every peer takes its turn in the same run, interleaved, with the noise of the machine shown
(`report`). Exit codes are those of the command line: 0 done, 2 wrong usage, 3 refused.
"""

import typer

from zhiqiao.site.cli.bench.assign import bench_assign
from zhiqiao.site.cli.bench.finder import bench_finder
from zhiqiao.site.cli.bench.ranking import bench_ranking
from zhiqiao.site.cli.bench.retrieval import bench_retrieval

app = typer.Typer(help="量一量匹配引擎：排序、检索、找专家的速度、指派，都和同类比。", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """量一量匹配引擎：排序、检索、找专家的速度、指派，都和同类比。"""


app.command("assign")(bench_assign)
app.command("finder")(bench_finder)
app.command("ranking")(bench_ranking)
app.command("retrieval")(bench_retrieval)
