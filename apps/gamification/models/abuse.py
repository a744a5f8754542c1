"""Suspicious acts that wait for the staff's judgement. What may change, and how often, is guarded in migrations/sql/abuse.sql."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.gamification.models.ledger import Account
from diana.clock.functions import DomainNow


class Flag(models.Model):
    """What one detector noticed of one person until staff decided. Its number is the place in the log of its first act."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CONFIRMED = "confirmed", _("confirmed")
        DISMISSED = "dismissed", _("dismissed")

    class Detector(models.TextChoices):
        FAST_ANSWERS = "fast_answers", _("answers faster than a person")
        LONG_SESSION = "long_session", _("a session without a pause")
        RAPID_FIRE = "rapid_fire", _("rapid fire")
        REFERRAL_BURST = "referral_burst", _("many referrals at once")
        SAME_CONTENT = "same_content", _("the same message over and over")

    id = models.BigIntegerField(_("flag"), primary_key=True)
    account = models.ForeignKey(
        Account, models.PROTECT, db_index=False, related_name="flags", verbose_name=_("account")
    )
    detector = models.TextField(_("detector"), choices=Detector.choices)
    score = models.BigIntegerField(_("score"))
    acts = models.IntegerField(_("suspicious acts"))
    since = models.DateTimeField(_("first act that counted"))
    last_at = models.DateTimeField(_("last suspicious act"))
    last_position = models.BigIntegerField(_("last event"))
    status = models.TextField(_("status"), choices=Status.choices, db_default="open", default="open")
    raised_at = models.DateTimeField(_("raised at"), db_default=DomainNow())
    resolved_at = models.DateTimeField(_("decided at"), null=True)
    resolved_by = models.TextField(_("decided by"), null=True)
    resolved_key = models.TextField(_("key of the decision"), null=True)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        default_permissions = ("view",)
        permissions = [("resolve_flag", _("Can decide about flags"))]
        indexes = [
            # read by: the queue, which shows what is open
            models.Index(fields=["status", "id"], name="gamification_flag_queue"),
            # read by: a person's flags
            models.Index(fields=["account", "id"], name="gamification_flag_of_account"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(
                    status__in=["confirmed", "dismissed"],
                    resolved_at__isnull=False,
                    resolved_by__isnull=False,
                    resolved_by__gt="",
                ),
                name="gamification_flag_resolved_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return _("Flag %(id)s") % {"id": self.pk}


class Hold(models.Model):
    """What a rule would have paid for one act under a flag; bonuses are those of the act."""

    class Status(models.TextChoices):
        HELD = "held", _("held")
        RELEASED = "released", _("released")
        FORFEITED = "forfeited", _("forfeited")

    flag = models.ForeignKey(Flag, models.PROTECT, related_name="holds", verbose_name=_("flag"))
    account = models.ForeignKey(
        Account, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=_("account")
    )
    position = models.BigIntegerField(_("place in the log"))
    event_id = models.UUIDField(_("event"))
    rule = models.TextField(_("rule"))
    rule_version = models.IntegerField(_("version of the rule"))
    base = models.BigIntegerField(_("base"))
    multipliers = models.TextField(_("multipliers, basis points"))
    occurred_at = models.DateTimeField(_("occurred at"))
    status = models.TextField(_("status"), choices=Status.choices, db_default="held", default="held")
    entry = models.BigIntegerField(_("entry"), null=True)

    class Meta:
        verbose_name = _("held award")
        verbose_name_plural = _("held awards")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["event_id", "rule"], name="gamification_hold_once"),
            models.CheckConstraint(
                condition=Q(status__in=["held", "forfeited"], entry__isnull=True) | Q(status="released"),
                name="gamification_hold_entry_if_released",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.base}"
