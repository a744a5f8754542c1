"""Subscriptions that end and begin again: after the paid time, after an erasure, after Telegram was asked in vain."""

from datetime import timedelta

import pytest

from apps.payments import services, standing
from apps.payments.attempts import ENDS
from apps.payments.models import Payment, Subscription
from apps.users import services as users
from apps.users.models import Grant
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


def renewals(order: list[int], *, charge: str = "c") -> list[Payment]:
    """Tell the payments of a subscription under one charge: 0 is the first, 1 its first renewal."""
    bill = invoice(person(), "vip_monthly")
    return [
        take(
            bill,
            charge=charge,
            first=number == 0,
            paid_at=NOW + number * MONTH,
            subscription_until=NOW + (number + 1) * MONTH + timedelta(seconds=number),
            now=NOW + number * MONTH,
        )
        for number in order
    ]


@pytest.mark.parametrize("order", [[0, 1], [1, 0], [0, 1, 1, 0], [0, 1, 2, 1, 2]])
def test_renewals_under_the_charge_of_the_first_are_renewals_and_copies_of_them_copies(
    order: list[int], published: Published
) -> None:
    told = renewals(order)
    paid = sorted(set(order))
    assert Payment.objects.count() == len(paid)
    assert len(published(told[0].person_id, "payment.duplicate_ignored")) == len(order) - len(paid)
    assert {payment.pk for payment in told} == set(Payment.objects.values_list("pk", flat=True))
    [subscription] = Subscription.objects.all()
    assert subscription.paid_until == max(payment.subscription_until for payment in told)  # type: ignore[type-var]
    assert Grant.objects.count() == len(paid)


def test_what_is_no_renewal_is_a_copy_whatever_it_says(published: Published) -> None:
    [first] = renewals([0])
    bill = first.invoice
    assert bill is not None
    later = {"charge": "c", "paid_at": NOW + MONTH, "now": NOW + MONTH}
    take(bill, **later, first=False)
    take(bill, **later, first=False, subscription_until=NOW + MONTH + timedelta(hours=2))
    take(bill, **later, recurring=False, subscription_until=NOW + 2 * MONTH)
    take(invoice(person()), **later, first=False, subscription_until=NOW + 2 * MONTH)
    assert Payment.objects.get() == first
    assert len(published(first.person_id, "payment.duplicate_ignored")) == 3


@pytest.mark.parametrize("listed", [["c"], ["c", "r"], ["c", "c"]])
def test_telegrams_list_does_not_pay_such_a_renewal_once_more(listed: list[str]) -> None:
    """It may be there under a charge of its own."""
    first, renewal = renewals([0, 1])
    common = {"telegram_id": first.payer, "stars": first.stars, "payload": first.payload, "recurring": True}
    lines = [
        services.Transaction(charge=charge, at=payment.paid_at + timedelta(hours=1), **common)  # type: ignore[arg-type]
        for charge, payment in zip(listed, (first, renewal), strict=False)
    ]
    now = NOW + MONTH + DAY
    report = services.reconcile(transactions=lines, now=now)
    assert (report.left, report.repaired, Payment.objects.count()) == (0, 0, 2)
    lines.append(services.Transaction(charge="s", at=NOW + 2 * MONTH, **common))  # type: ignore[arg-type]
    assert services.reconcile(transactions=lines, now=now + MONTH).repaired == 1
