"""Fills what people are found by, a thousand of them at a time, each in a transaction of its own; may be run again."""

from typing import Any

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.transaction import atomic

from apps.users.folding import fold_names

BATCH = 1000
_READ = """
SELECT id, first_name, last_name, username FROM users_person
WHERE id > %s AND folded_names = '' AND (first_name, last_name, username) <> ('', '', '')
ORDER BY id LIMIT %s FOR NO KEY UPDATE
"""
_WRITE = """
UPDATE users_person p SET folded_names = a.folded FROM unnest(%s::bigint[], %s::text[]) AS a (id, folded) WHERE p.id = a.id
"""


def fold_all(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fold the names of all people who have some."""
    last: int | None = 0
    while last is not None:
        with atomic(using=schema_editor.connection.alias):
            last = _fold_some(schema_editor, last)


def _fold_some(schema_editor: BaseDatabaseSchemaEditor, after: int) -> int | None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_READ, [after, BATCH])
        if not (found := cursor.fetchall()):
            return None
        ids = [row[0] for row in found]
        cursor.execute(_WRITE, [ids, [fold_names(*row[1:]) for row in found]])
        return max(ids)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0042_folded_names")]
    operations = [
        migrations.RunPython(fold_all, migrations.RunPython.noop),
        ValidateConstraint(model_name="person", name="users_person_erased_not_found"),
    ]
