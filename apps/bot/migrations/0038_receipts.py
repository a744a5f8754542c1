"""Knows the receipts of payments that gave nothing, points that went with refunds, and subscriptions not paid."""

from django.db import migrations, models

from diana.privileges import allow_application


class Migration(migrations.Migration):
    dependencies = [
        ("bot", "0037_unpaid_groups"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notice",
            name="bot_notice_kind_known",
        ),
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
                    ("subscription_failed", "subscription that could not be paid"),
                    ("reminder", "reminder of the first steps"),
                ],
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
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
                        ],
                    )
                ),
                name="bot_notice_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="tells_points",
            field=models.BooleanField(db_default=False, default=False, verbose_name="tells the points, too"),
        ),
        allow_application("bot_notice", insert=("tells_points",), update=("tells_points",)),
    ]
