"""The tables of payments: bills, questions before them, payments, gift codes. Money is never deleted."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).parent / "sql" / "walls.sql"
INVOICE = ("person_id", "payload", "product", "kind", "days", "stars", "created_at", "expires_at", "paid_at")
TOLD = ("charge", "person_id", "payload", "stars", "currency", "recurring", "subscription_until", "source", "paid_at")
BOOKED = ("payer", "invoice_id", "product", "first", "problem", "credited_at", "vip_grant")
REFUND = ("refund_requested_at", "refund_key", "refund_problem", "refunded_at")
GIFT = ("payment_id", "buyer_id", "days", "salt", "digest", "created_at")
REDEEMED = ("redeemed_by_id", "redeemed_at", "vip_grant", "voided_at")
QUESTION = ("query", "person_id", "invoice_id", "verdict", "answered_at")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("users", "0003_audited"),
    ]

    operations = [
        migrations.CreateModel(
            name="GiftGuesses",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                ("count", models.IntegerField(verbose_name="count")),
            ],
            options={
                "verbose_name": "wrong gift codes",
                "verbose_name_plural": "wrong gift codes",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)), name="payments_giftguesses_count_positive"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payload", models.CharField(max_length=128, unique=True, verbose_name="payload")),
                ("product", models.CharField(max_length=40, verbose_name="product")),
                (
                    "kind",
                    models.CharField(
                        choices=[("once", "once"), ("subscription", "subscription"), ("gift", "gift")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("days", models.IntegerField(verbose_name="days of VIP")),
                ("stars", models.IntegerField(verbose_name="Stars")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("paid_at", models.DateTimeField(null=True, verbose_name="first paid at")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charge", models.TextField(unique=True, verbose_name="charge at Telegram")),
                ("payer", models.BigIntegerField(null=True, verbose_name="payer's Telegram id")),
                ("payload", models.CharField(blank=True, max_length=128, verbose_name="payload")),
                ("product", models.CharField(blank=True, max_length=40, verbose_name="product")),
                ("stars", models.BigIntegerField(verbose_name="Stars")),
                ("currency", models.CharField(max_length=10, verbose_name="currency")),
                ("recurring", models.BooleanField(verbose_name="by subscription")),
                ("first", models.BooleanField(verbose_name="first")),
                ("subscription_until", models.DateTimeField(null=True, verbose_name="subscription until")),
                (
                    "source",
                    models.CharField(
                        choices=[("telegram", "told by Telegram"), ("reconciled", "found in Telegram's list")],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("paid_at", models.DateTimeField(verbose_name="paid at")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unknown_invoice", "no invoice of ours"),
                            ("other_person", "somebody else's invoice"),
                            ("amount", "another amount"),
                            ("currency", "another currency"),
                            ("erased", "the person was erased"),
                            ("failed", "could not be credited: an error of ours"),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                ("credited_at", models.DateTimeField(null=True, verbose_name="credited at")),
                ("vip_grant", models.BigIntegerField(null=True, verbose_name="VIP grant")),
                ("refund_requested_at", models.DateTimeField(null=True, verbose_name="refund asked for at")),
                ("refund_key", models.TextField(null=True, verbose_name="refund's key")),
                ("refund_problem", models.TextField(blank=True, default="", verbose_name="why it was not refunded")),
                ("refunded_at", models.DateTimeField(null=True, verbose_name="refunded at")),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.invoice",
                        verbose_name="invoice",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "permissions": [("refund_payment", "Can refund payments")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="GiftCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.IntegerField(verbose_name="days of VIP")),
                ("salt", models.BinaryField(verbose_name="salt")),
                ("digest", models.BinaryField(unique=True, verbose_name="digest of the code")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("redeemed_at", models.DateTimeField(null=True, verbose_name="redeemed at")),
                ("vip_grant", models.BigIntegerField(null=True, verbose_name="VIP grant")),
                ("voided_at", models.DateTimeField(null=True, verbose_name="void since")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="users.person",
                        verbose_name="buyer",
                    ),
                ),
                (
                    "redeemed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="users.person",
                        verbose_name="redeemed by",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gift",
                        to="payments.payment",
                        verbose_name="payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "gift code",
                "verbose_name_plural": "gift codes",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="PreCheckout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("query", models.TextField(unique=True, verbose_name="query at Telegram")),
                ("verdict", models.CharField(max_length=20, verbose_name="answer")),
                ("answered_at", models.DateTimeField(db_index=True, verbose_name="answered at")),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.invoice",
                        verbose_name="invoice",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "question before a payment",
                "verbose_name_plural": "questions before payments",
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("paid_at__isnull", True)),
                fields=["person", "product"],
                name="payments_invoice_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("payload__regex", "^[A-Za-z0-9_-]{32,}$")), name="payments_invoice_payload"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(condition=models.Q(("product__gt", "")), name="payments_invoice_product"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["once", "subscription", "gift"])), name="payments_invoice_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__range", (1, 3660))), name="payments_invoice_days"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("stars__range", (1, 10000))), name="payments_invoice_stars"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))), name="payments_invoice_expires_later"
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["person", "id"], name="payments_payment_person"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["invoice", "id"], name="payments_payment_invoice"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(models.Q(("problem", ""), _negated=True), ("refunded_at__isnull", True)),
                fields=["id"],
                name="payments_payment_owed",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge__gt", "")), name="payments_payment_charge_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("stars__gte", 0)), name="payments_payment_stars_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("payer__gt", 0)), name="payments_payment_payer_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["telegram", "reconciled"])), name="payments_payment_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("problem__in", ["", "unknown_invoice", "other_person", "amount", "currency", "erased", "failed"])
                ),
                name="payments_payment_problem_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("credited_at__isnull", False), ("currency", "XTR"), ("invoice__isnull", False), ("problem", "")
                    ),
                    models.Q(
                        models.Q(("problem", ""), _negated=True),
                        ("credited_at__isnull", True),
                        ("vip_grant__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="payments_payment_credited_or_problem",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("recurring", True), ("first", True), _connector="OR"),
                name="payments_payment_once_is_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("refund_key__isnull", True), ("refund_requested_at__isnull", True)),
                    models.Q(
                        ("refund_key__gt", ""), ("refund_key__isnull", False), ("refund_requested_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="payments_payment_refund_keyed",
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__range", (1, 3660))), name="payments_giftcode_days"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("redeemed_at__isnull", True), ("redeemed_by__isnull", True), ("vip_grant__isnull", True)),
                    models.Q(
                        ("redeemed_at__isnull", False), ("redeemed_by__isnull", False), ("vip_grant__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="payments_giftcode_redeemed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="precheckout",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__gt", "")), name="payments_precheckout_answered"
            ),
        ),
        migrations.AddConstraint(
            model_name="precheckout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verdict", "ok"), _negated=True),
                    models.Q(("invoice__isnull", False), ("person__isnull", False)),
                    _connector="OR",
                ),
                name="payments_precheckout_ok_for_a_bill",
            ),
        ),
        migrations.RunSQL(
            SQL.read_text(),
            reverse_sql="""
            DROP TRIGGER payments_giftcode_stays ON payments_giftcode;
            DROP TRIGGER payments_payment_stays ON payments_payment;
            DROP TRIGGER payments_invoice_stays ON payments_invoice;
            DROP TRIGGER payments_giftcode_guard ON payments_giftcode;
            DROP FUNCTION payments_giftcode_guard();
            DROP TRIGGER payments_payment_guard ON payments_payment;
            DROP FUNCTION payments_payment_guard();
            """,
        ),
        restrict_application("payments_invoice", insert=INVOICE, update=("paid_at",)),
        restrict_application(
            "payments_payment", insert=(*TOLD, *BOOKED, *REFUND, "received_at"), update=(*BOOKED, *REFUND)
        ),
        restrict_application("payments_giftcode", insert=(*GIFT, *REDEEMED), update=REDEEMED),
        restrict_application("payments_precheckout", insert=QUESTION, delete=True),
        restrict_application(
            "payments_giftguesses", insert=("person_id", "since", "count"), update=("since", "count"), delete=True
        ),
    ]
