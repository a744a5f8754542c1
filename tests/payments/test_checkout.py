"""The question before a payment: judged by the bill, kept, answered the same again."""

from datetime import timedelta
from typing import Any

import pytest

from apps.payments import services
from apps.payments.models import PreCheckout
from apps.users.models import Person
from tests.gamification.acts import person
from tests.payments.paying import NOW, invoice, take, telegram_id
from tests.users.conftest import Published, published

__all__ = ["published"]

pytestmark = pytest.mark.django_db


def ask(bill: Any, *, now: Any = NOW, **changes: Any) -> services.Answer:
    values = {"query": "1", "payer": bill.person.telegram_id, "payload": bill.payload, "currency": "XTR"}
    question = services.Question(**(values | {"amount": bill.stars} | changes))
    return services.answer_pre_checkout(question=question, now=now)


@pytest.mark.parametrize("product", ["vip_30", "vip_90", "vip_monthly", "gift_30"])
def test_a_bill_may_be_paid_for_a_day(product: str) -> None:
    bill = invoice(person(), product)
    assert ask(bill, now=NOW + timedelta(hours=24) - timedelta(microseconds=1)).ok
    assert ask(bill, query="2", now=NOW + timedelta(hours=24)).verdict == "expired"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"payload": "x"}, "unknown"),
        ({"payload": ""}, "unknown"),
        ({"payer": 1}, "other_person"),
        ({"amount": 249}, "amount"),
        ({"amount": 0}, "amount"),
        ({"currency": "xtr"}, "amount"),
    ],
)
def test_s16_it_is_declined(published: Published, changes: dict[str, Any], verdict: str) -> None:
    bill = invoice(person())
    answer = ask(bill, **changes)
    assert (answer.verdict, answer.ok) == (verdict, False)
    assert PreCheckout.objects.get().verdict == verdict
    if "payer" not in changes:
        assert published(bill.person_id, "payment.precheckout_answered")[0][1] == {"ok": False}


def test_who_is_leaving_or_gone_pays_nothing() -> None:
    bill = invoice(person())
    payer = telegram_id(bill.person_id)
    Person.objects.update(status="deletion_requested")
    assert ask(bill).verdict == "leaving"
    Person.objects.update(status="erased", telegram_id=None)
    assert ask(bill, query="2", payer=payer).verdict == "other_person"


def test_a_paid_bill_is_declined_but_a_subscription_goes_on() -> None:
    once, monthly = invoice(person()), invoice(person(), "vip_monthly")
    take(once)
    take(monthly)
    assert ask(once).verdict == "paid"
    assert ask(monthly, query="2", now=NOW + timedelta(days=30)).ok


def test_asked_again_the_answer_is_the_same() -> None:
    bill = invoice(person())
    Person.objects.update(language="ru")
    assert ask(bill) == services.Answer("ok", "ru")
    take(bill)
    assert ask(bill) == services.Answer("ok", "ru")
    assert ask(bill, query="2") == services.Answer("paid", "ru")
    assert PreCheckout.objects.count() == 2


@pytest.mark.parametrize("changes", [{"payer": 1}, {"payload": "x"}, {"amount": 1}, {"currency": "USD"}])
def test_a_yes_is_no_yes_to_another_question_under_the_same_id(changes: dict[str, Any]) -> None:
    bill = invoice(person())
    assert ask(bill).ok
    assert ask(bill, **changes).verdict == "other_question"
    assert ask(bill).ok, "the kept answer stays"
    assert PreCheckout.objects.get().verdict == "ok"


def test_old_questions_are_forgotten() -> None:
    bill = invoice(person())
    ask(bill)
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=bill.person_id, code="x", now=NOW)
    assert services.forget_questions(now=NOW + timedelta(days=30)) == 0
    assert services.forget_questions(now=NOW + timedelta(days=30, seconds=1)) == 1
