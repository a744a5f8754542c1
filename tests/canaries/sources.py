"""Where canaries are searched: the database, Redis at rest and on its way, processes that speak HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import psycopg
import redis
from psycopg import sql

# Flower's pages and answers that need no name of a worker or task.
FLOWER_PAGES = (
    "/workers?refresh=1",
    "/workers?json=1",
    "/tasks",
    "/broker",
    "/api/workers?refresh=1",
    "/api/tasks",
    "/api/task/types",
    "/api/queues/length",
    "/metrics",
)


def database_text(url: str) -> str:
    """Return all rows of all tables; bytes are hexadecimal."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        rows = [
            row
            for (table,) in tables
            for row in connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
        ]
    return "\n".join(text for (text,) in rows)


def redis_text(url: str) -> str:
    """Return all keys and values."""
    with redis.Redis.from_url(url) as server:
        read: dict[bytes, Any] = {
            b"string": server.get,
            b"list": lambda key: server.lrange(key, 0, -1),
            b"set": server.smembers,
            b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
            b"hash": server.hgetall,
            b"stream": server.xrange,
        }
        # A key may end while it is read.
        return "\n".join(f"{key} {read.get(server.type(key), str)(key)}" for key in server.scan_iter())


@contextmanager
def commands_of_redis(url: str) -> Iterator[list[str]]:
    """Yield a list that fills with the commands that Redis gets, with what is published."""
    heard: list[str] = []
    client = redis.Redis.from_url(url)
    with client.monitor() as monitor:

        def listen() -> None:
            for command in monitor.listen():
                heard.append(command["command"])
                if "end-of-canaries" in command["command"]:
                    return

        thread = Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            client.echo("end-of-canaries")
            thread.join(5)
            client.close()


def flower_pages(url: str, account: tuple[str, str]) -> dict[str, str]:
    """Return the text of each page and answer of Flower, also of those of each worker and the last tasks."""
    with httpx.Client(base_url=url, auth=account, timeout=30, trust_env=False) as client:
        workers = client.get("/api/workers?refresh=1").raise_for_status().json()
        tasks = list(client.get("/api/tasks").raise_for_status().json())[:20]
        listed = {"draw": 1, "start": 0, "length": 100, "order[0][column]": 0, "columns[0][data]": "name"}
        pages = [*FLOWER_PAGES, *(f"/worker/{name}" for name in workers)]
        pages += [path for task in tasks for path in (f"/task/{task}", f"/api/task/info/{task}")]
        texts = {f"Flower {page}": client.get(page).raise_for_status().text for page in pages}
        return texts | {"Flower's list": client.post("/tasks/datatable", data=listed).raise_for_status().text}
