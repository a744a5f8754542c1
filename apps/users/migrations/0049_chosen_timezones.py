"""Notes who chose UTC themselves, a thousand at a time, each in a transaction of its own; may be run again.

Whoever has another zone chose it, and nobody is asked for the step after the one of the time zone without having chosen.
"""

from typing import Any

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.transaction import atomic

BATCH = 1000
_CHOSEN = """
WITH chosen AS (
    SELECT p.id FROM users_person p JOIN users_onboarding o ON o.person_id = p.id
    WHERE NOT p.timezone_chosen AND p.status <> 'erased' AND o.step NOT IN ('language', 'timezone')
    ORDER BY p.id LIMIT %s FOR NO KEY UPDATE OF p
)
UPDATE users_person SET timezone_chosen = true FROM chosen WHERE users_person.id = chosen.id
"""


def note_choices(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Mark those who have taken the step of the time zone."""
    marked = BATCH
    while marked:
        with atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute(_CHOSEN, [BATCH])
            marked = cursor.rowcount


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0048_former_timezones")]
    operations = [
        migrations.RunPython(note_choices, migrations.RunPython.noop),
        ValidateConstraint(model_name="person", name="users_person_erased_from_nowhere"),
        ValidateConstraint(model_name="person", name="users_person_former_timezones_shape"),
    ]
