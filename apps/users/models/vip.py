"""The tables of VIP beside its grants: what staff force, and what was told last. What must hold is a constraint."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.users.models.people import REASON_MAX_LENGTH, Person


class VipOverride(models.Model):
    """Staff's word against the grants, on or off for a time. Never changed: it ends at its time, or once by being cleared."""

    class Mode(models.TextChoices):
        ON = "on", _("forced on")
        OFF = "off", _("forced off")

    person = models.ForeignKey(Person, models.PROTECT, related_name="vip_overrides", verbose_name=_("person"))
    mode = models.CharField(_("mode"), max_length=3, choices=Mode.choices)
    starts_at = models.DateTimeField(_("starts at"))
    until = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=REASON_MAX_LENGTH)
    forced_by = models.TextField(_("forced by"))
    key = models.TextField(_("key"), unique=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.TextField(_("ended by"), null=True)

    class Meta:
        verbose_name = _("VIP override")
        verbose_name_plural = _("VIP overrides")
        default_permissions = ("view",)
        permissions = [("override_vip", _("Can force VIP on and off"))]
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=["on", "off"]), name="users_vipoverride_mode_known"),
            models.CheckConstraint(condition=Q(until__gt=F("starts_at")), name="users_vipoverride_ends_after_start"),
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="users_vipoverride_reason_given"),
            models.CheckConstraint(condition=Q(forced_by__gt="", key__gt=""), name="users_vipoverride_by_somebody"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False, ended_by__gt=""),
                name="users_vipoverride_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return _("VIP override %(id)s") % {"id": self.pk}


class VipStanding(models.Model):
    """What was told last of a person's VIP, and when to look again. Never asked whether somebody is VIP: time goes on."""

    class State(models.TextChoices):
        NONE = "none", _("none")
        ACTIVE = "active", _("active")
        EXPIRING = "expiring", _("expiring")
        GRACE = "grace", _("grace")
        EXPIRED = "expired", _("expired")

    person = models.OneToOneField(
        Person, models.PROTECT, primary_key=True, related_name="vip_standing", verbose_name=_("person")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    until = models.DateTimeField(_("until"), null=True)
    kept_until = models.DateTimeField(_("kept until"), null=True)
    hours = models.SmallIntegerField(_("notice, in hours"), null=True)
    mode = models.CharField(_("forced"), max_length=3, choices=VipOverride.Mode.choices, null=True)
    mode_until = models.DateTimeField(_("forced until"), null=True)
    due_at = models.DateTimeField(_("look again at"), null=True)

    class Meta:
        verbose_name = _("VIP standing")
        verbose_name_plural = _("VIP standings")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["active", "expiring"], until__isnull=False, kept_until__isnull=False)
                | Q(state="grace", until__isnull=True, kept_until__isnull=False)
                | Q(state__in=["none", "expired"], until__isnull=True, kept_until__isnull=True),
                name="users_vipstanding_ends_fit_state",
            ),
            models.CheckConstraint(
                condition=Q(state="expiring", hours__in=[72, 24], hours__isnull=False)
                | (~Q(state="expiring") & Q(hours__isnull=True)),
                name="users_vipstanding_notice_fits_state",
            ),
            models.CheckConstraint(
                condition=Q(mode__isnull=True, mode_until__isnull=True)
                | Q(mode__in=["on", "off"], mode__isnull=False, mode_until__isnull=False),
                name="users_vipstanding_mode_complete",
            ),
        ]
        indexes = [
            # read by: the task that tells what time has changed
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="users_vipstanding_due"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()
