"""Counting what a transaction has written, by PostgreSQL's own counters: the truth about a handler, from outside it."""

from collections.abc import Iterable

from django.db import connection

# The bus's own bookkeeping is no effect of a handler. Events that it publishes are.
BOOKKEEPING = ("event_cursor", "event_failure", "event_delivery")

# The counters of this session may hold earlier transactions too, which are not yet reported: only differences within
# one transaction mean something. Rolled back savepoints count as well.
_WRITTEN = """
SELECT coalesce(sum(
    pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
    + pg_stat_get_xact_tuples_deleted(c.oid)), 0)::bigint, current_setting('track_counts')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND c.relname <> ALL(%s::text[]) AND n.nspname <> ALL(%s::text[])
"""


class NotCounted(RuntimeError):
    """PostgreSQL does not count what is written: set track_counts = on, without it nobody can say what a replay did."""


def rows_written(*, without_schemas: Iterable[str] = ()) -> int:
    """Return a counter of rows inserted, updated and deleted by this session; take the difference of two readings of
    one transaction. Raises NotCounted."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [list(BOOKKEEPING), list(without_schemas)])
        written, counting = cursor.fetchone()
    if counting != "on":
        raise NotCounted(NotCounted.__doc__)
    return int(written)
