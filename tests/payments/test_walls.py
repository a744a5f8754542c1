"""What the database itself refuses, whoever asks: the same truths that the services keep."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from apps.payments import services
from apps.payments.models import Payment
from tests.gamification.acts import person
from tests.payments.paying import NOW, buy, invoice, take

pytestmark = pytest.mark.django_db


def run(statement: str) -> int:
    """Run one statement as the application; return how many rows it met."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


@pytest.fixture
def rows() -> Payment:
    """A gift that was paid and redeemed, one that was refunded, a payment that fits no bill, a wrong guess."""
    from apps.payments import selectors

    payment, refunded = buy("gift_30", now=NOW), buy("gift_30", now=NOW)
    gift = selectors.gift_of(payment.pk)
    assert gift is not None
    services.redeem_gift(person_id=person(), code=gift.code, now=NOW)
    services.confirm_refund(payment_id=refunded.pk, now=NOW)
    buy(now=NOW)
    take(invoice(person()), stars=1)
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=payment.person_id, code="x", now=NOW)
    return payment


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_payment SET problem = 'unknown_invoice' WHERE problem = 'amount' AND credited_at IS NOT NULL",
        "UPDATE payments_payment SET credited_at = now() WHERE problem <> ''",
        "UPDATE payments_payment SET problem = '' WHERE problem <> ''",
        "UPDATE payments_payment SET problem = 'other' WHERE problem <> ''",
        "UPDATE payments_payment SET vip_grant = 1 WHERE problem <> ''",
        "UPDATE payments_payment SET refund_key = 'k'",
        "UPDATE payments_payment SET refund_requested_at = now()",
        "UPDATE payments_payment SET first = false WHERE problem <> ''",
        "UPDATE payments_giftcode SET redeemed_at = now() WHERE redeemed_at IS NULL AND voided_at IS NULL",
        "INSERT INTO payments_precheckout (query, verdict, answered_at) VALUES ('q', 'ok', now())",
        "INSERT INTO payments_precheckout (query, verdict, answered_at) VALUES ('q', '', now())",
        "INSERT INTO payments_precheckout (query, verdict, answered_at) SELECT query, 'x', now() FROM payments_precheckout",
        "UPDATE payments_giftguesses SET count = 0",
    ],
)
def test_it_cannot_be(rows: Payment, statement: str) -> None:
    if "AND credited_at IS NOT NULL" in statement or "voided_at IS NULL" in statement:
        statement = statement.replace("problem = 'amount' AND credited_at IS NOT NULL", "problem = 'amount'")
        if "giftcode" in statement:
            buy("gift_30", now=NOW)
        else:
            statement = statement.replace("problem = 'unknown_invoice'", "credited_at = now()")
    with pytest.raises(IntegrityError):
        run(statement)


INVOICE = "person_id, payload, product, kind, days, stars, created_at, expires_at"


@pytest.mark.parametrize(
    "values",
    [
        "repeat('x', 31), 'p', 'once', 30, 1, now(), now() + interval '1 day'",
        "repeat(' ', 32), 'p', 'once', 30, 1, now(), now() + interval '1 day'",
        "repeat('x', 32), '', 'once', 30, 1, now(), now() + interval '1 day'",
        "repeat('x', 32), 'p', 'often', 30, 1, now(), now() + interval '1 day'",
        "repeat('x', 32), 'p', 'once', 0, 1, now(), now() + interval '1 day'",
        "repeat('x', 32), 'p', 'once', 30, 0, now(), now() + interval '1 day'",
        "repeat('x', 32), 'p', 'once', 30, 10001, now(), now() + interval '1 day'",
        "repeat('x', 32), 'p', 'once', 30, 1, now(), now()",
    ],
)
def test_such_a_bill_cannot_be(rows: Payment, values: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO payments_invoice ({INVOICE}) VALUES ({rows.person_id}, {values})")


@pytest.mark.parametrize(
    "change", ["charge = ''", "stars = -1", "payer = 0", "source = 'x'", "currency = 'USD'", "invoice_id = NULL"]
)
def test_such_a_payment_cannot_be(rows: Payment, change: str) -> None:
    columns = [f.column for f in Payment._meta.fields if f.column != "id"]
    column, value = change.split(" = ")
    chosen = ", ".join(value if c == column else "'other'" if c == "charge" else c for c in columns)
    with pytest.raises(IntegrityError):
        run(
            f"INSERT INTO payments_payment ({', '.join(columns)}) SELECT {chosen} FROM payments_payment"
            f" WHERE id = {rows.pk}"
        )


def test_s17_a_charge_is_one_payment(rows: Payment) -> None:
    columns = ", ".join(f.column for f in Payment._meta.fields if f.column != "id")
    with pytest.raises(IntegrityError, match="charge"):
        run(f"INSERT INTO payments_payment ({columns}) SELECT {columns} FROM payments_payment WHERE id = {rows.pk}")


@pytest.mark.parametrize(
    "statement",
    [
        *(f"DELETE FROM payments_{table}" for table in ("invoice", "payment", "giftcode")),
        *(f"TRUNCATE payments_{table} CASCADE" for table in ("invoice", "payment", "giftcode", "precheckout")),
        "UPDATE payments_invoice SET stars = 1",
        "UPDATE payments_invoice SET person_id = person_id",
        "UPDATE payments_payment SET stars = 1",
        "UPDATE payments_payment SET charge = 'x'",
        "UPDATE payments_payment SET person_id = person_id",
        "UPDATE payments_giftcode SET digest = ''",
        "UPDATE payments_giftcode SET days = 1000",
        "UPDATE payments_precheckout SET verdict = 'ok'",
    ],
)
def test_the_application_has_no_right_to(rows: Payment, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_payment SET credited_at = now() WHERE problem = ''",
        "UPDATE payments_payment SET product = 'x' WHERE problem = ''",
        "UPDATE payments_payment SET vip_grant = 1 WHERE vip_grant IS NOT NULL",
        "UPDATE payments_payment SET vip_grant = NULL WHERE vip_grant IS NOT NULL",
        "UPDATE payments_payment SET refunded_at = NULL WHERE refunded_at IS NOT NULL",
        "UPDATE payments_payment SET refunded_at = now() WHERE refunded_at IS NOT NULL",
        "UPDATE payments_payment SET payer = payer + 1",
        "UPDATE payments_giftcode SET redeemed_at = now() WHERE redeemed_at IS NOT NULL",
        "UPDATE payments_giftcode SET redeemed_at = NULL, redeemed_by_id = NULL, vip_grant = NULL WHERE vip_grant > 0",
        "UPDATE payments_giftcode SET voided_at = NULL WHERE voided_at IS NOT NULL",
        "UPDATE payments_giftcode SET redeemed_at = now(), redeemed_by_id = buyer_id, vip_grant = 1"
        " WHERE voided_at IS NOT NULL",
    ],
)
def test_it_happens_once(rows: Payment, statement: str) -> None:
    with pytest.raises(DatabaseError, match="once"):
        run(statement)


@pytest.mark.parametrize("statement", ["UPDATE payments_payment SET payer = NULL", "DELETE FROM payments_precheckout"])
def test_what_is_personal_may_go(rows: Payment, statement: str) -> None:
    assert run(statement) > 0
