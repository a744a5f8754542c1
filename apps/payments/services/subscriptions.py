"""Subscriptions: which one a payment belongs to, and ending it at Telegram."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.payments.attempts import ENDS, next_attempt
from apps.payments.events import SubscriptionEndRequested
from apps.payments.models import Payment, Subscription
from apps.payments.products import SUBSCRIPTION_DAYS
from apps.payments.services.states import take_told_state
from apps.users.models import Person
from diana import audit
from diana.acts import Change, Preview, StateChanged
from diana.events import Publication, publish_many

MONTH = timedelta(days=SUBSCRIPTION_DAYS)
# A renewal may come so much later than what was paid has ended; after that a subscription that is refused is over.
LATE = timedelta(days=3)
EARLY = timedelta(days=1)
# The times of Telegram's messages are whole seconds of another clock.
CLOCK_SLACK = timedelta(minutes=1)
PROBLEM_MAX_LENGTH = 200

Reason = Subscription.Reason


class NothingToEnd(ValueError):
    """The subscription has ended."""


# Why a subscription that begins with such a payment is to be ended at once.
REASONS = {"": "", Payment.Problem.FAILED: "", Payment.Problem.ERASED: Reason.ERASURE, "refunded": Reason.REFUND}


def follow(payment: Payment, now: datetime) -> Subscription:
    """Note what a recurring payment says of its subscription, in the caller's transaction; the person is locked or erased.

    A first one begins it, a renewal prolongs it. A second one beside a running one, and one that gave nothing, is ended at
    Telegram; so is one that was charged although it had ended.
    """
    until = payment.subscription_until or payment.paid_at + MONTH
    known = _without_its_first(payment) if payment.first else _renewed_by(payment, until)
    # Locked before it is read: states and ends are told without the person's lock.
    subscription = _begin(payment, until, now) if known is None else _locked(known.pk)
    payment.subscription = subscription
    payment.save(update_fields=["subscription"])
    if known is not None:
        _prolong(subscription, payment, until, now)
    return subscription


def is_renewal(*, payer: int, payload: str, at: datetime) -> bool:
    """Say whether a recurring payment of that time renews a subscription, which Telegram's list does not tell: one comes when
    what was paid last ends, unless Telegram has ended it.
    """
    mine = Q(person__status=Person.Status.ERASED) | Q(payer=payer)
    known = Payment.objects.filter(mine, payload=payload, subscription__isnull=False, paid_at__lt=at)
    found = (
        known.exclude(subscription__ended_at__lt=at, subscription__end_problem="")
        .order_by("paid_at", "pk")
        .select_related("subscription")
    )
    last = {payment.subscription_id: payment for payment in found}
    ends = ((payment.subscription_until or payment.paid_at + MONTH) for payment in last.values())
    return any(end - EARLY <= at <= end + LATE for end in ends)


def request_end(subscription: Subscription, reason: str, now: datetime, *, tell: bool = True) -> bool:
    """Have Telegram charge the person no more; publishes payment.subscription_end_requested, on which the bot calls it.

    In the caller's transaction. `tell` is false for who calls it without the event. Returns whether that was news.
    """
    if subscription.end_requested_at is not None:
        return False
    subscription.end_reason, subscription.end_requested_at = reason, now
    _begin_asking(subscription, now)
    if tell:
        _publish(subscription, now)
    return True


def end_subscription(
    *, subscription_id: int, reason: str, actor: audit.Actor, now: datetime, shown: str | None = None
) -> None:
    """Have Telegram end a subscription because staff want it, or ask once more. What was paid for stays.

    `shown` is the effect of the preview that somebody agreed to. Writes the audit record. Raises NothingToEnd, StateChanged,
    audit.ReasonMissing, Subscription.DoesNotExist.
    """
    with transaction.atomic():
        subscription = _locked(subscription_id)
        if shown is not None and preview_end(subscription_id=subscription_id).effect != shown:
            raise StateChanged(StateChanged.__doc__)
        _check_open(subscription)
        audit.record(
            actor=actor,
            act="end_subscription",
            target=("payments.Subscription", subscription_id),
            before={"end": subscription.end_reason, "problem": subscription.end_problem},
            after={"end": subscription.end_reason or Reason.STAFF},
            reason=reason,
        )
        if not request_end(subscription, Reason.STAFF, now):
            _begin_asking(subscription, now)
            _publish(subscription, now)


def preview_end(*, subscription_id: int) -> Preview:
    """Say what ending a subscription changes. Raises NothingToEnd, Subscription.DoesNotExist."""
    subscription = Subscription.objects.get(pk=subscription_id)
    _check_open(subscription)
    change = Change(_("renews"), subscription.paid_until, None)
    effect = f"{subscription.paid_until},{subscription.end_requested_at}"
    return Preview((change,), effect, (_("The VIP that was paid for stays."),))


def _check_open(subscription: Subscription) -> None:
    if subscription.ended_at is not None:
        raise NothingToEnd(_("The subscription has ended at Telegram already."))


def ask_again(*, subscription_id: int, now: datetime) -> bool:
    """Ask Telegram once more, now, to end a subscription that is to be ended; say whether there is anything to ask."""
    with transaction.atomic():
        subscription = _locked(subscription_id)
        if subscription.end_requested_at is None or subscription.ended_at is not None:
            return False
        _begin_asking(subscription, now)
        _publish(subscription, now)
    return True


def end_all(person_id: int, now: datetime) -> int:
    """End the subscriptions of somebody who is erased, in the caller's transaction; return how many. What has ended keeps
    no Telegram id. One that was to end for another reason is one of the erased from now on, and asked about anew.
    """
    mine = Subscription.objects.select_for_update(of=("self",)).filter(person_id=person_id).order_by("pk")
    mine.filter(ended_at__isnull=False).update(payer=None)
    found = list(mine.filter(ended_at=None))
    for subscription in found:
        subscription.end_requested_at = None
        request_end(subscription, Reason.ERASURE, now)
    return len(found)


def confirm_end(*, subscription_id: int, now: datetime) -> bool:
    """Note that Telegram charges the person no more; say whether it was news. Of the erased nothing is kept any longer."""
    with transaction.atomic():
        subscription = _locked(subscription_id)
        if subscription.ended_at is not None or subscription.end_requested_at is None:
            return False
        subscription.ended_at, subscription.end_next_at, subscription.end_problem = now, None, ""
        if subscription.person.status == Person.Status.ERASED:
            subscription.payer = None
        subscription.save(update_fields=["ended_at", "end_next_at", "end_problem", "payer"])
        _show_on_refunds(subscription)
    return True


def fail_end(*, subscription_id: int, problem: str, now: datetime) -> None:
    """Note why Telegram does not end a subscription, for staff; it is asked again. One that was not renewed is over."""
    with transaction.atomic():
        subscription = _locked(subscription_id)
        if subscription.paid_until + LATE < now:
            # Kept, so that a renewal of before which is told later has Telegram asked again.
            if confirm_end(subscription_id=subscription_id, now=now):
                Subscription.objects.filter(pk=subscription_id).update(end_problem=problem[:PROBLEM_MAX_LENGTH])
        elif subscription.ended_at is None and subscription.end_requested_at is not None:
            subscription.end_problem = problem[:PROBLEM_MAX_LENGTH]
            subscription.save(update_fields=["end_problem"])
            _show_on_refunds(subscription)


def _locked(subscription_id: int) -> Subscription:
    return Subscription.objects.select_for_update(of=("self",)).select_related("person").get(pk=subscription_id)


def _without_its_first(payment: Payment) -> Subscription | None:
    """Return the subscription that began here with a renewal, because this payment of before was not told in time."""
    later = _of_bill(payment).filter(began_at__gte=payment.paid_at, payments__first=False)
    candidates = later.exclude(payments__first=True).distinct()
    found = min(candidates, key=lambda s: (_off_by(s.began_at - payment.paid_at), s.pk), default=None)
    if found is not None:
        found.charge, found.began_at = payment.charge, payment.paid_at
        found.save(update_fields=["charge", "began_at"])
    return found


def _off_by(passed: timedelta) -> timedelta:
    """Return how far a time is from whole months of Telegram's."""
    rest = passed % MONTH
    return min(rest, MONTH - rest)


def _renewed_by(payment: Payment, until: datetime) -> Subscription | None:
    """Return the subscription of the bill that a renewal continues: one that goes on, whose paid time ended then."""
    found = list(_of_bill(payment).filter(began_at__lte=payment.paid_at + CLOCK_SLACK))
    began = until - MONTH
    return min(found, key=lambda s: (s.ended_at is not None, abs(s.paid_until - began), s.pk), default=None)


def _of_bill(payment: Payment) -> QuerySet[Subscription]:
    """Return the subscriptions of the bill that are the payer's, also from before an erasure."""
    erased = Q(person__status=Person.Status.ERASED)
    own = Q(person_id=payment.person_id) | Q(payer=payment.payer, payer__isnull=False) | erased
    return Subscription.objects.filter(own, payload=payment.payload)


def _begin(payment: Payment, until: datetime, now: datetime) -> Subscription:
    reason = REASONS.get(payment.problem, Reason.UNCREDITED)
    if not reason and not _make_room(payment.person_id, payment.paid_at, now):
        reason = Reason.SECOND
    subscription = Subscription.objects.create(
        charge=payment.charge,
        person_id=payment.person_id,
        payer=payment.payer,
        payload=payment.payload,
        began_at=payment.paid_at,
        paid_until=until,
        end_reason=reason,
        end_requested_at=now if reason else None,
    )
    if reason:
        _begin_asking(subscription, now)
        _publish(subscription, now)
    take_told_state(subscription, payment)
    return subscription


def _make_room(person_id: int, at: datetime, now: datetime) -> bool:
    """Say whether no subscription of the person runs; one whose paid time is over has lapsed, as selectors.running has it
    where a bill is asked for. If it was renewed after all, it comes back as the second one.
    """
    mine = Subscription.objects.select_for_update(of=("self",)).filter(person_id=person_id)
    found = mine.filter(end_requested_at=None, lapsed_at=None).first()
    if found is None:
        return True
    if found.paid_until > at + CLOCK_SLACK:
        return False
    found.lapsed_at = now
    found.save(update_fields=["lapsed_at"])
    return True


def _prolong(subscription: Subscription, payment: Payment, until: datetime, now: datetime) -> None:
    subscription.paid_until = max(subscription.paid_until, until)
    told = subscription.state_at
    # What failed is paid by a payment for that time, whenever it came; a cancellation is undone by a later payment.
    last = until if subscription.state == Subscription.State.FAILED else payment.paid_at
    if told is None or last > told:
        subscription.state, subscription.state_at = Subscription.State.ACTIVE, now
    if subscription.lapsed_at is not None and subscription.end_requested_at is None:
        if not _make_room(subscription.person_id, payment.paid_at, now):
            request_end(subscription, Reason.SECOND, now)
        subscription.lapsed_at = None
    subscription.save(update_fields=["paid_until", "state", "state_at", "lapsed_at"])
    if REASONS.get(payment.problem, Reason.UNCREDITED):
        request_end(subscription, REASONS.get(payment.problem, Reason.UNCREDITED), now)
    _ask_about_charged(subscription, payment, now)


def _ask_about_charged(subscription: Subscription, payment: Payment, now: datetime) -> None:
    """Have Telegram asked again about a subscription that was charged although it had ended, or after the last attempt."""
    ended = subscription.ended_at
    if ended is not None and (subscription.end_problem or payment.paid_at > ended - CLOCK_SLACK):
        _reopen(subscription, payment, now)
    elif ended is None and subscription.end_requested_at is not None and subscription.end_next_at is None:
        _begin_asking(subscription, now)
        _publish(subscription, now)


def _reopen(subscription: Subscription, payment: Payment, now: datetime) -> None:
    """Ask Telegram again about a subscription that was charged although it had ended."""
    subscription.ended_at, subscription.payer, subscription.end_requested_at = None, payment.payer, now
    subscription.end_problem = f"It was charged again by payment {payment.pk}."
    subscription.save(update_fields=["ended_at", "payer", "end_problem"])
    _begin_asking(subscription, now)
    _publish(subscription, now)


def _begin_asking(subscription: Subscription, now: datetime) -> None:
    subscription.end_attempts, subscription.end_next_at = 1, next_attempt(1, ENDS, now)
    subscription.save(update_fields=["end_reason", "end_requested_at", "end_attempts", "end_next_at"])


def _publish(subscription: Subscription, now: datetime) -> None:
    event = SubscriptionEndRequested(user_id=subscription.person_id, subscription=subscription.pk)
    publish_many([Publication(event=event, occurred_at=now)])


def _show_on_refunds(subscription: Subscription) -> None:
    """Show at payments that were given back whether their subscription still runs."""
    given_back = Payment.objects.filter(subscription=subscription, refunded_at__isnull=False)
    given_back.update(refund_problem=subscription.end_problem)
