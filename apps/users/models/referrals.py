"""Who came by whose link, and how far that has got."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.users.models.people import Person


class Referral(models.Model):
    """One person whom another has invited: open until it is earned, paid a week later, lost if the invitee is not to stay.

    Events keep the numbers of both. `last_entry` is the ledger's newest entry counted into `points`, so that what is read
    again is not counted again. `paid_event` and `welcome_event` are the two events that pay.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        QUALIFIED = "qualified", _("qualified")
        PAID = "paid", _("paid")
        LOST = "lost", _("lost")

    invitee = models.OneToOneField(Person, models.PROTECT, related_name="invited_by", verbose_name=_("invited"))
    referrer = models.ForeignKey(Person, models.PROTECT, related_name="referrals", verbose_name=_("by"))
    referred_at = models.DateTimeField(_("invited at"))
    tutorial_at = models.DateTimeField(_("finished the tutorial at"), null=True)
    active_days = models.IntegerField(_("active days"), default=0)
    last_active_date = models.DateField(_("last active day, local"), null=True)
    points = models.BigIntegerField(_("points"), default=0)
    last_entry = models.BigIntegerField(_("last entry counted"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    qualified_at = models.DateTimeField(_("qualified at"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    lost_at = models.DateTimeField(_("lost at"), null=True)
    paid_event = models.UUIDField(_("event that pays"), null=True)
    welcome_event = models.UUIDField(_("event that welcomes"), null=True)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=~Q(invitee=F("referrer")), name="users_referral_of_another"),
            models.CheckConstraint(
                condition=Q(status="open", qualified_at__isnull=True, paid_at__isnull=True, lost_at__isnull=True)
                | Q(status="qualified", qualified_at__isnull=False, paid_at__isnull=True, lost_at__isnull=True)
                | Q(status="paid", qualified_at__isnull=False, paid_at__isnull=False, lost_at__isnull=True)
                | Q(status="lost", qualified_at__isnull=False, lost_at__isnull=False),
                name="users_referral_status_dated",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True, welcome_event__isnull=True, paid_event__isnull=True)
                | Q(paid_at__isnull=False, welcome_event__isnull=False),
                name="users_referral_paid_by_events",
            ),
            models.CheckConstraint(
                condition=Q(active_days__gte=0, points__gte=0, last_entry__gte=0), name="users_referral_counts"
            ),
        ]
        indexes = [
            # read by: the task that pays
            models.Index(fields=["qualified_at"], condition=Q(status="qualified"), name="users_referral_due"),
            # read by: whoever takes the points back
            models.Index(fields=["lost_at"], condition=Q(status="lost"), name="users_referral_lost"),
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} → {self.invitee_id}: {self.status}"
