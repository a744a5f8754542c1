"""Makes the tables of what newcomers go through and of who invited whom; people show on boards as they want."""

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import allow_application, restrict_application

REFERRAL = (
    "referred_at", "tutorial_at", "active_days", "last_active_date", "points", "last_entry", "status", "qualified_at",
    "paid_at", "lost_at", "paid_event", "welcome_event",
)  # fmt: skip
TUTORIAL = ("daily_at", "story_at", "board_at", "achievement_at", "skipped_at", "completed_at")


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0010_preferences"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.CharField(max_length=20, verbose_name="document")),
                ("version", models.CharField(max_length=20, verbose_name="version")),
                ("given_at", models.DateTimeField(verbose_name="given at")),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Onboarding",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
                ("step", models.CharField(max_length=12, verbose_name="step")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("moved_at", models.DateTimeField(verbose_name="last step at")),
                ("completed_at", models.DateTimeField(null=True, verbose_name="completed at")),
                ("reminded_at", models.DateTimeField(null=True, verbose_name="reminded at")),
            ],
            options={
                "verbose_name": "first steps",
                "verbose_name_plural": "first steps",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="QuizAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.SmallIntegerField(verbose_name="version of the quiz")),
                ("answers", models.JSONField(default=list, verbose_name="answers")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                ("archetype", models.CharField(blank=True, default="", max_length=60, verbose_name="archetype")),
            ],
            options={
                "verbose_name": "quiz attempt",
                "verbose_name_plural": "quiz attempts",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("referred_at", models.DateTimeField(verbose_name="invited at")),
                ("tutorial_at", models.DateTimeField(null=True, verbose_name="finished the tutorial at")),
                ("active_days", models.IntegerField(default=0, verbose_name="active days")),
                ("last_active_date", models.DateField(null=True, verbose_name="last active day, local")),
                ("points", models.BigIntegerField(default=0, verbose_name="points")),
                ("last_entry", models.BigIntegerField(default=0, verbose_name="last entry counted")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("qualified", "qualified"), ("paid", "paid"), ("lost", "lost")],
                        default="open",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("qualified_at", models.DateTimeField(null=True, verbose_name="qualified at")),
                ("paid_at", models.DateTimeField(null=True, verbose_name="paid at")),
                ("lost_at", models.DateTimeField(null=True, verbose_name="lost at")),
                ("paid_event", models.UUIDField(null=True, verbose_name="event that pays")),
                ("welcome_event", models.UUIDField(null=True, verbose_name="event that welcomes")),
            ],
            options={
                "verbose_name": "referral",
                "verbose_name_plural": "referrals",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Tutorial",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("daily_at", models.DateTimeField(null=True, verbose_name="took the daily reward at")),
                ("story_at", models.DateTimeField(null=True, verbose_name="chose in a story at")),
                ("board_at", models.DateTimeField(null=True, verbose_name="looked at a board at")),
                ("achievement_at", models.DateTimeField(null=True, verbose_name="looked at achievements at")),
                ("skipped_at", models.DateTimeField(null=True, verbose_name="skipped at")),
                ("completed_at", models.DateTimeField(null=True, verbose_name="completed at")),
            ],
            options={
                "verbose_name": "tutorial",
                "verbose_name_plural": "tutorials",
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="person",
            name="invite_code",
            field=models.CharField(blank=True, max_length=16, null=True, unique=True, verbose_name="invite code"),
        ),
        migrations.AddField(
            model_name="person",
            name="visibility",
            field=models.CharField(
                choices=[("name", "by name"), ("alias", "by an alias"), ("hidden", "hidden")],
                db_default="name",
                default="name",
                max_length=6,
                verbose_name="on boards",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["name", "alias", "hidden"])),
                name="users_person_visibility_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("invite_code__regex", "^[A-Za-z0-9_-]{12}$")),
                name="users_person_invite_code_characters",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="users.person",
                verbose_name="person",
            ),
        ),
        migrations.AddIndex(
            model_name="onboarding",
            index=models.Index(
                condition=models.Q(("completed_at__isnull", True), ("reminded_at__isnull", True)),
                fields=["moved_at"],
                name="users_onboarding_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="onboarding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("completed_at__isnull", True),
                        ("step__in", ("language", "timezone", "visibility", "consent", "quiz")),
                    ),
                    models.Q(("completed_at__isnull", False), ("step", "done")),
                    _connector="OR",
                ),
                name="users_onboarding_step_known",
            ),
        ),
        migrations.AddField(
            model_name="quizattempt",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quiz_attempts",
                to="users.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="invitee",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invited_by",
                to="users.person",
                verbose_name="invited",
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="referrer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="users.person",
                verbose_name="by",
            ),
        ),
        migrations.AddConstraint(
            model_name="tutorial",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("completed_at__isnull", True),
                        models.Q(
                            ("achievement_at__isnull", False),
                            ("board_at__isnull", False),
                            ("daily_at__isnull", False),
                            ("story_at__isnull", False),
                            _negated=True,
                        ),
                    ),
                    models.Q(
                        ("completed_at__isnull", False),
                        ("achievement_at__isnull", False),
                        ("board_at__isnull", False),
                        ("daily_at__isnull", False),
                        ("story_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="users_tutorial_completed_with_its_steps",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(fields=("person", "document", "version"), name="users_consent_once"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("document__in", ["privacy", "terms"])), name="users_consent_document_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gt", "")), name="users_consent_version_given"
            ),
        ),
        migrations.AddIndex(
            model_name="quizattempt",
            index=models.Index(fields=["person", "-finished_at"], name="users_quizattempt_latest"),
        ),
        migrations.AddConstraint(
            model_name="quizattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)),
                fields=("person",),
                name="users_quizattempt_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="quizattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("archetype", ""), ("finished_at__isnull", True)),
                    models.Q(("archetype__gt", ""), ("finished_at__isnull", False)),
                    _connector="OR",
                ),
                name="users_quizattempt_finished_with_archetype",
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("status", "qualified")), fields=["qualified_at"], name="users_referral_due"
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(condition=models.Q(("status", "lost")), fields=["lost_at"], name="users_referral_lost"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("invitee", models.F("referrer")), _negated=True), name="users_referral_of_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("lost_at__isnull", True),
                        ("paid_at__isnull", True),
                        ("qualified_at__isnull", True),
                        ("status", "open"),
                    ),
                    models.Q(
                        ("lost_at__isnull", True),
                        ("paid_at__isnull", True),
                        ("qualified_at__isnull", False),
                        ("status", "qualified"),
                    ),
                    models.Q(
                        ("lost_at__isnull", True),
                        ("paid_at__isnull", False),
                        ("qualified_at__isnull", False),
                        ("status", "paid"),
                    ),
                    models.Q(("lost_at__isnull", False), ("qualified_at__isnull", False), ("status", "lost")),
                    _connector="OR",
                ),
                name="users_referral_status_dated",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at__isnull", True), ("paid_event__isnull", True), ("welcome_event__isnull", True)),
                    models.Q(("paid_at__isnull", False), ("welcome_event__isnull", False)),
                    _connector="OR",
                ),
                name="users_referral_paid_by_events",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("active_days__gte", 0), ("last_entry__gte", 0), ("points__gte", 0)),
                name="users_referral_counts",
            ),
        ),
        migrations.RunSQL(
            """
            ALTER TABLE users_quizattempt ADD CONSTRAINT users_quizattempt_answers_shape
                CHECK (jsonb_typeof(answers) = 'array' AND jsonb_array_length(answers) <= 10);
            CREATE TRIGGER users_consent_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON users_consent
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE users_consent ENABLE ALWAYS TRIGGER users_consent_stays;
            CREATE TRIGGER users_referral_stays BEFORE DELETE OR TRUNCATE ON users_referral
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE users_referral ENABLE ALWAYS TRIGGER users_referral_stays;
            """,
            """
            DROP TRIGGER users_referral_stays ON users_referral;
            DROP TRIGGER users_consent_stays ON users_consent;
            ALTER TABLE users_quizattempt DROP CONSTRAINT users_quizattempt_answers_shape;
            """,
        ),
        allow_application("users_person", insert=("invite_code", "visibility"), update=("invite_code", "visibility")),
        restrict_application("users_consent", insert=("person_id", "document", "version", "given_at")),
        restrict_application(
            "users_onboarding",
            insert=("person_id", "step", "started_at", "moved_at", "completed_at", "reminded_at"),
            update=("step", "moved_at", "completed_at", "reminded_at"),
        ),
        restrict_application(
            "users_quizattempt",
            insert=("person_id", "version", "answers", "started_at", "finished_at", "archetype"),
            update=("version", "answers", "started_at", "finished_at", "archetype"),
            delete=True,
        ),
        restrict_application("users_tutorial", insert=("person_id", "started_at", *TUTORIAL), update=TUTORIAL),
        restrict_application("users_referral", insert=("invitee_id", "referrer_id", *REFERRAL), update=REFERRAL),
    ]
