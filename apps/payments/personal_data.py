"""What payments keep about people: for the copy that somebody may ask for, and for erasure."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from apps.payments.models import (
    GiftCode,
    GiftGuesses,
    Invoice,
    Payment,
    PreCheckout,
    RefundRequest,
    Subscription,
    ToldRefund,
)
from apps.payments.services.refund_requests import withdraw_requests
from apps.payments.services.subscriptions import end_all
from apps.users import selectors as people
from apps.users.privacy import Part

# Telegram's id of the payer, what staff answered, and what goes altogether. A payment itself is kept, under our number of
# the person alone. The id stays where Telegram is still to be asked: for Stars that are owed back, and until a subscription
# has ended.
PERSONAL = (
    "payments_payment.payer",
    "payments_subscription.payer",
    "payments_toldrefund.payer",
    "payments_refundrequest.answer",
    "payments_precheckout.*",
    "payments_giftguesses.*",
)
OTHER = (
    *(f"payments_invoice.{field.column}" for field in Invoice._meta.fields),
    *(f"payments_payment.{field.column}" for field in Payment._meta.fields if field.column != "payer"),
    *(f"payments_subscription.{field.column}" for field in Subscription._meta.fields if field.column != "payer"),
    *(f"payments_toldrefund.{field.column}" for field in ToldRefund._meta.fields if field.column != "payer"),
    *(f"payments_refundrequest.{field.column}" for field in RefundRequest._meta.fields if field.column != "answer"),
    *(f"payments_giftcode.{field.column}" for field in GiftCode._meta.fields),
)


def export(person_id: int) -> dict[str, Any]:
    """Return bills, payments and gifts of the person; of a gift not its code, which Telegram has shown."""
    return {
        "invoices": [
            {"product": i.product, "stars": i.stars, "days": i.days, "at": i.created_at.isoformat()}
            for i in Invoice.objects.filter(person_id=person_id).order_by("id")
        ],
        "payments": [_payment(payment) for payment in Payment.objects.filter(person_id=person_id).order_by("id")],
        "subscriptions": [
            _subscription(found) for found in Subscription.objects.filter(person_id=person_id).order_by("id")
        ],
        "refunds_without_payments": [
            {"charge": told.charge, "stars": told.stars, "at": told.told_at.isoformat()}
            for told in ToldRefund.objects.filter(_told_of(person_id)).order_by("id")
        ],
        "refund_requests": [
            {
                "charge": request.payment.charge,
                "asked_at": request.asked_at.isoformat(),
                "state": request.state,
                "decided_at": _iso(request.decided_at),
                "answer": request.answer,
            }
            for request in RefundRequest.objects.filter(person_id=person_id).select_related("payment").order_by("id")
        ],
        "gifts_bought": [
            {"days": gift.days, "at": gift.created_at.isoformat(), "redeemed": gift.redeemed_at is not None}
            for gift in GiftCode.objects.filter(buyer_id=person_id).order_by("id")
        ],
        "gifts_redeemed": [
            {"days": gift.days, "at": _iso(gift.redeemed_at)}
            for gift in GiftCode.objects.filter(redeemed_by_id=person_id).order_by("id")
        ],
    }


def erase(person_id: int, now: datetime) -> None:
    """Forget the payer's Telegram id, except where Stars are still owed back and could not be sent without it; end the
    subscriptions, which need it until Telegram has done so.
    """
    owed = Q(refunded_at=None) & (~Q(problem="") | Q(refund_requested_at__isnull=False))
    Payment.objects.filter(person_id=person_id).exclude(owed).update(payer=None)
    withdraw_requests(person_id, now)
    end_all(person_id, now)
    ToldRefund.objects.filter(_told_of(person_id)).update(payer=None)
    PreCheckout.objects.filter(person_id=person_id).delete()
    GiftGuesses.objects.filter(pk=person_id).delete()


def _told_of(person_id: int) -> Q:
    """Match refunds that were told of the person, also before the person was known here."""
    telegram_id = people.telegram_id(person_id)
    return Q(person_id=person_id) if telegram_id is None else Q(person_id=person_id) | Q(payer=telegram_id)


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "charge": payment.charge,
        "product": payment.product,
        "stars": payment.stars,
        "recurring": payment.recurring,
        "paid_at": _iso(payment.paid_at),
        "credited_at": _iso(payment.credited_at),
        "refunded_at": _iso(payment.refunded_at),
    }


def _subscription(found: Subscription) -> dict[str, Any]:
    return {
        "charge": found.charge,
        "began_at": _iso(found.began_at),
        "paid_until": _iso(found.paid_until),
        "state": found.state,
        "ended_at": _iso(found.ended_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


PART = Part("payments", PERSONAL, OTHER, export, erase)
