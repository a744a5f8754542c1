"""What payments know of people: copied, and forgotten but for what is owed."""

import json

import pytest
from django.db import connection

from apps.payments import personal_data, selectors, services
from apps.payments.models import GiftGuesses, Payment, PreCheckout, ToldRefund
from apps.users import privacy
from apps.users import services as users
from tests.gamification.acts import person
from tests.payments.paying import NOW, STAFF, buy, invoice, take, telegram_id


def test_every_column_is_named_once() -> None:
    named = set(personal_data.PERSONAL + personal_data.OTHER)
    assert len(named) == len(personal_data.PERSONAL + personal_data.OTHER)
    assert personal_data.PART in privacy.parts()


@pytest.mark.django_db
def test_no_column_is_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_name LIKE 'payments_%' AND table_schema = 'public'"
        )
        columns = {row[0] for row in cursor.fetchall()}
    named = set(personal_data.PERSONAL + personal_data.OTHER)
    assert {c for c in columns if c not in named and f"{c.split('.')[0]}.*" not in named} == set()


@pytest.mark.django_db
def test_the_copy_holds_what_was_bought_and_is_json() -> None:
    somebody = person()
    buy(buyer=somebody, now=NOW)
    gift = selectors.gift_of(buy("gift_30", buyer=somebody, now=NOW).pk)
    assert gift is not None
    services.redeem_gift(person_id=somebody, code=gift.code, now=NOW)
    copied = json.loads(json.dumps(personal_data.export(somebody)))
    assert [p["product"] for p in copied["payments"]] == ["vip_30", "gift_30"]
    assert len(copied["invoices"]) == 2
    assert (copied["gifts_bought"][0]["redeemed"], copied["gifts_redeemed"][0]["days"]) == (True, 30)
    assert gift.code not in str(copied)
    assert personal_data.export(person())["payments"] == []


@pytest.mark.django_db
def test_erasure_forgets_the_payer_unless_stars_are_owed() -> None:
    somebody = person()
    credited, asked, back = (buy(buyer=somebody, now=NOW) for _ in range(3))
    owed = take(invoice(somebody), stars=1)
    given = take(invoice(somebody), stars=1)
    services.request_refund(payment_id=asked.pk, reason="r", actor=STAFF, key="k", now=NOW)
    for payment in (back, given):
        services.confirm_refund(payment_id=payment.pk, now=NOW)
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=somebody, code="x", now=NOW)
    other = buy(now=NOW)
    for _ in range(2):
        personal_data.erase(somebody, NOW)
    kept = set(Payment.objects.exclude(payer=None).values_list("pk", flat=True))
    assert kept == {asked.pk, owed.pk, other.pk}
    assert credited.pk not in kept
    assert list(PreCheckout.objects.values_list("person_id", flat=True)) == [other.person_id]
    assert not GiftGuesses.objects.exists()
    assert Payment.objects.get(pk=owed.pk).payer == telegram_id(somebody)


@pytest.mark.django_db
def test_refunds_told_before_somebody_was_known_are_copied_and_forgotten_with_them() -> None:
    somebody = person()
    payer = telegram_id(somebody)
    services.take_refund(charge="unheard of", payer=payer, stars=1, now=NOW)
    services.take_refund(charge="a stranger's", payer=payer + 10**6, stars=1, now=NOW)
    assert [told["charge"] for told in personal_data.export(somebody)["refunds_without_payments"]] == ["unheard of"]
    for _ in range(2):
        personal_data.erase(somebody, NOW)
    assert list(ToldRefund.objects.order_by("pk").values_list("payer", flat=True)) == [None, payer + 10**6]


@pytest.mark.django_db
def test_a_refund_of_the_erased_that_is_settled_keeps_no_telegram_id() -> None:
    bill = invoice(person())
    payer = telegram_id(bill.person_id)
    users.erase_person(person_id=bill.person_id, reason="They asked.", actor=STAFF, now=NOW)
    services.take_refund(charge="c", payer=payer, stars=bill.stars, now=NOW)
    take(bill, charge="c", payer=payer)
    assert ToldRefund.objects.get().settled_at == NOW
    assert ToldRefund.objects.get().payer is None
