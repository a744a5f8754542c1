"""Real threads and commits: what meets at one moment ends as if one had come after the other. PAYMENT_SEEDS for more."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from apps.payments import selectors, services
from apps.payments.models import GiftCode, Invoice, Payment, Subscription
from apps.users import selectors as people
from apps.users import services as users
from apps.users.models import Grant, Person
from diana.events.models import StoredEvent
from tests.gamification.acts import person
from tests.gamification.test_concurrency import at_once
from tests.payments.paying import NOW, STAFF, buy, invoice, paid

pytestmark = pytest.mark.usefixtures("committed_db")

SEEDS = range(int(os.environ.get("PAYMENT_SEEDS", "8")))
MONTH = timedelta(days=30)


def staggered(seed: int, *acts: Callable[[], object]) -> None:
    """Do these at once, each a random moment late."""
    chance = random.Random(seed)

    def late(act: Callable[[], object], seconds: float) -> Callable[[], object]:
        def run() -> object:
            time.sleep(seconds)
            return act()

        return run

    at_once(*(late(act, chance.random() / 100) for act in acts))


def taking(bill: Invoice, fact: services.Paid, now: datetime = NOW) -> Callable[[], Payment]:
    """Return the booking of a payment, to be done later."""
    return partial(services.take_payment, person_id=bill.person_id, paid=fact, now=now)


def told(kind: str) -> int:
    return StoredEvent.objects.filter(type=kind).count()


def erase(person_id: int) -> None:
    """Remove who somebody is, as erasure does: the row locked first."""
    with transaction.atomic():
        users.lock_person(person_id)
        Person.objects.filter(pk=person_id).update(status="erased", telegram_id=None)


def test_f60_two_copies_at_once_are_one_payment() -> None:
    for seed in SEEDS:
        bill = invoice(person())
        copies = [paid(bill, charge=f"same {seed}")] * 3
        staggered(seed, *(taking(bill, copy) for copy in copies))
        assert Grant.objects.filter(person_id=bill.person_id).count() == 1
        assert Payment.objects.filter(person_id=bill.person_id).count() == 1
    assert (told("payment.succeeded"), told("payment.duplicate_ignored")) == (len(SEEDS), 2 * len(SEEDS))


def test_f60_two_payments_of_one_bill_at_once_are_both_credited() -> None:
    for seed in SEEDS:
        bill = invoice(person())
        both = [paid(bill), paid(bill)]
        staggered(seed, *(taking(bill, fact) for fact in both))
        assert people.effective_vip(bill.person_id, NOW) == NOW + 2 * MONTH


def test_f66_a_purchase_as_vip_ends_leaves_no_gap_and_doubles_nothing() -> None:
    """The model: who pays before the end has it prolonged from there, who pays after it begins anew."""
    for seed in SEEDS:
        chance = random.Random(seed)
        somebody = person()
        buy(buyer=somebody, now=NOW)
        end = NOW + MONTH
        moments = sorted(end + timedelta(microseconds=chance.randint(-2, 2)) for _ in range(2))
        bills = [invoice(somebody, now=NOW + timedelta(days=29, hours=12, minutes=n)) for n in range(2)]
        staggered(seed, *(taking(b, paid(b), m) for m, b in zip(moments, bills, strict=True)))
        last = people.effective_vip(somebody, moments[0])
        order = Payment.objects.filter(person_id=somebody).order_by("id").values_list("credited_at", flat=True)
        expected = NOW
        for at in order:
            expected = max(expected, at) + MONTH
        assert last == expected


def test_f67_a_purchase_beside_an_erasure_orphans_no_money() -> None:
    outcomes = set[str]()
    for seed in SEEDS:
        bill = invoice(person())
        fact = paid(bill)
        staggered(
            seed,
            taking(bill, fact),
            partial(erase, bill.person_id),
        )
        payment = Payment.objects.get(charge=fact.charge)
        grants = Grant.objects.filter(person_id=bill.person_id).count()
        assert (payment.problem, grants) in {("", 1), ("erased", 0)}
        assert payment.payer == fact.payer
        outcomes.add(payment.problem)
    assert outcomes <= {"", "erased"}


def test_a_refund_beside_a_renewal_takes_its_own_month_and_no_other() -> None:
    for seed in SEEDS:
        somebody = person()
        bill = invoice(somebody, "vip_monthly")
        first = services.take_payment(person_id=somebody, paid=paid(bill), now=NOW)
        renewal = paid(bill, first=False)
        staggered(
            seed,
            taking(bill, renewal),
            *[partial(services.confirm_refund, payment_id=first.pk, now=NOW)] * 2,
        )
        left = Grant.objects.filter(person_id=somebody, revoked_at=None)
        assert list(left.values_list("payment_reference", flat=True)) == [
            f"payment:{Payment.objects.get(charge=renewal.charge).pk}"
        ]
        assert people.effective_vip(somebody, NOW) in (NOW + MONTH, NOW + 2 * MONTH)
    assert told("payment.refunded") == len(SEEDS)


def test_a_gift_is_redeemed_by_one_of_two() -> None:
    for seed in SEEDS:
        gift = selectors.gift_of(buy("gift_30", now=NOW).pk)
        assert gift is not None
        friends, refused = [person(), person()], list[int]()

        def redeem(friend: int, code: str = gift.code, refused: list[int] = refused) -> None:
            try:
                services.redeem_gift(person_id=friend, code=code, now=NOW)
            except services.GiftRefused:
                refused.append(friend)

        staggered(seed, *(lambda f=f: redeem(f) for f in friends))
        assert len(refused) == 1
        assert [people.effective_vip(f, NOW) is None for f in friends] == [f in refused for f in friends]


def test_a_gift_redeemed_as_it_is_refunded_gives_nothing_in_the_end() -> None:
    for seed in SEEDS:
        payment, friend = buy("gift_30", now=NOW), person()
        gift = selectors.gift_of(payment.pk)
        assert gift is not None

        def redeem(code: str = gift.code, friend: int = friend) -> None:
            try:
                services.redeem_gift(person_id=friend, code=code, now=NOW)
            except services.GiftRefused:
                return

        staggered(seed, redeem, lambda pk=payment.pk: services.confirm_refund(payment_id=pk, now=NOW))
        services.end_gift(payment_id=payment.pk, now=NOW)
        assert people.effective_vip(friend, NOW) is None
        assert GiftCode.objects.get(payment=payment).voided_at == NOW


def test_a_question_asked_twice_at_once_is_answered_once() -> None:
    for seed in SEEDS:
        bill = invoice(person())
        question = services.Question(f"q{seed}", bill.person.telegram_id or 0, bill.payload, "XTR", bill.stars)
        answers = list[services.Answer]()

        def ask(question: services.Question = question, answers: list[services.Answer] = answers) -> None:
            answers.append(services.answer_pre_checkout(question=question, now=NOW))

        staggered(seed, *[ask] * 3)
        assert {answer.verdict for answer in answers} == {"ok"}
    assert told("payment.precheckout_answered") == len(SEEDS)


def test_two_staff_who_refund_at_once_ask_once() -> None:
    for seed in SEEDS:
        payment = buy(now=NOW)
        refused = list[str]()

        def ask(key: str, pk: int = payment.pk, refused: list[str] = refused) -> None:
            try:
                services.request_refund(payment_id=pk, reason="r", actor=STAFF, key=key, now=NOW)
            except services.NotRefundable:
                refused.append(key)

        staggered(seed, lambda: ask("a"), lambda: ask("b"))
        assert len(refused) == 1
    assert told("payment.refund_requested") == len(SEEDS)


def test_a_refund_told_beside_its_payment_leaves_nothing_credited() -> None:
    for seed in SEEDS:
        bill = invoice(person())
        fact = paid(bill)
        back = partial(services.take_refund, charge=fact.charge, payer=fact.payer, stars=fact.stars, now=NOW)
        staggered(seed, taking(bill, fact), back)
        assert Payment.objects.get(charge=fact.charge).refunded_at is not None
        assert people.effective_vip(bill.person_id, NOW) is None


def test_two_subscriptions_begun_at_once_are_one_and_another_to_be_ended() -> None:
    for seed in SEEDS:
        bill = invoice(person(), "vip_monthly")
        staggered(seed, *(taking(bill, paid(bill)) for _ in range(2)))
        reasons = Subscription.objects.filter(person_id=bill.person_id).values_list("end_reason", flat=True)
        assert sorted(reasons) == ["", "second"]


def test_an_erasure_beside_a_renewal_ends_the_subscription() -> None:
    for seed in SEEDS:
        bill = invoice(person(), "vip_monthly")
        services.take_payment(person_id=bill.person_id, paid=paid(bill), now=NOW)
        renewal = paid(bill, first=False)
        how = {"reason": "They asked.", "actor": STAFF, "now": NOW}
        staggered(seed, taking(bill, renewal), partial(users.erase_person, person_id=bill.person_id, **how))
        found = Subscription.objects.get(person_id=bill.person_id)
        assert (found.end_reason, found.payer) == ("erasure", renewal.payer)


def while_blocked(act: Callable[[], object], other: Callable[[], object]) -> None:
    """Do one in a transaction that ends only when the other has begun and waits for it, or is done."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            act()
            begun = pool.submit(lambda: [other(), connection.close()])
            wait([begun], timeout=1)
        begun.result(timeout=30)


def test_a_state_beside_a_renewal_is_not_overwritten() -> None:
    bill = invoice(person(), "vip_monthly")
    payment = services.take_payment(person_id=bill.person_id, paid=paid(bill), now=NOW)
    told = partial(services.note_state, payer=payment.payer or 0, payload=bill.payload, state="canceled")
    while_blocked(
        partial(told, now=NOW + MONTH), taking(bill, paid(bill, first=False, paid_at=NOW + MONTH), NOW + MONTH)
    )
    assert Subscription.objects.get().state == "canceled"
    assert Subscription.objects.get().paid_until == NOW + 2 * MONTH


def test_an_end_beside_a_renewal_is_asked_about_again() -> None:
    bill = invoice(person(), "vip_monthly")
    found = services.take_payment(person_id=bill.person_id, paid=paid(bill), now=NOW).subscription_id or 0
    services.end_subscription(subscription_id=found, reason="r", actor=STAFF, now=NOW)
    renewal = taking(bill, paid(bill, first=False, paid_at=NOW + MONTH), NOW + MONTH)
    while_blocked(partial(services.confirm_end, subscription_id=found, now=NOW + MONTH), renewal)
    assert Subscription.objects.get().ended_at is None


@pytest.mark.parametrize("first", ["state", "payment"])
def test_a_state_beside_the_first_payment_is_kept(first: str) -> None:
    bill = invoice(person(), "vip_monthly")
    fact = paid(bill)
    told = partial(services.note_state, payer=fact.payer, payload=bill.payload, state="canceled", now=NOW + MONTH / 2)
    acts = (told, taking(bill, fact))
    while_blocked(*(acts if first == "state" else reversed(acts)))
    assert Subscription.objects.get().state == "canceled"
