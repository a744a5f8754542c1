"""Random histories of bills, questions, payments, renewals, refunds, gifts and erasures, told in any order and again.

Telegram is a model here: what it has charged, given back and goes on charging for. PAYMENT_HISTORIES for more seeds.
"""

import os
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from apps.gamification.models import Account, Entry
from apps.payments import selectors, services
from apps.payments.models import GiftCode, Payment, Subscription
from apps.payments.services import Transaction
from apps.users import services as users
from apps.users.models import Grant, Person
from diana.events.log import read_events
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import person
from tests.gamification.former_terms import pay_for_purchases
from tests.payments.paying import NOW, STAFF, telegram_id

pytestmark = pytest.mark.django_db

SEEDS = range(int(os.environ.get("PAYMENT_HISTORIES", "12")))
STEPS = 40
MONTH = timedelta(days=30)
PRODUCTS = ["vip_30", "vip_monthly", "vip_monthly", "gift_30"]
PAID = ("vip_purchase", "subscription_renewal")


@dataclass
class Charge:
    """A charge at Telegram; `first` is the charge of the subscription that it renews, or its own."""

    id: str
    payer: int
    payload: str
    stars: int
    at: datetime
    first: str | None = None
    refunded: bool = False


@dataclass
class Telegram:
    """What Telegram knows: charges, subscriptions with the end of what was paid, messages that it has yet to tell."""

    charges: dict[str, Charge] = field(default_factory=dict)
    running: dict[str, datetime] = field(default_factory=dict)
    untold: list[tuple[str, str]] = field(default_factory=list)

    def charge(self, payer: int, payload: str, stars: int, at: datetime, first: str | None, monthly: bool) -> None:
        made = Charge(f"c{len(self.charges)}", payer, payload, stars, at)
        made.first = (first or made.id) if monthly else None
        self.charges[made.id] = made
        if made.first:
            self.running[made.first] = at + MONTH
        self.untold.append(("paid", made.id))

    def refund(self, charge: str) -> None:
        self.charges[charge].refunded = True
        self.untold.append(("refunded", charge))


class History:
    """One history; every act is a method and takes what it needs by chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.now, self.telegram = random.Random(seed), NOW, Telegram()
        self.people = [person() for _ in range(3)]
        self.ids = {one: telegram_id(one) for one in self.people}
        self.bills: list[tuple[int, str, str, int]] = []
        self.erased: set[int] = set()
        self.keys = 0

    def bill(self) -> None:
        buyer, product = self.chance.choice(self.people), self.chance.choice(PRODUCTS)
        try:
            made = services.create_invoice(person_id=buyer, product=product, now=self.now)
        except services.AlreadySubscribed:
            assert selectors.running(buyer, self.now) is not None
        except users.PersonGone:
            assert buyer in self.erased
        else:
            self.bills.append((buyer, made.payload, product, made.stars))

    def pay(self) -> None:
        """Ask and pay after a yes; the yes may be old, and now and then somebody else pays, or another sum."""
        if not self.bills:
            return
        buyer, payload, product, stars = self.chance.choice(self.bills)
        payer = self.ids[buyer]
        question = services.Question(f"q{self.keys}", payer, payload, "XTR", stars)
        self.keys += 1
        said = services.answer_pre_checkout(question=question, now=self.now)
        if said.ok:
            assert buyer not in self.erased
            assert product != "vip_monthly" or selectors.running(buyer, self.now) is None
            stranger = services.Question(question.query, payer + 10**6, payload, "XTR", stars)
            assert not services.answer_pre_checkout(question=stranger, now=self.now).ok
        if said.ok or self.chance.random() < 0.3:
            strange = self.chance.random() < 0.1
            self.telegram.charge(payer, payload, stars + strange, self.now, None, product == "vip_monthly")

    def renew(self) -> None:
        """Let a month pass; Telegram charges for all that runs."""
        self.now += MONTH
        for first, until in list(self.telegram.running.items()):
            begun = self.telegram.charges[first]
            if until <= self.now:
                self.telegram.charge(begun.payer, begun.payload, begun.stars, until, first, monthly=True)

    def refund_by_telegram(self) -> None:
        kept = [charge.id for charge in self.telegram.charges.values() if not charge.refunded]
        if kept:
            self.telegram.refund(self.chance.choice(kept))

    def refund_by_staff(self, *, refuse: float = 0.3) -> None:
        payment = self.chance.choice([None, *Payment.objects.filter(refunded_at=None)])
        if payment is None:
            return
        self.keys += 1
        with suppress(services.NotRefundable):
            services.request_refund(payment_id=payment.pk, reason="r", actor=STAFF, key=f"k{self.keys}", now=self.now)
        self.visit_telegram(payment.pk, refuse)

    def visit_telegram(self, payment_id: int, refuse: float) -> None:
        """Do what the bot does for a refund that was asked for."""
        due = selectors.refund_due(payment_id)
        if due is None:
            return
        if due.subscription_id is not None:
            self.end(due.subscription_id, refuse)
        if self.chance.random() < refuse:
            services.fail_refund(payment_id=payment_id, problem="no")
            return
        if not self.telegram.charges[due.charge].refunded:
            self.telegram.refund(due.charge)
        services.confirm_refund(payment_id=payment_id, now=self.now)

    def end(self, subscription_id: int, refuse: float) -> None:
        """Do what the bot does for a subscription that is to be ended."""
        due = selectors.end_due(subscription_id)
        if due is None:
            return
        first = self.telegram.charges[due.charge].first
        known = Payment.objects.filter(charge=first).exists()
        assert first == due.charge or not known, "the call names the charge that began it, if that was told"
        assert due.telegram_id == self.telegram.charges[due.charge].payer
        if first != due.charge or self.chance.random() < refuse:
            services.fail_end(subscription_id=subscription_id, problem="no", now=self.now)
            return
        self.telegram.running.pop(due.charge, None)
        services.confirm_end(subscription_id=subscription_id, now=self.now)

    def end_what_is_to_end(self, *, refuse: float = 0.5) -> None:
        for found in Subscription.objects.filter(end_requested_at__isnull=False, ended_at=None):
            self.end(found.pk, refuse)

    def tell(self) -> None:
        """Tell one of the messages, whichever, and perhaps again later."""
        if not self.telegram.untold:
            return
        place = self.chance.randrange(len(self.telegram.untold))
        kind, id_ = self.telegram.untold[place]
        if self.chance.random() < 0.8:
            del self.telegram.untold[place]
        charge = self.telegram.charges[id_]
        if kind == "refunded":
            services.take_refund(charge=id_, payer=charge.payer, stars=charge.stars, now=self.now)
            return
        paid = services.Paid(
            charge=id_,
            payer=charge.payer,
            payload=charge.payload,
            stars=charge.stars,
            currency="XTR",
            paid_at=charge.at,
            recurring=charge.first is not None,
            first=charge.first in (None, id_),
            subscription_until=charge.at + MONTH if charge.first else None,
        )
        payer = services.payer_of(telegram_id=charge.payer, payload=charge.payload, now=self.now)
        services.take_payment(person_id=payer, paid=paid, now=self.now)

    def erase(self) -> None:
        one = self.chance.choice(self.people)
        if one not in self.erased and self.chance.random() < 0.3:
            users.erase_person(person_id=one, reason="They asked for it.", actor=STAFF, now=self.now)
            self.erased.add(one)

    def redeem(self) -> None:
        gift = GiftCode.objects.filter(redeemed_at=None, voided_at=None).first()
        found = selectors.gift_of(gift.payment_id) if gift else None
        if found is not None:
            with suppress(users.PersonGone, services.TooManyGuesses):
                services.redeem_gift(person_id=self.chance.choice(self.people), code=found.code, now=self.now)

    def be_told(self) -> None:
        """Let Telegram tell a state of a subscription."""
        charge = self.chance.choice([None, *self.telegram.charges.values()])
        if charge is not None and charge.first:
            state = self.chance.choice(["canceled", "active", "failed", "unheard of"])
            services.note_state(payer=charge.payer, payload=charge.payload, state=state, now=self.now)

    def play(self) -> None:
        acts = [self.bill, self.bill, self.pay, self.pay, self.pay, self.tell, self.tell, self.tell, self.renew]
        acts += [
            self.refund_by_telegram,
            self.refund_by_staff,
            self.end_what_is_to_end,
            self.erase,
            self.redeem,
            self.be_told,
        ]
        for _ in range(STEPS):
            self.now += timedelta(minutes=self.chance.randrange(600))
            self.chance.choice(acts)()
            assert_one_open()

    def come_to_rest(self) -> None:
        """Tell all that is untold, or have it found in Telegram's list; then nothing is refused any more."""
        # Telegram's list does not say which of two subscriptions of one bill a charge renews.
        begun = [charge.payload for charge in self.telegram.charges.values() if charge.first == charge.id]
        found_in_list = self.chance.random() < 0.5 and len(begun) == len(set(begun))
        while self.telegram.untold and not found_in_list:
            self.tell()
        self.now += timedelta(hours=1)
        for _ in range(3):
            services.reconcile(transactions=self.transactions(), now=self.now)
            for payment in Payment.objects.filter(refund_requested_at__isnull=False, refunded_at=None):
                self.visit_telegram(payment.pk, refuse=0)
            self.end_what_is_to_end(refuse=0)
            drain("payments.end_gift")
        drain("gamification.award_points")
        drain("gamification.take_back_refunded")

    def transactions(self) -> list[Transaction]:
        def line(charge: Charge, *, refund: bool) -> Transaction:
            recurring = charge.first is not None
            return Transaction(charge.id, charge.payer, charge.stars, charge.at, charge.payload, refund, recurring)

        came = [line(charge, refund=False) for charge in self.telegram.charges.values()]
        return came + [line(charge, refund=True) for charge in self.telegram.charges.values() if charge.refunded]


def assert_one_open() -> None:
    open_ = Subscription.objects.filter(end_requested_at=None, lapsed_at=None).values_list("person_id", flat=True)
    assert len(open_) == len(set(open_)), "nobody has two open subscriptions"


def check_payments(history: History) -> None:
    """Each charge is one payment; it gave something exactly if it fits, and what was given back gives nothing."""
    payments = {payment.charge: payment for payment in Payment.objects.select_related("subscription")}
    assert set(payments) == set(history.telegram.charges)
    for charge in history.telegram.charges.values():
        payment = payments[charge.id]
        assert (payment.refunded_at is not None) == charge.refunded, charge
        assert (payment.credited_at is None) == bool(payment.problem)
        assert not payment.problem or (
            payment.vip_grant is None and not GiftCode.objects.filter(payment=payment).exists()
        )
        assert (payment.problem == "refunded") <= charge.refunded
        gift = GiftCode.objects.filter(payment=payment).first()
        assert payment.problem or payment.vip_grant or gift
        for grant in Grant.objects.filter(pk__in=[payment.vip_grant, gift and gift.vip_grant]):
            over = grant.ends_at <= history.now or grant.person_id in history.erased
            assert (grant.revoked_at is not None) == charge.refunded or over, (charge, grant.pk)
        assert (gift is None) or (gift.voided_at is not None) == charge.refunded
        if payment.person_id in history.erased and not (payment.problem and not charge.refunded):
            owed = payment.refund_requested_at is not None and not charge.refunded
            assert payment.payer is None or owed, charge


def check_subscriptions(history: History) -> None:
    """Telegram goes on charging exactly for what nobody refunded, doubled, or was erased with."""
    subscriptions = {found.charge: found for found in Subscription.objects.all()}
    begun = {charge.first for charge in history.telegram.charges.values() if charge.first}
    assert set(subscriptions) == begun
    for charge in history.telegram.charges.values():
        if charge.first:
            found = Payment.objects.get(charge=charge.id).subscription
            assert found is not None
            assert found.charge == charge.first or same_bill(history, found.charge, charge), charge
            assert not charge.refunded or found.charge not in history.telegram.running, charge
    for first, found in subscriptions.items():
        assert (first in history.telegram.running) == (found.end_requested_at is None), first
        assert (found.ended_at is None) == (found.end_requested_at is None)
        payments = list(Payment.objects.filter(subscription=found))
        refunded, gone = any(p.refunded_at for p in payments), found.person_id in history.erased
        true_reasons = {
            "": not refunded and not gone,
            "refund": refunded,
            "erasure": gone or any(p.problem == "erased" for p in payments),
            "second": Subscription.objects.filter(person_id=found.person_id).count() > 1,
            "uncredited": any(p.problem for p in payments),
        }
        assert true_reasons[found.end_reason], (first, found.end_reason)
        assert found.payer is None or found.ended_at is None or found.person_id not in history.erased
    running = [history.telegram.charges[first].payer for first in history.telegram.running]
    lapsed = Subscription.objects.filter(lapsed_at__isnull=False).exists()
    assert len(running) == len(set(running)) or lapsed, "one running subscription a person"


def same_bill(history: History, one: str, other: Charge) -> bool:
    """Say whether two subscriptions of one bill are mixed up: a renewal does not tell which of them it renews."""
    return history.telegram.charges[one].payload == other.payload


def check_points(history: History) -> None:
    """Points are those of the payments that were credited and not given back, by the terms of before; a
    balance is the sum of its entries.
    """
    told = read_events(list(StoredEvent.objects.filter(type="payment.succeeded").values_list("id", flat=True)))
    paying = {event.event_id: Payment.objects.get(pk=event.fields["charge"]) for event in told}
    assert len(paying) == Payment.objects.filter(problem="").count()
    reversed_ = set(Entry.objects.filter(reverses__isnull=False).values_list("reverses", flat=True))
    for entry in Entry.objects.filter(rule__in=PAID, kind="award", amount__gt=0):
        assert (entry.pk in reversed_) == (paying[entry.event_id].refunded_at is not None)
    for account in Account.objects.all():
        assert account.balance == sum(Entry.objects.filter(account_id=account.pk).values_list("amount", flat=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_money_is_right_in_any_order(seed: int) -> None:
    with transaction.atomic():
        pay_for_purchases()
        history = History(seed)
        history.play()
        history.come_to_rest()
        check_payments(history)
        check_subscriptions(history)
        check_points(history)
    assert Person.objects.filter(telegram_id__in=[history.ids[one] for one in history.erased]).count() <= len(
        history.erased
    )
