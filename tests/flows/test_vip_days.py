"""Days of VIP that were bought and given back, in whatever order: nothing but the days that are given back goes."""

import pytest

from apps.payments.models import Payment
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import pay
from tests.flows.test_payments import ada, bought, days_left, refund

__all__ = ["sandbox"]


@pytest.mark.parametrize(
    ("product", "payments", "refunded", "left"),
    [
        ("vip_30", 2, [1], [30]),
        ("vip_30", 2, [0], [30]),
        ("vip_30", 3, [1, 0], [60, 30]),
        ("vip_monthly", 2, [0], [30]),
        ("vip_monthly", 3, [0, 1], [60, 30]),
    ],
)
def test_a_refund_takes_back_its_own_days_whichever_payment_it_is(
    sandbox: Sandbox, product: str, payments: int, refunded: list[int], left: list[int]
) -> None:
    told = bought(sandbox, product)
    for _ in range(payments - 1):
        if product == "vip_monthly":
            pay(sandbox, told["invoice_payload"], charge=told["telegram_payment_charge_id"])
            drain()
        else:
            bought(sandbox, product)
    assert days_left(ada()) == 30 * payments
    paid = list(Payment.objects.order_by("id"))
    found = []
    for number in refunded:
        refund(paid[number], f"k{number}")
        drain()
        found.append(days_left(ada()))
    assert found == left
