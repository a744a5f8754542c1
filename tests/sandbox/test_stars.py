"""Files and Stars, called by python-telegram-bot as the application does."""

from datetime import timedelta

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LabeledPrice, Update
from telegram.error import BadRequest, Forbidden

BILL = {"title": "VIP", "description": "A month", "payload": "p", "currency": "XTR"}
PRICE = [LabeledPrice("VIP", 250)]
MONTH = timedelta(days=30)


def bill(bot, **changes):
    return bot.send_invoice(7, **(BILL | {"prices": PRICE} | changes))


def test_it_takes_a_file_with_its_caption(ptb, sandbox):
    file = InputFile(b'{"a": 1}', filename="data.json")
    message = ptb(lambda bot: bot.send_document(7, file, caption="<b>Your data</b>", parse_mode="HTML"))
    assert (message.document.file_name, message.document.file_size) == ("data.json", 8)
    assert (message.caption, message.caption_html) == ("Your data", "<b>Your data</b>")
    [call] = sandbox.calls(method="sendDocument")
    assert call.parameters["document"] == {"file_name": "data.json", "size_bytes": 8}
    attached = InputFile(b"abc", filename="a.txt", attach=True)
    assert ptb(lambda bot: bot.send_document(7, attached)).document.file_size == 3


@pytest.mark.parametrize(
    ("file", "caption", "words"),
    [
        (InputFile(b"", filename="a"), "", "File must be non-empty"),
        ("not-a-file", "", "Wrong file identifier"),
        (InputFile(b"a", filename="a"), "x" * 1025, "Message caption is too long"),
        (InputFile(b"a", filename="a"), "<b>", "Can't parse entities"),
    ],
)
def test_it_refuses_a_file(ptb, file, caption, words):
    with pytest.raises(BadRequest, match=words):
        ptb(lambda bot: bot.send_document(7, file, caption=caption, parse_mode="HTML"))


def test_a_message_without_a_file_is_none(api):
    answer = api.post("sendDocument", data={"chat_id": 7}).json()
    assert answer["description"] == "Bad Request: there is no document in the request"


def test_a_file_has_no_text_to_edit(ptb):
    async def scenario(bot):
        sent = await bot.send_document(7, InputFile(b"a", filename="a"))
        await bot.edit_message_text("text", 7, sent.message_id)

    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        ptb(scenario)


def test_it_sends_a_bill(ptb, sandbox):
    message = ptb(bill)
    assert (message.invoice.total_amount, message.invoice.currency) == (250, "XTR")
    sandbox.behave(7, block=True)
    with pytest.raises(Forbidden):
        ptb(bill)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 33},
        {"description": ""},
        {"description": "x" * 256},
        {"payload": "x" * 129},
        {"currency": "USD"},
        {"provider_token": "1:TEST"},
        {"prices": [*PRICE, *PRICE]},
        {"prices": [LabeledPrice("VIP", 0)]},
        {"prices": [LabeledPrice("VIP", 25_001)]},
        {"prices": [LabeledPrice("", 5)]},
        {"reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")]])},
    ],
)
def test_it_refuses_a_bill(ptb, changes):
    with pytest.raises(BadRequest):
        ptb(lambda bot: bill(bot, **changes))


def test_a_bill_may_have_a_pay_button(ptb):
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Pay", pay=True)]])
    assert ptb(lambda bot: bill(bot, reply_markup=markup)).reply_markup == markup


def test_subscriptions_are_links(ptb):
    link = ptb(lambda bot: bot.create_invoice_link(**BILL, prices=PRICE, subscription_period=MONTH))
    assert link.startswith("https://t.me/$")
    for changes in ({"subscription_period": 60}, {"prices": [LabeledPrice("VIP", 10_001)]}):
        with pytest.raises(BadRequest, match="Subscription_period_invalid"):
            ptb(
                lambda bot, c=changes: bot.create_invoice_link(
                    **(BILL | {"prices": PRICE, "subscription_period": MONTH} | c)
                )
            )
    with pytest.raises(BadRequest, match="Subscription_export_missing"):
        ptb(lambda bot: bill(bot, api_kwargs={"subscription_period": 2_592_000}))


def test_a_question_is_answered_once_and_in_time(ptb, sandbox):
    sandbox.ask_pre_checkout("1")
    assert sandbox.pre_checkout_answer("1") is None
    assert ptb(lambda bot: bot.answer_pre_checkout_query("1", True))
    assert ptb(lambda bot: bot.answer_pre_checkout_query("1", False, "no"))
    assert sandbox.pre_checkout_answer("1") is True
    sandbox.ask_pre_checkout("2", age_seconds=11)
    for query in ("2", "3"):
        with pytest.raises(BadRequest, match="Query is too old"):
            ptb(lambda bot, q=query: bot.answer_pre_checkout_query(q, True))


@pytest.mark.parametrize("words", [" ", "x" * 256])
def test_a_no_has_a_reason(ptb, sandbox, words):
    sandbox.ask_pre_checkout("1")
    with pytest.raises(BadRequest):
        ptb(lambda bot: bot.answer_pre_checkout_query("1", False, words))
    assert ptb(lambda bot: bot.answer_pre_checkout_query("1", False, "sold out"))
    assert sandbox.pre_checkout_answer("1") is False


def test_a_payment_is_told_as_telegram_tells_it(ptb, sandbox):
    ptb(bill)
    told = sandbox.pay(7, "p")
    body = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "successful_payment": told}
    payment = Update.de_json({"update_id": 1, "message": body}, None).message.successful_payment
    assert (payment.total_amount, payment.invoice_payload, payment.is_recurring) == (250, "p", None)
    with pytest.raises(ValueError, match="INVOICE_PAYLOAD_INVALID"):
        sandbox.pay(7, "unknown")
    assert sandbox.pay(7, "unknown", stars=3)["total_amount"] == 3


def test_a_refund_is_given_once(ptb, sandbox):
    ptb(bill)
    charge = sandbox.pay(7, "p")["telegram_payment_charge_id"]
    assert ptb(lambda bot: bot.refund_star_payment(7, charge))
    with pytest.raises(BadRequest, match="Charge_already_refunded"):
        ptb(lambda bot: bot.refund_star_payment(7, charge))
    for user, other in ((8, charge), (7, "unknown")):
        with pytest.raises(BadRequest, match="Charge_not_found"):
            ptb(lambda bot, u=user, o=other: bot.refund_star_payment(u, o))


def test_transactions_come_in_pages(ptb, sandbox, api):
    ptb(bill)
    charges = [sandbox.pay(7, "p")["telegram_payment_charge_id"] for _ in range(3)]
    ptb(lambda bot: bot.refund_star_payment(7, charges[0]))
    first = ptb(lambda bot: bot.get_star_transactions(offset=0, limit=2)).transactions
    rest = ptb(lambda bot: bot.get_star_transactions(offset=2)).transactions
    assert [t.id for t in first + rest] == [*charges, charges[0]]
    assert rest[-1].source is None
    assert (rest[-1].receiver.user.id, first[0].source.invoice_payload) == (7, "p")
    for wrong in ({"limit": 101}, {"limit": 0}, {"offset": -1}, {"offset": "x"}):
        assert api.post("getStarTransactions", json=wrong).status_code == 400


def test_a_subscription_is_cancelled_and_taken_up_again(ptb, sandbox):
    ptb(lambda bot: bot.create_invoice_link(**BILL, prices=PRICE, subscription_period=MONTH))
    told = sandbox.pay(7, "p")
    charge = told["telegram_payment_charge_id"]
    assert (told["is_recurring"], told["is_first_recurring"]) == (True, True)
    assert "is_first_recurring" not in sandbox.pay(7, "p", charge=charge)
    for cancelled in (True, False):
        assert ptb(lambda bot, c=cancelled: bot.edit_user_star_subscription(7, charge, c))
    ptb(bill)
    once = sandbox.pay(7, "p")["telegram_payment_charge_id"]
    with pytest.raises(BadRequest):
        ptb(lambda bot: bot.edit_user_star_subscription(7, once, True))


def test_a_subscription_goes_by_the_charge_that_began_it(ptb, sandbox):
    ptb(lambda bot: bot.create_invoice_link(**BILL, prices=PRICE, subscription_period=MONTH))
    first, second = (sandbox.pay(7, "p")["telegram_payment_charge_id"] for _ in range(2))
    renewal = sandbox.pay(7, "p", charge=first)["telegram_payment_charge_id"]
    with pytest.raises(BadRequest, match="Charge_id_invalid"):
        ptb(lambda bot: bot.edit_user_star_subscription(7, renewal, True))
    ptb(lambda bot: bot.edit_user_star_subscription(7, second, True))
    assert sandbox.change_subscription(7, first, "canceled") == {"invoice_payload": "p", "state": "canceled"}
    assert sandbox.change_subscription(7, first, "active")["state"] == "active"
    assert sandbox.change_subscription(7, first, "failed")["state"] == "failed"
    for charge, state in ((first, "canceled"), (second, "active"), (renewal, "canceled"), ("unknown", "canceled")):
        with pytest.raises(ValueError, match="refused"):
            sandbox.change_subscription(7, charge, state)


def test_a_refund_is_told_when_it_suits(ptb, sandbox):
    ptb(bill)
    charge = sandbox.pay(7, "p")["telegram_payment_charge_id"]
    told = sandbox.refund(7, charge)
    assert (told["telegram_payment_charge_id"], told["total_amount"], told["invoice_payload"]) == (charge, 250, "p")
    with pytest.raises(ValueError, match="ALREADY_REFUNDED"):
        sandbox.refund(7, charge)
