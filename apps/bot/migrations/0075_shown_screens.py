"""Makes the table of messages whose screens answer acts; notices know points that no screen could tell."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from diana.privileges import restrict_application

COLUMNS = (
    "person_id",
    "chat_id",
    "message_id",
    "correlation_id",
    "position",
    "text",
    "keyboard",
    "shown_at",
    "said",
)
CHANGED = ("told", "closed_at", "editing_until", "replaced")
KINDS = [
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
    ("subscription_failed", "subscription that could not be paid"),
    ("reminder", "reminder of the first steps"),
    ("points", "points"),
]


class Migration(migrations.Migration):
    dependencies = [("bot", "0061_waiting_numbers")]

    operations = [
        migrations.CreateModel(
            name="ShownScreen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("chat_id", models.BigIntegerField(verbose_name="chat id at Telegram")),
                ("message_id", models.BigIntegerField(verbose_name="number of the message")),
                ("correlation_id", models.UUIDField(verbose_name="correlation id")),
                ("position", models.BigIntegerField(verbose_name="position in the log")),
                ("text", models.TextField(verbose_name="text")),
                ("keyboard", models.JSONField(null=True, verbose_name="keyboard")),
                ("shown_at", models.DateTimeField(verbose_name="shown at")),
                ("said", models.BigIntegerField(db_default=0, verbose_name="says of itself")),
                ("told", models.BigIntegerField(db_default=0, verbose_name="told up to")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                ("editing_until", models.DateTimeField(null=True, verbose_name="being edited until")),
                ("replaced", models.BooleanField(db_default=False, verbose_name="replaced")),
            ],
            options={
                "verbose_name": "shown screen",
                "verbose_name_plural": "shown screens",
                "db_table": "bot_shown_screen",
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(replaced=False),
                        fields=["chat_id", "message_id"],
                        name="bot_shown_screen_message",
                    ),
                    models.Index(fields=["person_id"], name="bot_shown_screen_person"),
                    models.Index(fields=["shown_at"], name="bot_shown_screen_shown"),
                ],
            },
        ),
        restrict_application(
            "bot_shown_screen",
            insert=COLUMNS + CHANGED,
            update=CHANGED,
            delete=True,
        ),
        migrations.RemoveConstraint(model_name="notice", name="bot_notice_kind_known"),
        migrations.AlterField(
            model_name="notice", name="kind", field=models.TextField(choices=KINDS, verbose_name="kind")
        ),
        AddConstraintNotValid(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=[kind for kind, _ in KINDS]), name="bot_notice_kind_known"
            ),
        ),
    ]
