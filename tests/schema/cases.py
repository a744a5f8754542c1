"""How each constraint and each trigger is met: the tables of the apps put together, and what a line in them is.

Whoever adds a constraint, a unique index or a trigger, adds a line to the file of the app; test_constraints.py and
test_triggers.py name what is missing.
"""

from collections.abc import Mapping

from django.db import connections


class Case:
    """A copy of a row that breaks one constraint and no other; each of `changes` is one way to do so.

    Changes are SQL by column, over the row's own columns. `of` says in SQL which row is copied; `without` names
    constraints that would be broken too, because they ask for more.
    """

    def __init__(
        self, table: str, *changes: Mapping[str, str], of: str = "true", without: tuple[str, ...] = ()
    ) -> None:
        self.table, self.changes, self.of, self.without = table, changes, of, without


class Wall:
    """A trigger that refuses: each of the statements ends with an error that says so."""

    def __init__(self, table: str, says: str, *statements: str) -> None:
        self.table, self.says, self.statements = table, says, statements


class Effect:
    """A trigger that does something: after the statement the question is answered with true, without the trigger not."""

    def __init__(self, table: str, statement: str, asked: str) -> None:
        self.table, self.statement, self.asked = table, statement, asked


def append_only(table: str, *operations: str, column: str = "id") -> Wall:
    """Return the wall of a table whose rows stay as they are."""
    statements = {
        "UPDATE": f"UPDATE {table} SET {column} = {column}",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }
    return Wall(table, rf"^{table} is append-only", *(statements[operation] for operation in operations))


def audited(table: str, statement: str) -> Effect:
    """Return the effect of a trigger that records what is done past the services."""
    return Effect(
        table,
        statement,
        f"SELECT EXISTS (SELECT FROM audit_record WHERE act LIKE '%% {table}'"
        " AND at >= transaction_timestamp() + (diana_now() - statement_timestamp()))",
    )


def add(table: str, **values: object) -> int:
    """Add a row as the owner and return what its first column is; for rows that no single act makes."""
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING *", list(values.values()))
        return cursor.fetchone()[0]
