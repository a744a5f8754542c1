"""Paying by a bill in the chat: asked, answered in the webhook's response or by a call, paid, given back."""

import json

import pytest

from diana.sandbox.chat import payments
from diana.sandbox.running import running_sandbox
from tests.sandbox.chat.conftest import ADA, LUCIA
from tests.sandbox.chat.test_delivery import call

BILL = {"title": "VIP", "description": "A month", "payload": "p", "currency": "XTR"}
BILL |= {"prices": [{"label": "VIP", "amount": 250}]}


def answer(ok, **more):
    """Answer the question of an update in the response to its delivery."""

    def of(update):
        query = update["pre_checkout_query"]["id"]
        return json.dumps(
            {"method": "answerPreCheckoutQuery", "pre_checkout_query_id": query, "ok": ok} | more
        ).encode()

    return 200, {}, of


def pay(page, message_id, **changes):
    return page.post("pay", **{"person": ADA, "chat": ADA, "message_id": message_id, "pay": True} | changes)


@pytest.fixture
def bill(hooked):
    _, sandbox = hooked
    return call(sandbox, "sendInvoice", chat_id=ADA, **BILL)["result"]["message_id"]


def test_a_bill_is_paid_after_a_yes_in_the_response(hooked, hook, bill):
    page, sandbox = hooked
    hook.answers.append(answer(True))
    assert pay(page, bill)["outcome"] == "asked"
    asked, told = hook.updates(2)
    query = asked["pre_checkout_query"]
    assert (query["from"]["id"], query["total_amount"], query["invoice_payload"]) == (ADA, 250, "p")
    payment = told["message"]["successful_payment"]
    assert (payment["total_amount"], payment["invoice_payload"]) == (250, "p")
    news = page.news(until="payment")
    paid = {"chat": ADA, "message_id": bill, "outcome": "paid", "text": "", "update_id": told["update_id"]}
    assert news[-1][1] == paid
    assert [data["message"]["invoice"]["paid"] for kind, data in news if kind == "edited"] == [True]
    assert [one.status for one in sandbox.calls(method="answerPreCheckoutQuery")] == [200]
    assert "is paid" in page.refusal("pay", person=ADA, chat=ADA, message_id=bill, pay=True)[1]
    charge = payment["telegram_payment_charge_id"]
    page.post("refund", person=ADA, charge=charge)
    assert hook.updates(3)[-1]["message"]["refunded_payment"]["telegram_payment_charge_id"] == charge
    assert page.refusal("refund", person=ADA, charge=charge)[0] == 409


def test_a_no_takes_nothing_and_says_why(hooked, hook, bill):
    page, sandbox = hooked
    hook.answers.append(answer(False, error_message="Sold out"))
    pay(page, bill)
    told = page.news(until="payment")[-1][1]
    assert (told["outcome"], told["text"]) == ("refused", "Sold out")
    assert call(sandbox, "getStarTransactions")["result"]["transactions"] == []
    assert len(hook.updates(1)) == 1


def test_silence_takes_nothing(hooked, hook, bill, monkeypatch):
    monkeypatch.setattr(payments, "ANSWER_SECONDS", 0.2)
    page, sandbox = hooked
    pay(page, bill)
    assert page.news(until="payment")[-1][1]["outcome"] == "timeout"
    assert call(sandbox, "getStarTransactions")["result"]["transactions"] == []


def test_a_bill_is_left(hooked, hook, bill):
    page, _ = hooked
    assert pay(page, bill, pay=False) == {"update_id": None, "outcome": "cancelled"}
    assert page.refusal("pay", person=ADA, chat=ADA, message_id=1, pay=True)[0] == 404
    assert page.refusal("pay", person=LUCIA, chat=ADA, message_id=bill, pay=True)[0] == 403


def test_a_subscription_is_opened_by_its_link_and_paid(hooked, hook):
    page, sandbox = hooked
    link = call(sandbox, "createInvoiceLink", **BILL, subscription_period=2_592_000)["result"]
    assert page.post("link", person=ADA, link=link) == {"person": ADA, "chat": ADA, "update_id": None}
    shown = page.messages()[-1]
    assert shown["invoice"] == {
        "title": "VIP",
        "description": "A month",
        "start_parameter": "",
        "currency": "XTR",
        "total_amount": 250,
        "paid": False,
    }
    hook.answers.append(answer(True))
    pay(page, shown["message_id"])
    payment = hook.updates(2)[1]["message"]["successful_payment"]
    assert (payment["is_recurring"], payment["is_first_recurring"]) == (True, True)


def test_what_the_bot_gives_back_is_told(hooked, hook, bill):
    page, sandbox = hooked
    hook.answers.append(answer(True))
    pay(page, bill)
    charge = hook.updates(2)[1]["message"]["successful_payment"]["telegram_payment_charge_id"]
    assert call(sandbox, "refundStarPayment", user_id=ADA, telegram_payment_charge_id=charge)["ok"]
    assert hook.updates(3)[2]["message"]["refunded_payment"]["total_amount"] == 250
    assert page.messages()[-1]["refunded_payment"]["telegram_payment_charge_id"] == charge


def test_charges_of_two_runs_are_two(hooked, hook, bill, monkeypatch):
    page, _ = hooked
    hook.answers.append(answer(True))
    pay(page, bill)
    first = hook.updates(2)[1]["message"]["successful_payment"]["telegram_payment_charge_id"]
    monkeypatch.setattr("diana.sandbox.bot_api.seconds_since_epoch", lambda: 99_999_999)
    with running_sandbox() as other:
        call(other, "sendInvoice", chat_id=7, **BILL)
        assert other.pay(7, "p")["telegram_payment_charge_id"] != first


def test_a_subscription_is_cancelled_and_taken_up_again_in_the_chat(hooked, hook):
    page, sandbox = hooked
    monthly = {**BILL, "subscription_period": 2_592_000}
    call(sandbox, "createInvoiceLink", **monthly)
    charge = sandbox.pay(ADA, "p")["telegram_payment_charge_id"]
    for number, state in enumerate(("canceled", "active", "failed"), 1):
        page.post("subscription", user=ADA, charge=charge, state=state)
        told = hook.updates(number)[-1]["subscription"]
        assert (told["user"]["id"], told["invoice_payload"], told["state"]) == (ADA, "p", state)
    assert page.refusal("subscription", user=ADA, charge=charge, state="canceled")[0] == 409
    assert page.refusal("subscription", user=LUCIA, charge=charge, state="active")[0] == 409
