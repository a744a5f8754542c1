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
        connection = schema_editor.connection
        if connection.settings_dict["USER"] == settings.APPLICATION_ROLE:
            return
        names = {"table": sql.Identifier(table), "role": sql.Identifier(settings.APPLICATION_ROLE)}
        statements = [sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(**names)]
        for right, columns in (("INSERT", insert), ("UPDATE", update)):
            if columns:
                listed = sql.SQL(", ").join(map(sql.Identifier, columns))
                statements.append(
                    sql.SQL("GRANT {right} ({columns}) ON {table} TO {role}").format(
                        right=sql.SQL(right), columns=listed, **names
                    )
                )
        if delete:
            statements.append(sql.SQL("GRANT DELETE ON {table} TO {role}").format(**names))
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return migrations.RunPython(restrict, migrations.RunPython.noop)
