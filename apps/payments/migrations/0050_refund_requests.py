"""Keeps which payments people want given back, and what staff decided."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).parent / "sql" / "refund_requests.sql"
DECIDED = ("state", "decided_at", "answer")


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0046_given_back"),
        ("users", "0003_audited"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn: the person was erased"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                (
                    "answer",
                    models.CharField(blank=True, db_default="", default="", max_length=300, verbose_name="answer"),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request",
                        to="payments.payment",
                        verbose_name="payment",
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
                "verbose_name": "request for a refund",
                "verbose_name_plural": "requests for refunds",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("decided_at__isnull", True), ("state", "open"))
                        | models.Q(("decided_at__isnull", False), ("state__in", ["accepted", "declined", "withdrawn"])),
                        name="payments_refundrequest_open_or_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answer", ""), ("state", "declined"), _connector="OR"),
                        name="payments_refundrequest_answer_declines",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("person",),
                        name="payments_refundrequest_one_open",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            SQL.read_text(),
            reverse_sql="""
            DROP TRIGGER payments_refundrequest_stays ON payments_refundrequest;
            DROP TRIGGER payments_refundrequest_guard ON payments_refundrequest;
            DROP FUNCTION payments_refundrequest_guard();
            """,
        ),
        restrict_application(
            "payments_refundrequest",
            insert=("payment_id", "person_id", "asked_at", *DECIDED),
            update=DECIDED,
        ),
    ]
