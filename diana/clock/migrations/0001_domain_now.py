"""Makes diana_now(): what the database takes for the present moment of domain time.

`manage.py clock` replaces its body (diana.clock.offset). PostgreSQL puts the body in the place of a call, so a call costs as
much as the body, whose names are bound here, whatever the caller's search_path.
"""

from django.db import migrations

DOMAIN_NOW = (
    "CREATE FUNCTION diana_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE RETURN statement_timestamp()"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(DOMAIN_NOW, "DROP FUNCTION diana_now()")]
