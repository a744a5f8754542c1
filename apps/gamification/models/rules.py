"""What earns points, in versions that never change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from diana.clock.functions import DomainNow


class Rule(models.Model):
    """What earns points. What it pays stands in its versions."""

    key = models.CharField(_("key"), max_length=40, primary_key=True)
    title = models.CharField(_("title"), max_length=100)
    active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        default_permissions = ("change", "view")

    def __str__(self) -> str:
        return self.title


class RuleVersion(models.Model):
    """How a rule pays from a moment on; never changed. JSON columns: apps/gamification/decide/rules.py has their types."""

    rule = models.ForeignKey(Rule, models.PROTECT, db_index=False, related_name="versions", verbose_name=_("rule"))
    version = models.PositiveIntegerField(_("version"))
    active_from = models.DateTimeField(_("active from"))
    event_type = models.CharField(_("event type"), max_length=100)
    base = models.PositiveIntegerField(_("base points"), default=0)
    limits = models.JSONField(_("limits"), default=list, blank=True)
    conditions = models.JSONField(_("conditions"), default=list, blank=True)
    amounts = models.JSONField(_("base by field"), null=True, blank=True)
    capped = models.BooleanField(_("shares the daily cap"), default=True)
    multiplied = models.BooleanField(_("bonuses apply"), default=True)
    created_at = models.DateTimeField(_("created at"), db_default=DomainNow())
    created_by = models.TextField(_("created by"))

    class Meta:
        verbose_name = _("version of a rule")
        verbose_name_plural = _("versions of rules")
        default_permissions = ("add", "view")
        ordering = ["rule", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "version"], name="gamification_ruleversion_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="gamification_ruleversion_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.version}"


class MultiplierVersion(models.Model):
    """All bonuses, the clamp and the daily cap from a moment on; never changed. Type of `config`: decide/rules.py."""

    version = models.PositiveIntegerField(_("version"), primary_key=True)
    active_from = models.DateTimeField(_("active from"))
    config = models.JSONField(_("bonuses"))
    created_at = models.DateTimeField(_("created at"), db_default=DomainNow())
    created_by = models.TextField(_("created by"))

    class Meta:
        verbose_name = _("version of the bonuses")
        verbose_name_plural = _("versions of the bonuses")
        default_permissions = ("add", "view")
        ordering = ["-version"]

    def __str__(self) -> str:
        return _("Bonuses, version %(version)s") % {"version": self.version}


class RulebookRevision(models.Model):
    """One row that changes with every change of rules or bonuses: workers read them anew when it has."""

    revision = models.UUIDField()

    class Meta:
        db_table = "gamification_rulebook"
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="gamification_rulebook_one_row")]

    def __str__(self) -> str:
        return f"{self.revision}"
