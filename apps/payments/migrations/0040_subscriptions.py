"""Makes the tables of subscriptions and of refunds without their payments."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import allow_application, restrict_application

SQL = Path(__file__).parent / "sql"
SUBSCRIPTION = ("charge", "person_id", "payload", "began_at", "paid_until", "payer")
CHANGED = ("state", "state_at", "lapsed_at")
END = ("end_reason", "end_requested_at", "end_attempts", "end_next_at", "end_problem", "ended_at")
TOLD = ("charge", "person_id", "payer", "stars", "problem", "source", "told_at", "settled_at")
AGAIN = ("refund_attempts", "refund_next_at", "subscription_id")


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_payments"),
        ("users", "0030_vip_overrides"),
        ("clock", "0001_domain_now"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charge", models.TextField(unique=True, verbose_name="charge at Telegram")),
                ("payer", models.BigIntegerField(null=True, verbose_name="payer's Telegram id")),
                ("payload", models.CharField(blank=True, max_length=128, verbose_name="payload")),
                ("began_at", models.DateTimeField(verbose_name="began at")),
                ("paid_until", models.DateTimeField(verbose_name="paid until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "renews"),
                            ("canceled", "cancelled by the person"),
                            ("failed", "could not be paid"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("state_at", models.DateTimeField(null=True, verbose_name="state told at")),
                ("lapsed_at", models.DateTimeField(null=True, verbose_name="lapsed at")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refund", "a payment of it was refunded"),
                            ("erasure", "the person was erased"),
                            ("second", "another one ran already"),
                            ("uncredited", "its payment could not be credited"),
                            ("staff", "by staff"),
                        ],
                        max_length=12,
                        verbose_name="why it is to end",
                    ),
                ),
                ("end_requested_at", models.DateTimeField(null=True, verbose_name="to be ended since")),
                ("end_attempts", models.IntegerField(default=0, verbose_name="attempts to end it")),
                ("end_next_at", models.DateTimeField(null=True, verbose_name="tried again at")),
                ("end_problem", models.TextField(blank=True, default="", verbose_name="why it has not ended")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
                "permissions": [("end_subscription", "Can end subscriptions")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ToldRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charge", models.TextField(verbose_name="charge at Telegram")),
                ("payer", models.BigIntegerField(null=True, verbose_name="Telegram id in whose chat it was told")),
                ("stars", models.BigIntegerField(null=True, verbose_name="Stars")),
                (
                    "problem",
                    models.CharField(
                        choices=[
                            ("unknown_charge", "no payment of this charge yet"),
                            ("other_person", "told in the message of somebody else"),
                            ("amount", "another amount"),
                        ],
                        max_length=15,
                        verbose_name="problem",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("telegram", "told by Telegram"), ("reconciled", "found in Telegram's list")],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("told_at", models.DateTimeField(verbose_name="told at")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="settled at")),
            ],
            options={
                "verbose_name": "refund without its payment",
                "verbose_name_plural": "refunds without their payments",
                "default_permissions": ("view",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payments_payment_problem_known",
        ),
        migrations.AddField(
            model_name="payment",
            name="refund_attempts",
            field=models.IntegerField(db_default=0, default=0, verbose_name="attempts to refund"),
        ),
        migrations.AddField(
            model_name="payment",
            name="refund_next_at",
            field=models.DateTimeField(null=True, verbose_name="refund tried again at"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("unknown_invoice", "no invoice of ours"),
                    ("other_person", "somebody else's invoice"),
                    ("amount", "another amount"),
                    ("currency", "another currency"),
                    ("erased", "the person was erased"),
                    ("failed", "could not be credited: an error of ours"),
                    ("refunded", "given back before it was told"),
                ],
                max_length=20,
                verbose_name="problem",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="users.person", verbose_name="person"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="subscription",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="payments.subscription",
                verbose_name="subscription",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("refund_next_at__isnull", False), ("refunded_at__isnull", True)),
                fields=["refund_next_at"],
                name="payments_payment_again",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "problem__in",
                        ["", "unknown_invoice", "other_person", "amount", "currency", "erased", "failed", "refunded"],
                    )
                ),
                name="payments_payment_problem_known",
            ),
        ),
        migrations.AddField(
            model_name="toldrefund",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="users.person",
                verbose_name="person",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["person", "id"], name="payments_subscription_person"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["payload"], name="payments_subscription_payload"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("end_requested_at__isnull", False), ("ended_at__isnull", True)),
                fields=["end_requested_at"],
                name="payments_subscription_to_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge__gt", "")), name="payments_subscription_charge_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "canceled", "failed"])),
                name="payments_subscription_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), ("end_requested_at__isnull", True), ("ended_at__isnull", True)),
                    models.Q(
                        ("end_reason__in", ["refund", "erasure", "second", "uncredited", "staff"]),
                        ("end_requested_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="payments_subscription_ends_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payer__gt", 0), ("payer__isnull", False)),
                    models.Q(("ended_at__isnull", False), ("payer__isnull", True)),
                    _connector="OR",
                ),
                name="payments_subscription_payer_until_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("end_requested_at__isnull", True), ("lapsed_at__isnull", True)),
                fields=("person",),
                name="payments_subscription_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="toldrefund",
            index=models.Index(fields=["person"], name="payments_toldrefund_person"),
        ),
        migrations.AddConstraint(
            model_name="toldrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge__gt", "")), name="payments_toldrefund_charge_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="toldrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("problem__in", ["unknown_charge", "other_person", "amount"])),
                name="payments_toldrefund_problem_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="toldrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["telegram", "reconciled"])), name="payments_toldrefund_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="toldrefund",
            constraint=models.UniqueConstraint(
                fields=("charge", "problem", "payer", "stars"), name="payments_toldrefund_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(
            (SQL / "subscriptions.sql").read_text(),
            reverse_sql="""
            DROP TRIGGER payments_toldrefund_stays ON payments_toldrefund;
            DROP TRIGGER payments_subscription_stays ON payments_subscription;
            """,
        ),
        restrict_application(
            "payments_subscription",
            insert=(*SUBSCRIPTION, *CHANGED, *END),
            update=("charge", "began_at", "paid_until", "payer", *CHANGED, *END),
        ),
        restrict_application("payments_toldrefund", insert=TOLD, update=("payer", "settled_at")),
        allow_application("payments_payment", insert=AGAIN, update=AGAIN),
    ]
