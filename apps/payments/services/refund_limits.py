"""The act of giving Stars back, and how many of them one member of staff gave back within 24 hours."""

from datetime import datetime

from django.conf import settings
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.payments.models import Payment
from apps.payments.services.refunding import NotRefundable, preview_refund, request_refund
from diana.audit import Actor
from diana.audit.models import AuditRecord
from diana.second_person import APPROVED, SPAN, LimitedAct, Parameters, Usage


def usages(actor: Actor, stars: int, now: datetime) -> list[Usage]:
    """Return how far the actor's limit is used up. What a second person approved does not count.

    The payment does not say who asked for its refund: its audit record does.
    """
    recent = Payment.objects.filter(refund_requested_at__gt=now - SPAN).exclude(refund_key__startswith=APPROVED)
    amounts = dict(recent.annotate(text=Cast("pk", CharField())).values_list("text", "stars"))
    records = AuditRecord.objects.filter(object_type="payments.Payment", object_id__in=amounts, act="refund_payment")
    # One that Telegram refused may have been asked for by somebody else before.
    last = dict(records.order_by("id").values_list("object_id", "actor"))
    given = sum(amounts[payment] for payment, who in last.items() if who == actor.name)
    return [Usage(_("Stars that you gave back in the last 24 hours"), given, stars, settings.STAFF_STARS_REFUNDED)]


def _stars(parameters: Parameters) -> int:
    return Payment.objects.values_list("stars", flat=True).get(pk=parameters["payment_id"])


ACT = LimitedAct(
    name="refund_payment",
    title=gettext_lazy("Refund"),
    permission="payments.refund_payment",
    unit=gettext_lazy("Stars"),
    stake=_stars,
    usages=lambda p, actor, now: usages(actor, _stars(p), now),
    preview=lambda p, now: preview_refund(payment_id=p["payment_id"], now=now),
    perform=lambda p, **how: request_refund(payment_id=p["payment_id"], **how),
    done=lambda p, key: Payment.objects.filter(pk=p["payment_id"], refund_key=key).exists(),
    refusals=(NotRefundable,),
)
