"""How far people have come with trivia, challenges and stories. All of it is theirs: exported, and deleted with them.

`person_id` is the person's id in apps.users; whoever writes here has locked that row, so two presses come one by one.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

KEY_REGEX = r"^[a-z][a-z0-9-]{0,7}$"


class AskedQuestion(models.Model):
    """A trivia question that was shown to somebody; `choice` counts the answers of the data file, 0 is the right one."""

    person_id = models.BigIntegerField(_("person"))
    question = models.CharField(_("question"), max_length=8)
    shown_at = models.DateTimeField(_("shown at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)
    choice = models.SmallIntegerField(_("choice"), null=True)
    correct = models.BooleanField(_("correct"), null=True)

    class Meta:
        db_table = "content_asked_question"
        verbose_name = _("asked question")
        verbose_name_plural = _("asked questions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["person_id"], condition=Q(answered_at__isnull=True), name="content_asked_question_one_open"
            ),
            models.CheckConstraint(condition=Q(question__regex=KEY_REGEX), name="content_asked_question_key"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, choice__isnull=True, correct__isnull=True)
                | Q(answered_at__isnull=False, choice__isnull=False, correct__isnull=False),
                name="content_asked_question_answer_whole",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("shown_at")),
                name="content_asked_question_answered_later",
            ),
            models.CheckConstraint(
                condition=Q(choice__isnull=True) | Q(choice=0, correct=True) | Q(choice__range=(1, 3), correct=False),
                name="content_asked_question_right_choice",
            ),
        ]
        indexes = [
            # which questions were asked last: what next_question reads, and export
            models.Index(fields=["person_id", "question"], name="content_asked_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.question} {self.pk}"


class StoryRun(models.Model):
    """One reading of a story: where the reader is, or which ending it came to. One of each story is open at a time."""

    person_id = models.BigIntegerField(_("person"))
    story = models.CharField(_("story"), max_length=8)
    chapter = models.CharField(_("chapter"), max_length=8)
    page = models.SmallIntegerField(_("page"), default=0)
    started_at = models.DateTimeField(_("started at"))
    chapter_started_at = models.DateTimeField(_("chapter started at"))
    completed_at = models.DateTimeField(_("completed at"), null=True)
    ending = models.CharField(_("ending"), max_length=8, null=True)

    class Meta:
        db_table = "content_story_run"
        verbose_name = _("reading of a story")
        verbose_name_plural = _("readings of stories")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "story"],
                condition=Q(completed_at__isnull=True),
                name="content_story_run_one_open",
            ),
            models.CheckConstraint(
                condition=Q(story__regex=KEY_REGEX, chapter__regex=KEY_REGEX), name="content_story_run_keys"
            ),
            models.CheckConstraint(condition=Q(page__gte=0), name="content_story_run_page"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, ending__isnull=True)
                | Q(completed_at__isnull=False, ending__isnull=False, ending__regex=KEY_REGEX),
                name="content_story_run_ended_whole",
            ),
            models.CheckConstraint(
                condition=Q(chapter_started_at__gte=F("started_at"))
                & (Q(completed_at__isnull=True) | Q(completed_at__gte=F("chapter_started_at"))),
                name="content_story_run_times",
            ),
        ]
        indexes = [
            # the shelf: a person's readings by story, the newest last
            models.Index(fields=["person_id", "story", "id"], name="content_story_run_shelf"),
        ]

    def __str__(self) -> str:
        return f"{self.story} {self.pk}"


class Decision(models.Model):
    """What was chosen at the decision of a chapter: once in a reading."""

    run = models.ForeignKey(StoryRun, models.CASCADE, related_name="decisions", verbose_name=_("reading"))
    chapter = models.CharField(_("chapter"), max_length=8)
    choice = models.CharField(_("choice"), max_length=8)
    decided_at = models.DateTimeField(_("decided at"))

    class Meta:
        db_table = "content_decision"
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "chapter"], name="content_decision_once"),
            models.CheckConstraint(
                condition=Q(chapter__regex=KEY_REGEX, choice__regex=KEY_REGEX), name="content_decision_keys"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chapter} {self.choice}"


class Discovery(models.Model):
    """An ending or a secret that somebody has seen, however often they come there."""

    class Kind(models.TextChoices):
        ENDING = "ending", _("ending")
        SECRET = "secret", _("secret")

    person_id = models.BigIntegerField(_("person"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    story = models.CharField(_("story"), max_length=8)
    key = models.CharField(_("key"), max_length=8)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        db_table = "content_discovery"
        verbose_name = _("discovery")
        verbose_name_plural = _("discoveries")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person_id", "story", "kind", "key"], name="content_discovery_once"),
            models.CheckConstraint(condition=Q(kind__in=["ending", "secret"]), name="content_discovery_kind_known"),
            models.CheckConstraint(
                condition=Q(story__regex=KEY_REGEX, key__regex=KEY_REGEX), name="content_discovery_keys"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ChallengeRun(models.Model):
    """Somebody's challenge of a local date: its steps so far, 1 for a right one; a series that failed can be tried again."""

    person_id = models.BigIntegerField(_("person"))
    challenge = models.CharField(_("challenge"), max_length=8)
    local_date = models.DateField(_("local date"))
    attempt = models.SmallIntegerField(_("attempt"), default=1)
    marks = models.CharField(_("marks"), max_length=20, blank=True, default="")
    started_at = models.DateTimeField(_("started at"))
    step_shown_at = models.DateTimeField(_("step shown at"))
    completed_at = models.DateTimeField(_("completed at"), null=True)
    score = models.SmallIntegerField(_("score"), null=True)

    class Meta:
        db_table = "content_challenge_run"
        verbose_name = _("challenge of a day")
        verbose_name_plural = _("challenges of days")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person_id", "local_date"], name="content_challenge_run_one_a_day"),
            models.CheckConstraint(condition=Q(challenge__regex=KEY_REGEX), name="content_challenge_run_key"),
            models.CheckConstraint(condition=Q(attempt__range=(1, 3)), name="content_challenge_run_attempts"),
            models.CheckConstraint(condition=Q(marks__regex=r"^[01]{0,20}$"), name="content_challenge_run_marks"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, score__isnull=True)
                | Q(completed_at__isnull=False, score__isnull=False, score__range=(50, 100), marks__gt=""),
                name="content_challenge_run_passed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.challenge} {self.local_date}"
