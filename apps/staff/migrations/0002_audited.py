"""Has it recorded, too, when devices and recovery codes are changed past the services."""

from django.db import migrations

from diana.audit.walls import audited

OF_LOGIN = {"kind": "users.Staff", "named_by": "login_id"}


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0001_second_factor"),
        ("audit", "0006_rights"),
        ("users", "0056_second_factor_audited"),
    ]
    operations = [
        # Not of the step that each login uses up.
        audited(
            "staff_device",
            "INSERT OR DELETE OR UPDATE OF login_id, sealed, key_id, confirmed_at",
            shown="login_id,key_id,confirmed_at",
            **OF_LOGIN,
        ),
        audited("staff_recoverycode", "INSERT OR DELETE OR UPDATE", shown="id,login_id,used_at", **OF_LOGIN),
    ]
