"""Payments: each charge once, what it gives with it, and what cannot be credited kept."""

from datetime import timedelta

import pytest

from apps.payments import services
from apps.payments.models import Invoice, Payment
from apps.payments.services import booking
from apps.users import selectors as people
from apps.users.models import Grant, Person
from tests.gamification.acts import person
from tests.payments.paying import NOW, buy, invoice, paid, take
from tests.users.conftest import Published, published

__all__ = ["published"]

pytestmark = pytest.mark.django_db


def erase(person_id: int) -> None:
    Person.objects.filter(pk=person_id).update(status="erased", telegram_id=None, first_name="", username="")


@pytest.mark.parametrize(("product", "days", "source"), [("vip_30", 30, "purchase"), ("vip_90", 90, "purchase")])
def test_a_payment_gives_vip_and_tells_it(published: Published, product: str, days: int, source: str) -> None:
    somebody = person()
    bill = invoice(somebody, product)
    payment = take(bill)
    assert people.effective_vip(somebody, NOW) == NOW + timedelta(days=days)
    grant = Grant.objects.get(pk=payment.vip_grant)
    assert (grant.source, grant.payment_reference) == (source, f"payment:{payment.pk}")
    told = {"charge": payment.pk, "product": product, "stars": bill.stars, "recurring": False, "first": True}
    assert published(somebody, "payment.succeeded") == [("payment.succeeded", told)]
    assert Invoice.objects.get().paid_at == NOW


def test_f60_a_second_copy_is_ignored_and_counted(published: Published) -> None:
    bill = invoice(person())
    first = take(bill, charge="c")
    assert take(bill, charge="c", now=NOW + timedelta(minutes=1)).pk == first.pk
    assert Grant.objects.count() == Payment.objects.count() == 1
    assert published(bill.person_id, "payment.succeeded", "payment.duplicate_ignored")[1:] == [
        ("payment.duplicate_ignored", {"charge": first.pk})
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stars": 1}, "amount"),
        ({"stars": 251}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"payload": "nothing of ours"}, "unknown_invoice"),
        ({"payload": "x" * 300}, "unknown_invoice"),
    ],
)
def test_f60_what_fits_no_bill_is_kept_and_gives_nothing(
    published: Published, changes: dict[str, object], problem: str
) -> None:
    bill = invoice(person())
    payment = take(bill, **changes)
    payment.refresh_from_db()
    assert (payment.problem, payment.credited_at, payment.vip_grant) == (problem, None, None)
    assert not Grant.objects.exists()
    assert published(bill.person_id, "payment.succeeded") == []


def test_somebody_elses_bill_is_not_credited() -> None:
    bill, other = invoice(person()), person()
    assert take(bill, by=other).problem == "other_person"
    assert not Grant.objects.exists()


def test_f60_a_bill_that_is_old_or_was_paid_is_credited_all_the_same() -> None:
    bill = invoice(person())
    later = NOW + timedelta(days=9)
    assert take(bill, now=later).credited_at == take(bill, now=later).credited_at == later
    assert people.effective_vip(bill.person_id, later) == later + timedelta(days=60)


def test_f67_who_was_erased_meanwhile_is_owed_the_stars() -> None:
    bill = invoice(person())
    told = paid(bill)
    erase(bill.person_id)
    again = person()  # whoever comes back is somebody new
    for payer, charge in ((bill.person_id, "a"), (again, "b")):
        services.take_payment(person_id=payer, paid=paid(bill, charge=charge, payer=told.payer), now=NOW)
    assert list(Payment.objects.values_list("problem", flat=True)) == ["erased", "erased"]
    assert list(Payment.objects.values_list("payer", flat=True)) == [told.payer] * 2
    known = Payment.objects.get(charge="a")
    taken = services.take_payment(person_id=bill.person_id, paid=paid(bill, charge="a"), now=NOW)
    assert taken.pk == known.pk


def test_a_subscription_gives_a_month_each_time_it_is_paid(published: Published) -> None:
    bill = invoice(person(), "vip_monthly")
    month = timedelta(days=30)
    take(bill, subscription_until=NOW + month)
    take(bill, now=NOW + month, first=False, subscription_until=NOW + 2 * month)
    assert people.effective_vip(bill.person_id, NOW) == NOW + 2 * month
    told = [fields for _, fields in published(bill.person_id, "payment.succeeded")]
    assert [(fields["recurring"], fields["first"]) for fields in told] == [(True, True), (True, False)]
    assert set(Grant.objects.values_list("source", flat=True)) == {"subscription"}


def test_an_error_of_ours_loses_nothing_and_is_made_good_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bill = invoice(person())
    with monkeypatch.context() as patched:
        patched.setattr(booking, "_grant", lambda *_: 1 // 0)
        payment = take(bill)
    assert "could not be credited" in caplog.text
    assert (payment.problem, Grant.objects.count()) == ("failed", 0)
    later = NOW + timedelta(days=1)
    assert services.credit_failed(payment_id=payment.pk, now=later)
    assert not services.credit_failed(payment_id=payment.pk, now=later)
    payment.refresh_from_db()
    assert (payment.problem, payment.credited_at, payment.product) == ("", later, "vip_30")
    assert people.effective_vip(bill.person_id, later) == later + timedelta(days=30)


def test_an_old_bill_keeps_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.payments import products

    somebody = person()
    old = invoice(somebody)
    dearer = products.Product("vip_30", "once", 31, 999)
    monkeypatch.setitem(products.PRODUCTS, "vip_30", dearer)
    new = invoice(somebody)
    assert (new.pk == old.pk, new.stars) == (False, 999)
    assert take(old).credited_at == NOW


def test_bills_are_made_once_while_they_are_open(published: Published) -> None:
    somebody = person()
    first = invoice(somebody)
    assert invoice(somebody, now=NOW + timedelta(hours=22)).pk == first.pk
    assert invoice(somebody, now=NOW + timedelta(hours=23)).pk != first.pk
    assert invoice(somebody, "vip_90").pk != first.pk
    assert invoice(person()).pk != first.pk
    take(first)
    assert invoice(somebody, now=NOW + timedelta(hours=1)).pk != first.pk
    event = {"invoice": first.pk, "product": "vip_30", "stars": first.stars}
    assert published(somebody, "payment.invoice_created")[0] == ("payment.invoice_created", event)
    with pytest.raises(services.UnknownProduct, match="choose one of"):
        invoice(somebody, "vip_9000")


def test_payloads_are_not_to_be_guessed() -> None:
    payloads = {invoice(person()).payload for _ in range(20)}
    assert len(payloads) == 20
    assert min(map(len, payloads)) == 32


def test_buying_twice_adds_up() -> None:
    somebody = person()
    for _ in range(2):
        buy(buyer=somebody, now=NOW)
    assert people.effective_vip(somebody, NOW) == NOW + timedelta(days=60)
