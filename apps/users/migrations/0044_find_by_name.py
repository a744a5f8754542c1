"""The index by which staff find people by parts of their names."""

from django.db import migrations

from diana.indexes import build_index_on


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0043_fold_names"), ("audit", "0004_searched")]
    operations = build_index_on("users_person_names", "users_person", "USING gin (diana_trigrams(folded_names))")
