"""Steps of migrations that build an index while others write; a step that was interrupted can be run again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Index


def build_index(model: str, index: Index) -> list[Operation]:
    """Return the steps for an index of the model's Meta; the migration is not atomic."""
    return [_drop_remains(index.name), AddIndexConcurrently(model, index)]


def build_index_on(name: str, table: str, definition: str) -> list[Operation]:
    """Return the steps for an index that Meta cannot tell of, as in `USING gin (diana_trigrams(folded_names))`."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return [_drop_remains(name), RunSQL(f"CREATE INDEX CONCURRENTLY {name} ON {table} {definition}", drop)]


def _drop_remains(name: str) -> RunSQL:
    """A build that ended with an error leaves an index of that name which PostgreSQL maintains and never uses."""
    return RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", RunSQL.noop)
