"""Accounts and the ledger. The walls (CHECKs, triggers, rights) stand in the migrations, in SQL."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.users.models import Person
from diana.clock.functions import DomainNow
from diana.events.models import JsonTextField


class Account(models.Model):
    """The head of a person's ledger. Opened by an insert, moved by the trigger on entries alone."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="+", verbose_name=_("person"))
    balance = models.BigIntegerField(_("balance"), db_default=0)
    lifetime = models.BigIntegerField(_("lifetime points"), db_default=0)
    sequence = models.BigIntegerField(_("entries"), db_default=0)
    hash = models.BinaryField(_("hash of the last entry"))
    lifetime_at = models.DateTimeField(_("lifetime points since"), db_default=DomainNow())
    opened_at = models.DateTimeField(_("opened at"), db_default=DomainNow())

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return _("Account %(id)s") % {"id": self.pk}


class Progress(models.Model):
    """What the pure core remembers of an account, as one JSON document. This row is what is locked."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="progress")
    document = JsonTextField(db_default="{}")

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}"


class Entry(models.Model):
    """One entry of the ledger: append-only, chained. Corrections are new entries.

    The account is no foreign key: the trigger that moves it proves that it is there, once for each statement.
    """

    class Kind(models.TextChoices):
        AWARD = "award", _("award")
        SUPPRESSED = "suppressed", _("suppressed")
        STAFF_AWARD = "staff_award", _("award by staff")
        PENALTY = "penalty", _("penalty")
        REVERSAL = "reversal", _("reversal")

    account = models.ForeignKey(
        Account,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="entries",
        verbose_name=_("account"),
    )
    sequence = models.BigIntegerField(_("number in the account"))
    amount = models.BigIntegerField(_("change of the balance"))
    balance_after = models.BigIntegerField(_("balance after"))
    lifetime_after = models.BigIntegerField(_("lifetime points after"))
    kind = models.TextField(_("kind"), choices=Kind.choices)
    rule = models.TextField(_("rule"))
    rule_version = models.IntegerField(_("version of the rule"))
    base = models.BigIntegerField(_("base"))
    multipliers = models.TextField(_("multipliers, basis points"))
    note = models.TextField(_("what fell away"))
    event_id = models.UUIDField(_("event"), null=True)
    idempotency_key = models.TextField(_("idempotency key"), unique=True)
    reverses = models.BigIntegerField(_("reverses the entry"), null=True)
    actor = models.TextField(_("actor"), null=True)
    reason_hash = models.BinaryField(_("hash of the reason"), null=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=DomainNow())
    previous_hash = models.BinaryField(_("hash before"))
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("ledger")
        default_permissions = ("view",)
        permissions = [
            ("award_points", _("Can award and take points")),
            ("reverse_entry", _("Can reverse entries")),
        ]
        indexes = [
            # how much one member of staff gave and took within a day (services/limits.py); awards by rule are not in it
            models.Index(
                fields=["actor", "occurred_at"],
                condition=models.Q(actor__isnull=False),
                name="gamification_entry_by_actor",
            ),
        ]
        constraints = [
            # also read by: the last entries of an account
            models.UniqueConstraint(fields=["account", "sequence"], name="gamification_entry_sequence_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=models.Q(reverses__isnull=False), name="gamification_entry_reversed_once"
            ),
        ]

    def __str__(self) -> str:
        return _("Entry %(id)s") % {"id": self.pk}


class Reason(models.Model):
    """The words behind an entry by staff; may be erased: the ledger keeps only a salted hash of them."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="reason")
    salt = models.BinaryField()
    text = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.text
