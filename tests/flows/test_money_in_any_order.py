"""Subscriptions, refunds, gifts and receipts in whatever order Telegram tells of them: webhook, workers' path, sandbox."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.bot.models import Chat, Refusal, Update
from apps.gamification.models import Entry
from apps.payments import services, standing
from apps.payments.models import Payment, Subscription
from apps.users import selectors as people
from apps.users import services as users
from apps.users.models import Grant, Person, Staff
from diana import clock
from diana.events.models import Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import ask, choose, last_bill, paid_update, pay, post, question
from tests.bot.updates import ADA, answer, deliver, events, message, press, say, texts, update, user
from tests.flows.test_payments import BOB, ada, bought, days_left, refund
from tests.gamification.former_terms import pay_for_purchases

__all__ = ["sandbox"]

DAY = timedelta(days=1)


@pytest.fixture
def root(sandbox: Sandbox) -> Client:
    """Staff who may everything, beside a database with real commits."""
    client = Client()
    client.force_login(Staff.objects.create_superuser("root", password="x"))
    return client


def bill_of(product: str, payer: int = ADA) -> Any:
    choose(product, payer=payer)
    answer()
    return last_bill()


def refunded_update(told: dict[str, Any], *, payer: int = ADA, **changes: Any) -> dict[str, Any]:
    """The update that tells of a refund."""
    body = message("", sender=user(payer))
    del body["text"]
    names = ("currency", "total_amount", "invoice_payload", "telegram_payment_charge_id")
    return update(body=body | {"refunded_payment": {name: told[name] for name in names} | changes})


def state_update(payload: str, state: str, *, payer: int = ADA) -> dict[str, Any]:
    """The update that tells what became of a subscription."""
    return update("subscription", {"user": user(payer), "invoice_payload": payload, "state": state})


def ended(sandbox: Sandbox) -> list[str]:
    """Return the charges whose subscriptions Telegram was asked to end, in order."""
    calls = sandbox.calls(method="editUserStarSubscription")
    assert all(call.parameters["is_canceled"] is True for call in calls)
    return [call.parameters["telegram_payment_charge_id"] for call in calls]


def charge_of(told: dict[str, Any]) -> str:
    return str(told["telegram_payment_charge_id"])


def later(*, days: float) -> datetime:
    return clock.now() + timedelta(days=days)


def vip_page(sandbox: Sandbox) -> str:
    say("/vip")
    answer()
    return texts(sandbox)[-1]


def payments_page(root: Client) -> str:
    return root.get(reverse("admin:payments_payment_changelist")).content.decode()


# 02: a second subscription beside a running one


def test_a_second_link_of_the_same_bill_is_declined_while_the_subscription_runs(sandbox: Sandbox) -> None:
    bill = bill_of("vip_monthly")
    choose("vip_monthly")
    answer()
    assert ask(sandbox, bill.payload, bill.stars)
    pay(sandbox, bill.payload)
    asked = question(bill.payload, bill.stars)
    said = post(asked).json()  # type: ignore[attr-defined]
    assert said["ok"] is False
    assert "subscription" in said["error_message"]
    assert "days" in said["error_message"]


def test_another_bill_of_a_subscription_is_declined_too(sandbox: Sandbox) -> None:
    first = bill_of("vip_monthly")
    pay(sandbox, first.payload)
    drain()
    Person.objects.update(language="ru")
    before = len(texts(sandbox))
    choose("vip_monthly")
    answer()
    assert last_bill() == first, "the bill itself is refused"
    said = [*texts(sandbox)[before:], *(c.parameters["text"] for c in sandbox.calls(method="editMessageText"))]
    assert any("подписка" in text.lower() for text in said)
    assert ask(sandbox, bill_of("vip_30").payload, 250), "days may be bought beside it"


def test_a_second_subscription_that_was_paid_all_the_same_is_ended_at_telegram(sandbox: Sandbox) -> None:
    bill = bill_of("vip_monthly")
    assert ask(sandbox, bill.payload, bill.stars)
    assert ask(sandbox, bill.payload, bill.stars), "both were asked before either was paid"
    pay(sandbox, bill.payload)
    second = pay(sandbox, bill.payload)
    drain()
    assert days_left(ada()) == 60, "what was paid is given"
    assert ended(sandbox) == [charge_of(second)]


def test_when_it_is_over_somebody_may_subscribe_again(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    refund(Payment.objects.get())
    drain()
    assert ended(sandbox) == [charge_of(told)]
    bill = bill_of("vip_monthly")
    assert ask(sandbox, bill.payload, bill.stars)


# 03: which subscription a refund ends


@pytest.mark.parametrize("which", [0, 1])
def test_a_refund_ends_the_subscription_of_its_charge(sandbox: Sandbox, which: int) -> None:
    bill = bill_of("vip_monthly")
    both = [pay(sandbox, bill.payload) for _ in range(2)]
    refund(Payment.objects.get(charge=charge_of(both[which])))
    drain()
    assert charge_of(both[which]) in ended(sandbox)
    [given_back] = sandbox.calls(method="refundStarPayment")
    assert given_back.parameters["telegram_payment_charge_id"] == charge_of(both[which])


def test_a_refund_of_a_renewal_and_of_the_first_with_renewals_after_it_end_that_subscription(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    for _ in range(2):
        pay(sandbox, told["invoice_payload"], charge=charge_of(told))
    drain()
    refund(Payment.objects.get(charge=charge_of(told)))
    drain()
    assert ended(sandbox) == [charge_of(told)]
    refund(Payment.objects.latest("id"), "again")
    drain()
    assert ended(sandbox) == [charge_of(told)], "it has ended already"
    assert Payment.objects.filter(refunded_at=None).count() == 1


def test_a_subscription_that_telegram_does_not_end_is_shown_and_tried_again(sandbox: Sandbox, root: Client) -> None:
    told = bought(sandbox, "vip_monthly")
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: CHARGE_ID_INVALID"}])
    refund(Payment.objects.get())
    drain()
    payment = Payment.objects.get()
    assert payment.refunded_at is not None
    assert "charge_id_invalid" in payment.refund_problem.lower()
    assert "still subscribed" in payments_page(root)
    assert len(ended(sandbox)) == 1
    assert services.try_again(now=clock.now()) == 0, "not at once"
    assert services.try_again(now=later(days=0.1)) == 1
    drain()
    assert ended(sandbox) == [charge_of(told)] * 2
    assert "still subscribed" not in payments_page(root)
    assert Payment.objects.get().refund_problem == ""
    assert services.try_again(now=later(days=2)) == 0


def test_a_refund_by_telegram_itself_ends_the_subscription_too(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    assert deliver(refunded_update(told)) == 200
    drain()
    assert ended(sandbox) == [charge_of(told)]


def test_a_refund_that_was_refused_is_tried_again_some_times(sandbox: Sandbox, root: Client) -> None:
    bought(sandbox)
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: BALANCE_TOO_LOW"}])
    refund(Payment.objects.get())
    drain()
    assert "balance_too_low" in Payment.objects.get().refund_problem.lower()
    assert "refund refused" in payments_page(root)
    assert services.try_again(now=later(days=0.1)) == 1
    drain()
    assert Payment.objects.get().refunded_at is not None
    assert days_left(ada()) == 0


# 04: a refund before its payment


def test_a_refund_that_is_told_first_leaves_nothing_credited(sandbox: Sandbox, root: Client) -> None:
    bill = bill_of("vip_monthly")
    told = sandbox.pay(ADA, bill.payload)
    back = sandbox.refund(ADA, charge_of(told))
    assert deliver(refunded_update(back)) == 200
    assert deliver(refunded_update(back)) == 200
    assert deliver(paid_update(told)) == 200
    drain()
    assert (days_left(ada()), Grant.objects.count()) == (0, 0)
    payment = Payment.objects.get()
    assert (payment.refunded_at is not None, payment.credited_at) == (True, None)
    assert not Entry.objects.filter(rule="vip_purchase").exists()
    assert "given back" in texts(sandbox)[-1]
    assert ended(sandbox) == [charge_of(told)]
    assert "owed back" not in payments_page(root)
    assert not Failure.objects.exists()


def test_a_refund_in_somebody_elses_message_is_not_booked_and_shown(sandbox: Sandbox, root: Client) -> None:
    told = bought(sandbox)
    assert deliver(refunded_update(told, payer=BOB)) == 200
    drain()
    assert days_left(ada()) == 30
    assert Payment.objects.get().refunded_at is None
    shown = root.get(reverse("admin:payments_toldrefund_changelist")).content.decode()
    assert "somebody else" in shown
    assert deliver(refunded_update(told)) == 200
    drain()
    assert days_left(ada()) == 0


def test_a_refund_of_another_amount_is_not_booked(sandbox: Sandbox) -> None:
    told = bought(sandbox)
    assert deliver(refunded_update(told, total_amount=1)) == 200
    drain()
    assert days_left(ada()) == 30


# 05: a gift's code and the key


def test_a_code_told_after_the_key_was_changed_can_be_redeemed(sandbox: Sandbox, settings: Any) -> None:
    bill = bill_of("gift_30")
    pay(sandbox, bill.payload)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    drain()
    code = next(text for text in texts(sandbox) if "<code>" in text).split("<code>")[1].split("</code>")[0]
    say(f"/vip {code}", sender=user(BOB))
    answer()
    bob = people.person_of(BOB)
    assert bob is not None
    assert days_left(bob) == 30


# 06: what became of a subscription


def test_what_became_of_a_subscription_is_kept_and_shown(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    payload = told["invoice_payload"]
    assert "renews on" in vip_page(sandbox)
    assert deliver(state_update(payload, "canceled")) == 200
    shown = vip_page(sandbox)
    assert "renews on" not in shown
    assert "ends on" in shown
    assert deliver(state_update(payload, "active")) == 200
    assert "renews on" in vip_page(sandbox)
    drain()
    before = len(texts(sandbox))
    assert deliver(state_update(payload, "failed")) == 200
    drain()
    [notice] = texts(sandbox)[before:]
    assert "could not be paid" in notice
    assert "ends on" in vip_page(sandbox)
    pay(sandbox, payload, charge=charge_of(told))
    drain()
    assert "renews on" in vip_page(sandbox), "a renewal that was paid ends the failure"
    assert not Refusal.objects.filter(reason="unknown").exists()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()


def test_states_of_strangers_and_new_states_change_nothing(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    people_before = Person.objects.count()
    assert deliver(state_update("nobody's", "canceled")) == 200
    assert deliver(state_update(told["invoice_payload"], "canceled", payer=BOB)) == 200
    assert deliver(state_update(told["invoice_payload"], "paused")) == 200
    drain()
    assert "renews on" in vip_page(sandbox)
    assert Person.objects.count() == people_before
    assert not Failure.objects.exists()


def test_a_cancelled_subscription_is_taken_up_again_and_not_doubled(sandbox: Sandbox) -> None:
    told = bought(sandbox, "vip_monthly")
    deliver(state_update(told["invoice_payload"], "canceled"))
    assert not ask(sandbox, told["invoice_payload"], told["total_amount"])


# 07: who was erased pays no more


def erased(sandbox: Sandbox) -> dict[str, Any]:
    """Somebody subscribes, asks to be forgotten, and is."""
    told = bought(sandbox, "vip_monthly")
    say("/deleteme")
    answer()
    assert deliver(press(f"v1|deleteme|yes|{ada()}")) == 200
    answer()
    assert users.erase_due(now=later(days=8)) == 1
    return told


def test_erasing_somebody_ends_the_subscription(sandbox: Sandbox) -> None:
    told = erased(sandbox)
    assert Payment.objects.get().payer is None
    drain()
    assert ended(sandbox) == [charge_of(told)]
    assert sandbox.calls(method="editUserStarSubscription")[0].parameters["user_id"] == ADA
    assert standing.concerns() == []


def test_a_subscription_of_the_erased_that_does_not_end_rings(sandbox: Sandbox, root: Client) -> None:
    told = erased(sandbox)
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: USER_ID_INVALID"}])
    drain()
    assert standing.concerns() == []
    Subscription.objects.update(end_requested_at=clock.now() - timedelta(hours=25))
    assert "erased" in standing.concerns()[0]
    shown = root.get(reverse("admin:payments_subscription_changelist")).content.decode()
    assert "user_id_invalid" in shown.lower()
    assert services.try_again(now=later(days=9)) == 1
    drain()
    assert ended(sandbox) == [charge_of(told)] * 2
    assert standing.concerns() == []
    assert Subscription.objects.get().payer is None


def test_a_renewal_of_the_erased_is_owed_back_and_nobody_comes_of_it(sandbox: Sandbox) -> None:
    told = erased(sandbox)
    old = Payment.objects.get().person_id
    drain()
    before = Person.objects.count()
    renewal = pay(sandbox, told["invoice_payload"], charge=charge_of(told))
    drain()
    assert Person.objects.count() == before
    payment = Payment.objects.get(charge=charge_of(renewal))
    assert (payment.problem, payment.person_id, payment.payer) == ("erased", old, ADA)
    assert ended(sandbox) == [charge_of(told)] * 2, "it was charged again: it is ended again"
    refund(payment)
    drain()
    payment.refresh_from_db()
    assert (payment.refunded_at is not None, payment.payer) == (True, None)
    assert set(ended(sandbox)) == {charge_of(told)}


# Questions before payments


@pytest.mark.parametrize("changes", [{"payer": BOB}, {"total_amount": 1}, {"invoice_payload": "another"}])
def test_an_answered_query_with_other_content_is_declined(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    bill = bill_of("vip_30")
    say("/help", sender=user(BOB))
    first = question(bill.payload, bill.stars)
    assert post(first).json()["ok"] is True  # type: ignore[attr-defined]
    payer = changes.pop("payer", ADA)
    other = question(bill.payload, bill.stars, payer=payer, id=first["pre_checkout_query"]["id"], **changes)
    said = post(other).json()  # type: ignore[attr-defined]
    assert said["ok"] is False
    assert said["error_message"]
    assert post(first).json()["ok"] is True  # type: ignore[attr-defined]


# Receipts


@pytest.mark.parametrize("state", ["deactivated", "deletion_requested", "suspended"])
def test_a_receipt_reaches_whoever_paid(sandbox: Sandbox, state: str) -> None:
    bill = bill_of("vip_30")
    told = sandbox.pay(ADA, bill.payload)
    if state == "deactivated":
        users.deactivate(person_id=ada(), key="k", now=clock.now() + timedelta(seconds=1))
    elif state == "deletion_requested":
        users.request_deletion(person_id=ada(), key="k", now=clock.now() + timedelta(seconds=1))
    else:
        Person.objects.update(status="suspended")
    before = len(texts(sandbox))
    assert deliver(paid_update(told)) == 200
    drain()
    assert any("250 ⭐" in text for text in texts(sandbox)[before:])
    before = len(texts(sandbox))
    assert deliver(refunded_update(told)) == 200
    drain()
    assert any("given back" in text for text in texts(sandbox)[before:])


def test_a_refunds_receipt_says_which_levels_went(sandbox: Sandbox) -> None:
    pay_for_purchases()
    bought(sandbox)
    before = len(texts(sandbox))
    refund(Payment.objects.get())
    drain()
    told = texts(sandbox)[before:]
    [receipt] = [text for text in told if "given back" in text]
    assert "250" in receipt
    assert "1,000 points" in receipt
    down = events("game.level_down")[0][1]
    assert f"from level {down['old']} to level {down['new']}" in receipt


def test_what_could_not_be_credited_has_a_receipt_as_well(sandbox: Sandbox) -> None:
    bill = bill_of("vip_30")
    before = len(texts(sandbox))
    deliver(paid_update(sandbox.pay(ADA, bill.payload, stars=7)))
    drain()
    [receipt] = texts(sandbox)[before:]
    assert "7 stars" in receipt
    assert "/paysupport" in receipt


def test_a_receipt_is_tried_where_the_chat_took_no_messages(sandbox: Sandbox) -> None:
    bill = bill_of("vip_30")
    Chat.objects.update(gone_at=clock.now())
    before = len(texts(sandbox))
    pay(sandbox, bill.payload)
    drain()
    assert any("250 ⭐" in text for text in texts(sandbox)[before:])


def test_points_taken_back_after_the_receipt_are_told_by_another(sandbox: Sandbox) -> None:
    pay_for_purchases()
    told = bought(sandbox)
    before = len(texts(sandbox))
    deliver(refunded_update(told))
    drain("bot.note_notices")
    drain("bot.send_notices")
    [receipt] = [text for text in texts(sandbox)[before:] if "given back" in text]
    assert "points" not in receipt
    drain()
    [_, second] = [text for text in texts(sandbox)[before:] if "given back" in text]
    assert "1,000 points" in second


def test_whoever_redeemed_a_refunded_gift_keeps_what_is_theirs(sandbox: Sandbox) -> None:
    bought(sandbox, "gift_30")
    code = next(text for text in texts(sandbox) if "<code>" in text).split("<code>")[1].split("</code>")[0]
    say(f"/vip {code}", sender=user(BOB))
    answer()
    bought(sandbox, "vip_30", payer=BOB)
    bob = people.person_of(BOB)
    assert bob is not None
    gift = Grant.objects.get(source="gift")
    refund(Payment.objects.get(product="gift_30"))
    drain()
    gift.refresh_from_db()
    assert gift.revoked_at is not None
    assert not Grant.objects.filter(person_id=bob, source="purchase", revoked_at__isnull=False).exists()
    assert Payment.objects.filter(product="vip_30", refunded_at=None).exists()
    assert days_left(bob) > 0
    say(f"/vip {code}", sender=user(ADA + 2))
    answer()
    assert "unknown" in texts(sandbox, ADA + 2)[-1]
