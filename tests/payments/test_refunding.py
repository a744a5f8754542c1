"""Refunds: asked for by staff, once; confirmed by Telegram, once; what was bought ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.payments import selectors, services
from apps.payments.models import Payment
from apps.users import selectors as people
from apps.users.models import Person
from diana.acts import StateChanged
from diana.audit import ReasonMissing
from diana.audit.models import AuditRecord
from tests.gamification.acts import person
from tests.payments.paying import NOW, STAFF, buy, invoice, take
from tests.users.conftest import Published, published, root

__all__ = ["published", "root"]

pytestmark = pytest.mark.django_db


def request(payment: Payment, key: str = "k", **changes: Any) -> Payment:
    values = {"reason": "they asked", "actor": STAFF, "key": key, "now": NOW} | changes
    return services.request_refund(payment_id=payment.pk, **values)  # type: ignore[arg-type]


def test_a_refund_is_asked_for_once_with_a_record(published: Published) -> None:
    payment = buy(now=NOW)
    assert selectors.refund_due(payment.pk) is None
    request(payment)
    request(payment)
    with pytest.raises(services.NotRefundable, match="already"):
        request(payment, "other")
    record = AuditRecord.objects.get(act="refund_payment")
    assert (record.actor, record.reason, record.object_id) == ("ana", "they asked", str(payment.pk))
    told = {"charge": payment.pk, "actor": 7, "audit": record.pk}
    assert published(payment.person_id, "payment.refund_requested") == [("payment.refund_requested", told)]
    due = selectors.refund_due(payment.pk)
    assert due is not None
    assert (due.charge, due.telegram_id, due.subscription) == (payment.charge, payment.payer, None)


def test_a_refund_needs_a_reason_and_a_key() -> None:
    payment = buy(now=NOW)
    with pytest.raises(ReasonMissing):
        request(payment, reason=" ")
    with pytest.raises(services.NotRefundable):
        request(payment, "not a key")


def test_what_was_shown_is_what_is_done() -> None:
    payment = buy("gift_30", now=NOW)
    shown = services.preview_refund(payment_id=payment.pk)
    assert [change.name for change in shown.changes] == ["Stars given back", "gift code"]
    gift = selectors.gift_of(payment.pk)
    assert gift is not None
    services.redeem_gift(person_id=person(), code=gift.code, now=NOW)
    with pytest.raises(StateChanged):
        request(payment, shown=shown.effect)
    assert "redeemed" in str(services.preview_refund(payment_id=payment.pk).changes[1].before)


@pytest.mark.parametrize("first", [True, False])
def test_the_new_end_of_vip_is_shown_before_a_refund(first: bool) -> None:
    buyer, day = person(), timedelta(days=1)
    payments = [buy(buyer=buyer, now=NOW), buy(buyer=buyer, now=NOW + day)]
    now = NOW + 10 * day
    shown = services.preview_refund(payment_id=payments[not first].pk, now=now)
    ends = {change.name: (change.before, change.after) for change in shown.changes}
    before, after = (NOW + 60 * day).isoformat(), ((now if first else NOW) + 30 * day).isoformat()
    assert ends["VIP until"] == (before, after)
    later = now + timedelta(minutes=3)
    request(payments[not first], shown=shown.effect, now=later)
    services.confirm_refund(payment_id=payments[not first].pk, now=later)
    assert people.effective_vip(buyer, later) == ((later if first else NOW) + 30 * day)


def test_the_new_end_of_who_redeemed_a_gift_is_shown_too() -> None:
    payment, friend = buy("gift_30", now=NOW), person()
    gift = selectors.gift_of(payment.pk)
    assert gift is not None
    services.redeem_gift(person_id=friend, code=gift.code, now=NOW)
    changes = services.preview_refund(payment_id=payment.pk, now=NOW).changes
    end = (NOW + timedelta(days=30)).isoformat()
    assert [(c.name, c.before, c.after) for c in changes if c.name == "VIP until"] == [("VIP until", end, "–")]


def test_it_is_confirmed_once_and_ends_what_was_given(published: Published) -> None:
    payment = buy("vip_monthly", now=NOW)
    assert len(services.preview_refund(payment_id=payment.pk).notes) == 2
    request(payment)
    assert selectors.refund_due(payment.pk).subscription == payment.charge  # type: ignore[union-attr]
    assert services.confirm_refund(payment_id=payment.pk, now=NOW)
    assert not services.confirm_refund(payment_id=payment.pk, now=NOW)
    assert people.effective_vip(payment.person_id, NOW) is None
    assert published(payment.person_id, "payment.refunded") == [("payment.refunded", {"charge": payment.pk})]
    assert len(published(payment.person_id, "vip.revoked")) == 1
    assert selectors.refund_due(payment.pk) is None
    with pytest.raises(services.NotRefundable, match="refunded already"):
        request(payment, "again")
    assert not services.fail_refund(payment_id=payment.pk, problem="late")


def test_vip_that_is_over_can_be_refunded_still() -> None:
    payment = buy(now=NOW)
    assert services.confirm_refund(payment_id=payment.pk, now=NOW + timedelta(days=31))


def test_what_telegram_refused_may_be_asked_for_again() -> None:
    payment = buy(now=NOW)
    request(payment)
    assert services.fail_refund(payment_id=payment.pk, problem="BadRequest: no")
    request(payment, "again")
    payment.refresh_from_db()
    assert (payment.refund_problem, payment.refund_key) == ("", "again")


def test_f67_the_stars_of_who_was_erased_are_given_back(published: Published) -> None:
    bill = invoice(person())
    Person.objects.update(status="erased", telegram_id=None)
    payment = take(bill, payer=77)
    request(payment)
    assert selectors.refund_due(payment.pk).telegram_id == 77  # type: ignore[union-attr]
    assert services.confirm_refund(payment_id=payment.pk, now=NOW)
    assert len(published(bill.person_id, "payment.refunded")) == 1


def test_without_the_payers_id_nothing_can_be_given_back() -> None:
    payment = buy(now=NOW)
    Payment.objects.update(payer=None)
    with pytest.raises(services.NotRefundable, match="erased"):
        request(payment)


def test_the_subscription_of_an_odd_payment_is_its_own() -> None:
    bill = invoice(person(), "vip_monthly")
    payment = take(bill, payload="unknown")
    request(payment)
    assert selectors.refund_due(payment.pk).subscription == payment.charge  # type: ignore[union-attr]


def test_staff_refund_in_two_steps(root: Client) -> None:
    payment = buy(now=NOW)
    address = reverse("admin:payments_payment_refund", args=[payment.pk])
    assert root.get(address).status_code == 200
    sent = {"reason": "they asked", "key": "abc"}
    shown = root.post(address, sent).context["shown"]
    assert Payment.objects.get().refund_requested_at is None
    done = root.post(address, sent | {"shown": shown}, follow=True)
    assert "Telegram is being told" in done.content.decode()
    assert Payment.objects.get().refund_requested_at is not None
    page = reverse("admin:payments_payment_change", args=[payment.pk])
    assert "refund asked for" in root.get(page).content.decode()
    services.confirm_refund(payment_id=payment.pk, now=NOW)
    text = root.get(page).content.decode()
    assert address not in text
    assert root.get(reverse("admin:payments_payment_refund", args=[999])).status_code in (302, 404)


def test_staff_see_what_is_owed(root: Client) -> None:
    bill = invoice(person())
    take(bill, stars=1)
    failed = buy(now=NOW)
    request(failed)
    services.fail_refund(payment_id=failed.pk, problem="BadRequest: no")
    text = root.get(reverse("admin:payments_payment_changelist")).content.decode()
    assert "owed back" in text
    assert "refund refused" in text
    assert str(bill.person.telegram_id) not in text
    for name in ("invoice", "precheckout", "giftcode"):
        assert root.get(reverse(f"admin:payments_{name}_changelist")).status_code == 200
