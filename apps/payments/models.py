"""Bills, the questions before they are paid, payments, gift codes. What must hold is a constraint, not a habit.

Nothing here is deleted but questions and counts of wrong codes; what may still change stands in the migration.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.users.models import Person

PAYLOAD_MAX_LENGTH = 128


class Kind(models.TextChoices):
    """How something is sold."""

    ONCE = "once", _("once")
    SUBSCRIPTION = "subscription", _("subscription")
    GIFT = "gift", _("gift")


class Invoice(models.Model):
    """A bill for one person: what it costs and gives stays as it was. `payload` is random and comes back with a payment."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    payload = models.CharField(_("payload"), max_length=PAYLOAD_MAX_LENGTH, unique=True)
    product = models.CharField(_("product"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    days = models.IntegerField(_("days of VIP"))
    stars = models.IntegerField(_("Stars"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("first paid at"), null=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(payload__regex=r"^[A-Za-z0-9_-]{32,}$"), name="payments_invoice_payload"
            ),
            models.CheckConstraint(condition=Q(product__gt=""), name="payments_invoice_product"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="payments_invoice_kind_known"),
            models.CheckConstraint(condition=Q(days__range=(1, 3660)), name="payments_invoice_days"),
            models.CheckConstraint(condition=Q(stars__range=(1, 10_000)), name="payments_invoice_stars"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="payments_invoice_expires_later"
            ),
        ]
        indexes = [
            # create_invoice looks for a bill of the same product that nobody has paid
            models.Index(fields=["person", "product"], condition=Q(paid_at__isnull=True), name="payments_invoice_open"),
        ]

    def __str__(self) -> str:
        return _("Invoice %(id)s") % {"id": self.pk}


class PreCheckout(models.Model):
    """Telegram asked whether a bill may be paid, and this was the answer; asked again, it is the same."""

    query = models.TextField(_("query at Telegram"), unique=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="+", verbose_name=_("invoice"))
    verdict = models.CharField(_("answer"), max_length=20)
    answered_at = models.DateTimeField(_("answered at"), db_index=True)

    class Meta:
        verbose_name = _("question before a payment")
        verbose_name_plural = _("questions before payments")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(verdict__gt=""), name="payments_precheckout_answered"),
            models.CheckConstraint(
                condition=~Q(verdict="ok") | Q(invoice__isnull=False, person__isnull=False),
                name="payments_precheckout_ok_for_a_bill",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.verdict}"


class Payment(models.Model):
    """Stars that came in, by Telegram's charge. Either it was credited, or `problem` says why not: then it is owed back.

    `payer` is the Telegram id that a refund needs; erasure blanks it once nothing is owed. `vip_grant` is the VIP that it
    gave, `first` is false for the renewal of a subscription alone.
    """

    class Problem(models.TextChoices):
        UNKNOWN = "unknown_invoice", _("no invoice of ours")
        OTHER_PERSON = "other_person", _("somebody else's invoice")
        AMOUNT = "amount", _("another amount")
        CURRENCY = "currency", _("another currency")
        ERASED = "erased", _("the person was erased")
        FAILED = "failed", _("could not be credited: an error of ours")

    class Source(models.TextChoices):
        TELEGRAM = "telegram", _("told by Telegram")
        RECONCILED = "reconciled", _("found in Telegram's list")

    charge = models.TextField(_("charge at Telegram"), unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    payer = models.BigIntegerField(_("payer's Telegram id"), null=True)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="+", verbose_name=_("invoice"))
    payload = models.CharField(_("payload"), max_length=PAYLOAD_MAX_LENGTH, blank=True)
    product = models.CharField(_("product"), max_length=40, blank=True)
    stars = models.BigIntegerField(_("Stars"))
    currency = models.CharField(_("currency"), max_length=10)
    recurring = models.BooleanField(_("by subscription"))
    first = models.BooleanField(_("first"))
    subscription_until = models.DateTimeField(_("subscription until"), null=True)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    paid_at = models.DateTimeField(_("paid at"))
    received_at = models.DateTimeField(_("received at"))
    problem = models.CharField(_("problem"), max_length=20, choices=Problem.choices, blank=True)
    credited_at = models.DateTimeField(_("credited at"), null=True)
    vip_grant = models.BigIntegerField(_("VIP grant"), null=True)
    refund_requested_at = models.DateTimeField(_("refund asked for at"), null=True)
    refund_key = models.TextField(_("refund's key"), null=True)
    refund_problem = models.TextField(_("why it was not refunded"), blank=True, default="")
    refunded_at = models.DateTimeField(_("refunded at"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        default_permissions = ("view",)
        permissions = [("refund_payment", _("Can refund payments"))]
        constraints = [
            models.CheckConstraint(condition=Q(charge__gt=""), name="payments_payment_charge_named"),
            models.CheckConstraint(condition=Q(stars__gte=0), name="payments_payment_stars_not_negative"),
            models.CheckConstraint(condition=Q(payer__gt=0), name="payments_payment_payer_positive"),
            models.CheckConstraint(condition=Q(source__in=["telegram", "reconciled"]), name="payments_payment_source"),
            models.CheckConstraint(
                condition=Q(
                    problem__in=["", "unknown_invoice", "other_person", "amount", "currency", "erased", "failed"]
                ),
                name="payments_payment_problem_known",
            ),
            models.CheckConstraint(
                condition=Q(problem="", credited_at__isnull=False, invoice__isnull=False, currency="XTR")
                | (~Q(problem="") & Q(credited_at__isnull=True, vip_grant__isnull=True)),
                name="payments_payment_credited_or_problem",
            ),
            models.CheckConstraint(condition=Q(recurring=True) | Q(first=True), name="payments_payment_once_is_first"),
            models.CheckConstraint(
                condition=Q(refund_requested_at__isnull=True, refund_key__isnull=True)
                | Q(refund_requested_at__isnull=False, refund_key__gt="", refund_key__isnull=False),
                name="payments_payment_refund_keyed",
            ),
        ]
        indexes = [
            # a person's payments: /vip, export, erasure
            models.Index(fields=["person", "id"], name="payments_payment_person"),
            # a bill's payments: which is the first of a subscription
            models.Index(fields=["invoice", "id"], name="payments_payment_invoice"),
            # what staff must look at
            models.Index(
                fields=["id"], condition=~Q(problem="") & Q(refunded_at__isnull=True), name="payments_payment_owed"
            ),
        ]

    def __str__(self) -> str:
        return _("Payment %(id)s") % {"id": self.pk}


class GiftCode(models.Model):
    """VIP that somebody bought for somebody else. The code is not here: it follows from `salt` and the secret key."""

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="gift", verbose_name=_("payment"))
    buyer = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("buyer"))
    days = models.IntegerField(_("days of VIP"))
    salt = models.BinaryField(_("salt"))
    digest = models.BinaryField(_("digest of the code"), unique=True)
    created_at = models.DateTimeField(_("created at"))
    redeemed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("redeemed by"))
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True)
    vip_grant = models.BigIntegerField(_("VIP grant"), null=True)
    voided_at = models.DateTimeField(_("void since"), null=True)

    class Meta:
        verbose_name = _("gift code")
        verbose_name_plural = _("gift codes")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(days__range=(1, 3660)), name="payments_giftcode_days"),
            models.CheckConstraint(
                condition=Q(redeemed_by__isnull=True, redeemed_at__isnull=True, vip_grant__isnull=True)
                | Q(redeemed_by__isnull=False, redeemed_at__isnull=False, vip_grant__isnull=False),
                name="payments_giftcode_redeemed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return _("Gift %(id)s") % {"id": self.pk}


class GiftGuesses(models.Model):
    """How many codes somebody has tried in vain since a moment."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="+", verbose_name=_("person"))
    since = models.DateTimeField(_("since"))
    count = models.IntegerField(_("count"))

    class Meta:
        verbose_name = _("wrong gift codes")
        verbose_name_plural = _("wrong gift codes")
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=Q(count__gt=0), name="payments_giftguesses_count_positive")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.count}"
