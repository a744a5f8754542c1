"""What Telegram tells before its payment: refunds of somebody else or of another sum, and states of subscriptions."""

from datetime import timedelta

import pytest

from apps.payments import selectors, services
from apps.payments.models import Subscription, ToldRefund
from tests.gamification.acts import person
from tests.payments.paying import NOW, invoice, take, telegram_id
from tests.users.conftest import Published, published

__all__ = ["published"]

__all__ = ["published"]

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("changes", "problem"), [({"payer": 5}, "other_person"), ({"stars": 1}, "amount")])
def test_a_refund_that_is_not_the_payments_is_for_staff_once_that_is_told(
    changes: dict[str, int], problem: str
) -> None:
    bill = invoice(person())
    told = {"charge": "c", "payer": telegram_id(bill.person_id), "stars": bill.stars} | changes
    for _ in range(2):
        services.take_refund(**told, now=NOW)  # type: ignore[arg-type]
    assert ToldRefund.objects.get().problem == "unknown_charge"
    assert take(bill, charge="c").credited_at == NOW
    assert not services.take_refund(**told, now=NOW)  # type: ignore[arg-type]
    found = ToldRefund.objects.order_by("pk").values_list("problem", "settled_at")
    assert list(found) == [("unknown_charge", NOW), (problem, None)]


def test_of_two_refunds_told_first_the_one_of_the_payment_settles_both() -> None:
    bill = invoice(person())
    services.take_refund(charge="c", payer=5, stars=bill.stars, now=NOW)
    services.take_refund(charge="c", payer=telegram_id(bill.person_id), stars=bill.stars, now=NOW)
    assert take(bill, charge="c").problem == "refunded"
    assert not ToldRefund.objects.filter(settled_at=None).exists()


def test_a_renewal_of_before_is_no_answer_to_a_failure() -> None:
    bill = invoice(person(), "vip_monthly")
    take(bill)
    services.note_state(payer=telegram_id(bill.person_id), payload=bill.payload, state="failed", now=NOW + 2 * MONTH)
    take(bill, first=False, paid_at=NOW + MONTH, now=NOW + 2 * MONTH + HOUR)
    assert Subscription.objects.get().state == "failed"
    take(bill, first=False, paid_at=NOW + 2 * MONTH, now=NOW + 2 * MONTH + 2 * HOUR)
    assert Subscription.objects.get().state == "active", "the time that could not be paid is paid"


@pytest.mark.parametrize("state", ["canceled", "failed"])
def test_a_state_told_before_the_first_payment_is_kept_for_it(state: str, published: Published) -> None:
    bill = invoice(person(), "vip_monthly")
    told = {"payload": bill.payload, "state": state, "now": NOW + HOUR}
    assert not services.note_state(payer=5, **told)  # type: ignore[arg-type]
    assert services.note_state(payer=telegram_id(bill.person_id), **told)  # type: ignore[arg-type]
    assert not services.note_state(payer=telegram_id(bill.person_id), **told)  # type: ignore[arg-type]
    take(bill, paid_at=NOW, now=NOW + 2 * HOUR)
    found = selectors.running(bill.person_id, NOW + 2 * HOUR)
    assert found is not None
    assert (found.renews, found.failed) == (False, state == "failed")
    assert len(published(bill.person_id, "payment.subscription_failed")) == (state == "failed")


def test_a_state_of_before_is_not_one_of_a_subscription_that_begins_later() -> None:
    bill = invoice(person(), "vip_monthly")
    services.note_state(payer=telegram_id(bill.person_id), payload=bill.payload, state="canceled", now=NOW)
    take(bill, paid_at=NOW + HOUR, now=NOW + HOUR)
    assert Subscription.objects.get().state == "active"
