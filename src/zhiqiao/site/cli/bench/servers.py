"""A PostgreSQL server for a bench: the one DATABASE_URL names, else one of our own; synced commits in both."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlparse

from zhiqiao.site.cli import cluster


@dataclass(frozen=True)
class Server:
    """This is a running server; every engine gets a database of its own on it, dropped afterwards."""

    url: str
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Create a database and give its address."""
        import psycopg
        from psycopg import sql

        name = f"zq_bench_{secrets.token_hex(6)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlparse(self.url)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Give a server. :raises NoCluster: there is none, or it does not let us create databases."""
    given = os.environ.get("DATABASE_URL", "")
    if urlparse(given).scheme in ("postgres", "postgresql"):
        yield Server(given, _checked(given))
        return
    with cluster.running(durable=True) as own:
        yield Server(own.url)


def _checked(url: str) -> list[str]:
    """Look whether databases may be created there and commits are synced; returns what the reader must know."""
    import psycopg

    try:
        with psycopg.connect(url, autocommit=True) as connection:
            may = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            if not (may.fetchone() or (False,))[0]:
                raise cluster.NoCluster("DATABASE_URL 的用户不能建数据库（需要 CREATEDB）")
            shown = [
                connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")
            ]
    except psycopg.Error as error:
        raise cluster.NoCluster(f"DATABASE_URL 连不上：{error}") from None
    if shown == [("on",), ("on",)]:
        return []
    return [
        "注意：这个 PostgreSQL 提交时不落盘（fsync 或 synchronous_commit 关着），它的更新时间不能与别的比。"
    ]
