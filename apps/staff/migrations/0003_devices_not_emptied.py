"""Has no role empty the tables of the second factor at once: each device and code that goes leaves a record."""

from django.db import migrations

from diana.audit.walls import never_emptied


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_audited")]
    operations = [never_emptied(table) for table in ("staff_device", "staff_recoverycode")]
