"""Requests of people to have a payment given back: kept, declined, or accepted by the refund itself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.payments.asking import Why, why_not
from apps.payments.events import RefundAsked, RefundDeclined
from apps.payments.models import Payment, RefundRequest
from apps.users import services as users
from diana import audit
from diana.acts import Change, Preview, StateChanged
from diana.audit import ReasonMissing
from diana.events import publish_many

State = RefundRequest.State
ANSWER_MAX_LENGTH = 300


class RequestRefused(ValueError):
    """The refund cannot be asked for; `why` is "unknown", "open" (another request is), "late" or "settled"."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class AlreadyDecided(ValueError):
    """The request was decided already: look at its payment."""


def ask_for_refund(*, person_id: int, payment_id: int, now: datetime) -> RefundRequest:
    """Keep that the person wants the payment back; publishes payment.refund_asked. Locks the person.

    A second call for the payment returns the first request, also when that was decided. Raises RequestRefused, PersonGone.
    """
    with transaction.atomic():
        person = users.lock_person(person_id)
        payment = Payment.objects.filter(pk=payment_id, person_id=person_id).first()
        if payment is None:
            raise RequestRefused("unknown")
        mine = RefundRequest.objects.filter(person_id=person_id)
        if known := mine.filter(payment=payment).first():
            return known
        if why := why_not(payment, has_open=mine.filter(state=State.OPEN).exists(), now=now):
            raise RequestRefused(why)
        request = RefundRequest.objects.create(payment=payment, person=person, asked_at=now)
        event = RefundAsked(user_id=person_id, charge=payment.pk, request=request.pk)
        publish_many([users.about(person, event, now)])
    return request


def preview_decline(*, request_id: int) -> Preview:
    """Say what declining changes. Raises AlreadyDecided, RefundRequest.DoesNotExist."""
    request = RefundRequest.objects.get(pk=request_id)
    _check_open(request)
    change = Change(str(RefundRequest._meta.verbose_name), State.OPEN.label, State.DECLINED.label)
    return Preview((change,), request.state)


def decline_refund(
    *, request_id: int, answer: str, actor: audit.Actor, now: datetime, shown: str | None = None
) -> RefundRequest:
    """Decline a request with a sentence that the person is told; publishes payment.refund_declined.

    Locks the person and the request. `shown` is the effect of the preview that somebody agreed to. Raises AlreadyDecided,
    audit.ReasonMissing, StateChanged, PersonGone, RefundRequest.DoesNotExist.
    """
    if not 0 < len(answer.strip()) <= ANSWER_MAX_LENGTH:
        raise ReasonMissing(ReasonMissing.__doc__)
    with transaction.atomic():
        person = users.lock_person(RefundRequest.objects.values_list("person_id", flat=True).get(pk=request_id))
        request = RefundRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
        _check_open(request)
        if shown is not None and shown != request.state:
            raise StateChanged(StateChanged.__doc__)
        request.state, request.decided_at, request.answer = State.DECLINED, now, answer.strip()
        request.save(update_fields=["state", "decided_at", "answer"])
        record = audit.record(
            actor=actor,
            act="decline_refund",
            target=("payments.RefundRequest", request_id),
            before={"state": State.OPEN.value, "payment": request.payment_id},
            after={"state": State.DECLINED.value},
            reason=request.answer,
        )
        event = RefundDeclined(
            user_id=request.person_id, charge=request.payment_id, request=request_id, actor=actor.id, audit=record.pk
        )
        publish_many([users.about(person, event, now)])
    return request


def accept_request(payment: Payment, now: datetime) -> int | None:
    """Note that the payment's request is granted by its refund, in the caller's transaction that holds the payment; return
    its id if one was open.
    """
    request = RefundRequest.objects.filter(payment=payment, state=State.OPEN).first()
    if request is None:
        return None
    RefundRequest.objects.filter(pk=request.pk, state=State.OPEN).update(state=State.ACCEPTED, decided_at=now)
    return request.pk


def withdraw_requests(person_id: int, now: datetime) -> None:
    """Withdraw what is open of somebody who is erased, and forget the sentences, in the caller's transaction."""
    mine = RefundRequest.objects.filter(person_id=person_id)
    mine.filter(state=State.OPEN).update(state=State.WITHDRAWN, decided_at=now)
    mine.exclude(answer="").update(answer="")


def _check_open(request: RefundRequest) -> None:
    if request.state != State.OPEN:
        raise AlreadyDecided(_("The request was decided already."))
