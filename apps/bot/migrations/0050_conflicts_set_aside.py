"""Sets updates aside whose id another one has, and notes which update told how the bot stands in a chat."""

from django.db import migrations, models

OLD = ["size", "body", "database", "error"]
NEW = [*OLD, "conflict"]
TABLE, NAME = "bot_unreadable", "bot_unreadable_reason_known"


def check(reasons: list[str], more: str = "") -> str:
    """Return the statement that puts the check of these reasons in place of the other one."""
    listed = ", ".join(f"'{reason}'" for reason in reasons)
    return f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME} CHECK (reason IN ({listed})){more}"


class Migration(migrations.Migration):
    dependencies = [("bot", "0048_failed_updates")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="standing_update",
            field=models.BigIntegerField(null=True, verbose_name="membership told by update"),
        ),
        migrations.AlterField(
            model_name="unreadable",
            name="reason",
            field=models.TextField(
                choices=[
                    ("size", "too large"),
                    ("body", "not an update"),
                    ("database", "refused by the database"),
                    ("error", "an error at each attempt"),
                    ("conflict", "same id as another update"),
                ],
                verbose_name="reason",
            ),
        ),
        migrations.RunSQL(
            check(NEW, " NOT VALID"),
            f"UPDATE {TABLE} SET reason = 'body' WHERE reason = 'conflict'; {check(OLD)}",
            state_operations=[
                migrations.RemoveConstraint(model_name="unreadable", name=NAME),
                migrations.AddConstraint(
                    model_name="unreadable",
                    constraint=models.CheckConstraint(condition=models.Q(("reason__in", NEW)), name=NAME),
                ),
            ],
        ),
    ]
