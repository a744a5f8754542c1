"""Payments that the old version took go on: a subscription renews, a gift's code is redeemed, bills stay paid."""

from datetime import datetime, timedelta
from typing import Any

from apps.gamification.models import AchievementVersion, Entry, RuleVersion
from apps.payments import services as payments
from apps.payments.models import Invoice, Payment
from apps.users import selectors as users
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.stars import paid_update
from tests.bot.updates import answer, deliver, say, texts, user
from tests.upgrade.conftest import Move
from tests.upgrade.old import EXPECTED, PEOPLE, person, telegram_id

MONTH = timedelta(days=30)


def renewal(bill: Invoice, charge: str) -> dict[str, Any]:
    """What Telegram tells when it has taken another month's Stars."""
    return {
        "currency": "XTR",
        "total_amount": bill.stars,
        "invoice_payload": bill.payload,
        "telegram_payment_charge_id": charge,
        "provider_payment_charge_id": "",
        "subscription_expiration_date": int((clock.now() + MONTH).timestamp()),
        "is_recurring": True,
    }


def test_an_open_subscription_renews(sandbox: Sandbox, move: Move) -> None:
    drain()
    [first] = Payment.objects.filter(person_id=person(11))
    move(days=19)
    told = renewal(first.invoice, "renewal_of_the_upgrade")
    for _ in range(2):
        assert deliver(paid_update(told, payer=telegram_id(11))) == 200
        drain()
    renewed = Payment.objects.get(charge="renewal_of_the_upgrade")
    assert (renewed.person_id, renewed.problem, renewed.first) == (person(11), "", False)
    until = datetime.fromisoformat(PEOPLE["Person 11"]["vip_until"])
    assert users.effective_vip(person(11), clock.now()) == until + MONTH


def test_the_code_of_a_gift_is_redeemed_once(sandbox: Sandbox) -> None:
    drain()
    code = EXPECTED["story"]["gift_code"]
    for number in (24, 26):
        say(f"/vip {code}", sender=user(telegram_id(number)))
        answer()
    assert "A gift for you: VIP for 30 days!" in texts(sandbox, telegram_id(24))[-1]
    assert "unknown" in texts(sandbox, telegram_id(26))[-1]
    until = users.effective_vip(person(24), clock.now())
    assert until is not None
    assert MONTH - timedelta(minutes=5) < until - clock.now() <= MONTH


def test_payments_and_refunds_are_as_they_were(reading: None) -> None:
    owed = Payment.objects.exclude(problem="").values_list("person_id", "problem")
    assert list(owed) == [(person(33), "other_person")]
    refunded = Payment.objects.exclude(refunded_at=None).values_list("person_id", flat=True)
    numbers = (28, 40, 41, 42, 43, 43, 44, 45, 45, 47, 48)
    assert sorted(refunded) == sorted(map(person, numbers))


def test_what_was_paid_for_before_stays_paid_and_goes_with_its_refund(sandbox: Sandbox, move: Move) -> None:
    """Purchases earn by the terms of before until the new ones hold, and nothing after that; VIP comes all the same."""
    ends = RuleVersion.objects.get(rule="subscription_renewal", base=0)
    [first] = Payment.objects.filter(person_id=person(11))
    bill = first.invoice
    drain()
    before = Entry.objects.get(account_id=person(11), rule="vip_purchase").amount
    for number, since in enumerate((timedelta(), ends.active_from - clock.now() + timedelta(minutes=1))):
        move(seconds=since.total_seconds())
        assert deliver(paid_update(renewal(bill, f"renewal_{number}"), payer=telegram_id(11))) == 200
        drain()
    earned = Entry.objects.filter(account_id=person(11), rule="subscription_renewal")
    assert list(earned.values_list("amount", "rule_version")) == [(2000, 1)]
    assert len(Payment.objects.filter(person_id=person(11), problem="")) == 3
    assert payments.take_refund(charge=first.charge, payer=telegram_id(11), stars=first.stars, now=clock.now())
    drain()
    [back] = Entry.objects.filter(account_id=person(11), kind="reversal")
    assert (back.rule, back.amount) == ("vip_purchase", -before)
    unrewarded = AchievementVersion.objects.get(achievement="vip_member", rewarded=False)
    assert unrewarded.version == 2
    assert unrewarded.active_from - ends.active_from < timedelta(minutes=1)
