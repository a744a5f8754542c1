"""Has what is changed past the services about logins, groups and rights recorded too."""

from django.db import migrations

from diana.audit.walls import audited

LOGIN = "id,username,is_active,is_staff,is_superuser"
MEMBER = {"kind": "users.Staff", "named_by": "staff_id", "function": "audit_rights"}
ALL = "INSERT OR UPDATE OR DELETE"


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0049_chosen_timezones"),
        ("audit", "0006_rights"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [
        # Not of each login's `last_login`.
        audited(
            "users_staff",
            "INSERT OR DELETE OR UPDATE OF id, username, password, is_active, is_staff, is_superuser",
            kind="users.Staff",
            named_by="id",
            shown=LOGIN,
            function="audit_rights",
        ),
        audited("users_staff_groups", ALL, shown="staff_id,group_id", **MEMBER),
        audited("users_staff_user_permissions", ALL, shown="staff_id,permission_id", **MEMBER),
        audited("auth_group", ALL, kind="auth.Group", named_by="id", shown="id,name", function="audit_rights"),
        audited(
            "auth_group_permissions",
            ALL,
            kind="auth.Group",
            named_by="group_id",
            shown="group_id,permission_id",
            function="audit_rights",
        ),
    ]
