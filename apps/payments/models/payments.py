"""Bills, the questions before they are paid, payments, subscriptions. What must hold is a constraint, not a habit.

Nothing here is deleted but questions; what may still change stands in the migration.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.users.models import Person

PAYLOAD_MAX_LENGTH = 128
PROBLEMS = ("unknown_invoice", "other_person", "amount", "currency", "erased", "failed", "refunded")


class Kind(models.TextChoices):
    """How something is sold."""

    ONCE = "once", _("once")
    SUBSCRIPTION = "subscription", _("subscription")
    GIFT = "gift", _("gift")


class Invoice(models.Model):
    """A bill for one person: what it costs and gives stays as it was. `payload` is random and comes back with a payment.

    `told_state` is what Telegram told of its subscription before the first payment of that, "" for nothing.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    payload = models.CharField(_("payload"), max_length=PAYLOAD_MAX_LENGTH, unique=True)
    product = models.CharField(_("product"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    days = models.IntegerField(_("days of VIP"))
    stars = models.IntegerField(_("Stars"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("first paid at"), null=True)
    told_state = models.CharField(
        _("state told before it was paid"), max_length=10, blank=True, default="", db_default=""
    )
    told_state_at = models.DateTimeField(_("told at"), null=True)

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
            models.CheckConstraint(
                condition=Q(told_state="", told_state_at__isnull=True)
                | Q(told_state__in=["active", "canceled", "failed"], told_state_at__isnull=False),
                name="payments_invoice_told_state_known",
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
    gave, `first` is false for the renewal of a subscription alone. A refund that was asked for is tried again at
    `refund_next_at`; `refund_problem` says why Telegram has not made it or, once it is made, why the subscription of the
    payment still runs.
    """

    class Problem(models.TextChoices):
        UNKNOWN = "unknown_invoice", _("no invoice of ours")
        OTHER_PERSON = "other_person", _("somebody else's invoice")
        AMOUNT = "amount", _("another amount")
        CURRENCY = "currency", _("another currency")
        ERASED = "erased", _("the person was erased")
        FAILED = "failed", _("could not be credited: an error of ours")
        REFUNDED = "refunded", _("given back before it was told")

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
    refund_attempts = models.IntegerField(_("attempts to refund"), default=0, db_default=0)
    refund_next_at = models.DateTimeField(_("refund tried again at"), null=True)
    refunded_at = models.DateTimeField(_("refunded at"), null=True)
    subscription = models.ForeignKey(
        "Subscription", models.PROTECT, null=True, related_name="payments", verbose_name=_("subscription")
    )

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
                condition=Q(problem__in=["", *PROBLEMS]),
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
            # how many Stars staff gave back within a day (services/refund_limits.py)
            models.Index(
                fields=["refund_requested_at"],
                condition=Q(refund_requested_at__isnull=False),
                name="payments_payment_asked_back",
            ),
            # try_again looks for refunds that Telegram has not made
            models.Index(
                fields=["refund_next_at"],
                condition=Q(refunded_at__isnull=True, refund_next_at__isnull=False),
                name="payments_payment_again",
            ),
        ]

    def __str__(self) -> str:
        return _("Payment %(id)s") % {"id": self.pk}


class Subscription(models.Model):
    """An order at Telegram to charge somebody every month. `charge` is the payment that began it: calls name it.

    `state` is what Telegram told last. Nobody has two that are open: one that is neither to be ended nor has lapsed. Once it
    is to be ended, Telegram is asked until `ended_at`; `payer`, the Telegram id that the call needs, outlives an erasure
    until then. `lapsed_at`: it was not renewed, and another one began.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("renews")
        CANCELED = "canceled", _("cancelled by the person")
        FAILED = "failed", _("could not be paid")

    class Reason(models.TextChoices):
        REFUND = "refund", _("a payment of it was refunded")
        ERASURE = "erasure", _("the person was erased")
        SECOND = "second", _("another one ran already")
        UNCREDITED = "uncredited", _("its payment could not be credited")
        STAFF = "staff", _("by staff")

    charge = models.TextField(_("charge at Telegram"), unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    payer = models.BigIntegerField(_("payer's Telegram id"), null=True)
    payload = models.CharField(_("payload"), max_length=PAYLOAD_MAX_LENGTH, blank=True)
    began_at = models.DateTimeField(_("began at"))
    paid_until = models.DateTimeField(_("paid until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    state_at = models.DateTimeField(_("state told at"), null=True)
    lapsed_at = models.DateTimeField(_("lapsed at"), null=True)
    end_reason = models.CharField(_("why it is to end"), max_length=12, choices=Reason.choices, blank=True)
    end_requested_at = models.DateTimeField(_("to be ended since"), null=True)
    end_attempts = models.IntegerField(_("attempts to end it"), default=0)
    end_next_at = models.DateTimeField(_("tried again at"), null=True)
    end_problem = models.TextField(_("why it has not ended"), blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        default_permissions = ("view",)
        permissions = [("end_subscription", _("Can end subscriptions"))]
        constraints = [
            models.CheckConstraint(condition=Q(charge__gt=""), name="payments_subscription_charge_named"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "canceled", "failed"]), name="payments_subscription_state_known"
            ),
            models.CheckConstraint(
                condition=Q(end_reason="", end_requested_at__isnull=True, ended_at__isnull=True)
                | Q(
                    end_reason__in=["refund", "erasure", "second", "uncredited", "staff"],
                    end_requested_at__isnull=False,
                ),
                name="payments_subscription_ends_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(payer__gt=0, payer__isnull=False) | Q(payer__isnull=True, ended_at__isnull=False),
                name="payments_subscription_payer_until_ended",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(end_requested_at__isnull=True, lapsed_at__isnull=True),
                name="payments_subscription_one_open",
            ),
        ]
        indexes = [
            # a bill or a question asks for the person's; erasure and export too
            models.Index(fields=["person", "id"], name="payments_subscription_person"),
            # a renewal and a state of Telegram's look for theirs
            models.Index(fields=["payload"], name="payments_subscription_payload"),
            # try_again, concerns and staff look for those that Telegram has not ended
            models.Index(
                fields=["end_requested_at"],
                condition=Q(end_requested_at__isnull=False, ended_at__isnull=True),
                name="payments_subscription_to_end",
            ),
        ]

    def __str__(self) -> str:
        return _("Subscription %(id)s") % {"id": self.pk}


class ToldRefund(models.Model):
    """A refund that Telegram told and no payment took: of an unknown charge, in another person's message, of another sum.

    One of an unknown charge waits for its payment, which then is not credited; if it is not of that payment, it is kept anew
    as one of another person or amount. `settled_at`: the payment was refunded since, or is waited for no longer.
    """

    class Problem(models.TextChoices):
        UNKNOWN = "unknown_charge", _("no payment of this charge yet")
        OTHER_PERSON = "other_person", _("told in the message of somebody else")
        AMOUNT = "amount", _("another amount")

    charge = models.TextField(_("charge at Telegram"))
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    payer = models.BigIntegerField(_("Telegram id in whose chat it was told"), null=True)
    stars = models.BigIntegerField(_("Stars"), null=True)
    problem = models.CharField(_("problem"), max_length=15, choices=Problem.choices)
    source = models.CharField(_("source"), max_length=12, choices=Payment.Source.choices)
    told_at = models.DateTimeField(_("told at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("refund without its payment")
        verbose_name_plural = _("refunds without their payments")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(charge__gt=""), name="payments_toldrefund_charge_named"),
            models.CheckConstraint(
                condition=Q(problem__in=["unknown_charge", "other_person", "amount"]),
                name="payments_toldrefund_problem_known",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["telegram", "reconciled"]), name="payments_toldrefund_source"
            ),
            models.UniqueConstraint(
                fields=["charge", "problem", "payer", "stars"],
                nulls_distinct=False,
                name="payments_toldrefund_once",
            ),
        ]
        indexes = [
            # erasure and export
            models.Index(fields=["person"], name="payments_toldrefund_person"),
        ]

    def __str__(self) -> str:
        return _("Refund %(id)s") % {"id": self.pk}
