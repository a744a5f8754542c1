"""Which payments people want given back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.payments.models.payments import Payment
from apps.users.models import Person


class RefundRequest(models.Model):
    """Somebody wants a payment given back. Staff decide once: they refund the payment, or decline with a sentence.

    Nobody has two that are open, and a payment has one at all. One that is open when its person is erased is withdrawn;
    erasure blanks the sentence.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn: the person was erased")

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="request", verbose_name=_("payment"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    asked_at = models.DateTimeField(_("asked at"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("request for a refund")
        verbose_name_plural = _("requests for refunds")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(state__in=["accepted", "declined", "withdrawn"], decided_at__isnull=False),
                name="payments_refundrequest_open_or_decided",
            ),
            models.CheckConstraint(
                condition=Q(answer="") | Q(state="declined"), name="payments_refundrequest_answer_declines"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(state="open"), name="payments_refundrequest_one_open"
            ),
        ]

    def __str__(self) -> str:
        return _("Request %(id)s") % {"id": self.pk}
