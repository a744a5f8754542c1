"""Leaves each username to one person: names never changed before, and the same one stayed with all who ever came with it.

Who registered last has it; the names that people have now come with their next updates. A thousand people at a time, each in a
transaction of its own; may be run again.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.transaction import atomic

from apps.users.folding import fold_names

BATCH = 1000
_FORMER = """
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY lower(username) ORDER BY registered_at DESC NULLS LAST, id DESC) AS place
    FROM users_person WHERE username > ''
) AS named WHERE place > 1 ORDER BY id
"""
_LOCK = "SELECT id, first_name, last_name FROM users_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_WRITE = """
UPDATE users_person p SET username = '', folded_names = a.folded
FROM unnest(%s::bigint[], %s::text[]) AS a (id, folded) WHERE p.id = a.id
"""


def release_all(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take usernames from all but those who registered last with them."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_FORMER)
        former = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(former), BATCH):
        with atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute(_LOCK, [former[start : start + BATCH]])
            found = cursor.fetchall()
            cursor.execute(_WRITE, [[row[0] for row in found], [fold_names(*row[1:]) for row in found]])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0046_usernames_index")]
    operations = [migrations.RunPython(release_all, migrations.RunPython.noop)]
