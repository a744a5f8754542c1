"""Makes the table of notices: what people are to be told, when, and what became of it."""

from django.db import migrations, models

from diana.privileges import restrict_application

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
    ("refund", "refund"),
    ("reminder", "reminder of the first steps"),
]
NOTICE = ("person_id", "kind", "fields", "event_id", "created_at", "due_at", "queued_at", "done_at", "outcome")


class Migration(migrations.Migration):
    dependencies = [("bot", "0001_updates_and_chats")]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("kind", models.TextField(choices=KINDS, verbose_name="kind")),
                ("fields", models.JSONField(verbose_name="fields")),
                ("event_id", models.UUIDField(unique=True, verbose_name="event id")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                ("queued_at", models.DateTimeField(null=True, verbose_name="queued at")),
                ("done_at", models.DateTimeField(null=True, verbose_name="done at")),
                (
                    "outcome",
                    models.TextField(
                        choices=[("sent", "sent"), ("dropped", "dropped: muted, gone or not active")],
                        null=True,
                        verbose_name="outcome",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "db_table": "bot_notice",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True), ("queued_at__isnull", True)),
                        fields=["due_at"],
                        name="bot_notice_due",
                    ),
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)), fields=["person_id"], name="bot_notice_open"
                    ),
                    models.Index(
                        condition=models.Q(("done_at__isnull", False)), fields=["done_at"], name="bot_notice_done"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", [kind for kind, _ in KINDS])), name="bot_notice_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("outcome__isnull", True)),
                            models.Q(
                                ("done_at__isnull", False),
                                ("outcome__in", ["sent", "dropped"]),
                                ("outcome__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="bot_notice_done_or_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_at__gte", models.F("created_at"))), name="bot_notice_not_due_before"
                    ),
                ],
            },
        ),
        restrict_application("bot_notice", insert=NOTICE, update=("queued_at", "done_at", "outcome"), delete=True),
    ]
