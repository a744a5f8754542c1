"""Subscriptions that end and begin again: after the paid time, after an erasure, after Telegram was asked in vain."""

from datetime import timedelta

import pytest

from apps.payments import services
from apps.payments.models import Payment, Subscription
from tests.gamification.acts import person
from tests.payments.paying import NOW, buy, invoice, take, telegram_id

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
