"""Keeps at a bill what Telegram told of its subscription before the first payment of that."""

from django.db import migrations, models

from diana.privileges import allow_application

TOLD = ("told_state", "told_state_at")


class Migration(migrations.Migration):
    dependencies = [("payments", "0041_known_subscriptions")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="told_state",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="state told before it was paid"
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="told_state_at",
            field=models.DateTimeField(null=True, verbose_name="told at"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("told_state", ""), ("told_state_at__isnull", True))
                | models.Q(("told_state__in", ["active", "canceled", "failed"]), ("told_state_at__isnull", False)),
                name="payments_invoice_told_state_known",
            ),
        ),
        allow_application("payments_invoice", insert=TOLD, update=TOLD),
    ]
