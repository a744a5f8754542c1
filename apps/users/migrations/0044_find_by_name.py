"""The index by which staff find people by parts of their names."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0043_fold_names"), ("audit", "0004_searched")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_person_names ON users_person"
            " USING gin (diana_trigrams(folded_names))",
            "DROP INDEX CONCURRENTLY IF EXISTS users_person_names",
        ),
    ]
