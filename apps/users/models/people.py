"""People, their VIP grants and suspensions, and the staff's logins."""

from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from apps.users.clocks import Clock, clock_of
from apps.users.languages import DEFAULT_LANGUAGE, LANGUAGES
from apps.users.names import visible_name

NAME_MAX_LENGTH = 64
USERNAME_MAX_LENGTH = 32
# The zone of who has none yet.
FIRST_TIMEZONE = "UTC"
REASON_MAX_LENGTH = 1000


class Staff(AbstractUser):
    """A login of somebody who works with the admin; people of the bot have none."""

    second_factor_at = models.DateTimeField(_("second factor since"), null=True, editable=False)
    # Until then the password is enough without a device: the login is older than the second factor.
    second_factor_due_at = models.DateTimeField(null=True, editable=False)
    # Sessions carry a digest of it: a new one ends them.
    session_salt = models.CharField(max_length=32, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Return what the sessions of this login carry: another one after the password or the device has changed."""
        known: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]  # the stubs do not know it
        if not self.session_salt:
            return known
        return salted_hmac("users.Staff.session_salt", known + self.session_salt, secret=secret).hexdigest()


class Person(models.Model):
    """A Telegram user under an id of our own, which is all that other apps and the event log know. Never deleted."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        DEACTIVATED = "deactivated", _("deactivated")
        DELETION_REQUESTED = "deletion_requested", _("deletion requested")
        ERASED = "erased", _("erased")

    class Visibility(models.TextChoices):
        NAME = "name", _("by name")
        ALIAS = "alias", _("by an alias")
        HIDDEN = "hidden", _("hidden")

    class Language(models.TextChoices):
        EN = "en", _("English")
        ES = "es", _("Spanish")
        RU = "ru", _("Russian")

    telegram_id = models.BigIntegerField(_("Telegram id"), unique=True, null=True)
    first_name = models.CharField(_("first name"), max_length=NAME_MAX_LENGTH, blank=True, default="")
    last_name = models.CharField(_("last name"), max_length=NAME_MAX_LENGTH, blank=True, default="")
    username = models.CharField(_("username"), max_length=USERNAME_MAX_LENGTH, blank=True, default="")
    # All three as they are searched for, by services/naming.py; the migration has their index.
    folded_names = models.TextField(_("found by"), blank=True, default="", db_default="", editable=False)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=DEFAULT_LANGUAGE)
    # The zone that was chosen last. Dates count by `clock`, which knows those of before.
    timezone = models.CharField(_("time zone"), max_length=64, default=FIRST_TIMEZONE)
    timezone_chosen = models.BooleanField(_("time zone was chosen"), default=False, db_default=False)
    # Taken from the code of the language that Telegram told; what an older release sets was chosen.
    timezone_guessed = models.BooleanField(_("time zone was guessed"), default=False, db_default=False)
    # Zones that counted lately or still do, each with the moment it counts until, as clocks.py reads them.
    former_timezones = models.JSONField(
        _("time zones before"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        editable=False,
    )
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.ACTIVE)
    registered_at = models.DateTimeField(_("registered at"), null=True)
    last_act_at = models.DateTimeField(_("last act"), null=True)
    last_active_date = models.DateField(_("last active day, local"), null=True)
    created_at = models.DateTimeField(_("first seen"))
    visibility = models.CharField(
        _("on boards"), max_length=6, choices=Visibility.choices, default="name", db_default="name"
    )
    # What stands in the links by which the person invites; nobody can tell whose it is.
    invite_code = models.CharField(_("invite code"), max_length=16, unique=True, null=True, blank=True)
    # What the person has set, as apps/users/preferences.py reads it; the migration bounds its size.
    preferences = models.JSONField(
        _("preferences"), default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        default_permissions = ("view",)
        permissions = [
            ("suspend_person", _("Can suspend people")),
            ("export_person", _("Can export all that is known of people")),
            ("erase_person", _("Can erase people")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(telegram_id__gt=0), name="users_person_telegram_id_positive"),
            models.CheckConstraint(condition=Q(language__in=LANGUAGES), name="users_person_language_spoken"),
            models.CheckConstraint(
                condition=Q(timezone__regex=r"^[A-Za-z0-9_+/-]+$"), name="users_person_timezone_name"
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["name", "alias", "hidden"]), name="users_person_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(invite_code__regex=r"^[A-Za-z0-9_-]{12}$"), name="users_person_invite_code_characters"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "suspended", "deactivated", "deletion_requested", "erased"]),
                name="users_person_status_known",
            ),
            models.CheckConstraint(
                condition=Q(telegram_id__isnull=False) & ~Q(status="erased")
                | Q(telegram_id__isnull=True, status="erased", first_name="", last_name="", username=""),
                name="users_person_erased_or_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="erased") | Q(folded_names=""), name="users_person_erased_not_found"
            ),
            models.CheckConstraint(
                condition=~Q(status="erased") | Q(former_timezones=[]), name="users_person_erased_from_nowhere"
            ),
            models.CheckConstraint(
                condition=Q(last_act_at__isnull=True, last_active_date__isnull=True)
                | Q(last_act_at__isnull=False, last_active_date__isnull=False),
                name="users_person_activity_complete",
            ),
        ]
        indexes = [
            # read by: services/naming.py, which takes usernames from who had them before
            models.Index(Lower("username"), condition=Q(username__gt=""), name="users_person_usernames"),
        ]

    def __str__(self) -> str:
        return self.full_name or _("Player %(id)s") % {"id": self.pk}

    @property
    def full_name(self) -> str:
        """First and last name, as far as they are known and show something."""
        return visible_name(f"{self.first_name} {self.last_name}", limit=2 * NAME_MAX_LENGTH + 1)

    @property
    def clock(self) -> Clock:
        """The clock by which the person's dates count."""
        return clock_of(self.timezone, self.former_timezones)

    @property
    def has_chosen_timezone(self) -> bool:
        """Whether the zone is the person's own choice, not the guess that everybody begins with."""
        return self.timezone_chosen or (self.timezone != FIRST_TIMEZONE and not self.timezone_guessed)


class GrantQuerySet(models.QuerySet["Grant"]):
    """Which grants count."""

    def unrevoked(self) -> "GrantQuerySet":
        """Leave out what was taken back."""
        return self.filter(revoked_at__isnull=True)


class Grant(models.Model):
    """VIP for a time, from one source. Never changed: it can be taken back once, and prolonged by another grant.

    With a duration it gives that much after what was promised at `starts_at`, and `ends_at` is only the end that was told
    then; without one it is the window from `starts_at` to `ends_at`. When it counts follows from all grants (vip.py).
    """

    class Source(models.TextChoices):
        PURCHASE = "purchase", _("purchase")
        SUBSCRIPTION = "subscription", _("subscription")
        GIFT = "gift", _("gift")
        STAFF = "staff", _("staff")
        PROMO = "promo", _("promotion")
        TRIAL = "trial", _("trial")

    person = models.ForeignKey(Person, models.PROTECT, related_name="grants", verbose_name=_("person"))
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    duration = models.DurationField(_("duration"), null=True, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=REASON_MAX_LENGTH)
    granted_by = models.TextField(_("granted by"))
    payment_reference = models.TextField(_("payment reference"), null=True, blank=True, unique=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_by = models.TextField(_("revoked by"), null=True, blank=True)
    key = models.TextField(_("key"), null=True, blank=True, unique=True, editable=False)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("VIP grant")
        verbose_name_plural = _("VIP grants")
        default_permissions = ("add", "view")
        permissions = [("revoke_grant", _("Can revoke VIP grants"))]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="users_grant_ends_after_start"),
            models.CheckConstraint(
                condition=Q(duration__isnull=True)
                | Q(duration__gt=timedelta(), duration__lte=F("ends_at") - F("starts_at")),
                name="users_grant_duration_fits",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["purchase", "subscription", "gift", "staff", "promo", "trial"]),
                name="users_grant_source_known",
            ),
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="users_grant_reason_given"),
            models.CheckConstraint(condition=Q(granted_by__gt=""), name="users_grant_granted_by_somebody"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False, revoked_by__gt=""),
                name="users_grant_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"VIP {self.pk}: {self.get_source_display()}, {self.starts_at:%Y-%m-%d}"


class Suspension(models.Model):
    """A time in which a person earns nothing; ended once, by staff or by itself. The reasons stand in the audit record."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="suspensions", verbose_name=_("person"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), null=True)
    suspended_by = models.TextField(_("suspended by"))
    former_status = models.CharField(_("status before"), max_length=20, choices=Person.Status.choices)
    key = models.TextField(_("key"), unique=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.TextField(_("ended by"), null=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at__isnull=True), name="users_suspension_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="users_suspension_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(suspended_by__gt=""), name="users_suspension_by_somebody"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False, ended_by__gt=""),
                name="users_suspension_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(former_status__in=["active", "deactivated", "deletion_requested"]),
                name="users_suspension_former_status",
            ),
        ]
        indexes = [
            # read by: the task that ends what is over
            models.Index(fields=["ends_at"], condition=Q(ended_at__isnull=True), name="users_suspension_due"),
        ]

    def __str__(self) -> str:
        return _("Suspension %(id)s") % {"id": self.pk}
