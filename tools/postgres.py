#!/usr/bin/env python3
"""私有的 PostgreSQL：为测试和压测临时建一个，用完就删，不碰机器上已有的数据库。

命令行用法：tools/postgres.py 命令 参数…
命令运行期间环境变量 DATABASE_URL 指向这个数据库；退出码就是命令的退出码。
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from zhiqiao.site.cli import cluster
from zhiqiao.site.cli.cluster import Cluster, NoCluster, find_bin, free_port

__all__ = ["Cluster", "NoCluster", "die_politely", "find_bin", "free_port", "running"]


def die_politely(*_: object) -> None:
    """收到终止信号时照常退出，让 finally 有机会收拾。"""
    sys.exit(143)


@contextmanager
def running() -> Iterator[Cluster]:
    """临时数据库，离开时停掉并删除。没有服务器程序或起不来时抛出 NoCluster。"""
    signal.signal(signal.SIGTERM, die_politely)
    signal.signal(signal.SIGHUP, die_politely)
    with cluster.running() as server:
        yield server


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    try:
        with running() as server:
            return subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": server.url}).returncode
    except NoCluster as reason:
        print(f"临时数据库没有起来：{reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
