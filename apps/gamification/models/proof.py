"""The proof's rows: checkpoints over the ledger and what verifications found. Walls stand in the migrations, in SQL."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from diana.clock.functions import DomainNow


class Sealed(models.Model):
    """A signed seal over a range of rows; append-only, chained. apps/gamification/proof/checkpoints.py has its format."""

    number = models.BigIntegerField(_("number"), primary_key=True)
    previous = models.BinaryField(_("hash before"))
    after_id = models.BigIntegerField(_("after the entry"))
    last_id = models.BigIntegerField(_("up to the entry"))
    entries = models.BigIntegerField(_("entries"))
    total = models.BigIntegerField(_("entries in all"))
    accounts = models.BigIntegerField(_("accounts"))
    entries_root = models.BinaryField(_("root of the entries"))
    heads_root = models.BinaryField(_("root of the accounts"))
    sealed_at = models.DateTimeField(_("sealed at"))
    resumes = models.BigIntegerField(_("goes on after the checkpoint"), null=True)
    key_id = models.TextField(_("key"))
    signature = models.BinaryField(_("signature"))
    hash = models.BinaryField(_("hash"))
    # one line of 20 bytes for each entry, so that a broken range can be told by entry: proof/index.py
    entry_index = models.BinaryField(_("index of the entries"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return _("Checkpoint %(number)s") % {"number": self.number}


class Checkpoint(Sealed):
    """A seal over entries of the ledger."""

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        default_permissions = ("view",)
        ordering = ["-number"]


class AuditCheckpoint(Sealed):
    """A seal over audit records: its entries are records; it has no accounts."""

    class Meta:
        verbose_name = _("checkpoint of the audit record")
        verbose_name_plural = _("checkpoints of the audit record")
        default_permissions = ("view",)
        ordering = ["-number"]


class Verification(models.Model):
    """One verification of the ledger; append-only. `checkpoint` is the newest that it has checked, None if there was none."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything", _("everything")
        INCREMENTAL = "incremental", _("what is new")

    at = models.DateTimeField(_("at"), db_default=DomainNow())
    scope = models.TextField(_("what was checked"), choices=Scope.choices)
    checkpoint = models.BigIntegerField(_("checkpoint"), null=True)
    checkpoint_hash = models.BinaryField(_("hash of the checkpoint"), null=True)
    accounts = models.BigIntegerField(_("accounts"))
    entries = models.BigIntegerField(_("entries"))
    faults = models.BigIntegerField(_("faults"))
    seconds = models.FloatField(_("seconds"))
    # None in rows of releases that sealed no audit records, and until the first of them is sealed
    audit_checkpoint = models.BigIntegerField(_("checkpoint of the audit record"), null=True)
    audit_checkpoint_hash = models.BinaryField(_("hash of that checkpoint"), null=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["everything", "incremental"]),
                name="gamification_verification_scope_known",
            ),
            models.CheckConstraint(
                condition=models.Q(accounts__gte=0, entries__gte=0, faults__gte=0, seconds__gte=0),
                name="gamification_verification_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return _("Verification %(id)s") % {"id": self.pk}
