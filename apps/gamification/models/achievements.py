"""Achievements, in versions that never change, and who has unlocked what. The walls stand in the migrations, in SQL."""

import re

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.gamification.models.ledger import Account
from diana.clock.functions import DomainNow

KEY = re.compile(r"[a-z0-9_]{1,40}")


class Achievement(models.Model):
    """What can be achieved. How stands in its versions. Titles are English; the bot translates those that it knows."""

    class Category(models.TextChoices):
        PROGRESS = "progress", _("progress")
        SOCIAL = "social", _("social")
        NARRATIVE = "narrative", _("narrative")
        DISCOVERY = "discovery", _("discovery")
        MASTERY = "mastery", _("mastery")
        ENGAGEMENT = "engagement", _("engagement")

    key = models.CharField(_("key"), max_length=40, primary_key=True, help_text=_("Small letters, digits and _."))
    title = models.CharField(_("title"), max_length=60)
    description = models.CharField(_("description"), max_length=200)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    secret = models.BooleanField(_("secret"), default=False, help_text=_("Not shown until it is unlocked."))
    repeatable = models.BooleanField(_("repeatable"), default=False, help_text=_("Once in each period; ranks only."))
    active = models.BooleanField(_("active"), default=False, db_default=False)

    class Meta:
        verbose_name = _("achievement")
        verbose_name_plural = _("achievements")
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(condition=models.Q(key__regex=r"^[a-z0-9_]+$"), name="gamification_achievement_key"),
        ]

    def __str__(self) -> str:
        return self.title

    @staticmethod
    def is_key(text: str) -> bool:
        """Say whether the text can be a key."""
        return KEY.fullmatch(text) is not None


class AchievementVersion(models.Model):
    """What it takes from a moment on; never changed. JSON columns: decide/achievements has their types."""

    achievement = models.ForeignKey(
        Achievement, models.PROTECT, db_index=False, related_name="versions", verbose_name=_("achievement")
    )
    version = models.PositiveIntegerField(_("version"))
    active_from = models.DateTimeField(_("active from"))
    strategy = models.CharField(_("strategy"), max_length=40)
    config = models.JSONField(_("configuration"), default=dict, blank=True)
    tiers = models.JSONField(_("tiers"), default=list)
    bonuses = models.JSONField(_("bonus by tier, basis points"), default=dict, blank=True)
    rewarded = models.BooleanField(
        _("brings points"),
        default=True,
        db_default=True,
        help_text=_("Off for what can be bought: points are not for sale."),
    )
    created_at = models.DateTimeField(_("created at"), db_default=DomainNow())
    created_by = models.TextField(_("created by"))

    class Meta:
        verbose_name = _("version of an achievement")
        verbose_name_plural = _("versions of achievements")
        default_permissions = ("add", "view")
        ordering = ["achievement", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["achievement", "version"], name="gamification_achievementversion_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="gamification_achievementversion_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.achievement_id} {self.version}"


class Unlock(models.Model):
    """A tier that a person has reached or was given. Append-only but for its revocation, which comes once.

    `event_id` is the game.achievement_unlocked that told of it: the ledger's entry of the reward names it too. `quiet`
    ones were found in what lay back when the achievement came; `unlocked_at` is then the moment of the act. `audit` and
    `revocation_audit` are the records that hold the words of staff.
    """

    account = models.ForeignKey(
        Account, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=_("account")
    )
    achievement = models.ForeignKey(
        Achievement, models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("achievement")
    )
    version = models.PositiveIntegerField(_("version"))
    tier = models.TextField(_("tier"))
    period = models.TextField(_("period"), default="", db_default="")
    event_id = models.UUIDField(_("event"), unique=True)
    unlocked_at = models.DateTimeField(_("unlocked at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=DomainNow())
    quiet = models.BooleanField(_("quiet"), default=False, db_default=False)
    granted_by = models.TextField(_("given by"), null=True)
    audit = models.BigIntegerField(_("audit record"), null=True)
    grant_key = models.TextField(null=True, unique=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.TextField(_("revoked by"), null=True)
    revocation_audit = models.BigIntegerField(_("audit record of the revocation"), null=True)
    revocation_key = models.TextField(null=True, unique=True)

    class Meta:
        verbose_name = _("unlock")
        verbose_name_plural = _("unlocks")
        default_permissions = ("view",)
        permissions = [
            ("grant_achievement", _("Can grant achievements")),
            ("revoke_achievement", _("Can revoke achievements")),
        ]
        indexes = [
            # searched by staff: all of an account, also what was given or taken back
            models.Index(fields=["account", "id"], name="gamification_unlock_of_account"),
            # what one member of staff gave within a day (services/limits.py)
            models.Index(
                fields=["granted_by", "unlocked_at"],
                condition=models.Q(granted_by__isnull=False),
                name="gamification_unlock_by_actor",
            ),
        ]
        constraints = [
            # by itself once ever; read by: a person's achievements
            models.UniqueConstraint(
                fields=["account", "achievement", "tier", "period"],
                condition=models.Q(granted_by__isnull=True),
                name="gamification_unlock_once",
            ),
            # and never two that stand
            models.UniqueConstraint(
                fields=["account", "achievement", "tier", "period"],
                condition=models.Q(revoked_at__isnull=True),
                name="gamification_unlock_stands_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.achievement_id} {self.tier} {self.period}".rstrip()
