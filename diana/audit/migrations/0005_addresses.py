"""Notes with each record the address that its request came from."""

from django.db import migrations, models

from diana.privileges import allow_application


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_searched")]
    operations = [
        migrations.AddField("auditrecord", "address", models.GenericIPAddressField(null=True, verbose_name="address")),
        allow_application("audit_record", insert=("address",)),
    ]
