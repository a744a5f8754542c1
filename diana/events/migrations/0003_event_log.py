"""Makes the log what it is: insert-only, fenced, written by column; and refuse_change(), which other apps' walls use."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "event_log.sql"
WRITTEN = (
    "event_id", "type", "version", "lane", "key", "user_id", "occurred_at", "utc_offset_minutes", "correlation_id",
    "causation_id", "payload", "sealed_payload", "key_id",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("events", "0002_bus_tables")]
    operations = [
        migrations.RunSQL(
            SQL.read_text(),
            reverse_sql="""
            DROP TRIGGER event_log_append_only ON event_log;
            DROP TRIGGER event_log_fence ON event_log;
            DROP FUNCTION event_log_fence();
            DROP FUNCTION event_log_bound(boolean);
            DROP FUNCTION refuse_change();
            DROP INDEX event_log_correlation;
            DELETE FROM event_parameter;
            """,
        ),
        restrict_application("event_log", insert=WRITTEN),
        restrict_application("event_parameter"),
        restrict_application("event_key", insert=("key", "event_id")),
    ]
