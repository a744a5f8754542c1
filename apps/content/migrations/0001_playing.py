"""Makes the tables of how far people have come: nothing in them is for ever, all of it goes with its person."""

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import restrict_application

ASKED = ("person_id", "question", "shown_at")
ANSWER = ("answered_at", "choice", "correct")
READING = ("chapter", "page", "chapter_started_at", "completed_at", "ending")
SERIES = ("challenge", "attempt", "marks", "step_shown_at", "completed_at", "score")


class Migration(migrations.Migration):
    initial = True

    dependencies = [("events", "0003_event_log")]

    operations = [
        migrations.CreateModel(
            name="AskedQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("question", models.CharField(max_length=8, verbose_name="question")),
                ("shown_at", models.DateTimeField(verbose_name="shown at")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered at")),
                ("choice", models.SmallIntegerField(null=True, verbose_name="choice")),
                ("correct", models.BooleanField(null=True, verbose_name="correct")),
            ],
            options={
                "verbose_name": "asked question",
                "verbose_name_plural": "asked questions",
                "db_table": "content_asked_question",
                "default_permissions": (),
                "indexes": [models.Index(fields=["person_id", "question"], name="content_asked_by_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("person_id",),
                        name="content_asked_question_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("question__regex", "^[a-z][a-z0-9-]{0,7}$")),
                        name="content_asked_question_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answered_at__isnull", True), ("choice__isnull", True), ("correct__isnull", True)
                            ),
                            models.Q(
                                ("answered_at__isnull", False), ("choice__isnull", False), ("correct__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="content_asked_question_answer_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True), ("answered_at__gte", models.F("shown_at")), _connector="OR"
                        ),
                        name="content_asked_question_answered_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("choice__isnull", True),
                            models.Q(("choice", 0), ("correct", True)),
                            models.Q(("choice__range", (1, 3)), ("correct", False)),
                            _connector="OR",
                        ),
                        name="content_asked_question_right_choice",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChallengeRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("challenge", models.CharField(max_length=8, verbose_name="challenge")),
                ("local_date", models.DateField(verbose_name="local date")),
                ("attempt", models.SmallIntegerField(default=1, verbose_name="attempt")),
                ("marks", models.CharField(blank=True, default="", max_length=20, verbose_name="marks")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("step_shown_at", models.DateTimeField(verbose_name="step shown at")),
                ("completed_at", models.DateTimeField(null=True, verbose_name="completed at")),
                ("score", models.SmallIntegerField(null=True, verbose_name="score")),
            ],
            options={
                "verbose_name": "challenge of a day",
                "verbose_name_plural": "challenges of days",
                "db_table": "content_challenge_run",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("person_id", "local_date"), name="content_challenge_run_one_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("challenge__regex", "^[a-z][a-z0-9-]{0,7}$")),
                        name="content_challenge_run_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempt__range", (1, 3))), name="content_challenge_run_attempts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("marks__regex", "^[01]{0,20}$")), name="content_challenge_run_marks"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", True), ("score__isnull", True)),
                            models.Q(
                                ("completed_at__isnull", False),
                                ("marks__gt", ""),
                                ("score__isnull", False),
                                ("score__range", (50, 100)),
                            ),
                            _connector="OR",
                        ),
                        name="content_challenge_run_passed_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Discovery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                (
                    "kind",
                    models.CharField(
                        choices=[("ending", "ending"), ("secret", "secret")], max_length=6, verbose_name="kind"
                    ),
                ),
                ("story", models.CharField(max_length=8, verbose_name="story")),
                ("key", models.CharField(max_length=8, verbose_name="key")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
            ],
            options={
                "verbose_name": "discovery",
                "verbose_name_plural": "discoveries",
                "db_table": "content_discovery",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person_id", "story", "kind", "key"), name="content_discovery_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["ending", "secret"])), name="content_discovery_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("key__regex", "^[a-z][a-z0-9-]{0,7}$"), ("story__regex", "^[a-z][a-z0-9-]{0,7}$")
                        ),
                        name="content_discovery_keys",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoryRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("story", models.CharField(max_length=8, verbose_name="story")),
                ("chapter", models.CharField(max_length=8, verbose_name="chapter")),
                ("page", models.SmallIntegerField(default=0, verbose_name="page")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("chapter_started_at", models.DateTimeField(verbose_name="chapter started at")),
                ("completed_at", models.DateTimeField(null=True, verbose_name="completed at")),
                ("ending", models.CharField(max_length=8, null=True, verbose_name="ending")),
            ],
            options={
                "verbose_name": "reading of a story",
                "verbose_name_plural": "readings of stories",
                "db_table": "content_story_run",
                "default_permissions": (),
                "indexes": [models.Index(fields=["person_id", "story", "id"], name="content_story_run_shelf")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("completed_at__isnull", True)),
                        fields=("person_id", "story"),
                        name="content_story_run_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chapter__regex", "^[a-z][a-z0-9-]{0,7}$"), ("story__regex", "^[a-z][a-z0-9-]{0,7}$")
                        ),
                        name="content_story_run_keys",
                    ),
                    models.CheckConstraint(condition=models.Q(("page__gte", 0)), name="content_story_run_page"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", True), ("ending__isnull", True)),
                            models.Q(
                                ("completed_at__isnull", False),
                                ("ending__isnull", False),
                                ("ending__regex", "^[a-z][a-z0-9-]{0,7}$"),
                            ),
                            _connector="OR",
                        ),
                        name="content_story_run_ended_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chapter_started_at__gte", models.F("started_at")),
                            models.Q(
                                ("completed_at__isnull", True),
                                ("completed_at__gte", models.F("chapter_started_at")),
                                _connector="OR",
                            ),
                        ),
                        name="content_story_run_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chapter", models.CharField(max_length=8, verbose_name="chapter")),
                ("choice", models.CharField(max_length=8, verbose_name="choice")),
                ("decided_at", models.DateTimeField(verbose_name="decided at")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="content.storyrun",
                        verbose_name="reading",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "db_table": "content_decision",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("run", "chapter"), name="content_decision_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chapter__regex", "^[a-z][a-z0-9-]{0,7}$"), ("choice__regex", "^[a-z][a-z0-9-]{0,7}$")
                        ),
                        name="content_decision_keys",
                    ),
                ],
            },
        ),
        restrict_application("content_asked_question", insert=(*ASKED, *ANSWER), update=ANSWER, delete=True),
        restrict_application(
            "content_story_run", insert=("person_id", "story", "started_at", *READING), update=READING, delete=True
        ),
        restrict_application("content_decision", insert=("run_id", "chapter", "choice", "decided_at"), delete=True),
        restrict_application(
            "content_discovery", insert=("person_id", "kind", "story", "key", "found_at"), delete=True
        ),
        restrict_application(
            "content_challenge_run",
            insert=("person_id", "local_date", "started_at", *SERIES),
            update=SERIES,
            delete=True,
        ),
    ]
