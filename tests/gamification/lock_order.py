"""Watches in which order transactions lock accounts: ascending, over a whole transaction, or two of them can deadlock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

LOCKS = "FOR NO KEY UPDATE"
TABLE = "gamification_progress"


class Watch:
    """The accounts that each transaction locked, in the order in which PostgreSQL did it."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self.locked: dict[int, list[int]] = {}

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run the statement; note the rows that it locked, which it returns as it locks them."""
        result = execute(sql, params, many, context)
        if LOCKS in str(sql) and TABLE in str(sql):
            cursor = context["cursor"].cursor
            rows = cursor.fetchall()
            if rows:
                cursor.scroll(0, mode="absolute")
            raw = context["connection"].connection
            (transaction,) = raw.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
            with self._writing:
                order = self.locked.setdefault(transaction, [])
                order += [row[0] for row in rows if row[0] not in order]
        return result

    def out_of_order(self) -> list[list[int]]:
        """Return the transactions, as the accounts that they locked, that did not go upwards."""
        return [order for order in self.locked.values() if order != sorted(order)]


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch all connections of this process, also those that are opened meanwhile."""
    watch = Watch()

    def begin(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(watch)

    connection_created.connect(begin)
    present = connections["default"]
    present.execute_wrappers.append(watch)
    try:
        yield watch
    finally:
        connection_created.disconnect(begin)
        present.execute_wrappers.remove(watch)
