"""What migrations take back from the application's role: an append-only table can be read and added to, nothing else."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql


def restrict_application(
    table: str, *, insert: Sequence[str] = (), update: Sequence[str] = (), delete: bool = False
) -> migrations.RunPython:
    """Return a migration step: on this table the application may SELECT, and write the named columns, nothing else.

    Does nothing where owner and application are the same role (a warning of `manage.py check` says so).
    """

    def restrict(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        names = {"table": sql.Identifier(table), "role": sql.Identifier(settings.APPLICATION_ROLE)}
        statements = [sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(**names)]
        statements += _grants(table, insert, update)
        if delete:
            statements.append(sql.SQL("GRANT DELETE ON {table} TO {role}").format(**names))
        _execute(schema_editor, statements)

    return migrations.RunPython(restrict, migrations.RunPython.noop)


def allow_application(table: str, *, insert: Sequence[str] = (), update: Sequence[str] = ()) -> migrations.RunPython:
    """Return a migration step: the application may write these columns too, which an earlier step did not know."""

    def allow(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        _execute(schema_editor, _grants(table, insert, update))

    return migrations.RunPython(allow, migrations.RunPython.noop)


def _grants(table: str, insert: Sequence[str], update: Sequence[str]) -> list[sql.Composed]:
    return [
        sql.SQL("GRANT {right} ({columns}) ON {table} TO {role}").format(
            right=sql.SQL(right),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(table),
            role=sql.Identifier(settings.APPLICATION_ROLE),
        )
        for right, columns in (("INSERT", insert), ("UPDATE", update))
        if columns
    ]


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: Sequence[sql.Composed]) -> None:
    """Run the statements, unless owner and application are the same role, which may all."""
    if schema_editor.connection.settings_dict["USER"] == settings.APPLICATION_ROLE:
        return
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
