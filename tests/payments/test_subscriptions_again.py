"""Subscriptions that end and begin again: after the paid time, after an erasure, after Telegram was asked in vain."""

from datetime import timedelta

import pytest

from apps.payments import services, standing
from apps.payments.attempts import ENDS
from apps.payments.models import Payment, Subscription
from apps.users import services as users
from diana import clock
from tests.gamification.acts import person
from tests.payments.paying import NOW, STAFF, buy, invoice, take, telegram_id
from tests.users.conftest import Published, published

__all__ = ["published"]

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
DAY = timedelta(days=1)


def told_state(payment: Payment, state: str) -> None:
    assert payment.payer is not None
    services.note_state(payer=payment.payer, payload=payment.payload, state=state, now=NOW)


@pytest.mark.parametrize("state", ["active", "canceled", "failed"])
def test_one_whose_paid_time_is_over_makes_room_at_once(state: str) -> None:
    somebody = person()
    told_state(buy("vip_monthly", buyer=somebody, now=NOW), state)
    later = NOW + MONTH + DAY
    bill = invoice(somebody, "vip_monthly", later)
    asked = services.Question("q", telegram_id(somebody), bill.payload, "XTR", bill.stars)
    assert services.answer_pre_checkout(question=asked, now=later).ok
    take(bill, paid_at=later, now=later)
    assert list(Subscription.objects.order_by("pk").values_list("lapsed_at", "end_reason")) == [(later, ""), (None, "")]


def test_its_renewal_that_is_told_late_ends_it_as_a_second_one() -> None:
    somebody = person()
    old = buy("vip_monthly", buyer=somebody, now=NOW).invoice
    assert old is not None
    later = NOW + MONTH + timedelta(hours=1)
    take(invoice(somebody, "vip_monthly", later), paid_at=later, now=later)
    take(old, first=False, paid_at=NOW + MONTH, now=later)
    assert list(Subscription.objects.order_by("pk").values_list("end_reason", flat=True)) == ["second", ""]


def asked_in_vain(payment: Payment) -> None:
    """Have the subscription of the payment ended by staff, and refused by Telegram as often as it is asked."""
    assert payment.subscription_id is not None
    services.end_subscription(subscription_id=payment.subscription_id, reason="r", actor=STAFF, now=NOW)
    Subscription.objects.update(end_attempts=ENDS, end_next_at=None, end_problem="no")


def test_a_renewal_has_telegram_asked_again_when_no_attempts_were_left(published: Published) -> None:
    payment = buy("vip_monthly", now=NOW)
    asked_in_vain(payment)
    assert payment.invoice is not None
    take(payment.invoice, first=False, paid_at=NOW + MONTH, now=NOW + MONTH)
    found = Subscription.objects.get()
    assert (found.end_attempts, found.end_next_at is None) == (1, False)
    assert len(published(payment.person_id, "payment.subscription_end_requested")) == 2


def test_an_erasure_asks_again_about_what_was_to_end_already(published: Published) -> None:
    payment = buy("vip_monthly", now=NOW)
    asked_in_vain(payment)
    users.erase_person(person_id=payment.person_id, reason="They asked.", actor=STAFF, now=NOW + DAY)
    found = Subscription.objects.get()
    assert (found.end_reason, found.end_attempts, found.end_next_at is None) == ("erasure", 1, False)
    assert len(published(payment.person_id, "payment.subscription_end_requested")) == 2


@pytest.mark.parametrize("reason", ["staff", "refund"])
def test_one_of_the_erased_rings_for_whatever_reason_it_was_to_end(reason: str) -> None:
    payment = buy("vip_monthly", now=NOW)
    if reason == "refund":
        services.request_refund(payment_id=payment.pk, reason="r", actor=STAFF, key="k", now=NOW)
        services.confirm_refund(payment_id=payment.pk, now=NOW)
    else:
        asked_in_vain(payment)
    assert standing.concerns() == []
    at = clock.now() - timedelta(hours=25)
    users.erase_person(person_id=payment.person_id, reason="They asked.", actor=STAFF, now=at)
    assert len(standing.concerns()) == 1


def test_one_of_the_erased_that_is_charged_again_rings_after_a_day_and_not_before() -> None:
    payment = buy("vip_monthly", now=NOW)
    asked_in_vain(payment)
    services.confirm_end(subscription_id=payment.subscription_id or 0, now=NOW)
    users.erase_person(person_id=payment.person_id, reason="They asked.", actor=STAFF, now=NOW)
    assert payment.invoice is not None
    at = clock.now()
    take(payment.invoice, payer=payment.payer, first=False, paid_at=at, now=at)
    assert standing.concerns() == []
    Subscription.objects.update(end_requested_at=at - timedelta(hours=25))
    assert len(standing.concerns()) == 1
