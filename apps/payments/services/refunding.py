"""Giving Stars back: staff ask for it, Telegram does it, and then what was bought ends."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.payments.attempts import REFUNDS, next_attempt
from apps.payments.events import PaymentRefunded, RefundRequested
from apps.payments.models import GiftCode, Payment, Subscription, ToldRefund
from apps.payments.services.refund_requests import accept_request
from apps.payments.services.subscriptions import request_end
from apps.users import services as users
from apps.users.models import Person
from diana import audit, clock
from diana.acts import Change, Preview, StateChanged, is_key
from diana.events import Event, Publication, publish_many

ASKED = ("refund_attempts", "refund_next_at")
SYSTEM = audit.Actor(None, "payments.refund", "command")


class NotRefundable(ValueError):
    """The payment cannot be refunded: the message says why."""


def request_refund(
    *, payment_id: int, reason: str, actor: audit.Actor, key: str, now: datetime, shown: str | None = None
) -> Payment:
    """Ask Telegram to give a payment back; publishes payment.refund_requested, on which the bot calls it.

    Locks the person and the payment. A second call with the key changes nothing. One that Telegram has refused may be
    asked for again. `shown` is the effect of the preview that somebody agreed to. Raises NotRefundable, StateChanged,
    audit.ReasonMissing, Payment.DoesNotExist.
    """
    if not is_key(key):
        raise NotRefundable(_("The key may have 1 to 100 letters, digits and _ : . -"))
    with transaction.atomic():
        payment, person = _lock(payment_id)
        if payment.refund_key == key:
            return payment
        _check(payment)
        if shown is not None and preview_refund(payment_id=payment_id, now=now).effect != shown:
            raise StateChanged(StateChanged.__doc__)
        payment.refund_requested_at, payment.refund_key, payment.refund_problem = now, key, ""
        payment.refund_attempts, payment.refund_next_at = 1, next_attempt(1, REFUNDS, now)
        payment.save(update_fields=[*ASKED, "refund_requested_at", "refund_key", "refund_problem"])
        if payment.subscription is not None:
            # The bot ends it with the same visit to Telegram; by itself it is asked only if that fails.
            request_end(payment.subscription, Subscription.Reason.REFUND, now, tell=False)
        request = accept_request(payment, now)
        record = audit.record(
            actor=actor,
            act="refund_payment",
            target=("payments.Payment", payment_id),
            before={"refunded": False, "problem": payment.problem},
            after={"refund": "asked for", "stars": payment.stars} | ({"request": request} if request else {}),
            reason=reason,
        )
        event = RefundRequested(user_id=payment.person_id, charge=payment_id, actor=actor.id, audit=record.pk)
        publish_many([_about(person, event, now)])
    return payment


def preview_refund(*, payment_id: int, now: datetime | None = None) -> Preview:
    """Say what refunding changes at the moment (this one, if none is named). Raises NotRefundable, Payment.DoesNotExist."""
    now = now or clock.now()
    payment = Payment.objects.get(pk=payment_id)
    _check(payment)
    changes = [Change(_("Stars given back"), 0, payment.stars)]
    if payment.vip_grant is not None:
        changes.append(Change(_("VIP grant"), payment.vip_grant, _("revoked")))
    ends = _ends_of(payment.vip_grant, now)
    gift = GiftCode.objects.filter(payment=payment).first()
    if gift is not None:
        state = _("redeemed: the VIP that it gave ends") if gift.redeemed_at else _("not redeemed")
        changes.append(Change(_("gift code"), state, _("void")))
        ends += _ends_of(gift.vip_grant, now)
    notes = [_("The points for it are taken back.")] if payment.credited_at else []
    if payment.recurring:
        notes.append(_("The subscription is cancelled as well."))
    effect = f"{payment.stars},{payment.problem},{payment.vip_grant},{gift and gift.redeemed_at},{payment.refund_key}"
    effect = ",".join([effect, *(found.effect for found in ends)])
    return Preview((*changes, *(change for found in ends for change in found.changes)), effect, tuple(notes))


def _ends_of(grant: int | None, now: datetime) -> list[Preview]:
    """Return what revoking the grant comes to for who has it, if something is left of it to revoke."""
    try:
        return [] if grant is None else [users.preview_revocation(grant_id=grant, now=now)]
    except users.GrantOver:
        return []


def confirm_refund(*, payment_id: int, now: datetime) -> bool:
    """Note that Telegram has given the payment back, and end what it gave; publishes payment.refunded, once.

    Locks the person and the payment. Who redeemed a gift of it loses that VIP a moment later (handlers.end_gift); its
    subscription is to be ended. Returns whether it was news. Raises Payment.DoesNotExist.
    """
    with transaction.atomic():
        payment, person = _lock(payment_id)
        if payment.refunded_at is not None:
            return False
        GiftCode.objects.filter(payment=payment, voided_at=None).update(voided_at=now)
        if payment.vip_grant is not None:
            revoke(payment.vip_grant, f"Payment {payment_id} was refunded.", now)
        note_refunded(payment, person, now)
    return True


def note_refunded(payment: Payment, person: Person | None, now: datetime) -> None:
    """Note that a payment was given back and have its subscription ended, in the caller's transaction; `person` is None for
    who was erased, of whom nothing is kept any longer. Publishes payment.refunded.
    """
    subscription = payment.subscription
    if subscription is not None:
        request_end(subscription, Subscription.Reason.REFUND, now)
    payment.refunded_at, payment.refund_next_at = now, None
    payment.refund_problem = "" if subscription is None or subscription.ended_at else subscription.end_problem
    told = ToldRefund.objects.filter(charge=payment.charge, settled_at=None)
    if person is None:
        told.filter(payer=payment.payer).update(payer=None)
        payment.payer = None
    payment.save(update_fields=["refunded_at", "refund_next_at", "refund_problem", "payer"])
    accept_request(payment, now)
    told.update(settled_at=now)
    publish_many([_about(person, PaymentRefunded(user_id=payment.person_id, charge=payment.pk), now)])


def fail_refund(*, payment_id: int, problem: str) -> bool:
    """Note why Telegram did not give the payment back, so that staff see it; it is tried again some times."""
    return bool(Payment.objects.filter(pk=payment_id, refunded_at=None).update(refund_problem=problem[:200]))


def end_gift(*, payment_id: int, now: datetime) -> None:
    """Take back the VIP of a gift whose payment was refunded, if somebody has redeemed it; a second call does nothing."""
    gift = GiftCode.objects.filter(payment_id=payment_id).exclude(voided_at=None).first()
    if gift is not None and gift.vip_grant is not None:
        revoke(gift.vip_grant, f"The gift {gift.pk} was refunded.", now)


def revoke(grant_id: int, reason: str, now: datetime) -> None:
    """Take a grant back unless it is over, or who had it is gone."""
    try:
        users.revoke_grant(grant_id=grant_id, reason=reason, actor=SYSTEM, now=now)
    except (users.GrantOver, users.PersonGone):
        return


def _lock(payment_id: int) -> tuple[Payment, Person | None]:
    """Return the payment locked, and its person, locked before it; None for who was erased."""
    person_id = Payment.objects.values_list("person_id", flat=True).get(pk=payment_id)
    try:
        person: Person | None = users.lock_person(person_id)
    except users.PersonGone:
        person = None
    return Payment.objects.select_for_update(of=("self",)).select_related("subscription").get(pk=payment_id), person


def _check(payment: Payment) -> None:
    if payment.refunded_at is not None:
        raise NotRefundable(_("The payment was refunded already."))
    if payment.refund_requested_at is not None and not payment.refund_problem:
        raise NotRefundable(_("The refund was asked for already; Telegram is being told."))
    if payment.payer is None:
        raise NotRefundable(_("The payer was erased, and with them the id at Telegram that a refund needs."))


def _about(person: Person | None, event: Event, now: datetime) -> Publication:
    return users.about(person, event, now) if person else Publication(event=event, occurred_at=now)
