"""What the webhook books of a payment."""

import pytest

from apps.payments.models import Payment
from diana import clock
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import paid_update
from tests.bot.updates import ADA, deliver
from tests.flows.test_money_in_any_order import bill_of

__all__ = ["sandbox"]


@pytest.mark.parametrize("flags", [{"is_first_recurring": True}, {"is_recurring": True, "is_first_recurring": True}])
def test_a_first_payment_begins_a_subscription_whichever_flags_come_with_it(
    sandbox: Sandbox, flags: dict[str, bool]
) -> None:
    told = sandbox.pay(ADA, bill_of("vip_monthly").payload)
    del told["is_recurring"], told["is_first_recurring"]
    assert deliver(paid_update(told | flags)) == 200
    payment = Payment.objects.get()
    assert (payment.recurring, payment.first, payment.subscription is None) == (True, True, False)
    assert payment.paid_at <= clock.now()
