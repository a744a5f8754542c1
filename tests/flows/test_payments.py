"""Buying VIP from the first command to the points, and back: webhook, workers' path, sandbox."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot import application, checkout
from apps.bot.models import StartPayload
from apps.gamification.models import Entry
from apps.payments import services
from apps.payments.models import GiftCode, Payment, PreCheckout
from apps.users import selectors as people
from apps.users.models import Grant, Person
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import ask, choose, last_bill, paid_update, pay, post, question
from tests.bot.updates import ADA, answer, deliver, events, message, say, texts, update, user
from tests.gamification.former_terms import pay_for_purchases
from tests.payments.paying import STAFF

__all__ = ["sandbox"]

BOB = ADA + 1


def ada() -> int:
    found = people.person_of(ADA)
    assert found is not None
    return found


def bought(sandbox: Sandbox, product: str = "vip_30", payer: int = ADA) -> dict[str, Any]:
    choose(product, payer=payer)
    answer()
    bill = last_bill()
    assert ask(sandbox, bill.payload, bill.stars, payer=payer)
    told = pay(sandbox, bill.payload, payer=payer)
    drain()
    return told


def days_left(person_id: int) -> int:
    until = people.effective_vip(person_id, clock.now())
    return 0 if until is None else round((until - clock.now()) / timedelta(days=1))


def entries(rule: str) -> list[int]:
    return list(Entry.objects.filter(rule=rule).order_by("id").values_list("amount", flat=True))


def refund(payment: Payment, key: str = "k") -> None:
    services.request_refund(payment_id=payment.pk, reason="asked for it", actor=STAFF, key=key, now=clock.now())


def test_somebody_buys_vip_and_no_points(sandbox: Sandbox) -> None:
    bought(sandbox)
    invoice = sandbox.calls(method="sendInvoice", chat=ADA)[-1].parameters
    assert (invoice["currency"], invoice["prices"][0]["amount"]) == ("XTR", 250)
    assert "What VIP gives you" in texts(sandbox)[0]
    assert days_left(ada()) == 30
    assert not Entry.objects.exclude(rule="login").exists()
    say("/vip")
    answer()
    assert "You are VIP until" in texts(sandbox)[-1]
    assert events("payment.precheckout_answered") == [("payment.precheckout_answered", {"ok": True})]


def test_somebody_subscribes_and_it_renews(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    [link] = sandbox.calls(method="createInvoiceLink")
    assert link.parameters["subscription_period"] == 2_592_000
    sent = [call.parameters.get("reply_markup", {}) for call in sandbox.calls(method="sendMessage", chat=ADA)]
    buttons = [row[0] for keyboard in sent for row in keyboard.get("inline_keyboard", [])]
    assert [button["url"][:14] for button in buttons if "url" in button] == ["https://t.me/$"]
    say("/vip")
    answer()
    assert "renews on" in texts(sandbox)[-1]
    pay(sandbox, told["invoice_payload"], charge=told["telegram_payment_charge_id"])
    drain()
    assert days_left(ada()) == 60
    assert (entries("vip_purchase"), entries("subscription_renewal")) == ([], [])


def test_a_gift_is_bought_and_redeemed_by_somebody_else(sandbox: Sandbox) -> None:
    bought(sandbox, "gift_30")
    shown = texts(sandbox)[-1]
    code = shown.split("<code>")[1].split("</code>")[0]
    assert f"https://t.me/diana_sandbox_bot?start=g_{code}" in shown
    assert days_left(ada()) == 0
    say(f"/start g_{code}", sender=user(BOB))
    answer()
    bob = people.person_of(BOB)
    assert bob is not None
    assert days_left(bob) == 30
    assert "A gift for you: VIP for 30 days!" in texts(sandbox, BOB)[-1]
    say(f"/vip {code}")
    answer()
    assert "unknown" in texts(sandbox)[-1]
    assert not StartPayload.objects.exists(), "the code is kept nowhere"
    assert code not in str(list(GiftCode.objects.values())) + str(list(StoredEvent.objects.values("payload")))
    assert events("payment.succeeded")[0][1]["product"] == "gift_30"


def test_a_refund_ends_the_vip_and_takes_the_points_back_that_it_gave_before(sandbox: Sandbox) -> None:
    pay_for_purchases()
    bought(sandbox)
    refund(Payment.objects.get())
    drain()
    assert sandbox.count()["methods"]["refundStarPayment"] == 1
    assert days_left(ada()) == 0
    assert Payment.objects.get().refunded_at is not None
    assert Entry.objects.filter(kind="reversal").values_list("amount", flat=True)[0] == -1000
    assert len(events("payment.refunded")) == len(events("game.entry_reversed")) == 1
    drain()
    assert Entry.objects.filter(kind="reversal").count() == 1
    assert not Failure.objects.exists()


def test_f61_a_refund_whose_answer_got_lost_is_one_refund(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "TIMEOUT_SECONDS", 0.5)
    pay_for_purchases()
    told = bought(sandbox)
    payment = Payment.objects.get()
    refund(payment)
    # The call is carried out and its answer lost: to the bot that is an error of the network.
    sandbox.behave(delay_seconds=1.5)
    drain("bot.refund_payment")
    sandbox.behave_well()
    assert Delivery.objects.get(subscriber="bot.refund_payment").attempts == 1
    assert Payment.objects.get().refunded_at is None
    Delivery.objects.update(next_attempt_at=clock.real_now())
    drain()
    statuses = [call.status for call in sandbox.calls(method="refundStarPayment")]
    assert statuses == [200, 400], "the second is told that it was refunded already"
    assert Payment.objects.get().refunded_at is not None
    assert Entry.objects.filter(kind="reversal").count() == 1
    body = message("")
    del body["text"]
    deliver(update(body=body | {"refunded_payment": told}))
    drain()
    assert Entry.objects.filter(kind="reversal").count() == len(events("payment.refunded")) == 1


def test_a_refund_that_telegram_refuses_is_told_to_staff(sandbox: Sandbox) -> None:
    bought(sandbox)
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: CHARGE_NOT_FOUND"}])
    refund(Payment.objects.get())
    drain()
    payment = Payment.objects.get()
    assert "not_found" in payment.refund_problem.lower()
    assert payment.refunded_at is None
    assert Failure.objects.get().status == "dead"
    assert days_left(ada()) == 30
    refund(payment, "again")
    drain()
    assert Payment.objects.get().refunded_at is not None


def test_refunding_a_subscription_cancels_it(sandbox: Sandbox) -> None:
    pay_for_purchases()
    told = bought(sandbox, "vip_monthly")
    pay(sandbox, told["invoice_payload"], charge=told["telegram_payment_charge_id"])
    refund(Payment.objects.latest("id"))
    drain()
    [cancelled] = sandbox.calls(method="editUserStarSubscription")
    assert cancelled.parameters["telegram_payment_charge_id"] == told["telegram_payment_charge_id"]
    assert cancelled.parameters["is_canceled"] is True
    assert days_left(ada()) == 30
    assert Entry.objects.filter(kind="reversal").values_list("rule", flat=True)[0] == "subscription_renewal"


def test_a_refunded_gift_ends_for_who_redeemed_it(sandbox: Sandbox) -> None:
    bought(sandbox, "gift_30")
    code = texts(sandbox)[-1].split("<code>")[1].split("</code>")[0]
    say(f"/vip {code.lower()}", sender=user(BOB))
    answer()
    bob = people.person_of(BOB)
    assert bob is not None
    assert days_left(bob) == 30
    refund(Payment.objects.get())
    drain()
    assert days_left(bob) == 0


def test_f59_without_workers_redis_and_bot_api_a_payment_is_credited(sandbox: Sandbox, settings: Any) -> None:
    choose("vip_30")
    answer()
    bill = last_bill()
    told = sandbox.pay(ADA, bill.payload)
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    assert post(question(bill.payload, bill.stars)).json()["ok"] is True  # type: ignore[attr-defined]
    assert deliver(paid_update(told)) == 200
    assert days_left(ada()) == 30


def test_f59_without_a_database_the_answer_is_no(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import OperationalError

    def away(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(services, "answer_pre_checkout", away)
    said = post(question("p", 250)).json()  # type: ignore[attr-defined]
    assert (said["method"], said["ok"]) == ("answerPreCheckoutQuery", False)
    assert "try again in a few minutes" in said["error_message"]
    assert "declined" in caplog.text


def test_f59_a_payment_that_cannot_be_booked_is_told_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    choose("vip_30")
    answer()
    told = paid_update(sandbox.pay(ADA, last_bill().payload))

    def away(**_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(services, "take_payment", away)
        assert deliver(told) == 503
    assert not Payment.objects.exists()
    assert deliver(told) == 200
    assert days_left(ada()) == 30


def test_f59_a_database_that_hangs_is_not_waited_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    hung = Event()
    monkeypatch.setattr(services, "answer_pre_checkout", lambda **_: hung.wait(30))
    monkeypatch.setattr(checkout, "ANSWER_SECONDS", 0.1)
    asked = question("p", 250)
    asked["pre_checkout_query"]["from"]["language_code"] = "es-419"
    started = clock.now()
    try:
        answers = [post(asked).json() for _ in range(6)]  # type: ignore[attr-defined]
        assert (clock.now() - started).total_seconds() < 5
    finally:
        hung.set()
    assert {said["ok"] for said in answers} == {False}
    assert "Ahora mismo" in answers[0]["error_message"]
    assert not PreCheckout.objects.exists()


def test_f59_whoever_works_on_the_person_holds_no_answer_up(sandbox: Sandbox) -> None:
    from django.db import transaction

    choose("vip_30")
    answer()
    bill = last_bill()
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=ada())
        started = clock.now()
        said = post(question(bill.payload, bill.stars)).json()  # type: ignore[attr-defined]
        assert (clock.now() - started).total_seconds() < checkout.ANSWER_SECONDS
    # A lock for an update of the key's columns is the one that a reference waits for; nobody here takes it.
    assert said["ok"] in (True, False)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=ada())
        assert post(question(bill.payload, bill.stars)).json()["ok"] is True  # type: ignore[attr-defined]


def test_a_question_asked_again_gets_the_same_answer(sandbox: Sandbox) -> None:
    choose("vip_30")
    answer()
    bill = last_bill()
    asked = question(bill.payload, bill.stars)
    first = post(asked)
    pay(sandbox, bill.payload)
    assert post(asked).content == first.content
    assert PreCheckout.objects.count() == len(events("payment.precheckout_answered")) == 1
    assert not ask(sandbox, bill.payload, bill.stars), "the bill is paid by now"


def test_s18_a_bill_is_paid_by_whom_it_is_for(sandbox: Sandbox) -> None:
    choose("vip_30")
    say("/help", sender=user(BOB))
    answer()
    bill = last_bill()
    assert not ask(sandbox, bill.payload, bill.stars, payer=BOB)
    pay(sandbox, bill.payload, payer=BOB)
    assert Payment.objects.get().problem == "other_person"
    assert not Grant.objects.exists()


@pytest.mark.parametrize("changes", [{"total_amount": 1}, {"currency": "USD"}, {"invoice_payload": "made up"}])
def test_s16_what_differs_from_the_bill_is_declined(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    choose("vip_30")
    answer()
    bill = last_bill()
    assert not ask(sandbox, bill.payload, bill.stars, **changes)


def test_f60_a_payment_told_twice_counts_once(sandbox: Sandbox) -> None:
    pay_for_purchases()
    told = bought(sandbox)
    for _ in range(2):
        assert deliver(paid_update(told)) == 200
    drain()
    assert days_left(ada()) == 30
    assert entries("vip_purchase") == [1000]
    assert len(events("payment.duplicate_ignored")) == 2


def test_in_a_group_nothing_is_sold(sandbox: Sandbox) -> None:
    from tests.bot.updates import GROUP

    say("/vip", chat=GROUP)
    answer()
    assert texts(sandbox, GROUP["id"]) == ["That is between the two of us: write to me in our own chat."]


def test_a_button_that_was_made_up_shows_what_there_is(sandbox: Sandbox) -> None:
    choose("vip_9000")
    answer()
    redrawn = sandbox.calls(method="editMessageText", chat=ADA)[-1].parameters
    assert "What VIP gives you" in redrawn["text"]
    assert not sandbox.calls(method="sendInvoice")


def test_who_asks_for_help_finds_the_numbers(sandbox: Sandbox, settings: Any) -> None:
    settings.SUPPORT_CONTACT = "@help <me>"
    say("/paysupport")
    bought(sandbox)
    say("/paysupport")
    answer()
    before, after = (text for text in texts(sandbox) if "Help with payments" in text)
    assert "You have paid nothing yet." in before
    assert f"No. {Payment.objects.get().pk}: 250 ⭐" in after
    assert "@help &lt;me&gt;" in after


def test_guessing_codes_ends_soon(sandbox: Sandbox) -> None:
    for _ in range(6):
        say("/vip AAAAAAAAAAAAAAAA")
    answer()
    assert [("Too many" in text) for text in texts(sandbox)] == [False] * 5 + [True]


def test_the_trace_of_a_payment_of_before_leads_to_its_points(sandbox: Sandbox) -> None:
    pay_for_purchases()
    bought(sandbox)
    told = StoredEvent.objects.get(type="payment.succeeded")
    came = StoredEvent.objects.get(event_id=told.causation_id)
    assert came.type == "bot.message_received"
    assert StoredEvent.objects.filter(correlation_id=came.event_id, type="game.points_awarded").exists()
    assert str(ADA) not in told.payload
