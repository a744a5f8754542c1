"""Gives the application's role what it may have of every table to come; must run before any other migration.

Append-only tables take UPDATE and DELETE back in their own migrations.
"""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

STATEMENTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)


def grant(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Run the statements as the owner, for what the owner will create."""
    with schema_editor.connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(settings.APPLICATION_ROLE)))


class Migration(migrations.Migration):
    initial = True
    run_before = [
        ("contenttypes", "0001_initial"),
        ("sessions", "0001_initial"),
    ]
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
