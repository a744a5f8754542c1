"""What a newcomer goes through: first steps, consent, the quiz, the tutorial. One row each that says how far somebody is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.users.models.people import Person

ONBOARDING_STEPS = ("language", "timezone", "visibility", "consent", "quiz")
TUTORIAL_STEPS = ("daily", "story", "board", "achievement")
_DONE = Q(daily_at__isnull=False, story_at__isnull=False, board_at__isnull=False, achievement_at__isnull=False)


class Onboarding(models.Model):
    """The first steps of a person: `step` is the one that waits, "done" when none does."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, verbose_name=_("person"))
    step = models.CharField(_("step"), max_length=12)
    started_at = models.DateTimeField(_("started at"))
    moved_at = models.DateTimeField(_("last step at"))
    completed_at = models.DateTimeField(_("completed at"), null=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True)

    class Meta:
        verbose_name = _("first steps")
        verbose_name_plural = _("first steps")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=ONBOARDING_STEPS, completed_at__isnull=True)
                | Q(step="done", completed_at__isnull=False),
                name="users_onboarding_step_known",
            ),
        ]
        indexes = [
            # read by: the task that reminds, once
            models.Index(
                fields=["moved_at"],
                condition=Q(completed_at__isnull=True, reminded_at__isnull=True),
                name="users_onboarding_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.step}"


class Consent(models.Model):
    """That a person agreed to a version of a document; stays for ever, also when nobody knows any more whose it was."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="consents", verbose_name=_("person"))
    document = models.CharField(_("document"), max_length=20)
    version = models.CharField(_("version"), max_length=20)
    given_at = models.DateTimeField(_("given at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person", "document", "version"], name="users_consent_once"),
            models.CheckConstraint(condition=Q(document__in=["privacy", "terms"]), name="users_consent_document_known"),
            models.CheckConstraint(condition=Q(version__gt=""), name="users_consent_version_given"),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.version}"


class QuizAttempt(models.Model):
    """One time through the quiz. `answers` as far as they were given: six dimensions by number (0–3), then four marks (1–5)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="quiz_attempts", verbose_name=_("person"))
    version = models.SmallIntegerField(_("version of the quiz"))
    answers = models.JSONField(_("answers"), default=list)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    archetype = models.CharField(_("archetype"), max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("quiz attempt")
        verbose_name_plural = _("quiz attempts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(finished_at__isnull=True), name="users_quizattempt_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, archetype="") | Q(finished_at__isnull=False, archetype__gt=""),
                name="users_quizattempt_finished_with_archetype",
            ),
        ]
        indexes = [
            # read by: the archetype of a person, and when the quiz may be taken again
            models.Index(fields=["person", "-finished_at"], name="users_quizattempt_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.archetype or len(self.answers)}"


class Tutorial(models.Model):
    """The tutorial of a person: when each of its steps was done. Skipped, it waits until it is asked for again."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, verbose_name=_("person"))
    started_at = models.DateTimeField(_("started at"))
    daily_at = models.DateTimeField(_("took the daily reward at"), null=True)
    story_at = models.DateTimeField(_("chose in a story at"), null=True)
    board_at = models.DateTimeField(_("looked at a board at"), null=True)
    achievement_at = models.DateTimeField(_("looked at achievements at"), null=True)
    skipped_at = models.DateTimeField(_("skipped at"), null=True)
    completed_at = models.DateTimeField(_("completed at"), null=True)

    class Meta:
        verbose_name = _("tutorial")
        verbose_name_plural = _("tutorials")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) & ~_DONE | Q(completed_at__isnull=False) & _DONE,
                name="users_tutorial_completed_with_its_steps",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {len(self.done)}"

    @property
    def done(self) -> tuple[str, ...]:
        """The steps that were done."""
        return tuple(step for step in TUTORIAL_STEPS if getattr(self, f"{step}_at") is not None)
