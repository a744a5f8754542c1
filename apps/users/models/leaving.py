"""People who have left: for a time, for good, and what is kept so that nobody is invited twice."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from apps.users.models.people import Person


class Departure(models.Model):
    """A time in which a person has left: nothing is written to them, and boards leave them out. Ended once.

    With `erase_at` they asked to be erased then. Outcomes: back (they came or stayed after all), deletion (it became a
    request to be erased), erased.
    """

    class Outcome(models.TextChoices):
        BACK = "back", _("came back")
        DELETION = "deletion", _("asked for deletion")
        ERASED = "erased", _("erased")

    person = models.ForeignKey(Person, models.PROTECT, related_name="departures", verbose_name=_("person"))
    left_at = models.DateTimeField(_("left at"))
    erase_at = models.DateTimeField(_("to be erased at"), null=True)
    key = models.TextField(_("key"), unique=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    outcome = models.TextField(_("outcome"), choices=Outcome.choices, null=True)

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at__isnull=True), name="users_departure_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(erase_at__isnull=True) | Q(erase_at__gte=F("left_at")),
                name="users_departure_erased_after_it_began",
            ),
            models.CheckConstraint(condition=Q(key__gt=""), name="users_departure_key_given"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome__isnull=True)
                | Q(ended_at__isnull=False, outcome__isnull=False, outcome__in=["back", "deletion", "erased"]),
                name="users_departure_ended_somehow",
            ),
        ]
        indexes = [
            # read by: the task that erases who is due
            models.Index(
                fields=["erase_at"],
                condition=Q(ended_at__isnull=True, erase_at__isnull=False),
                name="users_departure_due",
            ),
        ]

    def __str__(self) -> str:
        return _("Departure %(id)s") % {"id": self.pk}


class Tombstone(models.Model):
    """The keyed digest of an erased Telegram id, and nothing beside it that could tell when or who."""

    digest = models.BinaryField(primary_key=True)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Exact(Func(F("digest"), function="octet_length", output_field=models.IntegerField()), 32),
                name="users_tombstone_digest_length",
            ),
        ]

    def __str__(self) -> str:
        return bytes(self.digest).hex()
