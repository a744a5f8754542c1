"""Makes what staff force about VIP and what was told last of it; gives grants of staff a key."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from diana.audit.walls import audited
from diana.privileges import allow_application, restrict_application

SQL = Path(__file__).with_name("sql") / "vip.sql"
OVERRIDE = ("person_id", "mode", "starts_at", "until", "reason", "forced_by", "key", "ended_at", "ended_by")
TOLD = ("state", "until", "kept_until", "hours", "mode", "mode_until", "due_at")
MODES = [("on", "forced on"), ("off", "forced off")]
STATES = [(state, state) for state in ("none", "active", "expiring", "grace", "expired")]


class Migration(migrations.Migration):
    dependencies = [("users", "0020_departures"), ("audit", "0002_walls")]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="key",
            field=models.TextField(blank=True, editable=False, null=True, unique=True, verbose_name="key"),
        ),
        allow_application("users_grant", insert=["key"]),
        migrations.CreateModel(
            name="VipOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mode", models.CharField(choices=MODES, max_length=3, verbose_name="mode")),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(max_length=1000, verbose_name="reason")),
                ("forced_by", models.TextField(verbose_name="forced by")),
                ("key", models.TextField(unique=True, verbose_name="key")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                ("ended_by", models.TextField(null=True, verbose_name="ended by")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vip_overrides",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "VIP override",
                "verbose_name_plural": "VIP overrides",
                "permissions": [("override_vip", "Can force VIP on and off")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["on", "off"])), name="users_vipoverride_mode_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("starts_at"))),
                        name="users_vipoverride_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "\\S")), name="users_vipoverride_reason_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("forced_by__gt", ""), ("key__gt", "")),
                        name="users_vipoverride_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__gt", ""), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="users_vipoverride_ended_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VipStanding",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="vip_standing",
                        serialize=False,
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
                ("state", models.CharField(choices=STATES, max_length=8, verbose_name="state")),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                ("kept_until", models.DateTimeField(null=True, verbose_name="kept until")),
                ("hours", models.SmallIntegerField(null=True, verbose_name="notice, in hours")),
                ("mode", models.CharField(choices=MODES, max_length=3, null=True, verbose_name="forced")),
                ("mode_until", models.DateTimeField(null=True, verbose_name="forced until")),
                ("due_at", models.DateTimeField(null=True, verbose_name="look again at")),
            ],
            options={
                "verbose_name": "VIP standing",
                "verbose_name_plural": "VIP standings",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="users_vipstanding_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kept_until__isnull", False),
                                ("state__in", ["active", "expiring"]),
                                ("until__isnull", False),
                            ),
                            models.Q(("kept_until__isnull", False), ("state", "grace"), ("until__isnull", True)),
                            models.Q(
                                ("kept_until__isnull", True),
                                ("state__in", ["none", "expired"]),
                                ("until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="users_vipstanding_ends_fit_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hours__in", [72, 24]), ("hours__isnull", False), ("state", "expiring")),
                            models.Q(models.Q(("state", "expiring"), _negated=True), ("hours__isnull", True)),
                            _connector="OR",
                        ),
                        name="users_vipstanding_notice_fits_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mode__isnull", True), ("mode_until__isnull", True)),
                            models.Q(
                                ("mode__in", ["on", "off"]), ("mode__isnull", False), ("mode_until__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="users_vipstanding_mode_complete",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            SQL.read_text(),
            """
            DROP TRIGGER users_vipoverride_stays ON users_vipoverride;
            DROP TRIGGER users_vipoverride_guard ON users_vipoverride;
            DROP FUNCTION users_vipoverride_guard();
            """,
        ),
        restrict_application("users_vipoverride", insert=OVERRIDE, update=("ended_at", "ended_by")),
        restrict_application("users_vipstanding", insert=("person_id", *TOLD), update=TOLD, delete=True),
        audited("users_vipoverride", "INSERT OR UPDATE OR DELETE", kind="users.Person", named_by="person_id"),
    ]
