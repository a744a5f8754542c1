"""Has it recorded, too, when somebody's second factor is switched off, or its time is moved, past the services."""

from django.db import migrations

from diana.audit.walls import audited

COLUMNS = "id, username, password, is_active, is_staff, is_superuser"
SHOWN = "id,username,is_active,is_staff,is_superuser"
DROP = "DROP TRIGGER users_staff_audited ON users_staff"


def trigger(columns, shown):
    """Return the step that makes the trigger."""
    return audited(
        "users_staff",
        f"INSERT OR DELETE OR UPDATE OF {columns}",
        kind="users.Staff",
        named_by="id",
        shown=shown,
        function="audit_rights",
    )


class Migration(migrations.Migration):
    dependencies = [("users", "0055_second_factor")]
    operations = [
        migrations.RunSQL(DROP, trigger(COLUMNS, SHOWN).sql),
        trigger(f"{COLUMNS}, second_factor_at, second_factor_due_at", f"{SHOWN},second_factor_at,second_factor_due_at"),
    ]
