"""Makes the tables of flags, held awards and requests, with what may change in them."""

from pathlib import Path

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "abuse.sql"
FLAG = ("id", "account_id", "detector", "score", "acts", "since", "last_at", "last_position")
FLAG_DECISION = ("status", "resolved_at", "resolved_by", "resolved_key")
HOLD = (
    "flag_id", "account_id", "position", "event_id", "rule", "rule_version", "base", "multipliers", "occurred_at",
)  # fmt: skip
REQUEST = (
    "act", "parameters", "points", "reason", "key", "asked_by_id", "asked_by", "asked_origin", "asked_at", "expires_at",
    "status",
)  # fmt: skip
REQUEST_DECISION = ("decided_by_id", "decided_by", "decided_at", "decision")


class Migration(migrations.Migration):
    dependencies = [
        ("gamification", "0031_boards_follow_the_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="flag")),
                (
                    "detector",
                    models.TextField(
                        choices=[
                            ("fast_answers", "answers faster than a person"),
                            ("long_session", "a session without a pause"),
                            ("rapid_fire", "rapid fire"),
                            ("referral_burst", "many referrals at once"),
                            ("same_content", "the same message over and over"),
                        ],
                        verbose_name="detector",
                    ),
                ),
                ("score", models.BigIntegerField(verbose_name="score")),
                ("acts", models.IntegerField(verbose_name="suspicious acts")),
                ("since", models.DateTimeField(verbose_name="first act that counted")),
                ("last_at", models.DateTimeField(verbose_name="last suspicious act")),
                ("last_position", models.BigIntegerField(verbose_name="last event")),
                (
                    "status",
                    models.TextField(
                        choices=[("open", "open"), ("confirmed", "confirmed"), ("dismissed", "dismissed")],
                        db_default="open",
                        default="open",
                        verbose_name="status",
                    ),
                ),
                (
                    "raised_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="raised at"
                    ),
                ),
                ("resolved_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("resolved_by", models.TextField(null=True, verbose_name="decided by")),
                ("resolved_key", models.TextField(null=True, verbose_name="key of the decision")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flags",
                        to="gamification.account",
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "flag",
                "verbose_name_plural": "flags",
                "permissions": [("resolve_flag", "Can decide about flags")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.BigIntegerField(verbose_name="place in the log")),
                ("event_id", models.UUIDField(verbose_name="event")),
                ("rule", models.TextField(verbose_name="rule")),
                ("rule_version", models.IntegerField(verbose_name="version of the rule")),
                ("base", models.BigIntegerField(verbose_name="base")),
                ("multipliers", models.TextField(verbose_name="multipliers, basis points")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
                (
                    "status",
                    models.TextField(
                        choices=[("held", "held"), ("released", "released"), ("forfeited", "forfeited")],
                        db_default="held",
                        default="held",
                        verbose_name="status",
                    ),
                ),
                ("entry", models.BigIntegerField(null=True, verbose_name="entry")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="gamification.account",
                        verbose_name="account",
                    ),
                ),
                (
                    "flag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="gamification.flag",
                        verbose_name="flag",
                    ),
                ),
            ],
            options={
                "verbose_name": "held award",
                "verbose_name_plural": "held awards",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="StaffRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.TextField(verbose_name="act")),
                (
                    "parameters",
                    models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="parameters"),
                ),
                ("points", models.BigIntegerField(verbose_name="points at stake")),
                ("reason", models.TextField(verbose_name="reason")),
                ("key", models.TextField(unique=True, verbose_name="key")),
                ("asked_by_id", models.BigIntegerField(null=True, verbose_name="asker's id")),
                ("asked_by", models.TextField(verbose_name="asked by")),
                ("asked_origin", models.TextField(verbose_name="asked from")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("pending", "pending"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("expired", "expired"),
                        ],
                        db_default="pending",
                        default="pending",
                        verbose_name="status",
                    ),
                ),
                ("decided_by_id", models.BigIntegerField(null=True, verbose_name="decider's id")),
                ("decided_by", models.TextField(null=True, verbose_name="decided by")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("decision", models.TextField(null=True, verbose_name="reason of the decision")),
            ],
            options={
                "verbose_name": "request",
                "verbose_name_plural": "requests",
                "permissions": [("approve_act", "Can approve acts of others")],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["status", "expires_at"], name="gamification_request_queue")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "\\S")), name="gamification_request_reason_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("asked_by__gt", "")), name="gamification_request_asked_by_somebody"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_by__isnull", True),
                                ("decided_by_id__isnull", True),
                                ("status__in", ["pending", "expired"]),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__gt", ""),
                                ("decided_by__isnull", False),
                                ("decided_by_id__isnull", False),
                                ("decision__isnull", False),
                                ("decision__regex", "\\S"),
                                ("status__in", ["approved", "refused"]),
                            ),
                            _connector="OR",
                        ),
                        name="gamification_request_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by_id__isnull", True),
                            models.Q(
                                models.Q(
                                    ("asked_by_id__isnull", True),
                                    models.Q(("decided_by_id", models.F("asked_by_id")), _negated=True),
                                    _connector="OR",
                                ),
                                models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="gamification_request_by_two",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["status", "id"], name="gamification_flag_queue"),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["account", "id"], name="gamification_flag_of_account"),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at__isnull", True), ("resolved_by__isnull", True), ("status", "open")),
                    models.Q(
                        ("resolved_at__isnull", False),
                        ("resolved_by__gt", ""),
                        ("resolved_by__isnull", False),
                        ("status__in", ["confirmed", "dismissed"]),
                    ),
                    _connector="OR",
                ),
                name="gamification_flag_resolved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("event_id", "rule"), name="gamification_hold_once"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entry__isnull", True), ("status__in", ["held", "forfeited"])),
                    ("status", "released"),
                    _connector="OR",
                ),
                name="gamification_hold_entry_if_released",
            ),
        ),
        migrations.RunSQL(
            SQL.read_text(),
            """
            DROP TRIGGER gamification_flag_guard ON gamification_flag;
            DROP TRIGGER gamification_flag_stays ON gamification_flag;
            DROP TRIGGER gamification_hold_guard ON gamification_hold;
            DROP TRIGGER gamification_hold_stays ON gamification_hold;
            DROP TRIGGER gamification_staffrequest_guard ON gamification_staffrequest;
            DROP TRIGGER gamification_staffrequest_stays ON gamification_staffrequest;
            DROP TRIGGER gamification_staffrequest_begins ON gamification_staffrequest;
            DROP FUNCTION gamification_decided_once();
            """,
        ),
        restrict_application("gamification_flag", insert=FLAG, update=(*FLAG[3:], *FLAG_DECISION)),
        restrict_application("gamification_hold", insert=HOLD, update=("status", "entry")),
        restrict_application(
            "gamification_staffrequest", insert=(*REQUEST, *REQUEST_DECISION), update=("status", *REQUEST_DECISION)
        ),
    ]
