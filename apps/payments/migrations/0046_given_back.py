"""The index by which what one member of staff gave back within a day is added up, built while others write."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payments", "0043_states_told_first")]
    operations = build_index(
        "payment",
        models.Index(
            fields=["refund_requested_at"],
            condition=models.Q(("refund_requested_at__isnull", False)),
            name="payments_payment_asked_back",
        ),
    )
