"""Knows the notices that a refund was declined, and of points that no screen could tell. The rows of before are looked at by a
statement of their own, so that nobody waits for it.
"""

from django.db import migrations, models

OLD = [
    "achievement",
    "level",
    "referral",
    "vip_granted",
    "vip_expiring",
    "vip_grace",
    "vip_expired",
    "vip_revoked",
    "payment",
    "payment_problem",
    "refund",
    "refund_points",
    "subscription_failed",
    "reminder",
]
NEW = [*OLD[:-2], "refund_declined", *OLD[-2:], "points"]
TABLE, NAME = "bot_notice", "bot_notice_kind_known"


def check(kinds: list[str]) -> str:
    """Return the statement that puts the check of these kinds in place of the other one, for new rows."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME} CHECK (kind IN ({listed})) NOT VALID"


class Migration(migrations.Migration):
    # Each statement commits by itself, and all of it can be run again.
    atomic = False
    dependencies = [("bot", "0061_waiting_numbers")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.TextField(
                choices=[
                    ("achievement", "achievement"),
                    ("level", "level"),
                    ("referral", "referral"),
                    ("vip_granted", "VIP granted"),
                    ("vip_expiring", "VIP ends soon"),
                    ("vip_grace", "VIP in its days of grace"),
                    ("vip_expired", "VIP is over"),
                    ("vip_revoked", "VIP taken back"),
                    ("payment", "payment"),
                    ("payment_problem", "payment that gave nothing"),
                    ("refund", "refund"),
                    ("refund_points", "points of a refunded payment"),
                    ("refund_declined", "refund that was declined"),
                    ("subscription_failed", "subscription that could not be paid"),
                    ("reminder", "reminder of the first steps"),
                    ("points", "points"),
                ],
                verbose_name="kind",
            ),
        ),
        migrations.RunSQL(
            check(NEW),
            f"DELETE FROM {TABLE} WHERE kind IN ('refund_declined', 'points'); {check(OLD)};"
            f" ALTER TABLE {TABLE} VALIDATE CONSTRAINT {NAME}",
            state_operations=[
                migrations.RemoveConstraint(model_name="notice", name=NAME),
                migrations.AddConstraint(
                    model_name="notice",
                    constraint=models.CheckConstraint(condition=models.Q(("kind__in", NEW)), name=NAME),
                ),
            ],
        ),
        migrations.RunSQL(f"ALTER TABLE {TABLE} VALIDATE CONSTRAINT {NAME}", migrations.RunSQL.noop),
    ]
