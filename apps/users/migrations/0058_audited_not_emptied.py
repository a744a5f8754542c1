"""Has no role empty the tables of people, logins and rights at once: each row that goes leaves a record."""

from django.db import migrations

from diana.audit.walls import never_emptied

TABLES = (
    "users_person", "users_staff", "users_staff_groups", "users_staff_user_permissions", "auth_group",
    "auth_group_permissions",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("users", "0057_admin_log_stays"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [never_emptied(table) for table in TABLES]
