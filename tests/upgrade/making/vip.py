"""People with VIP: ten days before the end they get it, of the four kinds and with the refunds that were mistaken."""

from datetime import timedelta
from typing import Any

from world import Calendar, actor, charge_of, come_by, person, refund, sender, telegram_id

from apps.payments.models import GiftCode
from apps.users import services as users
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.stars import ask, choose, last_bill, pay
from tests.bot.updates import answer, say, texts
from tests.flows.test_payments import bought

DAY = timedelta(days=1)


def buy(sandbox: Sandbox, number: int, *products: str) -> list[dict[str, Any]]:
    """Let somebody come by and buy; return what Telegram told of each payment."""
    come_by(number)
    return [bought(sandbox, product, payer=telegram_id(number)) for product in products]


def renew(sandbox: Sandbox, number: int, first: dict[str, Any]) -> dict[str, Any]:
    """Let Telegram take the next month's Stars of a subscription."""
    charge = first["telegram_payment_charge_id"]
    told = pay(sandbox, first["invoice_payload"], payer=telegram_id(number), charge=charge)
    drain()
    return told


def refund_earlier_purchases(sandbox: Sandbox) -> None:
    """Give back purchases that others were chained to: only the last one's days go away, as this version has it."""
    _, second = buy(sandbox, 40, "vip_30", "vip_30")
    refund(second)
    first, _ = buy(sandbox, 41, "vip_30", "vip_30")
    refund(first)
    _, second, _ = buy(sandbox, 42, "vip_30", "vip_30", "vip_30")
    refund(second)
    first, second, _ = buy(sandbox, 43, "vip_30", "vip_30", "vip_30")
    refund(second)
    refund(first)
    [first] = buy(sandbox, 44, "vip_monthly")
    renew(sandbox, 44, first)
    refund(first)
    [first] = buy(sandbox, 45, "vip_monthly")
    second = renew(sandbox, 45, first)
    renew(sandbox, 45, first)
    refund(first)
    refund(second)


def subscribe_twice(sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    """Press the button twice and pay both links; this version lets the second through."""
    come_by(number)
    payer, told = telegram_id(number), []
    for _ in range(2):
        choose("vip_monthly", payer=payer)
        answer()
    bill = last_bill()
    for _ in range(2):
        assert ask(sandbox, bill.payload, bill.stars, payer=payer)
        told.append(pay(sandbox, bill.payload, payer=payer))
        drain()
    return told


def refund_subscriptions(sandbox: Sandbox) -> None:
    """Give subscriptions back: one of two, which ends the other one at Telegram; and one that Telegram does not end."""
    subscribe_twice(sandbox, 46)
    _, second = subscribe_twice(sandbox, 47)
    refund(second)
    [only] = buy(sandbox, 48, "vip_monthly")
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: CHARGE_ID_INVALID"}])
    refund(only)
    assert charge_of(only).refunded_at is not None


def buy_a_gift(sandbox: Sandbox, number: int) -> str:
    """Let somebody buy a gift; return the code that they are told."""
    buy(sandbox, number, "gift_30")
    return texts(sandbox, telegram_id(number))[-1].split("<code>")[1].split("</code>")[0]


def pay_for_somebody_else(sandbox: Sandbox) -> None:
    """Pay another one's bill: the Stars are owed back."""
    come_by(33, 34)
    choose("vip_30", payer=telegram_id(34))
    answer()
    told = pay(sandbox, last_bill().payload, payer=telegram_id(33))
    assert charge_of(told).problem == "other_person"


def have_ordinary_vip(sandbox: Sandbox, calendar: Calendar) -> None:
    """Buy, subscribe, give and redeem, be granted a window and days more, be forced on and off."""
    buy(sandbox, 11, "vip_monthly")
    buy(sandbox, 13, "vip_30")
    code = buy_a_gift(sandbox, 13)
    come_by(14, 15, 16, 17, 18)
    say(f"/vip {code}", sender=sender(14))
    drain()
    assert GiftCode.objects.get(redeemed_by=person(14))
    [back] = buy(sandbox, 28, "vip_30")
    refund(back)
    now, by = clock.now(), {"reason": "A prize.", "actor": actor("manager")}
    users.grant_vip(person_id=person(15), source="staff", ends_at=now + 25 * DAY, now=now, **by)
    users.extend_vip(person_id=person(15), days=5, key="extension-15", now=now, **by)
    users.override_vip(person_id=person(16), mode="on", until=now + 40 * DAY, key="on-16", now=now, **by)
    users.grant_vip(person_id=person(17), source="gift", days=30, now=now, **by)
    users.override_vip(person_id=person(17), mode="off", until=now + 15 * DAY, key="off-17", now=now, **by)
    users.grant_vip(person_id=person(18), source="staff", days=9, now=now, **by)
    drain()
    for number in (11, 13, 14, 15, 16, 17, 18):
        say("/daily", sender=sender(number))
        calendar.sleep(seconds=1)
    drain()
